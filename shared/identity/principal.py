"""Who acts: every use case is given one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

Role = Literal[
    "agent", "dispatcher", "department", "supervisor", "manager", "privacy_officer", "auditor",
    "administrator", "system", "service",
]  # fmt: skip
ROLES: Final[tuple[Role, ...]] = get_args(Role)
EVERYWHERE: Final = "*"


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody or something that acts, with its reach.

    `places` are estate ids or `*`, `departments` likewise; `person` is the id on the duty list
    for whom this principal answers, where it is one.
    """

    id: str
    role: Role
    places: frozenset[str] = frozenset({EVERYWHERE})
    departments: frozenset[str] = frozenset({EVERYWHERE})

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


def publisher_principal(user_id: str) -> Principal:
    """A system that the broker named."""
    return Principal(f"system:{user_id}", "system")
