"""How often somebody may try what is secret: counted in the store, so that all replicas count
together.
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from shared.contracts.refusals import TooOften
from shared.documents import Shape
from shared.privacy.index import BlindIndex
from shared.store.collection import CollectionSpec
from shared.store.store import Store, forget_at
from shared.telemetry import logger, metrics

Unguessable = Literal["link", "invitation", "refresh_token", "session", "bearer"]
"""What is made here of so many bits that nobody finds one by trying."""


@dataclass(frozen=True, slots=True)
class TryLimit:
    """So many failures within a time lock for as long."""

    most: int
    within: timedelta


BY_MISSES: Final = TryLimit(30, timedelta(minutes=15))
"""A whole house may open its old links within a quarter of an hour."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Tries so far, this one included, and until when they count."""

    id: str
    count: int
    until: datetime
    version: int = 0

    def is_over(self, limit: TryLimit) -> bool:
        """Whether this try is one too many."""
        return self.count > limit.most

    def fills(self, limit: TryLimit) -> bool:
        """Whether this try, if it fails, is the last before the lock."""
        return self.count == limit.most

    def seconds_left(self, now: datetime) -> int:
        """After how many seconds it is worth while to come again."""
        return max(1, math.ceil((self.until - now).total_seconds()))


TRIES: Final = CollectionSpec(
    name="tries",
    shape=Shape(value=Tally),
    indexes=(forget_at("until", name="tries_forgotten"),),
)
"""Ids are keyed digests, since what is typed as an id may be secret."""


def neighbourhood(address: str) -> str:
    """Whose tries are counted together: one address, or the network that one customer has of the
    newer kind, where everybody owns more addresses than could be counted.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))


async def count_try(store: Store, id: str, limit: TryLimit, now: datetime) -> Tally:
    """Count one try before it is made, so that many at once are not more than may be: in one
    statement, since under an attack nobody would win a race for the next version.

    Counting begins anew when its time is over. The one that reaches the limit begins the lock,
    which later ones do not lengthen.
    """
    return TRIES.from_doc(await store.upsert(TRIES.name, id, _counting(limit, now)))


async def tally_of(store: Store, id: str, now: datetime) -> Tally | None:
    """The tries so far, without counting another; None where none count any more."""
    doc = await store.get(TRIES.name, id)
    tally = TRIES.from_doc(doc) if doc is not None else None
    return tally if tally is not None and now < tally.until else None


async def forgive_tries(store: Store, id: str, count: int = 1) -> None:
    """So many tries did not fail: they do not count."""
    await store.change_many(
        TRIES.name, {"_id": id, "count": {"$gte": count}}, {"$inc": {"count": -count}}
    )


async def forget_tries(store: Store, id: str) -> None:
    """Somebody succeeded: whatever was tried before does not count."""
    await store.take(TRIES.name, {"_id": id})


def too_often(tally: Tally, now: datetime) -> TooOften:
    """The refusal of a try that was one too many."""
    wait = tally.seconds_left(now)
    remedy = "Retry-After says in how many seconds"
    return TooOften("locked", "Too many tries; come back later", remedy, wait=wait)


def _counting(limit: TryLimit, now: datetime) -> list[dict[str, Any]]:
    until = now + limit.within
    goes_on = {"$gt": ["$until", now]}
    counted = {
        "count": {"$cond": [goes_on, {"$add": ["$count", 1]}, 1]},
        "until": {"$cond": [goes_on, "$until", until]},
    }
    locking = {"$cond": [{"$eq": ["$count", limit.most]}, until, "$until"]}
    return [{"$set": counted}, {"$set": {"until": locking}}]


class Misses:
    """Guesses at what cannot be guessed, counted by address when they did not fit.

    What fits is never refused: one who tries links must not lock out a house that has real ones.
    """

    def __init__(self, store: Store, index: BlindIndex) -> None:
        self._store = store
        self._index = index

    async def count(self, what: Unguessable, address: str) -> None:
        """Something was shown that fits nothing; raises TooOften when it was one too many."""
        now = self._store.clock.now()
        id = self._index.entry("misses", neighbourhood(address))
        tally = await count_try(self._store, id, BY_MISSES, now)
        if tally.fills(BY_MISSES):
            metrics.LOCKS.labels(scope="misses").inc()
            logger.warning("secrets_guessed", what=what)
        if tally.is_over(BY_MISSES):
            raise too_often(tally, now)

    @asynccontextmanager
    async def counting(
        self, what: Unguessable, address: str, missed: type[Exception]
    ) -> AsyncIterator[None]:
        """Count what the block raises as `missed`, which goes on unless TooOften does instead."""
        try:
            yield
        except missed:
            await self.count(what, address)
            raise
