"""A pattern of shifts, and what it comes to day by day. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from shared.contracts import MalformedMessage
from shared.policy.roster import Stretch

LONGEST_PLAN: Final = timedelta(days=62)
"""Two months ahead: beyond it leave and people change more than the plan is worth."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Local times of a shift; an `end` at or before `start` is on the next day."""

    start: time
    end: time

    def on(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Both ends on a day, in UTC."""
        last = day + timedelta(days=self.end <= self.start)
        first_moment = datetime.combine(day, self.start, zone)
        return first_moment.astimezone(UTC), datetime.combine(last, self.end, zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Pattern:
    """`cycle` names each day's shift of `hours`, or None for a day off. The people go through it
    one behind the other, `stagger` days apart, the first at its beginning on `first`.
    """

    people: Sequence[str]
    hours: Mapping[str, Hours]
    cycle: Sequence[str | None]
    first: date
    last: date
    stagger: int = 1

    def check(self) -> None:
        """Raise MalformedMessage naming what does not fit."""
        for n, name in enumerate(self.cycle):
            if name is not None and name not in self.hours:
                raise MalformedMessage(f"cycle.{n}", "is no shift of `hours`", "name one, or null")
        if not self.first <= self.last <= self.first + LONGEST_PLAN:
            raise MalformedMessage("last", "is not within 62 days after the first", "plan in parts")


def rolled_out(pattern: Pattern, place: str, department: str, zone: ZoneInfo) -> Iterator[Stretch]:
    """Every shift of the pattern, day by day."""
    for offset in range((pattern.last - pattern.first).days + 1):
        day = pattern.first + timedelta(days=offset)
        for n, person in enumerate(pattern.people):
            name = pattern.cycle[(offset - n * pattern.stagger) % len(pattern.cycle)]
            if name is not None:
                begins, ends = pattern.hours[name].on(day, zone)
                yield Stretch(place, department, person, begins, ends)
