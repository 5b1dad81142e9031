"""Until when a link shows the work it was made for, and what somebody alerted is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.router.field.domain import LOOK_BACK, has_ended
from shared.tickets import Ticket
from shared.tickets.acts import (
    Accept,
    Act,
    Cancel,
    Decline,
    Dispatch,
    HandOver,
    Resolve,
    Suspend,
    Transfer,
)
from tests.support.tickets import MONDAY, moved, registered

FIRM, MATE = "lift-firm-1", "lift-firm-2"
ORDER = "23456789-1"
GIVEN = Dispatch(by="router", department="lift_firm", assignee=FIRM)
OFFERED = Dispatch(by="router", department="lift_firm", assignee=None, offered_to=(FIRM, MATE))
DONE = Resolve(by=FIRM, order=ORDER, outcome="done")
PAUSED = Suspend(by=FIRM, order=ORDER, reason="parts", until=MONDAY + timedelta(days=1))


def after(*acts: Act, given: Dispatch = GIVEN) -> Ticket:
    return moved(registered("三号楼电梯门关不上，请来修"), given, *acts)


def ended(ticket: Ticket, person: str = FIRM, *, later: timedelta = timedelta(hours=1)) -> bool:
    [order] = [o for o in ticket.work_orders if o.id == ORDER]
    return has_ended(order, ticket, person, MONDAY + later)


@pytest.mark.parametrize(
    "acts",
    [(), (Accept(by=FIRM, order=ORDER),), (Accept(by=FIRM, order=ORDER), PAUSED)],
    ids=["given", "accepted", "paused"],
)
def test_work_in_hand_is_shown_however_long_it_takes(acts: tuple[Act, ...]) -> None:
    assert not ended(after(*acts), later=timedelta(days=60))


@pytest.mark.parametrize(
    "acts",
    [
        (Decline(by=FIRM, order=ORDER, reason="busy"),),
        (Transfer(by="desk", order=ORDER, to_department="security", assignee=None, reason="x"),),
        (Transfer(by="desk", order=ORDER, to_department="lift_firm", assignee=MATE, reason="x"),),
        (Cancel(by="agent"),),
        (Accept(by=MATE, order=ORDER),),
    ],
    ids=["declined", "another department", "another person", "cancelled", "a mate accepted"],
)
def test_what_is_theirs_no_more_is_not_shown(acts: tuple[Act, ...]) -> None:
    assert ended(after(*acts))


@pytest.mark.parametrize(
    "end", [DONE, HandOver(by=FIRM, order=ORDER, outcome="not_ours")], ids=["done", "handed over"]
)
def test_what_they_have_done_is_shown_for_a_day(end: Act) -> None:
    ticket = after(Accept(by=FIRM, order=ORDER), end)

    assert not ended(ticket, later=LOOK_BACK)
    assert ended(ticket, later=LOOK_BACK + timedelta(minutes=1))


def test_what_is_offered_to_several_is_shown_to_each_until_one_has_it() -> None:
    offered = after(given=OFFERED)
    taken = after(Accept(by=MATE, order=ORDER), given=OFFERED)

    assert (ended(offered, FIRM), ended(offered, MATE)) == (False, False)
    assert (ended(taken, FIRM), ended(taken, MATE)) == (True, False)
    assert ended(offered, "lift-firm-3")
