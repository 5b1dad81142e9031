"""Working time: shares, rungs and pauses run on the limit's own calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest

from hotline.demo.clients import until
from hotline.doctor import calendar_words
from shared.policy.ladder import Ladder
from shared.policy.policy import Rules
from shared.tickets import Clock, NotAllowed, Ticket
from shared.tickets.acts import Accept, AskExtension, Breach, Dispatch, Extend, Resume, Suspend
from shared.tickets.clocks import (
    due_rung,
    extend_clock,
    fire_clock,
    may_pause_until,
    pause_clock,
    resume_clock,
    start_clock,
)
from shared.triage.taxonomy import Limit
from tests.support.floor import Floor
from tests.support.tickets import MONDAY, fired, moved, policy, registered, steps_of

ZONE = ZoneInfo("Asia/Shanghai")
CALENDAR = policy().calendar
LADDER = Ladder((0.5,), (timedelta(hours=1),), CALENDAR)
FRIDAY = datetime(2026, 11, 27, 17, 30, tzinfo=ZONE)
TWO_HOURS = Limit.model_validate({"for": timedelta(hours=2), "on": "business"})


def monday(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 30, hour, minute, tzinfo=ZONE)


def test_b16_two_business_hours_from_friday_evening_warn_and_break_on_monday() -> None:
    state = start_clock(TWO_HOURS, FRIDAY, CALENDAR, LADDER)
    assert state.next is not None
    assert (state.next.at, state.due) == (monday(9), monday(10))

    warned = fire_clock(state, 0, monday(9), LADDER)
    broken = fire_clock(warned, 1, monday(10), LADDER)
    assert broken.next is not None
    assert broken.next.at == monday(11)
    assert due_rung(broken, monday(10, 59), LADDER) is None


def test_b16_a_rung_after_the_end_waits_for_working_time() -> None:
    broken_at_night = start_clock(TWO_HOURS, monday(15, 30), CALENDAR, LADDER)
    late = fire_clock(broken_at_night, 1, monday(17, 30), LADDER)

    assert late.next is not None
    assert late.next.at == datetime(2026, 12, 1, 9, 0, tzinfo=ZONE)  # half an hour on each day


@pytest.mark.parametrize(("on", "moves"), [("days", timedelta(days=3)), ("workdays", timedelta(0))])
def test_b16_a_pause_over_the_weekend_moves_workdays_by_nothing(on: str, moves: timedelta) -> None:
    limit = Limit.model_validate({"for": timedelta(days=3), "on": on})
    begun = start_clock(limit, FRIDAY, CALENDAR, LADDER)
    saturday = datetime(2026, 11, 28, tzinfo=ZONE)
    until = saturday + timedelta(days=3 if on == "days" else 2)
    resumed = resume_clock(pause_clock(begun, saturday), until, CALENDAR, LADDER)

    assert begun.due is not None
    assert resumed.due == begun.due + moves


def test_b16_a_time_on_a_day_off_that_somebody_approved_is_warned_of_before_it() -> None:
    saturday = datetime(2026, 11, 28, 12, tzinfo=ZONE)
    evening = datetime(2026, 11, 27, 19, tzinfo=ZONE)
    longer = extend_clock(
        start_clock(TWO_HOURS, FRIDAY, CALENDAR, LADDER), saturday, evening, LADDER
    )

    assert longer.next is not None
    assert evening < longer.next.at < saturday


async def test_b27_the_end_of_a_calendar_is_told_weeks_before_it_comes(floor: Floor) -> None:
    in_november = datetime(2026, 11, 30, 9, tzinfo=ZONE)
    left = policy().days_known(in_november)
    assert left == 31
    assert "31" in str(calendar_words(left))

    async def is_counted() -> bool | None:
        page = (await http.get(f"{floor.endpoints.services['router']}/metrics")).text
        (line,) = [li for li in page.splitlines() if li.startswith("hotline_calendar_days_left")]
        known = policy().days_known(await floor.now())
        assert known is not None
        return True if abs(float(line.split()[1]) - known) <= 1 else None

    async with httpx.AsyncClient(trust_env=False) as http:
        await until(is_counted, "the days are counted at the floor's own time")


ORDER = "23456789-1"
PARTS = Suspend(by="jy-engineering-1", order=ORDER, reason="parts")
DAY = timedelta(days=1)


def at_work() -> Ticket:
    given = Dispatch(by="router", department="engineering", assignee="jy-engineering-1")
    return moved(registered(), given, Accept(by="jy-engineering-1", order=ORDER))


def suspended(ticket: Ticket, at: datetime, wish: Suspend = PARTS) -> Ticket:
    return steps_of(ticket, at).must(wish).ticket


def waited_as_long_as_it_may() -> tuple[Ticket, datetime]:
    """For parts and again for parts, with an hour of work between; and when that is over."""
    first = suspended(at_work(), MONDAY + timedelta(hours=1))
    again = MONDAY + 7 * DAY + timedelta(hours=2)
    second = suspended(first, again)
    assert second.orders[0].resume_at == again + 7 * DAY
    return second, again + 7 * DAY + timedelta(hours=1)


def test_b17_pauses_add_up_to_a_limit_and_then_the_promise_breaks() -> None:
    ticket, over = waited_as_long_as_it_may()
    promised = at_work().clocks[Clock.RESOLVE].due
    assert promised is not None

    with pytest.raises(NotAllowed, match=r"14 days in all.*ask for more time.*supervisor"):
        suspended(ticket, over)

    resumed = moved(ticket, Resume(by="router", order=ORDER), at=over - timedelta(hours=1))
    due = resumed.clocks[Clock.RESOLVE].due
    assert due == promised + 14 * DAY
    called = fired(resumed, due + timedelta(minutes=1))
    assert any(isinstance(act, Breach) and act.clock is Clock.RESOLVE for act in called)


def test_b17_what_is_left_bounds_a_pause_whatever_its_reason_and_whoever_has_the_work() -> None:
    """The sixth day of a pause for parts is the last: 14 days less two pauses of four."""
    ticket = at_work()
    for n in range(2):
        begins = MONDAY + n * 5 * DAY + timedelta(hours=1)
        ticket = suspended(ticket, begins, replace(PARTS, until=begins + 4 * DAY))
    later = MONDAY + 10 * DAY
    other = Suspend(by="jy-engineering-1", order=ORDER, reason="other")

    assert suspended(ticket, later, other).orders[0].resume_at == later + 6 * DAY
    with pytest.raises(NotAllowed, match="with all its pauses it may wait until"):
        suspended(ticket, later, replace(other, until=later + 6.5 * DAY))


def test_b17_from_a_later_time_that_was_approved_pauses_count_anew() -> None:
    ticket, over = waited_as_long_as_it_may()
    asked = AskExtension(by="jy-engineering-1", order=ORDER, until=over + 9 * DAY, reason="parts")
    granted = Extend(by="chief", order=ORDER, until=over + 9 * DAY)

    extended = steps_of(ticket, over).must(asked, granted).ticket

    assert suspended(extended, over).orders[0].resume_at == over + 7 * DAY


def test_b17_where_working_time_counts_pauses_are_measured_in_workdays() -> None:
    """Friday to Monday is one day of them."""
    state = pause_clock(start_clock(TWO_HOURS, FRIDAY, CALENDAR, LADDER), FRIDAY)
    resumed = resume_clock(state, FRIDAY + 3 * DAY, CALENDAR, LADDER)

    until = may_pause_until(resumed, FRIDAY + 3 * DAY, CALENDAR, 2 * DAY)

    assert until == FRIDAY + 4 * DAY


def test_b17_a_policy_of_before_is_read_and_lets_work_wait_for_its_longest_pause() -> None:
    rules = policy().rules.model_dump(exclude={"suspend_in_all"})

    assert Rules.model_validate(rules).longest_pauses == 14 * DAY
    patient = rules | {"suspend_at_most": {"parts": 30 * DAY}}
    assert Rules.model_validate(patient).longest_pauses == 30 * DAY
