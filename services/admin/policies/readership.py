"""Who must confirm having read a policy: of which roles, at which places, and who stands above
them. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shared.identity import DESK, EVERYWHERE, Role
from shared.policy.documents import Documents
from shared.policy.duty import EMERGENCY_CHAIN, MANAGEMENT, Duty
from shared.policy.policy import Group
from shared.policy.versions import differences

_LOCAL: Final = "local"
"""The document whose first key is the place that an overlay is for."""


@dataclass(frozen=True, slots=True)
class Staffer:
    """Somebody with an account: in which role, at which places, and whether it is in use."""

    id: str
    role: Role
    places: frozenset[str]
    is_active: bool


def places_concerned(before: Documents, after: Documents) -> frozenset[str]:
    """The places that a change is about: those of its overlays, or everywhere."""
    # A first overlay is a place's own, not a new document for everybody.
    found = differences({_LOCAL: {}, **before}, {_LOCAL: {}, **after})
    paths = [difference.path.split(".") for difference in found]
    if not paths or any(path[0] != _LOCAL or len(path) == 1 for path in paths):
        return frozenset({EVERYWHERE})
    return frozenset(path[1] for path in paths)


def who_must(
    roles: Collection[str],
    places: Iterable[str],
    staff: Sequence[Staffer],
    duty: Duty,
    group: Group,
) -> tuple[str, ...]:
    """Everybody of these roles whom the places concern, by id, in their order: who has an account
    by its role and reach, who only stands on duty lists by these.
    """
    wanted = group.estates_of(places)
    known = {each.id for each in staff}
    by_account = [
        each.id
        for each in staff
        if each.is_active and each.role in roles and _meet(group.estates_of(each.places), wanted)
    ]
    by_list = [
        person.id
        for person in duty.everybody
        if person.id not in known
        and person.id not in duty.frozen
        and role_by_lists(person.id, duty) in roles
        and _meet(group.estates_of(place for place, _ in duty.lists_of(person.id)), wanted)
    ]
    return tuple(sorted({*by_account, *by_list}))


def _meet(theirs: frozenset[str], wanted: frozenset[str]) -> bool:
    everywhere = EVERYWHERE in theirs or EVERYWHERE in wanted
    return everywhere or not theirs.isdisjoint(wanted)


def role_of(id: str, staff: Iterable[Staffer], duty: Duty) -> Role | None:
    """The role in which somebody reads: that of their account, without one that of their lists.
    None where they are nobody, or their account is not in use.
    """
    for each in staff:
        if each.id == id:
            return each.role if each.is_active else None
    return role_by_lists(id, duty) if duty.person(id) and id not in duty.frozen else None


def role_by_lists(id: str, duty: Duty) -> Role:
    """What the lists make of somebody without an account: who manages a place, the desk, or
    somebody of a department.
    """
    lists = {department for _, department in duty.lists_of(id)}
    if MANAGEMENT in lists:
        return "manager"
    return "agent" if lists - {EMERGENCY_CHAIN} == {DESK} else "department"


def by_superior(missing: Iterable[str], duty: Duty) -> Mapping[str, tuple[str, ...]]:
    """Who is told of whom: the lead of each list that somebody stands on; of a lead, and of who
    stands on none, whoever manages the place, then the group's emergency duty.
    """
    told: dict[str, list[str]] = {}
    for id in missing:
        for superior in _superiors(id, duty):
            told.setdefault(superior, []).append(id)
    return {superior: tuple(people) for superior, people in sorted(told.items())}


def _superiors(id: str, duty: Duty) -> tuple[str, ...]:
    lists = duty.lists_of(id)
    leads = [duty.lead(place, department) for place, department in lists]
    managers = [duty.lead(place, MANAGEMENT) for place in dict.fromkeys(p for p, _ in lists)]
    for people in (leads, managers, duty.emergency_chain):
        found = [person.id for person in people if person is not None and person.id != id]
        if found:
            return tuple(dict.fromkeys(found))
    return ()
