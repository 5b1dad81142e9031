"""Each clock ends once, whatever becomes of the work that it measured."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from shared.tickets import Ticket
from shared.tickets.acts import Accept, Act, Decline, Dispatch, Resolve
from shared.tickets.figures import (
    clock_ends,
    department_of,
    has_ended,
    has_reopened,
)
from tests.support.tickets import LAMP, MONDAY, fired, moved, registered, steps_of

TO_ENGINEERING = Dispatch(by="router", department="engineering", assignee="jy-engineering-1")
ACCEPT = Accept(by="jy-engineering-1", order="23456789-1")
RESOLVE = Resolve(by="jy-engineering-1", order="23456789-1", outcome="done")
DECLINE = Decline(by="jy-engineering-1", order="23456789-1", reason="not_my_trade")
MINUTE = timedelta(minutes=1)


def outcomes(*states: Ticket) -> Counter[tuple[str, str | None]]:
    """What the changes from one state to the next decide."""
    found: Counter[tuple[str, str | None]] = Counter()
    for before, after in zip((None, *states), states, strict=False):
        found.update(
            (end.clock.value, end.outcome)
            for end in clock_ends(before, after)
            if end.outcome is not None
        )
    return found


def after(ticket: Ticket, *acts: Act, minutes: float = 1) -> Ticket:
    return moved(ticket, *acts, at=MONDAY + minutes * MINUTE)


def test_what_is_accepted_in_time_is_kept_and_its_time_is_known() -> None:
    new = registered(LAMP)
    given = after(new, TO_ENGINEERING)
    taken = after(given, ACCEPT, minutes=4)

    ends = [end for end in clock_ends(given, taken) if end.clock.value == "accept"]

    assert [(end.outcome, end.department) for end in ends] == [("kept", "engineering")]
    assert ends[0].seconds is not None
    assert 170 <= ends[0].seconds <= 190


def test_what_is_declined_is_neither_kept_nor_broken() -> None:
    given = after(registered(LAMP), TO_ENGINEERING)
    declined = after(given, DECLINE, minutes=2)
    found = [end for end in clock_ends(given, declined) if end.clock.value == "accept"]
    assert [(end.outcome, end.seconds) for end in found] == [("void", None)]


def test_a_clock_that_ran_out_is_broken_once_also_when_it_stops_later() -> None:
    new = registered(LAMP)
    given = after(new, TO_ENGINEERING)
    late = MONDAY + timedelta(hours=6)
    acts = fired(given, late)
    assert acts
    broken = steps_of(given, late).must(*acts).ticket
    taken = (
        moved(broken, *[replace(ACCEPT, order=broken.orders[-1].id)], at=late + MINUTE)
        if (
            broken.orders[-1].status.value == "dispatched"
            and broken.orders[-1].assignee == "jy-engineering-1"
        )
        else broken
    )

    found = outcomes(new, given, broken, taken)

    assert found["accept", "broken"] == 1
    assert all(count == 1 for count in found.values())


def test_a_ticket_ends_and_opens_again_once() -> None:
    new = registered(LAMP)
    given = after(new, TO_ENGINEERING)
    done = after(after(given, ACCEPT, minutes=2), RESOLVE, minutes=3)

    assert department_of(new) == "none"
    assert department_of(done) == "engineering"
    assert not has_ended(None, new)
    assert not has_ended(given, done)
    assert not has_reopened(given, done)
    again = replace(done, round=2)
    assert has_reopened(done, again)
    assert not has_reopened(again, again)
