"""Shifts as values: given, offered, taken, handed over, cut, struck. Pure."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from services.router.rosters.leave import Leave
from shared.contracts import MalformedMessage, Step
from shared.contracts.router import ShiftCut, ShiftOffered, ShiftStruck, ShiftTaken
from shared.policy.roster import QUARTER, Stretch

LONGEST_SHIFT: Final = timedelta(hours=24)
"""A caretaker's day and night; nobody stands for longer."""
Struck = Literal["leave", "unqualified", "cancelled"]
"""Why a shift counts no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Somebody stands for a department of a place between two aware moments. `offered_to` is who
    may take it over, `note` what whoever comes next should know, `despite` why it was planned
    though it leaves too little rest. `after_leave` is what was left of it behind a leave, until
    that stands as a shift of its own.
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
    after_leave: Stretch | None = None

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
    whole = replace(shift, begins=planned.begins, ends=planned.ends, after_leave=None)
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


def cut(shift: Shift, leave: Leave) -> Step[Shift] | None:
    """The shift without the time of a leave, on the quarter hours, and whose it is is told; None
    where they have nothing in common. What is left behind the leave, beside what is left before it,
    is written with it (`after_leave`), so that nothing of it can be lost: `rest_of` makes it a
    shift. Struck is what lies wholly in the leave.
    """
    if not shift.counts or leave.begins >= shift.ends or leave.ends <= shift.begins:
        return None
    until, again = _on_quarter(leave.begins), _on_quarter(leave.ends, up=True)
    stays, comes_back = until > shift.begins, again < shift.ends
    if not (stays or comes_back):
        return strike(shift, "leave")
    if not stays:
        return _cut(replace(shift, begins=again))
    after = Stretch(shift.place, shift.department, shift.person, again, shift.ends)
    return _cut(replace(shift, ends=until, after_leave=after if comes_back else None))


def rest_of(shift: Shift) -> Step[Shift] | None:
    """What was left of a shift behind a leave, as a shift of its own; None where that is made."""
    after = shift.after_leave
    if after is None:
        return None
    rest = replace(
        shift,
        id=_id_of(after),
        version=0,
        person=after.person,
        begins=after.begins,
        ends=after.ends,
        struck=None,
        offered_to=None,
        after_leave=None,
    )
    return _cut(rest)


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
