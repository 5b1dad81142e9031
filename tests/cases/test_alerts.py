"""Alerts of machines and of those who play with them."""

from __future__ import annotations

import asyncio
from typing import Final

from hotline.demo.clients import Json, until
from tests.support.floor import Floor, caller

SMOKE: Final = {"estate": "jinyuan", "channel": "iot", "text": "9号楼3层烟感报警，起火冒烟"}
KEY: Final = {"role": "system", "by": "system:a23-smoke", "place": "jinyuan"}


async def alerts_of(floor: Floor, number: str) -> list[Json] | None:
    found = [m for m in await floor.clients.messages(number) if m["purpose"] == "alert"]
    return found or None


async def test_a23_alerts_in_a_loop_by_one_key_ring_once_and_their_words_are_kept(
    floor: Floor,
) -> None:
    clients = floor.clients
    first = await clients.post_ticket(SMOKE, **KEY)
    rung = await until(lambda: alerts_of(floor, first["number"]), "somebody is alerted")

    told = [
        await clients.post_ticket({**SMOKE, "text": f"{SMOKE['text']}，第{n}次"}, **KEY)
        for n in range(20)
    ]

    assert {answer["number"] for answer in told} == {first["number"]}
    assert {answer["alerting"] for answer in told} <= {"started", "acknowledged"}
    await asyncio.sleep(0)
    again = await alerts_of(floor, first["number"]) or []
    at_first = [m for m in again if m["facts"].get("step") == rung[0]["facts"].get("step")]
    assert len(at_first) == len({m["recipient"] for m in at_first})
    ticket = await clients.ticket(first["number"])
    assert any(e["transition"] == "supplement" for e in ticket["timeline"])

    other = await clients.post_ticket({**SMOKE, "text": "9号楼有人触电了，快来"}, **KEY)
    assert other["number"] != first["number"]
    assert other["alerting"] == "started"


OWNERS: Final = {"role": "system", "by": "system:a23-owners", "place": "jinyuan"}


async def test_a23_b11_who_is_in_danger_in_an_outage_is_not_folded_into_a_neighbours_alert(
    floor: Floor,
) -> None:
    """An app speaks for all residents of a building; the first of them left no telephone."""
    clients = floor.clients
    dark = {"estate": "jinyuan", "channel": "app", "text": "8号楼整栋楼都停电了"}
    first = await clients.post_ticket(dark, **OWNERS)

    others = [
        await clients.post_ticket({**dark, **more}, **OWNERS)
        for more in (
            {"text": "8号楼整栋楼都停电了，我妈妈呼吸机停了"},
            {
                "text": "8号楼整栋楼都停电了，家里有人",
                "caller": caller("周七", "13800138623", "8-1-701"),
            },
        )
    ]

    assert len({first["number"], *(other["number"] for other in others)}) == 3
    assert others[0]["alerting"] == "started"
    await until(lambda: alerts_of(floor, others[0]["number"]), "somebody is alerted")
