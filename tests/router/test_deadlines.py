"""Deadlines on the real store: each once, whatever stands beside it and however many look."""

from __future__ import annotations

import time
from datetime import timedelta

from services.router.deadlines import Deadlines
from services.router.falling_due import FallingDue
from shared.contracts.intake import TicketRegistered
from shared.contracts.router import ClockBreached, ClockWarned, WorkOrderDispatched
from shared.lanes import PACE_SECONDS
from shared.tickets import Clock
from tests.router.conftest import RouterBench
from tests.support.bench import until
from tests.support.tickets import registered


async def dispatched(bench: RouterBench) -> None:
    """One ticket, given out by the router itself."""
    await bench.put(registered(at=bench.now()))
    event = TicketRegistered(number="23456789", estate="jinyuan")
    await bench.publish(event, id="ticket/23456789/1/0")
    await until(lambda: bench.heard_of(WorkOrderDispatched))


async def test_two_replicas_warn_and_break_each_deadline_once(bench: RouterBench) -> None:
    await bench.add_replica()
    await dispatched(bench)

    await bench.forward(timedelta(minutes=12))
    await until(lambda: bench.heard_of(ClockWarned))
    await bench.forward(timedelta(minutes=3, seconds=1))
    await until(lambda: bench.heard_of(ClockBreached))
    for replica in bench.replicas:
        await Deadlines(replica.platform).fire_due()

    assert len(bench.heard_of(ClockWarned)) == len(bench.heard_of(ClockBreached)) == 1


async def test_what_fell_due_while_nothing_ran_fires_at_its_highest_level_only(
    bench: RouterBench,
) -> None:
    await dispatched(bench)

    await bench.forward(timedelta(hours=2))
    await until(lambda: bench.heard_of(ClockBreached))

    assert bench.heard_of(ClockWarned) == []


async def test_a_ticket_that_cannot_be_read_does_not_stop_the_others(bench: RouterBench) -> None:
    broken = {"_id": "BROKEN", "version": 1, "status": "dispatched", "outbox": []}
    due = bench.now() - timedelta(days=1)
    assert await bench.store.insert_once("tickets", broken | {"next_due": due})
    await dispatched(bench)

    await bench.forward(timedelta(minutes=16))
    await until(lambda: bench.heard_of(ClockBreached))

    assert (await bench.read()).orders[0].clocks[Clock.ACCEPT].breached_at is not None


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
