"""A version of the policy on its way: who may do what to it, and in which state. Pure.

Once approved its documents never change: tickets name the version that they were promised under.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal, TypeVar

from shared.contracts.refusals import NotNow
from shared.identity import Role
from shared.policy.documents import Documents
from shared.policy.versions import VersionInForce, in_force

LONGEST_AT_ONCE: Final = timedelta(hours=12)
"""A change that nobody else has looked at outlives no shift."""

State = Literal["draft", "submitted", "approved", "refused", "withdrawn", "at_once"]
Standing = Literal[
    "draft",
    "submitted",
    "refused",
    "withdrawn",
    "unfinished",
    "scheduled",
    "in_force",
    "past",
    "at_once",
    "lapsed",
]
"""The state as it is seen: what was approved counts only by the head document."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Who did something to a version, when, and why where a reason belongs to it."""

    by: str
    at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Somebody has read it."""

    by: str
    role: Role
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """All about a version but its documents. Whoever changed it is one of its `authors`; `edition`
    is raised by each change, and `base` is the version it was made from.

    One that was seeded has none of this: it is approved by having been put there.
    """

    id: str
    edition: int = 0
    state: State = "approved"
    base: str | None = None
    title: str = ""
    authors: tuple[str, ...] = ()
    made_at: datetime | None = None
    submitted: Mark | None = None
    decided: Mark | None = None
    reason: str | None = None
    must_confirm: tuple[Role, ...] = ()
    """Roles of people; nobody else reads."""
    confirmed: tuple[Confirmation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FullVersion(Version):
    """A version with its documents, which are long."""

    documents: Documents


V = TypeVar("V", bound=Version)


def change(version: V, by: str, *, title: str | None = None) -> V:
    """Work on it; what was refused becomes a draft again."""
    _require_state(version, "change", "draft", "refused")
    authors = tuple(dict.fromkeys((*version.authors, by)))
    return replace(
        version,
        state="draft",
        title=title or version.title,
        authors=authors,
        submitted=None,
        decided=None,
    )


def carry_over(version: V, by: str, *, base: str) -> V:
    """Base it on the newest version. What was submitted must be submitted again."""
    _require_state(version, "carry over", "draft", "submitted", "refused")
    return replace(change(replace(version, state="draft"), by), base=base)


def submit(version: Version, by: str, now: datetime) -> Version:
    """Ask for its approval."""
    _require_state(version, "submit", "draft")
    return replace(version, state="submitted", submitted=Mark(by, now))


def approve(version: Version, by: str, now: datetime, *, must_confirm: Sequence[Role]) -> Version:
    """Say that it may come into force: never by who wrote or submitted it."""
    _require_state(version, "approve", "submitted", "approved")
    _somebody_else(version, by)
    return replace(
        version,
        state="approved",
        decided=Mark(by, now),
        must_confirm=tuple(dict.fromkeys(must_confirm)),
    )


def take_approval_back(version: Version) -> Version:
    """As it was before it was approved: it could not come into force after all."""
    return replace(version, state="submitted", decided=None, must_confirm=())


def refuse(version: Version, by: str, now: datetime, *, reason: str) -> Version:
    """Send it back to its authors."""
    _require_state(version, "refuse", "submitted")
    return replace(version, state="refused", decided=Mark(by, now, reason))


def withdraw(version: Version, by: str, now: datetime) -> Version:
    """Nothing comes of it."""
    return replace(version, state="withdrawn", decided=Mark(by, now))


def keep(version: Version, by: str, now: datetime) -> Version:
    """What was put in force at once stays: said by somebody else."""
    _require_state(version, "keep", "at_once")
    _somebody_else(version, by)
    return replace(version, state="approved", decided=Mark(by, now))


def confirm(version: Version, by: str, role: Role, now: datetime) -> Confirmation:
    """Somebody has read it, of a role that must."""
    _require_state(version, "confirm", "approved")
    if role not in version.must_confirm:
        asked = ", ".join(version.must_confirm) or "nobody"
        raise NotNow("not-asked", "Your role need not confirm this", f"asked are: {asked}")
    return Confirmation(by, role, now)


def standing(version: Version, entries: Sequence[VersionInForce], now: datetime) -> Standing:
    """How it stands at a moment, by what the head document says."""
    if version.state != "approved" and version.state != "at_once":  # noqa: PLR1714 - narrows it
        return version.state
    entry = next((entry for entry in entries if entry.version == version.id), None)
    if entry is None:
        return "unfinished"
    if entry.begins > now:
        return "scheduled"
    if in_force(entries, now) == entry:
        return "at_once" if entry.until else "in_force"
    return "lapsed" if entry.until else "past"


def _require_state(version: Version, act: str, *states: State) -> None:
    if version.state not in states:
        raise NotNow(
            "wrong-state", f"Not possible: it is {version.state}", f"{act} what is {states[0]}"
        )


def _somebody_else(version: Version, by: str) -> None:
    submitted = {version.submitted.by} if version.submitted else set()
    if by in {*version.authors, *submitted}:
        raise NotNow(
            "own-draft", "Nobody approves what they wrote or submitted", "ask somebody else"
        )
