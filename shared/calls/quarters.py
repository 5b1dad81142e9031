"""Quarter hours: a call is of the one in which it was offered, agents' seconds of their own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from shared.calls.call import Call
from shared.calls.facts import Party

QUARTER: Final = timedelta(minutes=15)
Stretch = tuple[datetime, datetime]


def quarter_of(at: datetime) -> datetime:
    """The beginning of its quarter hour. Zones are off by whole quarters, so any zone's will do."""
    return at.replace(minute=at.minute - at.minute % 15, second=0, microsecond=0)


def by_quarter(calls: Iterable[Call]) -> dict[tuple[str, datetime], list[Call]]:
    """The calls of each line and quarter hour."""
    found: dict[tuple[str, datetime], list[Call]] = defaultdict(list)
    for call in calls:
        found[call.line, quarter_of(call.offered_at)].append(call)
    return dict(found)


def pieces(began: datetime, ended: datetime) -> Iterator[tuple[datetime, float]]:
    """A stretch, cut where quarter hours begin: each quarter and its seconds."""
    at = began
    while at < ended:
        quarter = quarter_of(at)
        until = min(ended, quarter + QUARTER)
        yield quarter, (until - at).total_seconds()
        at = until


def busy(calls: Iterable[Call]) -> dict[str, list[Stretch]]:
    """When each agent was with a caller, or asked about one. What overlaps is one stretch.

    Of calls that were not heard to their end it is what was heard.
    """
    told: dict[str, list[Stretch]] = defaultdict(list)
    for call in calls:
        if call.test:
            continue
        for leg, talk in enumerate(call.talks):
            if talk.party is Party.AGENT:
                told[talk.agent or f"{call.call}/{leg}"].append((talk.began, talk.ended))
        for consult in call.consults:
            told[consult.agent or consult.leg].append((consult.began, consult.ended))
    return {agent: _merged(stretches) for agent, stretches in told.items()}


def busy_by_quarter(calls: Iterable[Call]) -> dict[datetime, float]:
    """Agents' seconds with callers, by the quarter hours in which they passed."""
    found: dict[datetime, float] = defaultdict(float)
    for stretches in busy(calls).values():
        for began, ended in stretches:
            for quarter, seconds in pieces(began, ended):
                found[quarter] += seconds
    return dict(found)


def carried_load(calls: Iterable[Call], began: datetime, ended: datetime) -> float:
    """Erlang: how many agents were busy in this window, on the average."""
    seconds = sum(
        max(0.0, (min(to, ended) - max(since, began)).total_seconds())
        for stretches in busy(calls).values()
        for since, to in stretches
    )
    return seconds / (ended - began).total_seconds()


def _merged(stretches: list[Stretch]) -> list[Stretch]:
    merged: list[Stretch] = []
    for began, ended in sorted(stretches):
        if merged and began <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], ended))
        else:
            merged.append((began, ended))
    return merged
