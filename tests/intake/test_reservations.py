"""When a key is free again, and what an answer says of an alert: rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.intake.registration.reservations import alerting_of, ended_at, is_spent
from shared.policy.plan import Reported, plan
from shared.readers.emergencies import EmergencyState
from shared.tickets import Ticket, TicketStatus
from shared.tickets.acts import Accept, AnswerQuestion, Dispatch, Reclassify, Resolve
from shared.tickets.model import TimelineEntry
from tests.support.tickets import LAMP, LIFT, MONDAY, moved, policy, registered

HOUR = timedelta(hours=1)
LATER = MONDAY + HOUR
MONTH = timedelta(days=30)


def running(
    *, taken: bool = False, ended: datetime | None = None, plans: int = 1
) -> EmergencyState:
    """The router's side of it, in the first round."""
    taken_at = MONDAY if taken else None
    return EmergencyState(round=1, plans=plans, acknowledged_at=taken_at, ended_at=ended)


def decided(ticket: Ticket, text: str, *, calm: bool = False) -> Ticket:
    """The desk plans it anew, an hour later."""
    made = plan(Reported(text, "jinyuan", type="repair" if calm else None, calm=calm),
                policy(), LATER)  # fmt: skip
    act = Reclassify(by="agent", plan=made, estate="jinyuan", reason="seen")
    return moved(ticket, act, at=LATER)


def closed(ticket: Ticket) -> Ticket:
    return replace(ticket, mark=TicketStatus.CLOSED, over_at=LATER)


def resolved(ticket: Ticket) -> Ticket:
    """The work is done, by somebody who was there, and nobody was told yet."""
    there = TimelineEntry(MONDAY, "arrive", "li", ticket.number + "-1")
    order = ticket.number + "-1"
    taken = moved(ticket, Dispatch(by="r", department="engineering", assignee="li"),
                  Accept(by="li", order=order))  # fmt: skip
    taken = replace(taken, timeline=(*taken.timeline, there))
    return moved(taken, Resolve(by="li", order=order, outcome="done"))


def test_a_request_is_a_new_one_a_day_after_it_was_over() -> None:
    over = moved(registered(LAMP), AnswerQuestion(by="agent"), at=LATER)
    ends = LATER + timedelta(days=1)

    assert not is_spent(registered(LAMP), None, MONDAY + MONTH)
    assert not is_spent(over, None, ends - timedelta(milliseconds=1))
    assert is_spent(over, None, ends)


@pytest.mark.parametrize(
    ("ticket", "emergency"),
    [
        (registered(LIFT), running(ended=LATER)),
        (resolved(registered(LIFT)), running(taken=True, ended=LATER)),
        (closed(registered(LIFT)), running(taken=True)),
        (closed(registered(LIFT)), None),
        (decided(registered(LIFT), LAMP, calm=True), running(plans=2, ended=LATER + HOUR)),
        (decided(registered(LIFT), LAMP, calm=True), running()),
        (decided(resolved(registered(LIFT)), LIFT), running(ended=LATER)),
    ],
    ids=["ended on site", "ended with its work", "closed, as the router has not heard",
         "closed before it began", "no danger", "no danger, as the router has not heard",
         "planned anew when all was done"],
)  # fmt: skip
def test_a_cry_is_a_new_one_ten_minutes_after_its_emergency_ended(
    ticket: Ticket, emergency: EmergencyState | None
) -> None:
    ends = LATER + timedelta(minutes=10)

    assert ended_at(ticket, emergency) == LATER
    assert not is_spent(ticket, emergency, ends - timedelta(milliseconds=1))
    assert is_spent(ticket, emergency, ends)


@pytest.mark.parametrize(
    ("ticket", "emergency"),
    [
        (registered(LIFT), None),
        (registered(LIFT), running()),
        (registered(LIFT), running(taken=True)),
        (replace(registered(LIFT), round=2), running(ended=MONDAY)),
        (decided(registered(LIFT), LIFT), running(ended=MONDAY)),
    ],
    ids=["not begun", "begun", "taken", "reopened", "planned anew"],
)
def test_a_cry_stays_the_same_while_its_emergency_runs_or_begins_again(
    ticket: Ticket, emergency: EmergencyState | None
) -> None:
    assert ended_at(ticket, emergency) is None
    assert not is_spent(ticket, emergency, MONDAY + MONTH)


def test_what_the_desk_made_an_emergency_repeats_like_the_request_it_was() -> None:
    danger = decided(registered(LAMP), LIFT)

    assert danger.is_emergency
    assert not is_spent(danger, running(plans=2, ended=LATER), LATER + MONTH)
    assert is_spent(closed(danger), None, LATER + timedelta(days=1))


@pytest.mark.parametrize(
    ("emergency", "published", "told"),
    [
        (None, True, "started"),
        (None, False, "delayed"),
        (running(), False, "started"),
        (running(taken=True), True, "acknowledged"),
        (running(taken=True, ended=LATER), True, "ended"),
    ],
)
def test_an_answer_says_what_is_so_now_of_the_alert(
    emergency: EmergencyState | None, told: str, *, published: bool
) -> None:
    assert alerting_of(registered(LIFT), emergency, published=published) == told


def test_where_no_alert_has_reached_anybody_it_does_not_say_that_people_are_called() -> None:
    unheard, taken = (replace(running(taken=taken), unheard=True) for taken in (False, True))

    assert alerting_of(registered(LIFT), unheard, published=True) == "unheard"
    assert alerting_of(registered(LIFT), taken, published=True) == "acknowledged"


def test_of_an_emergency_that_begins_again_it_says_whether_the_word_went_out() -> None:
    reopened = replace(registered(LIFT), round=2)

    assert alerting_of(reopened, running(taken=True, ended=MONDAY), published=True) == "started"
    assert alerting_of(reopened, running(taken=True, ended=MONDAY), published=False) == "delayed"


def test_of_what_never_was_an_emergency_it_says_nothing() -> None:
    assert alerting_of(registered(LAMP), None, published=True) is None


def test_of_what_is_no_danger_any_more_it_says_that_nobody_is_called() -> None:
    calm = decided(registered(LIFT), LAMP, calm=True)

    assert alerting_of(calm, running(), published=True) == "ended"
