"""What a system tells of again while it runs is one emergency, and its words are kept (A23)."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import pytest

from services.intake.registration.repeated_alerts import MOST_WORDS, RepeatedAlerts
from shared.readers.tickets import Tickets
from shared.store import Contested, Doc
from shared.tickets import Transition
from shared.tickets.acts import Accept, Act, Dispatch, HandOver
from tests.intake.test_commanding import send
from tests.intake.test_registering import IntakeBench
from tests.support.bench import until
from tests.support.servers import Servers

LIFT: Final[dict[str, Any]] = {"estate": "jinyuan", "text": "3号楼电梯困人了，快来人"}
KEY: Final = "system:lift-sensors"
APP: Final = "system:app-owners"
DARK: Final[dict[str, Any]] = {"by": APP, "text": "3号楼整栋楼都停电了"}
AT_HOME: Final = {"name": "王女士", "phone": "13800138000", "room": "3-1-502"}


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
    told = filter(None, (again.get("text"), again.get("location")))
    assert await words_of(bench, first[1]) == (["\n".join(told)] if "text" in again else [])


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


async def people_of(bench: IntakeBench, number: str) -> Doc:
    ticket = await bench.store.get("tickets", number)
    assert ticket is not None
    return dict(ticket["persons"])


@pytest.mark.parametrize(
    "again",
    [
        {"text": "3号楼整栋楼都停电了，我妈妈呼吸机停了"},
        {"text": "3号楼整栋楼都停电了", "location": "3号楼，老人在吸氧"},
        {"text": "3号楼整栋楼都停电了", "caller": AT_HOME},
        {"text": "3号楼整栋楼都停电了", "caller": {"phone": "13800138000"}},
        {"text": "3号楼整栋楼都停电了", "caller": {"room": "3-1-502"}},
        {"text": "3号楼整栋楼都停电了", "caller": {"name": "王女士"}},
        {"text": "3号楼整栋楼都停电了", "on_site_contact": {"phone": "13800138000"}},
        {"text": "3号楼整栋楼都停电了", "on_site_contact": {"name": "王女士"}},
    ],
)
async def test_who_is_in_danger_or_names_somebody_is_not_lost_in_somebody_elses_alert(
    bench: IntakeBench, again: dict[str, Any]
) -> None:
    """An app's users are one sender, and the first of them left no telephone."""
    first = await cry(bench, **DARK)

    status, number = await cry(bench, by=APP, **again)

    assert status == 201
    assert number != first[1]
    assert await words_of(bench, first[1]) == []
    assert await people_of(bench, number)


async def test_each_of_several_who_are_in_danger_in_an_outage_is_alerted_and_once(
    bench: IntakeBench,
) -> None:
    told = [
        DARK["text"],
        "3号楼整栋楼都停电了，我妈妈呼吸机停了",
        "3号楼整栋楼都停电了，我爸爸在透析",
    ]

    first = [await cry(bench, by=APP, text=text) for text in told]
    again = [await cry(bench, by=APP, text=text) for text in told]

    assert [status for status, _ in first] == [201] * 3
    assert again == [(200, number) for _, number in first]


async def test_another_danger_in_its_words_is_one_of_its_own(bench: IntakeBench) -> None:
    """Also where the first of both is what the earlier one was called."""
    first = await cry(bench, text="3号楼着火了")

    status, number = await cry(bench, text="3号楼着火了，浓烟很大，电梯困人了，快来人")

    assert (status, number != first[1]) == (201, True)
    assert await cry(bench, text="3号楼着火了，浓烟很大，电梯困人了，快来人，第二次") == (
        200,
        number,
    )


@pytest.mark.parametrize(
    ("again", "is_same"),
    [
        ({}, True),
        ({"caller": {"role": "device"}}, True),
        ({"caller": AT_HOME}, True),
        ({"caller": {"phone": "+86 138 0013 8000"}}, True),
        ({"caller": AT_HOME | {"room": "3-1-503"}}, False),
        ({"caller": AT_HOME | {"name": "李先生"}}, False),
        ({"caller": AT_HOME, "on_site_contact": {"phone": "13800138001"}}, False),
    ],
)
async def test_the_same_telephone_and_flat_is_the_same_caller(
    bench: IntakeBench, again: dict[str, Any], *, is_same: bool
) -> None:
    first = await cry(bench, caller=AT_HOME)

    assert ((await cry(bench, **again)) == (200, first[1])) is is_same


