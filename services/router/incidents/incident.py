"""An incident as a value: where the outage is, what was promised, who was told. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

Status = Literal["offered", "dismissed", "confirmed", "restored", "closed"]
OPEN: Final[frozenset[Status]] = frozenset({"offered", "confirmed", "restored"})
WHOLE_ESTATE: Final = "*"
"""Where a scope names no building; also how it is told apart in the index."""


class NotSo(Exception):
    """This cannot be done to the incident as it is; `remedy` says what can."""

    def __init__(self, code: str, why: str, remedy: str) -> None:
        self.code, self.why, self.remedy = code, why, remedy
        super().__init__(f"{why}; {remedy}")


@dataclass(frozen=True, slots=True)
class Restoration:
    """A promise: over by `restore_by`. A later one stands beside it with its reason, a code."""

    at: datetime
    by: str
    restore_by: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Announcement:
    """What the households concerned are told. To many it goes out only once somebody else has
    released it.
    """

    n: int
    at: datetime
    by: str
    households: int
    restore_by: datetime | None = None
    released_at: datetime | None = None
    released_by: str | None = None


@dataclass(frozen=True, slots=True)
class ScopeChange:
    """Where the outage was thought to be, since when and by whom."""

    at: datetime
    by: str
    buildings: tuple[str, ...]
    restored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One outage of an area at an estate: of some buildings, or of all when none is named.
    `restored_in` have it over while others wait. `beyond` are buildings outside the scope from
    which requests came. `told` are the tickets whose callers had the last announcement.
    `is_gathered` says that all requests of the scope were looked for and linked.
    """

    id: str
    version: int = 0
    estate: str
    area: str
    buildings: tuple[str, ...]
    status: Status
    began_at: datetime
    households: int = 0
    beyond: tuple[str, ...] = ()
    restored_in: tuple[str, ...] = ()
    decided_at: datetime | None = None
    decided_by: str | None = None
    reason: str | None = None
    scopes: tuple[ScopeChange, ...] = ()
    promises: tuple[Restoration, ...] = ()
    notices: tuple[Announcement, ...] = ()
    told: tuple[str, ...] = ()
    is_gathered: bool = True
    restored_at: datetime | None = None
    restored_by: str | None = None
    closed_at: datetime | None = None
    reminded: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it is still looked after, or to be decided."""
        return self.status in OPEN

    @property
    def restore_by(self) -> datetime | None:
        """The promise that counts."""
        return self.promises[-1].restore_by if self.promises else None

    @property
    def notice(self) -> Announcement | None:
        """The last announcement that was let go."""
        return next((n for n in reversed(self.notices) if n.released_at is not None), None)

    def covers(self, building: str | None) -> bool:
        """Whether a request from there is a part of it; of one that says nothing of where it is,
        only when the whole estate is concerned.
        """
        if building in self.restored_in:
            return False
        return not self.buildings or building in self.buildings

    def has_left(self, building: str | None) -> bool:
        """Whether it was thought to be there, and is not any more."""
        if building is None or not self.buildings or building in self.buildings:
            return False
        return any(not s.buildings or building in s.buildings for s in self.scopes)

    def is_over_in(self, building: str | None) -> bool:
        """Whether the outage is over for a request from there."""
        return self.restored_at is not None or building in self.restored_in
