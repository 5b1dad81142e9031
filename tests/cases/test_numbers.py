"""Numbers can be dialled or are none, and an extension is somebody else's telephone."""

from __future__ import annotations

from typing import Final

import pytest

from hotline.demo.clients import Json, until
from tests.support.floor import Floor, caller, orders_of

LAMP: Final = "楼道灯不亮，请来修"
TAP: Final = "厨房水龙头滴水，请来修一下"


async def _first_of_two(floor: Floor, number: str, other: str) -> tuple[str, str | None]:
    """The first ticket of a number, and which one another number's ticket is linked to."""
    first, second = [
        await floor.clients.post_ticket(
            {"estate": "cuihu", "text": LAMP, "caller": caller("钱七七", phone, "9-1-101")}
        )
        for phone in (number, other)
    ]
    return first["number"], second.get("duplicate_of")


async def test_b14_the_same_extension_is_the_same_caller_and_another_is_not(floor: Floor) -> None:
    first, linked = await _first_of_two(floor, "010-62345678转801", "010-62345678 ext 801")
    assert linked == first

    _, linked = await _first_of_two(floor, "010-62345678转802", "010-62345678转803")
    assert linked is None


@pytest.mark.parametrize("none", ["00000000000", "138****8000", "12345", "不详"])
async def test_b14_what_nobody_can_dial_is_no_number_and_told_to_be_none(
    floor: Floor, none: str
) -> None:
    report = {"estate": "cuihu", "text": LAMP, "caller": caller("钱七七", none, "9-1-101")}
    first = await floor.clients.post_ticket(report)
    second = await floor.clients.post_ticket(report)

    assert [fault["field"] for fault in first["faults"]] == ["caller.phone"]
    assert "duplicate_of" not in second
    assert (await floor.clients.ticket(second["number"]))["has_contact"] is False


@pytest.mark.parametrize("number", ["010-62345678转801", "00000000000"])
async def test_b14_whom_no_text_reaches_somebody_rings(floor: Floor, number: str) -> None:
    """What was done for them does not close by itself."""
    clients = floor.clients
    report = {"estate": "cuihu", "text": TAP, "caller": caller(phone=number, room="4-1-101")}
    ticket = await clients.post_ticket(report)
    (order,) = orders_of(await clients.until_status(ticket["number"], "dispatched"))
    for act in ("accept", "start", "resolve"):
        (await clients.work(order, act)).raise_for_status()

    async def task() -> Json | None:
        params = {"number": ticket["number"], "state": "open"}
        answer = await clients.call("GET", "router", "/v1/follow-ups", params=params)
        return next(iter(answer.json()["items"]), None)

    assert (await until(task, "the task to tell it"))["why"] == "tell"
    assert (await clients.ticket(ticket["number"]))["status"] == "resolved"
