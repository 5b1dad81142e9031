"""What a system tells of again while it runs is one emergency, and its words are kept (A23)."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import pytest

from services.intake.registration.repeated_alerts import MOST_WORDS
from shared.tickets import Transition
from tests.intake.test_registering import IntakeBench

LIFT: Final[dict[str, Any]] = {"estate": "jinyuan", "text": "3号楼电梯困人了，快来人"}
KEY: Final = "system:lift-sensors"


async def cry(
    bench: IntakeBench, by: str = KEY, role: Any = "system", **more: Any
) -> tuple[int, str]:
    headers = bench.signed_in(role, id=by)
    answer = await bench.http.post("/v1/tickets", json={**LIFT, **more}, headers=headers)
    assert answer.status_code in {200, 201}, answer.text
    assert answer.json()["emergency"], answer.text
    return answer.status_code, str(answer.json()["number"])


async def words_of(bench: IntakeBench, number: str) -> list[str | None]:
    ticket = await bench.platform.tickets.get(number)
    assert ticket is not None
    return [e.note for e in ticket.timeline if e.transition == Transition.SUPPLEMENT]


async def count(bench: IntakeBench) -> int:
    return len(await bench.store.find("tickets", {}, limit=100))


@pytest.mark.parametrize(
    "again",
    [
        {},
        {"external_id": "another"},
        {"text": "3号楼电梯困人了，快来人，里面有人在喊"},
        {"text": "电梯困人了，快来人", "location": "3号楼"},
        {"device": "lift-3-1"},
    ],
)
async def test_a_system_s_alert_of_the_same_building_and_kind_is_the_same_emergency(
    bench: IntakeBench, again: dict[str, Any]
) -> None:
    first = await cry(bench)

    second = await cry(bench, **again)

    assert (first[0], second) == (201, (200, first[1]))
    assert await count(bench) == 1
    assert await words_of(bench, first[1]) == ([again["text"]] if "text" in again else [])


async def test_the_same_device_is_the_same_emergency_whatever_place_it_names(
    bench: IntakeBench,
) -> None:
    first = await cry(bench, text="电梯困人了，快来人", device="Lift 3-1")

    again = await cry(bench, text="电梯困人了，快来人，第二次", device="lift  3-1")
    other = await cry(bench, text="电梯困人了，快来人", device="lift-3-2")

    assert again == (200, first[1])
    assert other[0] == 201


@pytest.mark.parametrize(
    "other",
    [
        {"text": "4号楼电梯困人了，快来人"},
        {"text": "电梯困人了，快来人"},
        {"text": "3号楼着火了，浓烟很大"},
        {"text": "3号楼着火了，浓烟很大，电梯困人了，快来人"},
        {"estate": "binjiang"},
        {"by": "system:other"},
        {"role": "agent", "by": "agent-7"},
        {"test": True},
        {"about": {"departments": ["security"]}},
        {"caller": {"phone": "13800138001"}},
        {"device": "lift-3-2"},
    ],
)
async def test_what_may_be_another_danger_or_names_somebody_is_one_of_its_own(
    bench: IntakeBench, other: dict[str, Any]
) -> None:
    first = await cry(bench, device="lift-3-1", caller={"phone": "13800138000"})

    status, number = await cry(bench, **other)

    assert status == 201
    assert number != first[1]
    assert await words_of(bench, first[1]) == []


async def test_a_drill_swallows_no_alarm(bench: IntakeBench) -> None:
    drill = await cry(bench, test=True)

    assert (await cry(bench))[0] == 201
    assert await cry(bench, test=True) == (200, drill[1])


async def test_what_is_over_is_told_anew(bench: IntakeBench) -> None:
    number = (await cry(bench))[1]
    await bench.store.insert_once(
        "emergencies",
        {"_id": number, "round": 1, "plans": 1, "acknowledged_at": None, "ended_at": bench.now()},
    )

    status, other = await cry(bench)

    assert (status, other != number) == (201, True)
    assert await cry(bench) == (200, other)


async def test_a_loop_of_one_key_rings_once_and_keeps_so_many_words(bench: IntakeBench) -> None:
    texts = [f"3号楼电梯困人了，快来人，第{n}次" for n in range(2 * MOST_WORDS)]

    told = await asyncio.gather(*(cry(bench, text=text) for text in texts))

    assert len({number for _, number in told}) == 1
    assert [status for status, _ in told].count(201) == 1
    assert len(await words_of(bench, told[0][1])) == MOST_WORDS


async def test_a_key_that_may_only_register_tells_of_it_again(bench: IntakeBench) -> None:
    """Nothing is asked of it that it could not do."""
    first = await cry(bench)

    assert await cry(bench, text="3号楼电梯困人了，快来人，第二次") == (200, first[1])
