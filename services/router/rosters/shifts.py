"""Shifts as values: given, offered, taken, struck, handed over; a pattern rolled out over days;
the rest between them; and the leave that cuts or strikes them. Pure.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from shared.contracts import MalformedMessage, Step
from shared.contracts.router import ShiftCut, ShiftOffered, ShiftStruck, ShiftTaken
from shared.policy.roster import QUARTER, Stretch

LONGEST_SHIFT: Final = timedelta(hours=24)
"""A caretaker's day and night; nobody stands for longer."""
Struck = Literal["leave", "unqualified", "cancelled"]
"""Why a shift counts no more."""
LONGEST_PLAN: Final = timedelta(days=62)
"""Two months ahead: beyond it leave and people change more than the plan is worth."""
LONGEST_LEAVE: Final = timedelta(days=366)
LeaveStatus = Literal["asked", "granted", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Somebody stands for a department of a place between two aware moments. `offered_to` is who
    may take it over, `note` what whoever comes next should know, `despite` why it was planned
    though it leaves too little rest.
    """

    id: str
    version: int = 0
    place: str
    department: str
    person: str
    begins: datetime
    ends: datetime
    struck: Struck | None = None
    offered_to: str | None = None
    note: str | None = None
    despite: str | None = None

    @property
    def counts(self) -> bool:
        """Whether it is one to reckon with."""
        return self.struck is None

    @property
    def slots(self) -> list[int]:
        """Its quarter hours, counted from 1970: nobody stands in two places in one of them."""
        first, last = (
            int(t.timestamp() // QUARTER.total_seconds()) for t in (self.begins, self.ends)
        )
        return list(range(first, last)) if self.counts else []


def new_shift(stretch: Stretch) -> Shift:
    """A shift as planned. The same again has the same id, so that sending it twice plans one.

    Raises MalformedMessage for what is off the quarter hour, runs backwards or is too long.
    """
    for field, moment in (("begins", stretch.begins), ("ends", stretch.ends)):
        if moment.timestamp() % QUARTER.total_seconds():
            raise MalformedMessage(field, "is not on a quarter hour", "such as 08:00 or 19:45")
    if not stretch.begins < stretch.ends <= stretch.begins + LONGEST_SHIFT:
        raise MalformedMessage("ends", "is not within 24 hours after it begins", "divide the shift")
    return Shift(
        id=_id_of(stretch),
        place=stretch.place,
        department=stretch.department,
        person=stretch.person,
        begins=stretch.begins,
        ends=stretch.ends,
    )


def _id_of(stretch: Stretch) -> str:
    parts = (
        stretch.place,
        stretch.department,
        stretch.person,
        f"{stretch.begins.timestamp():.0f}",
        f"{stretch.ends.timestamp():.0f}",
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def plan_again(shift: Shift, planned: Shift) -> Step[Shift] | None:
    """A shift that was struck, or cut, counts again as it is planned; None when it does."""
    whole = replace(shift, begins=planned.begins, ends=planned.ends)
    if shift.counts and whole == shift:
        return None
    return Step(replace(whole, struck=None, despite=planned.despite))


def offer(shift: Shift, to: str) -> Step[Shift] | None:
    """Somebody else may take it over; None when that is so already."""
    if shift.offered_to == to or not shift.counts:
        return None
    changed = replace(shift, offered_to=to)
    return Step(changed, (ShiftOffered(**_facts(changed), recipients=(to,)),))


def take(shift: Shift, by: str, despite: str | None = None) -> Step[Shift] | None:
    """Somebody else stands instead, and who stood before is told; None when it is theirs."""
    if shift.person == by or not shift.counts:
        return None
    changed = replace(shift, person=by, offered_to=None, despite=despite)
    return Step(changed, (ShiftTaken(**_facts(changed), recipients=(shift.person,)),))


def strike(shift: Shift, reason: Struck) -> Step[Shift] | None:
    """It counts no more, and whose it was is told; None when it was struck before."""
    if not shift.counts:
        return None
    changed = replace(shift, struck=reason, offered_to=None)
    event = ShiftStruck(**_facts(changed), reason=reason, recipients=(shift.person,))
    return Step(changed, (event,))


def cut(shift: Shift, leave: Leave) -> Iterator[Step[Shift]]:
    """The shift without the time of a leave, on the quarter hours, and whose it is is told; none
    where they have nothing in common. What is left after the leave, beside what is left before it,
    is a shift of its own, to be written after the first. Struck is what lies wholly in the leave.
    """
    if not shift.counts or leave.begins >= shift.ends or leave.ends <= shift.begins:
        return
    until, again = _on_quarter(leave.begins), _on_quarter(leave.ends, up=True)
    stays, comes_back = until > shift.begins, again < shift.ends
    if stays:
        yield _cut(replace(shift, ends=until))
    if stays and comes_back:
        rest = Stretch(shift.place, shift.department, shift.person, again, shift.ends)
        yield _cut(replace(shift, id=_id_of(rest), version=0, begins=again, offered_to=None))
    elif comes_back:
        yield _cut(replace(shift, begins=again))
    elif not stays and (struck := strike(shift, "leave")) is not None:
        yield struck


def _cut(shift: Shift) -> Step[Shift]:
    return Step(shift, (ShiftCut(**_facts(shift), recipients=(shift.person,)),))


def _on_quarter(moment: datetime, *, up: bool = False) -> datetime:
    """The last quarter hour until then, or the first from then on."""
    quarter = QUARTER.total_seconds()
    count = moment.timestamp() / quarter
    return datetime.fromtimestamp((math.ceil(count) if up else math.floor(count)) * quarter, UTC)


def hand_over(shift: Shift, note: str) -> Step[Shift] | None:
    """Words for whoever comes next; None when they are there already."""
    return None if shift.note == note else Step(replace(shift, note=note))


def _facts(shift: Shift) -> dict[str, Any]:
    return {
        # The revision is the one that the write makes of it.
        "shift": shift.id,
        "revision": shift.version + 1,
        "place": shift.place,
        "department": shift.department,
        "person": shift.person,
        "begins": shift.begins,
        "ends": shift.ends,
    }


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


@dataclass(frozen=True, slots=True)
class RestRules:
    """How long a person rests between two stretches of work, and how long one may be; nothing of
    either is not judged.
    """

    rest: timedelta
    longest: timedelta

    @property
    def most(self) -> timedelta:
        """How long a stretch may be."""
        return self.longest or LONGEST_SHIFT

    @property
    def reach(self) -> timedelta:
        """How far from a shift another may lie that matters to it."""
        return self.rest + self.most


@dataclass(frozen=True, slots=True)
class TooLong:
    """The shift alone is longer than may be, by so much."""

    by: timedelta


@dataclass(frozen=True, slots=True)
class TooLittleRest:
    """So much rest is missing between the shift and another of the same person."""

    other: Shift
    missing: timedelta


def tiring(
    shift: Shift, others: Iterable[Shift], rules: RestRules
) -> TooLong | TooLittleRest | None:
    """What is wrong with a shift beside the others of its person; None when they get their rest.

    A morning and an evening of one day are one stretch, with the hours between: it is well while
    the whole is no longer than a shift may be.
    """
    length = shift.ends - shift.begins
    if rules.longest and length > rules.longest:
        return TooLong(length - rules.longest)
    begins, ends = shift.begins, shift.ends
    for other in sorted(others, key=lambda other: _gap(other, shift.begins, shift.ends)):
        rested = _gap(other, begins, ends)
        if rested >= rules.rest:
            continue
        begins, ends = min(begins, other.begins), max(ends, other.ends)
        if ends - begins > rules.most:
            return TooLittleRest(other, rules.rest - rested)
    return None


def _gap(other: Shift, begins: datetime, ends: datetime) -> timedelta:
    """How much time lies between a shift and a stretch."""
    return max(other.begins - ends, begins - other.ends, timedelta())


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Somebody is away between two aware moments; `reason` is a code."""

    id: str
    version: int = 0
    person: str
    begins: datetime
    ends: datetime
    reason: str
    status: LeaveStatus = "asked"
    asked_at: datetime
    decided_by: str | None = None

    def check(self) -> None:
        """Raise MalformedMessage for one that runs backwards, or for ever."""
        if not self.begins < self.ends <= self.begins + LONGEST_LEAVE:
            raise MalformedMessage("ends", "is not within a year after it begins", "correct it")


def decide_leave(leave: Leave, status: LeaveStatus, by: str) -> Step[Leave] | None:
    """Granted or refused, also the other way round later; None when that is so already."""
    if leave.status == status:
        return None
    return Step(replace(leave, status=status, decided_by=by))
