"""Deadlines on the real store: each once, whatever stands beside it and however many look."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from services.router.deadlines import Deadlines
from services.router.falling_due import TRY_AGAIN_AFTER, FallingDue
from shared import lanes
from shared.contracts.intake import TicketRegistered
from shared.contracts.router import ClockBreached, ClockWarned
from shared.lanes import PACE_SECONDS
from shared.tickets import Clock, ticket_from_doc
from tests.router.conftest import RouterBench
from tests.support.bench import until
from tests.support.tickets import LAMP, LIFT, registered


async def dispatched(bench: RouterBench, text: str = LAMP, number: str = "23456789") -> None:
    """One ticket, given out by the router itself."""
    await bench.put(registered(text, at=bench.now(), number=number))
    event = TicketRegistered(number=number, estate="jinyuan")
    await bench.publish(event, id=f"ticket/{number}/1/0")

    async def has_work() -> bool:
        return bool((await bench.read(number)).orders)

    await until(has_work)


async def is_broken(bench: RouterBench, number: str = "23456789") -> bool:
    """Whether nobody accepted it in time; asked of the store, which gives way to nobody here."""
    doc = await bench.store.get("tickets", number)
    assert doc is not None
    return ticket_from_doc(doc).orders[0].clocks[Clock.ACCEPT].breached_at is not None


async def test_two_replicas_warn_and_break_each_deadline_once(bench: RouterBench) -> None:
    await bench.add_replica()
    await dispatched(bench)

    await bench.forward(timedelta(minutes=12))
    await bench.said(ClockWarned)
    await bench.forward(timedelta(minutes=3, seconds=1))
    await bench.said(ClockBreached)
    for replica in bench.replicas:
        await Deadlines(replica.platform).fire_due()

    for kind in (ClockWarned, ClockBreached):
        assert len(await bench.said(kind)) == 1


async def test_what_fell_due_while_nothing_ran_fires_at_its_highest_level_only(
    bench: RouterBench,
) -> None:
    await dispatched(bench)

    await bench.forward(timedelta(hours=2))
    await bench.said(ClockBreached)

    assert await bench.said(ClockWarned, times=0) == []


async def test_a_ticket_that_cannot_be_read_does_not_stop_the_others(bench: RouterBench) -> None:
    broken = {"_id": "BROKEN", "version": 1, "status": "dispatched", "outbox": []}
    due = bench.now() - timedelta(days=1)
    assert await bench.store.insert_once("tickets", broken | {"next_due": due})
    await dispatched(bench)

    await bench.forward(timedelta(minutes=16))
    await bench.said(ClockBreached)

    assert await is_broken(bench)


async def test_however_much_is_due_it_begins_one_by_one_beside_an_emergency(
    bench: RouterBench,
) -> None:
    due = bench.now() - timedelta(days=1)
    things = [{"_id": f"{n}", "next_due": due} for n in range(2)]
    await bench.store.database["things"].insert_many(things)
    begun: list[float] = []

    async def note(_: str) -> None:
        begun.append(time.monotonic())

    bench.store.precedence.be_quiet()
    assert await FallingDue(bench.store, "things", note).do_all() == 2

    first, second = begun
    assert second - first >= PACE_SECONDS / 2


async def test_what_failed_is_tried_again_when_it_may_have_been_mended(
    bench: RouterBench,
) -> None:
    await bench.store.database["things"].insert_one({"_id": "1", "next_due": bench.now()})
    at_fault, done = True, list[str]()

    async def do(id: str) -> None:
        if at_fault:
            raise ValueError(id)
        done.append(id)

    due = FallingDue(bench.store, "things", do)
    assert [await due.do_all(), await due.do_all()] == [1, 0]

    at_fault = False
    await bench.forward(TRY_AGAIN_AFTER)

    assert await due.do_all() == 1
    assert done == ["1"]


async def test_an_emergency_does_not_wait_behind_all_that_falls_due_of_others(
    bench: RouterBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await dispatched(bench)
    await dispatched(bench, LIFT, "2345678A")
    monkeypatch.setattr(lanes, "PACE_SECONDS", 60.0)
    monkeypatch.setattr(lanes, "QUIET_SECONDS", 60.0)

    bench.platform.store.precedence.be_quiet()
    await bench.forward(timedelta(minutes=16))
    await until(lambda: is_broken(bench, "2345678A"))

    assert not await is_broken(bench)
