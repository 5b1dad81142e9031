"""Who listened to an exchange from when until when, and what nobody heard. Pure.

A listener says again and again that it hears, and since when. Times that no listener's word covers
are gaps: so one that dies without a word, or begins anew without a memory, needs no care.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from shared.calls.facts import fact_id
from shared.calls.gaps import Gap, Why

BEAT: Final = timedelta(seconds=10)
"""So often a listener says that it still hears."""
SETTLED: Final = timedelta(seconds=30)
"""So long after its end a gap counts: the other listeners' words on it may be on their way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """A listener's word: it has heard everything from `since` to `until`, by the exchange's clock.

    `since` is the beginning of its connection, and the same in all its words on that one.
    `connected`: it goes on hearing; False where the connection was lost at `until`. `booted_at`:
    since when the exchange is up, where it said so. `surveyed`: whoever was on a call when the
    connection began has been listed since. `gap`: what this listener knows to have missed before.
    `clock_offset_s`: how far its own clock is ahead of the exchange's. `lines`: all that the
    exchange's document names, so that they are counted from 0 before anybody rings.
    """

    exchange: str
    listener: str
    since: datetime
    until: datetime
    connected: bool = True
    booted_at: datetime | None = None
    surveyed: bool = False
    gap: Gap | None = None
    clock_offset_s: float | None = None
    lines: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The same at every repeat of this word."""
        says = "connected" if self.connected else "lost"
        begun = fact_id(self.exchange, says, self.since, self.listener).split("/")[2]
        survey = "+surveyed" if self.surveyed else ""
        return fact_id(self.exchange, says, self.until, f"{self.listener}+{begun}{survey}")


Span = tuple[datetime, datetime]


def heard_spans(words: Iterable[Listening]) -> list[Span]:
    """The times that anybody heard, by time; what touches is one."""
    told = list(words)
    spans = [(word.since, max(word.since, word.until)) for word in told]
    spans += [
        (max(before), word.gap.began)
        for word in told
        if word.gap is not None
        and (
            before := [
                each.since
                for each in told
                if each.listener == word.listener and each.since <= word.gap.began
            ]
        )
    ]
    merged: list[Span] = []
    for began, ended in sorted(spans):
        if merged and began <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], ended))
        else:
            merged.append((began, ended))
    return merged


def summed_up(words: Iterable[Listening], keep: timedelta) -> list[Listening]:
    """The same in fewer words: of each connection the last, with all that was said on it; and
    nothing that is older than `keep` before the newest of all.
    """
    latest: dict[tuple[str, datetime], Listening] = {}
    for word in words:
        key = (word.listener, word.since)
        other = latest.get(key)
        latest[key] = word if other is None else _both(other, word)
    newest = max((word.until for word in latest.values()), default=None)
    return sorted(
        (word for word in latest.values() if newest is not None and newest - word.until <= keep),
        key=lambda word: (word.since, word.listener),
    )


def _both(one: Listening, other: Listening) -> Listening:
    """Two words on one connection. That it was lost is its last."""
    first, last = sorted((one, other), key=lambda word: (word.until, not word.connected))
    gaps = [gap for gap in (last.gap, first.gap) if gap is not None]
    return replace(
        last,
        booted_at=last.booted_at or first.booted_at,
        surveyed=last.surveyed or first.surveyed,
        gap=max(gaps, key=lambda gap: (gap.surveyed, gap.began)) if gaps else None,
        clock_offset_s=first.clock_offset_s if last.clock_offset_s is None else last.clock_offset_s,
        lines=last.lines or first.lines,
    )


def gaps_in(words: Iterable[Listening]) -> list[Gap]:
    """What nobody heard, by time, as far as the listeners' words on it have come in."""
    told = list(words)
    spans = heard_spans(told)
    latest = max((ended for _, ended in spans), default=None)
    return [
        _gap(before[1], after[0], told)
        for before, after in pairwise(spans)
        if latest is not None and latest - after[0] >= SETTLED
    ]


def _gap(began: datetime, ended: datetime, told: list[Listening]) -> Gap:
    known = [
        word.gap
        for word in told
        if word.gap is not None and word.gap.began < ended and began < word.gap.ended
    ]
    after = [word for word in told if word.since >= ended]
    restarted = any(gap.why is Why.RESTART for gap in known) or any(
        word.booted_at is not None and began < word.booted_at <= ended for word in after
    )
    first = min(after, key=lambda word: (word.since, word.listener))
    return Gap(
        exchange=first.exchange,
        listener=first.listener,
        why=Why.RESTART if restarted else next((gap.why for gap in known), Why.CONNECTION),
        began=began,
        ended=ended,
        surveyed=restarted
        or any(word.surveyed for word in after if word.since == first.since)
        or any(gap.surveyed for gap in known),
        offers_from=max([began, *(gap.offers_from for gap in known if gap.offers_from <= ended)]),
    )
