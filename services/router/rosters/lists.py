"""A duty list as a value: its people, how many are needed when, the gaps that were told. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final, Literal

from shared.contracts import Event, Fault, MalformedMessage, Step
from shared.contracts.ids import read_person_id
from shared.contracts.router import GapFound
from shared.identity import Principal
from shared.identity.principal import EVERYWHERE
from shared.policy.calendar import Calendar
from shared.policy.duty import ANYWHERE, LostTelephone, Person
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
    """The people of a department at a place. With `needs` it goes by its shifts.

    `distinct` says that none of them stands on another list; lists of before may share somebody.
    """

    id: str
    version: int = 0
    place: str
    department: str
    people: tuple[Person, ...] = ()
    needs: tuple[Need, ...] = ()
    gaps: tuple[Gap, ...] = ()
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """Counts how often lists and shifts were changed, so that everybody reads them anew. Whose
    telephone was `lost` stands here, since it outlives somebody's place on a list.
    """

    id: str
    revision: int = 0
    lost: tuple[LostTelephone, ...] = ()


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
        ("found", lead),
        ("near", (*lead, *managers)),
    )
    events = tuple(
        _found(duty_list, of_a_kind, people)
        for urgency, people in told
        if (of_a_kind := [gap for gap in news if gap.told == urgency])
    )
    return Step(replace(duty_list, gaps=still), events)


def _found(duty_list: DutyList, gaps: Sequence[Gap], people: Sequence[str]) -> Event:
    first = gaps[0]
    return GapFound(
        place=duty_list.place,
        department=duty_list.department,
        revision=duty_list.version + 1,  # the one that the write makes of it
        begins=first.begins,
        ends=first.ends,
        missing=first.missing,
        gaps=len(gaps),
        near=first.told == "near",
        recipients=tuple(dict.fromkeys(people)),
    )


def changes_of(duty_list: DutyList, people: Sequence[Person]) -> dict[str, str]:
    """Of whom a list would say something new, by the field that names them: who comes to it, and
    whose facts change. Raises MalformedMessage for who is named twice, and for who comes with an
    id that nobody may be given.
    """
    if len({person.id for person in people}) < len(people):
        raise MalformedMessage("people", "names somebody twice", "name each once")
    present = {person.id: person for person in duty_list.people}
    changed = {f"people.{n}.id": p.id for n, p in enumerate(people) if present.get(p.id) != p}
    for field, id in changed.items():
        if id not in present:
            read_person_id(id, field)
    return changed


def of_other_lists(people: Sequence[Person], others: Iterable[DutyList]) -> tuple[Fault, ...]:
    """A fault for each who stands on another list, which it names: whose person they are."""
    places = {person.id: other.id for other in others for person in other.people}
    return tuple(
        Fault(
            f"people.{n}.id",
            f"is a person of the list {places[person.id]}",
            "choose another id; whoever helps out here is lent by a shift",
        )
        for n, person in enumerate(people)
        if person.id in places
    )


def with_changed(duty_list: DutyList, id: str, changes: Mapping[str, Any]) -> DutyList | None:
    """The list with other facts of one of its people; None where nobody on it has that id."""
    people = tuple(
        person.model_copy(update=changes) if person.id == id else person
        for person in duty_list.people
    )
    is_there = any(person.id == id for person in people)
    return replace(duty_list, people=people) if is_there else None


def reaches_list(principal: Principal, place: str, department: str, group: Group) -> bool:
    """Whether a list is within reach: for whoever has all of the place, and of the departments only
    for their own people.
    """
    if principal.role == "department" and not principal.answers_for(department):
        return False
    return reaches_all(principal, [place], group)


def reaches_all(principal: Principal, places: Collection[str], group: Group) -> bool:
    """Whether somebody reaches all estates of these places; `*` only who reaches every place."""
    if EVERYWHERE in principal.places:
        return True
    return ANYWHERE not in places and group.estates_of(places) <= principal.places
