"""What a part of the bench hands back: figures for machines, lines for the table, details."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.slices import Spread


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table; `good` tells whether the goal is met, where there is one."""

    subject: str
    value: str
    goal: str = ""
    good: bool | None = None


@dataclass(slots=True)
class Result:
    """One part's outcome. `broken` says why its figures must not be believed."""

    figures: dict[str, float] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)


def spread_text(spread: Spread, digits: int = 2) -> str:
    """A spread as it is read: the median, then from where to where."""
    low, first, third, high = (
        f"{value:.{digits}f}"
        for value in (
            spread.lowest, spread.lower_quartile, spread.upper_quartile, spread.highest,
        )
    )  # fmt: skip
    return f"{spread.median:.{digits}f}  (quartiles {first} to {third}, all {low} to {high})"


def spread_numbers(spread: Spread) -> dict[str, float]:
    """A spread for machines."""
    return {name: round(value, 4) for name, value in asdict(spread).items()}


def counts_text(counts: Mapping[str, float]) -> str:
    """Operations per ticket, side by side."""
    return ", ".join(f"{kind} {number:.2f}" for kind, number in counts.items())
