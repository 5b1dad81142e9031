"""Calls as an exchange tells of them: seeded, invented, each whole. Pure.

Agents are many enough that nobody waits for one who talks: how long somebody waits is drawn. What
is measured is how facts are taken, not how a queue works.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from shared.calls.facts import EndedBy, Fact, Kind, Left, Party, RangOut, fact_id

EXCHANGE: Final = "bench"
LINE: Final = "hotline"
AGENTS: Final = 60
MEAN_TALK_S: Final = 12.0
MEAN_WAIT_S: Final = 4.0
PATIENCE_S: Final = 8.0
LONGEST_WAIT_S: Final = 20.0
GREETING: Final = timedelta(seconds=1.5)
_ANSWERED, _GREETED, _BLOCKED = 0.76, 0.04, 0.04
_HOLDS, _RINGS_TWICE = 0.25, 0.2
_NEXT: Final = timedelta(microseconds=37)
"""No two events of an exchange have the same time."""


class Calls:
    """Calls without end; the same seed gives the same ones."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._count = 0

    def next(self, at: datetime) -> Sequence[Fact]:
        """All that is told of the next call, which is offered at this time, in order."""
        self._count += 1
        return tuple(_Call(self._random, f"{self._count}.0", at).facts())


class _Call:
    """One call."""

    def __init__(self, chance: Random, id: str, at: datetime) -> None:
        self._chance, self._id, self._at = chance, id, at
        self._agent = self._telephone()

    def facts(self) -> Iterator[Fact]:
        drawn, number = self._chance.random(), f"1380013{self._chance.randint(0, 9999):04}"
        yield self._said(Kind.OFFERED, line=LINE, trunk="carrier", number=number)
        if drawn < _GREETED:
            yield self._after(0.8, Kind.ENDED, by=EndedBy.CALLER)
        elif drawn < _GREETED + _BLOCKED:
            yield self._after(1.5, Kind.LEFT, queue=LINE, left=Left.FULL)
            yield self._after(0, Kind.ENDED, by=EndedBy.SYSTEM)
        else:
            yield self._after(GREETING.total_seconds(), Kind.QUEUED, queue=LINE)
            if drawn < _GREETED + _BLOCKED + _ANSWERED:
                yield from self._answered()
            else:
                yield from self._in_vain()

    def _answered(self) -> Iterator[Fact]:
        if self._chance.random() < _RINGS_TWICE:
            yield self._after(0, Kind.RINGING, **self._agent)
            yield self._after(2, Kind.RANG_OUT, **self._agent, rang_out=RangOut.NO_ANSWER)
            self._agent = self._telephone()
        yield self._after(0, Kind.RINGING, queue=LINE, **self._agent)
        wait = self._chance.expovariate(1 / MEAN_WAIT_S)
        yield self._after(wait, Kind.LEFT, queue=LINE)
        yield self._after(0, Kind.ANSWERED, queue=LINE, **self._agent)
        yield self._after(0.003, Kind.JOINED, **self._agent)
        left = self._chance.expovariate(1 / MEAN_TALK_S)
        if self._chance.random() < _HOLDS:
            yield self._after(left / 3, Kind.HELD, **self._agent)
            yield self._after(left / 3, Kind.RESUMED, **self._agent)
            left /= 3
        yield self._after(left, Kind.PARTED, leg=self._agent["leg"])
        yield self._after(0, Kind.ENDED, by=EndedBy.CALLER)

    def _in_vain(self) -> Iterator[Fact]:
        patience = self._chance.expovariate(1 / PATIENCE_S)
        if patience < LONGEST_WAIT_S:
            yield self._after(patience, Kind.ENDED, by=EndedBy.CALLER)
        else:
            yield self._after(LONGEST_WAIT_S, Kind.LEFT, queue=LINE, left=Left.TIMED_OUT)
            yield self._after(0, Kind.ENDED, by=EndedBy.SYSTEM)

    def _telephone(self) -> dict[str, Any]:
        agent = str(8001 + self._chance.randrange(AGENTS))
        return {"leg": f"{self._id}.{agent}", "party": Party.AGENT, "agent": agent}

    def _after(self, seconds: float, kind: Kind, **more: Any) -> Fact:
        self._at += timedelta(seconds=seconds) + _NEXT
        return self._said(kind, **more)

    def _said(self, kind: Kind, **more: Any) -> Fact:
        id = fact_id(EXCHANGE, kind.value, self._at, self._id)
        return Fact(id=id, kind=kind, exchange=EXCHANGE, call=self._id, at=self._at, **more)
