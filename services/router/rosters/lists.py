"""A duty list as a value: its people, how many are needed when, the gaps that were told. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Final, Literal

from shared.contracts import Event, Step
from shared.contracts.router import GapFound
from shared.identity import Principal
from shared.identity.principal import EVERYWHERE
from shared.policy.calendar import Calendar
from shared.policy.duty import ANYWHERE, Person
from shared.policy.policy import Group
from shared.policy.roster import Need, cover

LOOK_AHEAD: Final = timedelta(days=14)
"""Gaps are found so long before they happen."""
NEAR: Final = timedelta(hours=24)
"""A gap that is still open so short before it begins is told to whoever manages the place."""
Urgency = Literal["found", "near"]


@dataclass(frozen=True, slots=True)
class Gap:
    """From when until when how many people are missing."""

    begins: datetime
    ends: datetime
    missing: int
    told: Urgency = "found"

    def lies_in(self, other: Gap) -> bool:
        """Whether whoever knows the other knows of this one."""
        return (
            other.begins <= self.begins
            and self.ends <= other.ends
            and self.missing <= other.missing
            and (self.told == "found" or other.told == "near")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyList:
    """The people of a department at a place. With `needs` it goes by its shifts."""

    id: str
    version: int = 0
    place: str
    department: str
    people: tuple[Person, ...] = ()
    needs: tuple[Need, ...] = ()
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """Counts how often lists and shifts were changed, so that everybody reads them anew."""

    id: str
    revision: int = 0


def horizon(now: datetime, calendar: Calendar) -> datetime:
    """Until when gaps are looked for: the end of a day there, so that it moves once a day."""
    day = (now + LOOK_AHEAD).astimezone(calendar.zone).date()
    return datetime.combine(day, time(0), calendar.zone).astimezone(UTC)


def gaps_of(
    needs: Iterable[Need],
    shifts: Iterable[tuple[datetime, datetime]],
    now: datetime,
    calendar: Calendar,
) -> list[Gap]:
    """Where too few are there between now and as far as is looked, the nearest first."""
    pieces = cover(needs, shifts, now, horizon(now, calendar), calendar)
    return [
        Gap(piece.begins, piece.ends, piece.missing, _urgency(piece.begins, now))
        for piece in pieces
        if piece.missing
    ]


def _urgency(begins: datetime, now: datetime) -> Urgency:
    return "near" if begins - now <= NEAR else "found"


def note_gaps(
    duty_list: DutyList, gaps: Sequence[Gap], *, lead: Sequence[str], managers: Sequence[str]
) -> Step[DutyList] | None:
    """Tell of gaps that nobody was told of: the lead when one is found, the managers too when it
    is near; one event for all of a kind. None when what is known is as it was.
    """
    known = duty_list.gaps
    still = tuple(next((told for told in known if gap.lies_in(told)), gap) for gap in gaps)
    still = tuple(dict.fromkeys(still))
    if still == known:
        return None
    news = [gap for gap in still if gap not in known]
    told: tuple[tuple[Urgency, Sequence[str]], ...] = (
        ("found", lead), ("near", (*lead, *managers)),
    )  # fmt: skip
    events = tuple(
        _found(duty_list, of_a_kind, people)
        for urgency, people in told
        if (of_a_kind := [gap for gap in news if gap.told == urgency])
    )
    return Step(replace(duty_list, gaps=still), events)


def _found(duty_list: DutyList, gaps: Sequence[Gap], people: Sequence[str]) -> Event:
    first = gaps[0]
    return GapFound(
        place=duty_list.place, department=duty_list.department,
        revision=duty_list.version + 1,  # the one that the write makes of it
        begins=first.begins, ends=first.ends, missing=first.missing, gaps=len(gaps),
        near=first.told == "near",
        recipients=tuple(dict.fromkeys(people)),
    )  # fmt: skip


def reaches_list(principal: Principal, place: str, department: str, group: Group) -> bool:
    """Whether a list is within reach: for whoever has all of the place, and of the departments only
    for their own people.
    """
    if principal.role == "department" and not principal.answers_for(department):
        return False
    if EVERYWHERE in principal.places:
        return True
    return place != ANYWHERE and group.estates_of([place]) <= principal.places
