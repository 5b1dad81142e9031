"""What fires when, who hears of it, and who gets what nobody accepted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.tickets import Clock, Ticket
from shared.tickets.acts import (
    Accept,
    Act,
    Appoint,
    Breach,
    Dispatch,
    Own,
    Suspend,
    Transfer,
    Warn,
)
from shared.tickets.model import About
from tests.support.tickets import LIFT, MONDAY, fired, moved, registered


def given(ticket: Ticket) -> Ticket:
    first = Dispatch(by="router", department="engineering", assignee="jy-engineering-1")
    return moved(ticket, first)


def accepted(ticket: Ticket) -> Ticket:
    return moved(given(ticket), Accept(by="jy-engineering-1", order=f"{ticket.number}-1"))


@pytest.mark.parametrize(
    ("minutes", "kind", "people"),
    [
        (11, None, ()),
        (12, Warn, ("jy-engineering-1",)),
        (15, Breach, ("jy-engineering-3",)),
        (60 * 24, Breach, ("jy-manager",)),
    ],
)
def test_an_unaccepted_order_is_warned_at_its_share_and_breaks_at_its_limit(
    minutes: int, kind: type[Act] | None, people: tuple[str, ...]
) -> None:
    ticket = given(registered())

    acts = fired(ticket, MONDAY + timedelta(minutes=minutes))

    called = [(type(a), a.recipients) for a in acts if isinstance(a, (Warn, Breach))
             and a.clock is Clock.ACCEPT]  # fmt: skip
    assert called == ([] if kind is None else [(kind, people)])


def test_each_deadline_fires_once_however_often_it_is_looked_at() -> None:
    ticket = given(registered())
    late = MONDAY + timedelta(minutes=20)

    called = moved(ticket, *fired(ticket, late), at=late)

    assert fired(called, late + timedelta(minutes=1)) == []


def test_an_accepted_order_breaks_no_accept_limit() -> None:
    ticket = given(registered())
    ticket = moved(ticket, Accept(by="jy-engineering-1", order=f"{ticket.number}-1"))

    acts = fired(ticket, MONDAY + timedelta(minutes=20))

    assert acts == []


def test_a_request_that_nobody_decides_reminds_the_desk() -> None:
    ticket = registered(estate=None)

    (act,) = fired(ticket, MONDAY + timedelta(minutes=15))

    assert isinstance(act, Breach)
    assert (act.order, act.clock, act.recipients) == (None, Clock.ACCEPT, ("group-desk-1",))


def test_what_nobody_accepts_goes_to_the_next_on_duty_until_all_were_asked() -> None:
    ticket, now, asked = given(registered()), MONDAY, []
    for _ in range(5):
        now += timedelta(minutes=16)
        acts = [act for act in fired(ticket, now) if getattr(act, "clock", 0) in {Clock.ACCEPT, 0}]
        ticket = moved(ticket, *acts, at=now)
        asked += [act.assignee for act in acts if isinstance(act, Transfer)]

    assert asked == ["jy-engineering-2", "jy-engineering-3"]
    assert [order.status.value for order in ticket.orders] == [
        "transferred", "transferred", "dispatched",
    ]  # fmt: skip
    assert ticket.orders[0].reason == "not_accepted"


def test_an_emergency_is_taken_from_nobody() -> None:
    ticket = given(registered(LIFT))

    acts = fired(ticket, MONDAY + timedelta(hours=1))

    assert acts
    assert not [act for act in acts if isinstance(act, Transfer)]


@pytest.mark.parametrize(
    ("after", "level", "people"),
    [
        (timedelta(0), 1, ("jy-engineering-3", "jy-customer-service-1")),
        (timedelta(hours=2), 2, ("jy-manager",)),
        (timedelta(hours=24), 3, ("group-manager",)),  # the estate lies in no city company
        (timedelta(hours=72), 4, ("group-manager",)),
    ],
)
def test_a_limit_that_stays_broken_is_told_higher_and_higher(
    after: timedelta, level: int, people: tuple[str, ...]
) -> None:
    ticket = accepted(registered())
    late = ticket.clocks[Clock.RESOLVE].due
    assert late is not None

    called = [act for act in fired(ticket, late + after) if isinstance(act, Breach)
             and act.clock is Clock.RESOLVE]  # fmt: skip

    assert [(act.level, act.recipients) for act in called] == [(level, people)]


@pytest.mark.parametrize("owner", ["jy-customer-service-2", "gone"])
def test_the_case_owner_follows_up_as_the_limit_of_the_whole_comes_near(owner: str) -> None:
    """Whoever is not on duty any more is stood in for by whoever is (A4.3)."""
    ticket = moved(accepted(registered()), Own(by="he", owner=owner))
    limit = ticket.clocks[Clock.RESOLVE]
    assert limit.next is not None

    (warned,) = [act for act in fired(ticket, limit.next.at) if isinstance(act, Warn)
                 and act.clock is Clock.RESOLVE]  # fmt: skip

    desk = owner if owner != "gone" else "jy-customer-service-1"
    assert warned.recipients == ("jy-engineering-1", desk)


def test_an_estate_of_a_city_company_is_told_to_it() -> None:
    ticket = moved(
        registered(estate="cuihu"),
        Dispatch(by="router", department="engineering", assignee="ch-engineering-1"),
        Accept(by="ch-engineering-1", order="23456789-1"),
    )
    late = ticket.clocks[Clock.RESOLVE].due
    assert late is not None

    (act,) = [a for a in fired(ticket, late + timedelta(hours=24)) if getattr(a, "level", 0) == 3]

    assert isinstance(act, Breach)
    assert act.recipients == ("lakeside-manager",)


def test_whom_the_matter_is_about_does_not_hear_of_it_at_any_level() -> None:
    about = About(people=("jy-engineering-3", "jy-manager"))
    ticket = accepted(registered(about=about))
    late = ticket.clocks[Clock.RESOLVE].due
    assert late is not None

    for after in (timedelta(0), timedelta(hours=2)):
        told = {p for act in fired(ticket, late + after) for p in getattr(act, "recipients", ())}
        assert told
        assert not told & set(about.people)


def test_a_missed_visit_is_told_to_the_lead_and_the_visitor_is_reminded_before() -> None:
    begins = MONDAY + timedelta(hours=3)
    visit = Appoint(by="agent", order="23456789-1", at=begins, until=begins + timedelta(hours=2))
    ticket = moved(accepted(registered()), visit)

    (reminded,) = fired(ticket, begins - timedelta(minutes=30))
    ticket = moved(ticket, reminded, at=begins - timedelta(minutes=30))
    missed = [a for a in fired(ticket, begins + timedelta(hours=2))
              if getattr(a, "clock", None) is Clock.APPOINTMENT]  # fmt: skip

    assert isinstance(reminded, Warn)
    assert reminded.recipients == ("jy-engineering-1",)
    assert [(type(a), a.recipients) for a in missed if isinstance(a, Breach)] == [
        (Breach, ("jy-engineering-3", "jy-customer-service-1"))
    ]


def test_nothing_fires_while_work_waits_but_an_agreed_visit() -> None:
    ticket = moved(accepted(registered()), Suspend(by="li", order="23456789-1", reason="access"))

    assert fired(ticket, MONDAY + timedelta(hours=11)) == []
