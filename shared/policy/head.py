"""Which version is in force at a moment: one list of what begins when. Pure.

A version put in force at once, by break-glass, has an end as well. While it lasts it outranks all
others, and afterwards what was before is in force again, whoever is running then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

JUST_NOW: Final = timedelta(minutes=5)
"""A clock that is measured anew may step back a little; what was in force then is still known."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A version, since when it counts and, if it lapses by itself, until when (not included)."""

    version: str
    begins: datetime
    until: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it has begun and has not lapsed."""
        return self.begins <= now and (self.until is None or now < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What is in force when, in the order in which it was approved: one list in one document."""

    id: str
    edition: int = 0
    in_force: tuple[Entry, ...]


def in_force(entries: Iterable[Entry], now: datetime) -> Entry | None:
    """The entry that counts now: what lapses by itself before what stays, then the latest begun,
    then the last approved.
    """
    held = ((e.until is not None, e.begins, n, e) for n, e in enumerate(entries) if e.holds(now))
    return max(held, default=(None,))[-1]


def newest(entries: Sequence[Entry]) -> str | None:
    """The version that a draft must be based on: the last one approved to stay, in force or not."""
    return next((entry.version for entry in reversed(entries) if entry.until is None), None)


def still_needed(entries: Sequence[Entry], now: datetime) -> list[Entry]:
    """The entries that count now or may count later; all others are history."""
    since = now - JUST_NOW
    lasting = [entry for entry in entries if entry.until is None]
    present = in_force(lasting, since)
    return [
        entry
        for entry in entries
        if entry == present or entry.begins > since or (entry.until and entry.until > since)
    ]
