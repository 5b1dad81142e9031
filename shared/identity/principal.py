"""Who acts: every use case is given one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from shared.policy.policy import Group

Role = Literal[
    "agent",
    "dispatcher",
    "department",
    "supervisor",
    "manager",
    "privacy_officer",
    "auditor",
    "administrator",
    "system",
    "console",
    "service",
]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
EVERYWHERE: Final = "*"


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody or something that acts, with its reach.

    `places` are ids of estates or of places above them, or `*`; `departments` likewise. `actions`
    is what is left of the role's, where it is less (keys of systems).
    """

    id: str
    role: Role
    places: frozenset[str] = frozenset({EVERYWHERE})
    departments: frozenset[str] = frozenset({EVERYWHERE})
    actions: frozenset[str] | None = None

    def within(self, group: Group) -> Principal:
        """The same with the estates below its places, as the group is now."""
        return self if EVERYWHERE in self.places else self._at(group.estates_of(self.places))

    def _at(self, places: frozenset[str]) -> Principal:
        return self if places == self.places else replace(self, places=places)

    def reaches(self, estate: str | None) -> bool:
        """Whether the place is within this principal's reach; an unknown place is the desk's."""
        return EVERYWHERE in self.places or (estate is not None and estate in self.places)

    def answers_for(self, department: str) -> bool:
        """Whether the department is this principal's."""
        return EVERYWHERE in self.departments or department in self.departments


UNNAMED: Final = Principal("unnamed", "system")
"""A publisher that the broker did not name; the embedded default accepts it."""


def service_principal(name: str) -> Principal:
    """One of our own services, acting by rule."""
    return Principal(f"service:{name}", "service")


def console_principal(name: str) -> Principal:
    """The console, which passes on what people ask; of its own it may but continue sessions."""
    return Principal(f"system:{name}", "console")


def publisher_principal(user_id: str) -> Principal:
    """A system that the broker named."""
    return Principal(f"system:{user_id}", "system")
