"""How many calls a line is to have had: by the median of its last six like days. Pure.

Today so far does not put it right here, as it does for who is at work: a line that is dead since
the morning would expect nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from shared.calls.forecast import LIKE_DAYS, forecast
from shared.calls.quarters import pieces
from shared.policy.calendar import Calendar

KNOWN_FOR: Final = timedelta(days=14)
"""So long a line's calls are counted before its silence says anything."""
LOOK_BACK: Final = timedelta(days=60)
LONGEST: Final = timedelta(days=7)
"""A longer silence is asked about for its last week alone."""
QUARTERS: Final = 96
QUARTER_SECONDS: Final = 900.0


class DayKind(StrEnum):
    """Days on which people ring alike."""

    WORKDAY = "workday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"
    HOLIDAY = "holiday"


def kind_of(day: date, calendar: Calendar) -> DayKind:
    """Which kind of day it is for the group."""
    if calendar.is_workday(day):
        return DayKind.WORKDAY
    if day in calendar.days_off:
        return DayKind.HOLIDAY
    return DayKind.SUNDAY if day.isoweekday() == 7 else DayKind.SATURDAY


@dataclass(frozen=True, slots=True)
class Known:
    """A line's calls by quarter hour, in the group's own time; `since` is the first of them."""

    since: datetime | None
    offered: Mapping[datetime, int] = field(default_factory=dict)


def expected_between(
    known: Known, began: datetime, ended: datetime, calendar: Calendar
) -> float | None:
    """How many calls were to come from then until then; None while too little is known."""
    if known.since is None or ended - known.since < KNOWN_FOR:
        return None
    began = max(began, ended - LONGEST)
    usual: dict[date, Sequence[float] | None] = {}
    expected = 0.0
    for quarter, seconds in pieces(began, ended):
        there = quarter.astimezone(calendar.zone)
        day = there.date()
        if day not in usual:
            usual[day] = _usual(known, day, calendar)
        calls = usual[day]
        if calls is None:
            return None
        expected += calls[there.hour * 4 + there.minute // 15] * seconds / QUARTER_SECONDS
    return expected


def _usual(known: Known, day: date, calendar: Calendar) -> Sequence[float] | None:
    """The calls of each quarter of a day like this one; None where there was no such day."""
    like = _like_days(known, day, calendar)
    return [each.calls for each in forecast(like)] if like else None


def _like_days(known: Known, day: date, calendar: Calendar) -> list[list[int]]:
    """The last six before it, the newest last. The first day that is known was not a whole one."""
    if known.since is None:
        return []
    first = known.since.astimezone(calendar.zone).date()
    kind = kind_of(day, calendar)
    found: list[list[int]] = []
    before = day - timedelta(days=1)
    while before > first and day - before <= LOOK_BACK and len(found) < LIKE_DAYS:
        if kind_of(before, calendar) is kind:
            found.append(_counts(known, before, calendar))
        before -= timedelta(days=1)
    return found[::-1]


def _counts(known: Known, day: date, calendar: Calendar) -> list[int]:
    midnight = datetime.combine(day, time(), calendar.zone)
    quarters = [midnight + timedelta(minutes=15 * n) for n in range(QUARTERS)]
    return [known.offered.get(quarter, 0) for quarter in quarters]
