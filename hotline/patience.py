"""How long what starts is waited for, and the pause before it is started again. Pure.

A slow machine may take minutes to load five services at once. So a start lasts as long as its
process lives and gets on, within a bound; how long it has taken by itself says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

# Short enough that a crash is a hiccup, long enough that a broken service is no busy loop.
FIRST_DELAY = 0.5
LONGEST_DELAY = 10.0
# What ran this long was not broken; its next failure is a new one.
HEALTHY_AFTER = 60.0
# The slowest machine we saw loaded everything in two minutes.
LONGEST_START = 300.0
TOLD_EVERY = 10.0

Signs: TypeAlias = tuple[object, ...]
"""What a process that gets on changes: the size of its log, the seconds it computed."""


@dataclass(slots=True)
class BackOff:
    """The pause before the next start; it doubles up to a limit."""

    _delay: float = field(default=FIRST_DELAY, init=False)

    def next_delay(self, *, ran_for: float) -> float:
        """Return the pause to keep before starting again what ran for that many seconds."""
        if ran_for >= HEALTHY_AFTER:
            self._delay = FIRST_DELAY
        delay = self._delay
        self._delay = min(self._delay * 2, LONGEST_DELAY)
        return delay


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a service may take before it counts as broken."""

    start: float = LONGEST_START
    standstill: float = 60.0
    """So long may one that starts show no sign that it gets on."""
    told_every: float = TOLD_EVERY
    unwell: float = 20.0
    between_probes: float = 2.0
    failed_starts: int = 3


@dataclass(slots=True)
class Telling:
    """Says when a person who waits is to be told again what for; at first after the interval."""

    since: float
    every: float = TOLD_EVERY
    _told: float = field(init=False)

    def __post_init__(self) -> None:
        self._told = self.since

    def is_due(self, now: float) -> bool:
        """Tell whether it is time; once for each interval."""
        if now - self._told < self.every:
            return False
        self._told = now
        return True


@dataclass(slots=True)
class Start:
    """One start that is waited for: since when, and when it was last seen to get on."""

    patience: Patience
    since: float
    _signs: Signs = field(default=(), init=False)
    _got_on: float = field(init=False)

    def __post_init__(self) -> None:
        self._got_on = self.since

    def begin_anew(self, now: float) -> None:
        """Count from now on: what it needed was away, so that it could not get on."""
        self.since = self._got_on = now

    def why_broken(self, signs: Signs, now: float) -> str | None:
        """Say why it is waited for no more, or None; `signs` are those it shows now."""
        if signs != self._signs:
            self._signs, self._got_on = signs, now
        if now - self.since > self.patience.start:
            return f"not ready after {self.patience.start:.0f} s"
        if now - self._got_on > self.patience.standstill:
            return f"not ready, and at a standstill for {self.patience.standstill:.0f} s"
        return None
