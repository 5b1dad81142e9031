"""Working time: shares, rungs and pauses run on the limit's own calendar."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest

from hotline.doctor import calendar_words
from shared.policy.ladder import Ladder
from shared.tickets.clocks import (
    due_rung,
    extend_clock,
    fire_clock,
    pause_clock,
    resume_clock,
    start_clock,
)
from shared.triage.taxonomy import Limit
from tests.support.floor import Floor
from tests.support.tickets import policy

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

    async with httpx.AsyncClient(trust_env=False) as http:
        page = (await http.get(f"{floor.endpoints.services['router']}/metrics")).text
    (line,) = [line for line in page.splitlines() if line.startswith("hotline_calendar_days_left")]
    known = policy().days_known(await floor.now())
    assert known is not None
    assert abs(float(line.split()[1]) - known) <= 1
