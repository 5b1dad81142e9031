"""Who somebody of the staff is, as colleagues may know it, and whom a question covers. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shared.identity import EVERYWHERE, Principal, Role
from shared.identity.rights import DESK
from shared.policy.duty import Duty
from shared.policy.policy import Group

OfLists = Sequence[tuple[str, str]]
"""Place and department of each duty list that somebody stands on."""
Lists = Mapping[str, OfLists]
"""The same of everybody on any, by id."""
OF_THE_DESK: Final[tuple[Role, ...]] = ("agent", "dispatcher")
"""Roles whose people are the desk's, whatever departments their account names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """Somebody with an account, on a duty list, or both; `role` is None without an account. Of how
    they are reached nothing is known here.
    """

    id: str
    name: str | None
    role: Role | None
    departments: frozenset[str]
    places: frozenset[str]
    frozen: bool


@dataclass(frozen=True, slots=True)
class Sought:
    """Whom somebody asks for: these `ids`, whoever is at a `place`, or of a `department`; None asks
    for all of them.
    """

    ids: frozenset[str] | None = None
    place: str | None = None
    department: str | None = None


def places_shared(
    reader: Principal, group: Group, place: str | None = None
) -> frozenset[str] | None:
    """The ids of places whose people a reader may be told of: theirs, those below and above them,
    and the group as a whole; of one `place` alone where it is named. None for all there are, and
    none at all for a foreign place and for an unknown one. The reader's places are estates.
    """
    if place is None or place == EVERYWHERE:
        if EVERYWHERE in reader.places:
            return None
        estates = frozenset(reader.places)
    else:
        estates = _known_at(place, group)
        if EVERYWHERE not in reader.places:
            estates &= reader.places
    if not estates:
        return frozenset()
    above = (each.id for estate in estates for each in group.above(estate))
    return frozenset({EVERYWHERE, *estates, *above})


def _known_at(place: str, group: Group) -> frozenset[str]:
    known = {estate.id for estate in group.estates}
    return frozenset(estate for estate in group.estates_of([place]) if estate in known)


def lists_in(duty: Duty) -> Lists:
    """On which duty lists everybody stands, read in one go."""
    found: dict[str, list[tuple[str, str]]] = {}
    for place, departments in duty.places.items():
        for department, people in departments.items():
            for person in people:
                found.setdefault(person.id, []).append((place, department))
    return found


def is_there(lists: OfLists, sought: Sought, at: frozenset[str] | None) -> bool:
    """Whether somebody on these duty lists (place, department) is sought and at one of the places
    `at`.
    """
    return any(
        (at is None or place in at) and sought.department in {None, department}
        for place, department in lists
    )


def roles_of(department: str) -> tuple[Role, ...]:
    """The roles whose accounts are of this department whatever departments they name."""
    return OF_THE_DESK if department == DESK else ()
