"""The rest between two stretches of somebody's work. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.router.rosters.shifts import LONGEST_SHIFT, Shift


@dataclass(frozen=True, slots=True)
class RestRules:
    """How long a person rests between two stretches of work, and how long one may be; nothing of
    either is not judged.
    """

    rest: timedelta
    longest: timedelta

    @property
    def most(self) -> timedelta:
        """How long a stretch may be."""
        return self.longest or LONGEST_SHIFT

    @property
    def reach(self) -> timedelta:
        """How far from a shift another may lie that matters to it."""
        return self.rest + self.most


@dataclass(frozen=True, slots=True)
class TooLong:
    """The shift alone is longer than may be, by so much."""

    by: timedelta


@dataclass(frozen=True, slots=True)
class TooLittleRest:
    """So much rest is missing between the shift and another of the same person."""

    other: Shift
    missing: timedelta


def tiring(
    shift: Shift, others: Iterable[Shift], rules: RestRules
) -> TooLong | TooLittleRest | None:
    """What is wrong with a shift beside the others of its person; None when they get their rest.

    A morning and an evening of one day are one stretch, with the hours between: it is well while
    the whole is no longer than a shift may be.
    """
    length = shift.ends - shift.begins
    if rules.longest and length > rules.longest:
        return TooLong(length - rules.longest)
    begins, ends = shift.begins, shift.ends
    for other in sorted(others, key=lambda other: _gap(other, shift.begins, shift.ends)):
        rested = _gap(other, begins, ends)
        if rested >= rules.rest:
            continue
        begins, ends = min(begins, other.begins), max(ends, other.ends)
        if ends - begins > rules.most:
            return TooLittleRest(other, rules.rest - rested)
    return None


def _gap(other: Shift, begins: datetime, ends: datetime) -> timedelta:
    """How much time lies between a shift and a stretch."""
    return max(other.begins - ends, begins - other.ends, timedelta())
