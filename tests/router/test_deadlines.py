"""Deadlines on the real store: each once, whatever stands beside it and however many look."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest

from services.router.deadlines.falling_due import TRY_AGAIN_AFTER, FallingDue
from services.router.deadlines.firing import Deadlines
from services.router.work_orders.workload import Workload
from shared import lanes
from shared.contracts.intake import TicketRegistered
from shared.contracts.router import ClockBreached, ClockWarned, WorkOrderDispatched
from shared.lanes import PACE_SECONDS
from shared.telemetry import metrics
from shared.tickets import TICKET, Clock, OrderStatus, Ticket, TicketStatus
from shared.tickets.acts import Dispatch
from tests.router.conftest import RouterBench
from tests.support.bench import until
from tests.support.tickets import LAMP, LIFT, moved, registered
from tests.support.urgency import urgent_elsewhere

NO_WATER = "家里停水了"
"""An urgent repair: accepted within 15 minutes, somebody there within 30."""


@pytest.fixture
def bench(own_bench: RouterBench) -> RouterBench:
    """What failed is left alone for a while, also by the next test."""
    return own_bench


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
    return TICKET.from_doc(doc).orders[0].clocks[Clock.ACCEPT].breached_at is not None


async def test_two_replicas_warn_and_break_each_deadline_once(bench: RouterBench) -> None:
    await bench.add_replica()
    await dispatched(bench)

    await bench.forward(timedelta(minutes=12))
    await bench.said(ClockWarned)
    await bench.forward(timedelta(minutes=3, seconds=1))
    await bench.said(ClockBreached)
    for replica in bench.replicas:
        platform = replica.platform
        await Deadlines(platform, Workload(platform.store)).fire_due()

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
    await bench.store.documents("things").insert_many(things)
    begun: list[float] = []

    async def note(_: str) -> None:
        begun.append(time.monotonic())

    async with urgent_elsewhere(bench.store.precedence):
        assert await FallingDue(bench.store, "things", note).do_all() == 2

    first, second = begun
    assert second - first >= PACE_SECONDS / 2


async def test_what_failed_is_tried_again_when_it_may_have_been_mended(
    bench: RouterBench,
) -> None:
    due_since = bench.store.clock.now()  # a replica's clock may be some milliseconds ahead
    await bench.store.documents("things").insert_one({"_id": "1", "next_due": due_since})
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

    async with urgent_elsewhere(bench.platform.store.precedence):
        await bench.forward(timedelta(minutes=16))
        await until(lambda: is_broken(bench, "2345678A"))

        assert not await is_broken(bench)


def unaccepted(bench: RouterBench, minutes: int, text: str = NO_WATER) -> Ticket:
    """Given to the first on duty so many minutes ago, and nothing of it has fired since."""
    then = bench.now() - timedelta(minutes=minutes)
    first = Dispatch(by="router", department="engineering", assignee="jy-engineering-1")
    return moved(registered(text, at=then), first, at=then)


async def test_work_that_nobody_accepts_goes_on_though_its_arrival_falls_due_with_it(
    bench: RouterBench,
) -> None:
    await dispatched(bench, NO_WATER)

    await bench.forward(timedelta(minutes=25))
    breaches = await bench.said(ClockBreached)

    assert [(event.clock, event.level) for event in breaches] == [("accept", 1)]
    orders = (await bench.read()).orders
    assert [(order.status, order.assignee) for order in orders] == [
        (OrderStatus.TRANSFERRED, "jy-engineering-1"),
        (OrderStatus.DISPATCHED, "jy-engineering-2"),
    ]
    (given,) = await bench.said(WorkOrderDispatched, assignee="jy-engineering-2")
    assert given.work_order == "23456789-2"


@pytest.mark.parametrize("minutes", [25, 95, 60 * 24 * 4])
async def test_a_ticket_that_was_stuck_moves_again_by_itself(
    bench: RouterBench, minutes: int
) -> None:
    await bench.put(unaccepted(bench, minutes))

    await bench.said(WorkOrderDispatched, assignee="jy-engineering-2")

    ticket = await bench.read()
    assert ticket.next_due is not None
    assert ticket.next_due > bench.now()
    assert await bench.said(ClockBreached, clock="accept", work_order="23456789-1")


def dropped(transition: str, clock: str) -> float:
    return float(metrics.DROPPED.labels(transition, clock)._value.get())


async def test_what_the_table_refuses_is_dropped_counted_and_not_tried_again(
    bench: RouterBench,
) -> None:
    ticket = unaccepted(bench, 25)
    over = replace(ticket, mark=TicketStatus.CLOSED, over_at=bench.now())
    before = [dropped("breach", "accept"), dropped("warn", "arrive")]

    await bench.put(over)
    await until(lambda: dropped("warn", "arrive") > before[1])

    left = await bench.read()
    assert [dropped("breach", "accept"), dropped("warn", "arrive")] == [n + 1 for n in before]
    assert (left.status, left.clocks) == (over.status, over.clocks)
    assert [(entry.transition, entry.note) for entry in left.timeline[-2:]] == [
        ("dropped", "breach/accept/1"),
        ("dropped", "warn/arrive/0"),
    ]
    assert left.next_due is not None
    assert left.next_due > bench.now()
    assert await bench.said(ClockBreached, times=0) == []


async def test_one_act_that_is_refused_leaves_the_others_their_effect(bench: RouterBench) -> None:
    ticket = unaccepted(bench, 25)
    (order,) = ticket.orders
    done = ticket.with_order(replace(order, status=OrderStatus.RESOLVED))
    before = dropped("transfer", "")

    await bench.put(done)
    await bench.said(ClockBreached, clock="accept")

    assert dropped("transfer", "") == before + 1
    assert [order.status for order in (await bench.read()).orders] == [OrderStatus.RESOLVED]


async def test_a_pause_that_cannot_end_holds_up_nobody(bench: RouterBench) -> None:
    ticket = unaccepted(bench, 16, LAMP)
    (order,) = ticket.orders
    before = dropped("resume", "")

    await bench.put(ticket.with_order(replace(order, resume_at=bench.now())))
    await bench.said(ClockBreached, clock="accept")

    assert dropped("resume", "") == before + 1
    assert (await bench.read()).orders[0].resume_at is None


async def test_what_stays_due_though_it_was_looked_at_is_counted_and_tried_less_often(
    bench: RouterBench,
) -> None:
    a_while_ago = bench.now() - TRY_AGAIN_AFTER
    await bench.store.documents("things").insert_one({"_id": "1", "next_due": a_while_ago})

    async def do_nothing(_: str) -> None:
        return

    counted = metrics.LOOP_FAULTS.labels(do_nothing.__qualname__, "still_due")._value
    due, looks = FallingDue(bench.store, "things", do_nothing), []
    for _ in range(5):
        looks += [await due.do_all(), await due.do_all()]
        await bench.forward(TRY_AGAIN_AFTER)

    assert looks == [1, 0] * 5
    assert counted.get() == 4
