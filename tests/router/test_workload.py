"""Whoever has much in hand is passed over: by what they have now, whoever gave it to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from services.router.deadlines.firing import Deadlines
from services.router.work_orders.routing import Routing
from services.router.work_orders.workload import Workload
from shared.tickets import Ticket
from shared.tickets.acts import Accept, Act, Dispatch, Link, Resolve, Transfer
from tests.router.conftest import RouterBench
from tests.support.tickets import LAMP, moved, registered

FIRST, SECOND = "jy-engineering-1", "jy-engineering-2"
GIVEN = Dispatch(by="router", department="engineering", assignee=FIRST)
NUMBERS = ("23456789", "34567892", "45678923")


def handed_on(number: str) -> Transfer:
    """By time, since the first has not accepted it."""
    return Transfer(by="router", order=f"{number}-1", to_department="engineering",
                    assignee=SECOND, reason="not_accepted")  # fmt: skip


def ticket(bench: RouterBench, number: str, *acts: Act, test: bool = False) -> Ticket:
    fresh = replace(registered(at=bench.now(), number=number), test=test)
    return moved(fresh, *acts, at=bench.now())


async def counted(bench: RouterBench) -> Workload:
    """As a process of the router sees it that has given nobody anything."""
    workload = Workload(bench.store)
    await workload.refresh()
    return workload


async def test_what_went_to_somebody_else_is_in_their_hands_alone(bench: RouterBench) -> None:
    for number in NUMBERS:
        await bench.put(ticket(bench, number, GIVEN, handed_on(number)))

    one, other = await counted(bench), await counted(bench)

    for workload in (one, other):
        assert workload.beyond(1)(FIRST) == 0
        assert workload.beyond(1)(SECOND) == 3
        assert workload.beyond(3)(SECOND) == 1
        assert workload.beyond(4)(SECOND) == 0


async def test_what_is_done_a_drill_or_part_of_an_outage_is_in_nobodys_hand(
    bench: RouterBench,
) -> None:
    done, drill, linked = NUMBERS
    accept = Accept(by=FIRST, order=f"{done}-1")
    resolve = Resolve(by=FIRST, order=f"{done}-1", outcome="done")
    await bench.put(ticket(bench, done, GIVEN, accept, resolve))
    await bench.put(ticket(bench, drill, GIVEN, test=True))
    link = Link(by="router", incident="jinyuan-electrical-1", note="jinyuan-electrical-1")
    await bench.put(ticket(bench, linked, GIVEN, link))

    assert (await counted(bench)).beyond(1)(FIRST) == 0


async def test_what_this_process_has_moved_counts_before_it_counts_anew(bench: RouterBench) -> None:
    workload = await counted(bench)
    before = ticket(bench, NUMBERS[0])
    given = moved(before, GIVEN, at=bench.now())

    workload.note(before, given)
    assert workload.beyond(1)(FIRST) == 1

    workload.note(given, moved(given, handed_on(NUMBERS[0]), at=bench.now()))
    assert (workload.beyond(1)(FIRST), workload.beyond(1)(SECOND)) == (0, 1)


async def test_who_lost_their_work_by_time_gets_the_next_and_not_who_has_it_all(
    bench: RouterBench,
) -> None:
    await bench.let_places_differ(jinyuan={"rules": {"busy_from": 3}})
    workload = await counted(bench)
    routing, deadlines = (
        Routing(bench.platform, workload, tuple),
        Deadlines(bench.platform, workload),
    )
    for number in NUMBERS:
        await bench.put(registered(LAMP, at=bench.now(), number=number))
        await routing.dispatch(number)
    await bench.forward(timedelta(minutes=16))
    for number in NUMBERS:
        await deadlines.fire(number)
    await bench.put(registered(LAMP, at=bench.now(), number="56789234"))

    given = await routing.dispatch("56789234")

    assert {(await bench.read(number)).in_hand for number in NUMBERS} == {(SECOND,)}
    assert given.in_hand == (FIRST,)


async def test_what_is_handed_on_by_time_goes_to_who_is_free_as_well(bench: RouterBench) -> None:
    await bench.let_places_differ(jinyuan={"rules": {"busy_from": 1}})
    busy, late = NUMBERS[:2]
    second = replace(GIVEN, assignee=SECOND)
    await bench.put(ticket(bench, busy, second, Accept(by=SECOND, order=f"{busy}-1")))
    await bench.put(ticket(bench, late, GIVEN))
    await bench.forward(timedelta(minutes=16))

    await Deadlines(bench.platform, await counted(bench)).fire(late)

    assert (await bench.read(late)).in_hand == ("jy-engineering-3",)
