"""Arithmetic of the bench: alternating slices, paired ratios and their spread. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

HARDLY: Final = 0.05
"""Less than once in twenty tickets."""


@dataclass(frozen=True, slots=True)
class Slice:
    """What one side did in one turn."""

    tickets: int
    seconds: float

    @property
    def rate(self) -> float:
        """Tickets a second."""
        return self.tickets / self.seconds


@dataclass(frozen=True, slots=True)
class Spread:
    """A median and how far the single values lie from it."""

    median: float
    lowest: float
    lower_quartile: float
    upper_quartile: float
    highest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Of at least one value."""
        return cls(
            median=median(values),
            lowest=min(values),
            lower_quartile=percentile(values, 25),
            upper_quartile=percentile(values, 75),
            highest=max(values),
        )


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` percent do not exceed, between two values in proportion."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * share / 100
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def turns(sides: Sequence[str], rounds: int) -> list[list[str]]:
    """Who has the machine when: every round all sides, each round another one first, so that a
    machine that grows slower or faster meets all of them alike.
    """
    n = len(sides)
    return [[sides[(round_ + place) % n] for place in range(n)] for round_ in range(rounds)]


def paired_ratios(ours: Sequence[Slice], theirs: Sequence[Slice]) -> list[float]:
    """Our rate in proportion to theirs of the same round."""
    return [a.rate / b.rate for a, b in zip(ours, theirs, strict=True)]


def harder(sides: Mapping[str, Sequence[Slice]]) -> str:
    """The side that is the faster one, and so the harder to compare with."""
    return max(sides, key=lambda name: median(s.rate for s in sides[name]))


def next_batch(rate: float, seconds: float, *, lowest: int = 20, highest: int = 50_000) -> int:
    """How many tickets fill a slice at the rate of the last one."""
    return max(lowest, min(highest, round(rate * seconds)))


def per_ticket(
    before: Mapping[str, float],
    after: Mapping[str, float],
    tickets: int,
    *,
    seconds: float = 0,
    idle: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """What one ticket costs of each kind; `idle` is what happens a second without any ticket."""
    resting = idle or {}
    return {
        kind: (after[kind] - before.get(kind, 0) - resting.get(kind, 0) * seconds) / tickets
        for kind in after
    }


def rates(
    before: Mapping[str, float], after: Mapping[str, float], seconds: float
) -> dict[str, float]:
    """What happens a second of each kind."""
    return {kind: (after[kind] - before.get(kind, 0)) / seconds for kind in after}


def difference(ours: Mapping[str, float], theirs: Mapping[str, float]) -> float:
    """By which part of ours everything together differs that the other side asks for."""
    asked = sum(ours.values())
    return abs(asked - sum(theirs.values())) / asked


def largest_difference(ours: Mapping[str, float], theirs: Mapping[str, float]) -> float:
    """The same in the one kind where it is most; what hardly happens on either side is no part of
    the work.
    """
    kinds = {k for k in (*ours, *theirs) if max(ours.get(k, 0), theirs.get(k, 0)) >= HARDLY}
    return max(
        (abs(ours.get(k, 0) - theirs.get(k, 0)) / max(ours.get(k, 0), HARDLY) for k in kinds),
        default=0.0,
    )
