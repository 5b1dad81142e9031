"""What is known of an exchange: who listened to it when, its lines, and who is in its queues."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, TypeVar

from shared.calls.agents import Membership, Reachable
from shared.calls.gaps import Gap
from shared.calls.listening import Listening, gaps_in, summed_up
from shared.contracts import Step
from shared.documents import Shape
from shared.store import Collection, CollectionSpec, Store
from shared.telemetry import metrics

KEEP: Final = timedelta(hours=48)
"""So long it is known who listened when; calls change for a day after their end."""
MOST: Final = 2_000
"""Of agents in queues, and of devices: more than any exchange has."""
MOST_WORDS: Final = 200
"""Of connections: one that is lost every few seconds would fill the document."""
ATTEMPTS: Final = 20
"""Its document is one for all: a storm of words meets there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One exchange, as its listeners told it."""

    id: str
    version: int = 0
    words: tuple[Listening, ...] = ()
    gaps: tuple[Gap, ...] = ()
    lines: tuple[str, ...] = ()
    members: tuple[Membership, ...] = ()
    reached: tuple[Reachable, ...] = ()


EXCHANGES: Final = CollectionSpec(name="exchanges", shape=Shape(value=Exchange))
Told = Listening | Membership | Reachable
Kept = TypeVar("Kept", Membership, Reachable)


def take(exchange: Exchange, told: Told) -> Step[Exchange] | None:
    """The exchange with what was told; None where that is known, or something later."""
    match told:
        case Listening():
            words = tuple(summed_up([*exchange.words, told], KEEP))[-MOST_WORDS:]
            lines = tuple(sorted({*exchange.lines, *told.lines}))
            # Of what the words do not reach back to, it stays as it was known.
            before = (gap for gap in exchange.gaps if gap.ended <= words[0].since)
            recent = [gap for gap in before if words[-1].until - gap.ended <= KEEP]
            gaps = (*recent, *gaps_in(words))
            after = replace(exchange, words=words, lines=lines, gaps=gaps[-MOST_WORDS:])
        case Membership():
            after = replace(exchange, members=_latest(exchange.members, told, _seat))
        case Reachable():
            after = replace(exchange, reached=_latest(exchange.reached, told, _device))
    return None if after == exchange else Step(after)


class Exchanges:
    """The exchanges, and what this process remembers of them."""

    def __init__(self, store: Store) -> None:
        self._exchanges = Collection(store, EXCHANGES)
        self._known: dict[str, Exchange] = {}

    @property
    def known(self) -> Sequence[Exchange]:
        """As they were when this process last looked."""
        return tuple(self._known[id] for id in sorted(self._known))

    def gaps_of(self, exchange: str) -> Sequence[Gap]:
        """When nobody heard an exchange."""
        found = self._known.get(exchange)
        return () if found is None else found.gaps

    async def hear(self, told: Told) -> bool:
        """Note what was told; whether it is new."""
        told = _as_kept(told)
        changed = await self._exchanges.change(
            told.exchange,
            lambda exchange, _: take(exchange, told),
            new=Exchange(id=told.exchange),
            attempts=ATTEMPTS,
        )
        if changed is None or not changed.is_change:
            return False
        before = {gap.began for gap in changed.before.gaps}
        for gap in changed.after.gaps:
            if gap.began not in before:
                metrics.PBX_GAPS.labels(pbx=told.exchange, why=gap.why.value).inc()
        self._known[told.exchange] = changed.after
        return True

    async def look(self) -> None:
        """Read them anew."""
        found = await self._exchanges.find({}, limit=1000)
        self._known = {exchange.id: exchange for exchange in found}


def _latest(known: tuple[Kept, ...], told: Kept, key: Callable[[Kept], object]) -> tuple[Kept, ...]:
    """The same with what was told of one, if nothing later is known of it."""
    of_each = {key(each): each for each in known}
    other = of_each.get(key(told))
    if other is not None and (other.at, other.id) >= (told.at, told.id):
        return known
    of_each[key(told)] = told
    return tuple(sorted(of_each.values(), key=lambda each: str(key(each))))[:MOST]


def _seat(member: Membership) -> object:
    return member.agent, member.queue


def _device(reached: Reachable) -> object:
    return reached.trunk, reached.agent


def _as_kept(told: Told) -> Told:
    """With times as the store keeps them: of two that are told the later one counts."""
    if isinstance(told, Listening):
        gap = told.gap
        return replace(
            told,
            since=_whole(told.since),
            until=_whole(told.until),
            booted_at=told.booted_at and _whole(told.booted_at),
            gap=gap
            and replace(
                gap,
                began=_whole(gap.began),
                ended=_whole(gap.ended),
                offers_from=_whole(gap.offers_from),
            ),
        )
    return replace(told, at=_whole(told.at))


def _whole(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
