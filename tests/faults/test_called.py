"""What a played week is judged by: a sound history differs in nothing, and each fault is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from faults.called import Called
from services.router.deadlines.escalation import fire_due
from shared.readers.tickets import rules_of
from shared.tickets import Clock, Ticket
from shared.tickets.acts import Accept, Appoint, Dispatch
from shared.tickets.clocks import RungTime
from tests.support.deadline_reference import SAMPLE, VISIT, Reference
from tests.support.tickets import MONDAY, duty, moved, policy, registered, steps_of

FIRST, SECOND = "23456789-1", "23456789-2"
GIVEN = Dispatch(by="router", department="engineering", assignee="jy-engineering-1")
BROKEN = MONDAY + timedelta(minutes=15)
"""When a normal repair should have been accepted."""
HANDED = "accept/1 of 23456789-1, 23456789-1 to jy-engineering-2"


def looked(ticket: Ticket, now: datetime) -> Ticket:
    return fire_due(steps_of(ticket, now), duty(), policy(), by="router").ticket


def called(*writes: Ticket) -> Called:
    found = Called(lambda estate: rules_of(policy().at(estate)), lambda _: Reference(SAMPLE))
    for ticket in writes:
        found.take(ticket)
    return found


def lost() -> list[Ticket]:
    """Registered, given, and not accepted in time."""
    new = registered()
    given = moved(new, GIVEN)
    return [new, given, looked(given, BROKEN)]


def test_what_goes_as_the_reference_says_differs_in_nothing() -> None:
    *_, handed = writes = lost()
    accepted = moved(handed, Accept(by="jy-engineering-2", order=SECOND), at=BROKEN)
    visit = BROKEN + timedelta(hours=2)
    agreed = moved(accepted, Appoint(by="he", order=SECOND, at=visit, until=visit + VISIT))
    missed = looked(agreed, visit + VISIT)

    found = called(*writes, accepted, agreed, missed)
    found.check(visit + VISIT)
    found.hear({
        (handed.number, FIRST, "accept", 1): {"id-1"},
        (handed.number, SECOND, "appointment", 1): {"id-2"},
    })  # fmt: skip

    assert list(found.differences) == []
    assert (found.warned, found.broken, found.handed_over) == (0, 2, 1)


def test_a_call_that_never_came_is_named_when_all_is_said_to_be_done() -> None:
    new, given, _ = lost()
    found = called(new, given)

    found.check(BROKEN - timedelta(minutes=4))
    assert list(found.differences) == []
    found.check(BROKEN)
    found.check(BROKEN)

    assert list(found.differences) == [
        f"23456789: expected {HANDED} before 2026-11-23 02:15:00; nothing"
    ]


def at_the_wrong_level(ticket: Ticket) -> Ticket:
    *before, call, transfer = ticket.timeline
    return replace(ticket, timeline=(*before, replace(call, note="accept/2"), transfer))


def to_the_wrong_person(ticket: Ticket) -> Ticket:
    *before, last = ticket.work_orders
    return replace(ticket, work_orders=(*before, replace(last, assignee="jy-engineering-3")))


def to_nobody(ticket: Ticket) -> Ticket:
    return replace(ticket, timeline=ticket.timeline[:-1])


@pytest.mark.parametrize(
    ("spoilt", "found"),
    [
        (at_the_wrong_level, "accept/2 of 23456789-1, 23456789-1 to jy-engineering-2"),
        (to_the_wrong_person, "accept/1 of 23456789-1, 23456789-1 to jy-engineering-3"),
        (to_nobody, "accept/1 of 23456789-1"),
    ],
)
def test_what_was_called_otherwise_is_named_with_what_was_expected(
    spoilt: Callable[[Ticket], Ticket], found: str
) -> None:
    new, given, handed = lost()

    differences = called(new, given, spoilt(handed)).differences

    assert list(differences) == [f"23456789 at 2026-11-23 02:15:00: expected {HANDED}; {found}"]


def test_what_is_called_a_second_time_was_not_expected() -> None:
    *before, handed = lost()
    again = replace(handed, timeline=(*handed.timeline, handed.timeline[-2]))

    differences = called(*before, handed, again).differences

    assert list(differences) == [
        "23456789 at 2026-11-23 02:15:00: expected nothing; accept/1 of 23456789-1"
    ]


def test_a_promise_that_broke_without_a_call_is_named() -> None:
    new, given, _ = lost()
    [order] = given.orders
    state = replace(order.clocks[Clock.ARRIVE], fired=(RungTime(1, MONDAY),))
    silent = given.with_order(replace(order, clocks={**order.clocks, Clock.ARRIVE: state}))
    found = called(new, given, silent)

    found.check(MONDAY)

    assert list(found.differences) == ["23456789: arrive of 23456789-1 expected kept; broken"]


def test_a_call_that_is_said_under_two_ids_was_said_twice() -> None:
    found = called(*lost())

    found.hear({("23456789", FIRST, "accept", 1): {"id-1", "id-2"}})

    assert list(found.differences) == ["23456789: accept/1 of 23456789-1 called 1 times; said 2"]
