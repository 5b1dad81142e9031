"""Calendars: which days are worked, and which calendars are refused before they do harm.

How long limits run on them is in tests/tickets/test_clocks.py.
"""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import chinese_calendar  # type: ignore[import-untyped]  # it has no types
import pytest
from pydantic import ValidationError

from shared.policy.calendar import Calendar
from shared.policy.policy import sample_documents
from shared.triage.taxonomy import Limit

HOURS = [{"start": "08:30", "end": "12:00"}, {"start": "13:30", "end": "18:00"}]


@cache
def sample() -> Calendar:
    return Calendar.model_validate(sample_documents()["calendar"])


def calendar(**changes: Any) -> Calendar:
    return Calendar.model_validate({"time_zone": "Asia/Shanghai", "business": HOURS} | changes)


OFF = {
    2025: "1-1 1-28..31 2-1..4 4-4..6 5-1..5 5-31 6-1..2 10-1..8",
    2026: "1-1..3 2-15..23 4-4..6 5-1..5 6-19..21 9-25..27 10-1..7",
}
WORKED = {2025: "1-26 2-8 4-27 9-28 10-11", 2026: "1-4 2-14 2-28 5-9 9-20 10-10"}
"""As the State Council announced them, month and day; `a..b` are days of one month."""


def days(year: int, spans: str) -> set[date]:
    found = set()
    for span in spans.split():
        month, _, rest = span.partition("-")
        first, _, last = rest.partition("..")
        found |= {date(year, int(month), n) for n in range(int(first), int(last or first) + 1)}
    return found


@pytest.mark.parametrize("year", sorted(OFF))
def test_the_sample_calendar_works_on_the_days_that_were_announced(year: int) -> None:
    off, worked = days(year, OFF[year]), days(year, WORKED[year])
    day = date(year, 1, 1)
    while day.year == year:
        usual = day.weekday() < 5
        assert sample().is_workday(day) is (day in worked or (usual and day not in off)), day
        day += timedelta(days=1)


@pytest.mark.parametrize("year", sorted(OFF))
def test_a_kept_library_agrees_with_the_sample_calendar(year: int) -> None:
    day = date(year, 1, 1)
    while day.year == year:
        assert sample().is_workday(day) is chinese_calendar.is_workday(day), day
        day += timedelta(days=1)


def test_a_make_up_workday_outranks_a_day_off() -> None:
    both = {"days_off": ["2026-11-28"], "make_up_workdays": ["2026-11-28"]}

    assert calendar(**both).is_workday(date(2026, 11, 28))


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"time_zone": "Mars/Olympus"}, "IANA"),
        ({"time_zone": ""}, "IANA"),
        ({"time_zone": "../../etc/passwd"}, "IANA"),
        ({"time_zone": "Asia"}, "IANA"),
        ({"business": []}, "at least one block"),
        ({"business": [{"start": "18:00", "end": "08:30"}]}, "end after it starts"),
        ({"business": [{"start": "08:30", "end": "08:30"}]}, "end after it starts"),
        ({"business": list(reversed(HOURS))}, "without overlap"),
        ({"business": [HOURS[0], {"start": "11:59", "end": "13:00"}]}, "without overlap"),
        ({"business": [{"start": "25:00", "end": "26:00"}]}, "business.0.start"),
        ({"workweek": []}, "workweek"),
        ({"workweek": [0]}, "workweek"),
        ({"workweek": [8]}, "workweek"),
        ({"workweek": ["Monday"]}, "workweek"),
        ({"days_off": ["2026-02-30"]}, "days_off"),
        ({"holidays": []}, "holidays"),
    ],
)
def test_a_calendar_that_cannot_work_is_refused_and_says_why(
    changes: dict[str, Any], fault: str
) -> None:
    with pytest.raises(ValidationError, match=fault):
        calendar(**changes)


@pytest.mark.parametrize(
    ("span", "on"),
    [("PT8H", "days"), ("PT8H", "workdays"), ("P1DT12H", "days"), ("P1DT1S", "workdays"),
     ("PT0S", "wall"), ("-PT5M", "wall"), ("P0D", "days")],
)  # fmt: skip
def test_a_limit_that_its_calendar_cannot_count_is_refused(span: str, on: str) -> None:
    """Eight hours on workdays would be due at once, and a day and a half after one day."""
    with pytest.raises(ValidationError):
        Limit.model_validate({"for": span, "on": on})


@pytest.mark.parametrize(
    ("span", "on"), [("PT24H", "days"), ("P7D", "days"), ("P1W", "workdays"), ("PT8H", "business")]
)
def test_a_limit_of_whole_days_may_be_written_in_any_way(span: str, on: str) -> None:
    assert Limit.model_validate({"for": span, "on": on}).on == on


def test_results_keep_the_zone_of_their_question() -> None:
    start = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)

    for span, on in (("PT1H", "wall"), ("PT1H", "business"), ("P1D", "days"), ("P1D", "workdays")):
        due = calendar().due(start, Limit.model_validate({"for": span, "on": on}))
        assert due.tzinfo is UTC


def test_a_year_of_holidays_is_waited_out_and_ten_years_are_a_fault() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    year = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    decade = [date(2026, 1, 1) + timedelta(days=n) for n in range(3700)]

    assert calendar(days_off=year).add(start, timedelta(hours=1), "business").year == 2027
    with pytest.raises(ValueError, match="ten years"):
        calendar(days_off=decade).add(start, timedelta(hours=1), "business")
    with pytest.raises(ValueError, match="ten years"):
        calendar(days_off=decade).due(start, Limit(for_=timedelta(days=1), on="workdays"))
