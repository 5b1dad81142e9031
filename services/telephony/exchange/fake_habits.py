"""How a drawn day goes: who comes when and how long they stay, and what became of each. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Final, Literal

AGENTS: Final = ("8001", "8002", "8003")
A_DAY: Final = (
    2, 1, 1, 1, 1, 2, 8, 16, 24, 26, 22, 18, 12, 14, 18, 18, 16, 18, 22, 24, 20, 12, 6, 3,
)  # fmt: skip
"""Calls of each hour, by the place's clock."""
PLACE: Final = timezone(timedelta(hours=8))
BURST: Final = 60
"""Calls in twenty minutes from ten past seven in the evening."""
BURST_HOUR: Final = 19

Became = Literal["answered", "abandoned", "abandoned_greeting", "timed_out", "blocked"]


@dataclass(frozen=True, slots=True)
class Burst:
    """So many callers at chance moments of `seconds` from `begins` on, besides all others."""

    begins: datetime
    seconds: float
    callers: int


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a caller, as whoever drew it knows: seconds until somebody answered or they
    were gone, and of talk.
    """

    offered_at: datetime
    became: Became
    wait_s: float
    talk_s: float


def evenings(begin: datetime, end: datetime) -> Iterator[Burst]:
    """Something fails for many, each evening."""
    day = begin.astimezone(PLACE).replace(hour=0, minute=0, second=0, microsecond=0)
    while day < end:
        yield Burst(day + timedelta(hours=BURST_HOUR, minutes=10), 1200, BURST)
        day += timedelta(days=1)


def minutes_long(chance: Random) -> float:
    """Seconds of talk as they are at a hotline."""
    return min(900, 20 + chance.lognormvariate(4.6, 0.7))


@dataclass(frozen=True, slots=True)
class Habits:
    """`an_hour`: callers of each hour of the day. `patience_s`: the mean. `rings_for_s`: between
    what an agent picks up. From `refuse_from` on to `refuse_to` every agent refuses every call.
    """

    agents: tuple[str, ...] = AGENTS
    an_hour: tuple[float, ...] = A_DAY
    bursts: Callable[[datetime, datetime], Iterator[Burst]] = evenings
    patience_s: float = 150.0
    talk_s: Callable[[Random], float] = minutes_long
    rings_for_s: tuple[float, float] = (2.0, 7.0)
    longest_wait: timedelta = timedelta(minutes=3)
    most_waiting: int = 8
    refuse_from: datetime | None = None
    refuse_to: datetime | None = None

    def refuses(self, at: datetime) -> bool:
        """Whether agents refuse now."""
        return (
            self.refuse_from is not None
            and self.refuse_to is not None
            and self.refuse_from <= at < self.refuse_to
        )