async def hand_over(bench: IntakeBench, number: str) -> None:
    """Somebody takes it, and says without going there that others see to it."""
    order = f"{number}-1"
    acts: list[Act] = [
        Dispatch(by="router", department="engineering", assignee="jy-engineering-1"),
        Accept(by="jy-engineering-1", order=order),
        HandOver(by="jy-engineering-1", order=order, outcome="lift_firm"),
    ]
    await bench.platform.tickets.change(number, lambda _ticket, _now: acts)


async def test_what_comes_after_the_work_is_done_is_news(bench: IntakeBench) -> None:
    first = await cry(bench)
    await hand_over(bench, first[1])

    status, number = await cry(bench)

    assert (status, number != first[1]) == (201, True)
    assert await cry(bench) == (200, number)


async def test_an_alert_whose_earlier_one_ends_meanwhile_is_taken(
    bench: IntakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await cry(bench)
    whole = RepeatedAlerts._candidates

    async def candidates(self: RepeatedAlerts, *asked: Any) -> list[Doc]:
        found = await whole(self, *asked)
        monkeypatch.undo()
        await hand_over(bench, first[1])
        return found

    monkeypatch.setattr(RepeatedAlerts, "_candidates", candidates)

    status, number = await cry(bench, text="3号楼电梯困人了，快来人，第二次")

    assert (status, number != first[1]) == (201, True)
    assert await words_of(bench, first[1]) == []


async def test_an_alert_whose_earlier_one_others_are_changing_is_taken(
    bench: IntakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await cry(bench)

    async def walk(_: Tickets, number: str, *_more: Any) -> None:
        raise Contested("tickets", number)

    monkeypatch.setattr(Tickets, "walk", walk)

    status, number = await cry(bench, text="3号楼电梯困人了，快来人，第二次")

    assert (status, number != first[1]) == (201, True)


@pytest.mark.parametrize(
    "other",
    [
        {"text": "4号楼电梯困人了，快来人"},
        {"text": "3号楼着火了，浓烟很大"},
        {"device": "lift-3-2"},
        {"caller": AT_HOME},
    ],
)
async def test_an_alert_waits_for_no_other_of_its_sender(
    bench: IntakeBench, monkeypatch: pytest.MonkeyPatch, other: dict[str, Any]
) -> None:
    """An app is one sender, and while the broker is blocked each cry takes a second."""
    whole, go_on, begun = Tickets.insert, asyncio.Event(), asyncio.Event()

    async def insert(self: Tickets, *made: Any) -> bool:
        if not begun.is_set():
            begun.set()
            await go_on.wait()
        return await whole(self, *made)

    monkeypatch.setattr(Tickets, "insert", insert)
    held_up = asyncio.create_task(cry(bench))
    await begun.wait()

    async with asyncio.timeout(10):
        status, number = await cry(bench, **other)
    go_on.set()

    assert status == 201
    assert (await held_up)[1] != number


async def test_what_was_added_is_known_by_its_own_id_too(
    bench: IntakeBench, servers: Servers
) -> None:
    user = servers.rabbit.user
    for id, text in (("a-1", "3号楼烟感报警，起火冒烟"), ("a-2", "3号楼烟感报警，起火冒烟，第2次")):
        await send(bench, "ticket.report.urgent", user, id, estate="jinyuan", text=text,
                   external_id=id)  # fmt: skip
        await until(lambda: bench.store.find("tickets", {}, limit=1))
    await until(lambda: _both_reserved(bench))

    await send(bench, "alarm.cleared", user, "c-1", external_id="a-2", time="2026-11-30T08:00:00Z")

    [ticket] = await bench.store.find("tickets", {}, limit=9)
    await until(lambda: _is_cleared(bench, ticket["_id"]))
    assert await bench.store.find("parked", {}, limit=9) == []


async def _both_reserved(bench: IntakeBench) -> bool:
    return len(await bench.store.find("reservations", {}, limit=9)) == 2


async def _is_cleared(bench: IntakeBench, number: str) -> bool:
    return any("alarm.cleared" in (note or "") for note in await words_of(bench, number))
