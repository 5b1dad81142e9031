"""Rosters: whose shift it is at a moment, and how many people a place needs when. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.policy.calendar import Calendar

QUARTER: Final = timedelta(minutes=15)
"""Shifts begin and end on the quarter hour, so that cover can be told for each of them."""
MOST_NEEDED: Final = 99


def _on_the_quarter(value: time) -> time:
    if value.minute % 15 or value.second or value.microsecond or value.tzinfo is not None:
        raise ValueError("is not a local time on the quarter hour, such as 08:00 or 19:45")
    return value


Quarter = Annotated[time, AfterValidator(_on_the_quarter)]


class Need(BaseModel):
    """So many people, on these days between these local times. An `end` at or before `start` is on
    the next day: 20:00 to 08:00 is the night, 00:00 to 00:00 the whole day.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: Quarter
    end: Quarter
    people: int = Field(ge=1, le=MOST_NEEDED)
    days: Literal["all", "workdays", "days_off"] = "all"

    def spans(
        self, begins: datetime, ends: datetime, calendar: Calendar
    ) -> Iterator[tuple[datetime, datetime]]:
        """When it is needed between two moments, in UTC."""
        day = begins.astimezone(calendar.zone).date() - timedelta(days=1)
        while day <= ends.astimezone(calendar.zone).date():
            if self._is_on(day, calendar):
                first, last = self._on(day, calendar)
                if first < ends and last > begins:
                    yield max(first, begins), min(last, ends)
            day += timedelta(days=1)

    def _is_on(self, day: date, calendar: Calendar) -> bool:
        return self.days == "all" or calendar.is_workday(day) == (self.days == "workdays")

    def _on(self, day: date, calendar: Calendar) -> tuple[datetime, datetime]:
        over_midnight = timedelta(days=self.end <= self.start)
        first = datetime.combine(day, self.start, calendar.zone)
        last = datetime.combine(day + over_midnight, self.end, calendar.zone)
        return first.astimezone(UTC), last.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Time between two aware moments in which somebody stands for a department of a place."""

    place: str
    department: str
    person: str
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody is away between two aware moments, wherever they would stand."""

    person: str
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Cover:
    """How many are there between two moments, and how many are needed."""

    begins: datetime
    ends: datetime
    people: int
    needed: int

    @property
    def missing(self) -> int:
        """How many too few."""
        return max(0, self.needed - self.people)


def cover(
    needs: Iterable[Need],
    shifts: Iterable[tuple[datetime, datetime]],
    begins: datetime,
    ends: datetime,
    calendar: Calendar,
) -> list[Cover]:
    """The time from `begins` to `ends`, cut wherever the number of people or the need changes.

    Every quarter hour lies in one piece. Needs that overlap add up.
    """
    changes: dict[datetime, list[int]] = {begins: [0, 0]}
    for need in needs:
        for span in need.spans(begins, ends, calendar):
            _count(changes, span, 1, need.people)
    for first, last in shifts:
        if first < ends and last > begins:
            _count(changes, (max(first, begins), min(last, ends)), 0, 1)
    pieces: list[Cover] = []
    people = needed = 0
    moments = sorted(moment for moment in changes if moment < ends)
    for at, until in zip(moments, [*moments[1:], ends], strict=True):
        people, needed = people + changes[at][0], needed + changes[at][1]
        if pieces and (pieces[-1].people, pieces[-1].needed) == (people, needed):
            pieces[-1] = Cover(pieces[-1].begins, until, people, needed)
        else:
            pieces.append(Cover(at, until, people, needed))
    return pieces


def _count(
    changes: dict[datetime, list[int]], span: tuple[datetime, datetime], which: int, by: int
) -> None:
    for moment, sign in zip(span, (1, -1), strict=True):
        changes.setdefault(moment, [0, 0])[which] += sign * by


@dataclass(frozen=True, slots=True)
class Rosters:
    """The lists that go by shifts, as place and department, and the shifts and leave around now."""

    rostered: frozenset[tuple[str, str]] = frozenset()
    shifts: Sequence[Stretch] = ()
    leave: Sequence[Absence] = ()

    def on_shift(self, now: datetime) -> Mapping[str, Mapping[str, frozenset[str]]]:
        """Place → department → who is on shift at `now`; nobody's list is left out."""
        found: dict[str, dict[str, set[str]]] = {}
        for place, department in self.rostered:
            found.setdefault(place, {})[department] = set()
        for shift in self.shifts:
            there = found.get(shift.place, {}).get(shift.department)
            if there is not None and shift.begins <= now < shift.ends:
                there.add(shift.person)
        return {
            place: {department: frozenset(ids) for department, ids in departments.items()}
            for place, departments in found.items()
        }

    def on_leave(self, now: datetime) -> frozenset[str]:
        """Who is away at `now`."""
        return frozenset(each.person for each in self.leave if each.begins <= now < each.ends)

    def stands_until(self, now: datetime, at_most: timedelta) -> datetime:
        """Until when nobody comes or goes."""
        spans = [(span.begins, span.ends) for span in self.shifts]
        spans += [(span.begins, span.ends) for span in self.leave]
        edges = (edge for span in spans for edge in span)
        return min((edge for edge in edges if edge > now), default=now + at_most)
