"""Working time: business hours, days off, make-up workdays, and when a limit ends. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from shared.triage.taxonomy import Limit

Scale = Literal["wall", "business", "days", "workdays"]
"""What of the time counts for a limit: all of it, business hours, all of it (days are calendar
days), or whole workdays.
"""
IN_DAYS: Final[Mapping[Scale, Scale]] = {
    "wall": "days",
    "days": "days",
    "business": "workdays",
    "workdays": "workdays",
}
"""The scale of whole days for each: what waits for days is measured by it."""
_ALL_TIME: Final = frozenset({"wall", "days"})
_DAY: Final = timedelta(days=1)
_SEARCH_DAYS: Final = 3660
"""Ten years without working time is a calendar at fault, not a long holiday."""


Weekday = Annotated[int, Field(ge=1, le=7)]
"""Monday is 1."""


def _without_zone(value: time) -> time:
    if value.tzinfo is not None:
        raise ValueError("is a local time and names no zone: write it as 08:30")
    return value


LocalTime = Annotated[time, AfterValidator(_without_zone)]
"""A time of day where it counts; of which zone its place says."""


class Block(BaseModel):
    """One stretch of a working day, local time, `end` not included."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: LocalTime
    end: LocalTime

    @model_validator(mode="after")
    def _forward(self) -> Block:
        if self.end <= self.start:
            raise ValueError("a block must end after it starts; split one that passes midnight")
        return self


class Calendar(BaseModel):
    """An estate's working time in its own zone; all arguments and results are aware times."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    time_zone: str
    business: tuple[Block, ...]
    workweek: Annotated[frozenset[Weekday], Field(min_length=1)] = frozenset({1, 2, 3, 4, 5})
    days_off: frozenset[date] = frozenset()
    make_up_workdays: frozenset[date] = frozenset()
    until: date | None = None

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # a folder of zones
            raise ValueError("is not a time zone of the IANA list") from error
        return value

    @field_validator("business")
    @classmethod
    def _apart(cls, value: tuple[Block, ...]) -> tuple[Block, ...]:
        if not value:
            raise ValueError("name at least one block of business hours")
        if any(a.end > b.start for a, b in itertools.pairwise(value)):
            raise ValueError("blocks must follow each other without overlap")
        return value

    @cached_property
    def zone(self) -> ZoneInfo:
        """The estate's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def last_day(self) -> date | None:
        """Until when its days off are known: as it says, else to the end of the last year it names
        days of; None for one of plain weeks.
        """
        named = self.days_off | self.make_up_workdays
        return self.until or (date(max(named).year, 12, 31) if named else None)

    def is_workday(self, day: date) -> bool:
        """Days off and make-up workdays outrank the week."""
        if day in self.make_up_workdays:
            return True
        return day.isoweekday() in self.workweek and day not in self.days_off

    def due(self, start: datetime, limit: Limit) -> datetime:
        """When a limit that starts at `start` and never pauses ends."""
        match limit.on:
            case "wall":
                # Hours pass in UTC; in a zone, Python would add to the hands of the clock.
                return (start.astimezone(UTC) + limit.for_).astimezone(start.tzinfo)
            case "business":
                return self.add(start, limit.for_, "business")
            case "days":
                return self._end_of_day(start, limit.for_.days)
            case "workdays":
                return self._same_time_workday(start, limit.for_.days)

    def add(self, start: datetime, span: timedelta, on: Scale) -> datetime:
        """The moment by which `span` of the time that counts has passed since `start`."""
        if on in _ALL_TIME:
            return (start.astimezone(UTC) + span).astimezone(start.tzinfo)
        left = span
        for opened, closed in self._counting_from(start, on):
            length = closed - opened
            if left <= length:
                return (opened + left).astimezone(start.tzinfo)
            left -= length
        raise ValueError("the calendar has no working time in ten years; check its workweek")

    def between(self, start: datetime, end: datetime, on: Scale) -> timedelta:
        """How much of the time that counts on a scale lies between two moments."""
        if on in _ALL_TIME:
            return max(end - start, timedelta())
        total = timedelta()
        for opened, closed in self._counting_from(start, on):
            if opened >= end:
                break
            total += min(closed, end) - opened
        return total

    def part(self, begun: datetime, due: datetime, share: float, on: Scale) -> datetime:
        """When a share of the time that counts between two moments has passed. Where nothing counts
        there, as before a time on a day off that somebody approved, all of it does.
        """
        counted = self.between(begun, due, on)
        if not counted:
            on, counted = "wall", due - begun
        return min(self.add(begun, counted * share, on), due)

    def _counting_from(self, start: datetime, on: Scale) -> Iterator[tuple[datetime, datetime]]:
        """The rest of the present stretch that counts, then all that follow, in UTC so that spans
        are real.
        """
        local = start.astimezone(self.zone)
        for offset in range(_SEARCH_DAYS):
            day = local.date() + offset * _DAY
            for opened, closed in self._counting_on(day, on) if self.is_workday(day) else ():
                if closed > start:
                    yield max(opened, start.astimezone(UTC)), closed

    def _counting_on(self, day: date, on: Scale) -> Iterator[tuple[datetime, datetime]]:
        """The stretches of a workday that count: its business hours, or all of it."""
        if on == "workdays":
            midnight, next_ = (datetime.combine(d, time(0), self.zone) for d in (day, day + _DAY))
            yield midnight.astimezone(UTC), next_.astimezone(UTC)
            return
        for block in self.business:
            opened = datetime.combine(day, block.start, self.zone)
            closed = datetime.combine(day, block.end, self.zone)
            yield opened.astimezone(UTC), closed.astimezone(UTC)

    def _end_of_day(self, start: datetime, days: int) -> datetime:
        """The last moment of the nth calendar day after, which is the next day's midnight."""
        day = start.astimezone(self.zone).date() + (days + 1) * _DAY
        return datetime.combine(day, time(0), self.zone).astimezone(start.tzinfo)

    def _same_time_workday(self, start: datetime, workdays: int) -> datetime:
        local = start.astimezone(self.zone)
        day, left = local.date(), workdays
        for _ in range(_SEARCH_DAYS):
            if left == 0:
                return datetime.combine(day, local.time(), self.zone).astimezone(start.tzinfo)
            day += _DAY
            left -= self.is_workday(day)
        raise ValueError("the calendar has no workdays in ten years; check its workweek")


EVERY_HOUR: Final = Calendar(
    time_zone="UTC",
    business=(Block(start=time(0), end=time(23, 59, 59, 999999)),),
    workweek=frozenset(range(1, 8)),
)
"""Of whoever has no working time to count by."""
