"""How often somebody may try: every try is counted before it is made, successes are let off.

Counted in the store, so that all replicas count together.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.admin.sessions.domain import BY_ACCOUNT, BY_ADDRESS, Tally, TryLimit, neighbourhood
from shared.contracts.refusals import TooOften
from shared.documents import Shape
from shared.privacy import BlindIndex
from shared.store import CollectionSpec, Store, forget_at
from shared.telemetry import logger, metrics

TRIES: Final = CollectionSpec(
    name="tries",
    shape=Shape(value=Tally),
    indexes=(forget_at("until", name="tries_forgotten"),),
)
"""Ids are keyed digests, since what is typed as an id may be secret."""


async def count_try(store: Store, id: str, limit: TryLimit, now: datetime) -> Tally:
    """Count one try before it is made, so that many at once are not more than may be: in one
    statement, since under an attack nobody would win a race for the next version.

    Counting begins anew when its time is over. The one that reaches the limit begins the lock,
    which later ones do not lengthen.
    """
    return TRIES.from_doc(await store.upsert(TRIES.name, id, _counting(limit, now)))


async def forgive_try(store: Store, id: str) -> None:
    """The try succeeded: it does not count."""
    await store.change_many(TRIES.name, {"_id": id, "count": {"$gt": 0}}, {"$inc": {"count": -1}})


async def forget_tries(store: Store, id: str) -> None:
    """Somebody succeeded: whatever was tried before does not count."""
    await store.take(TRIES.name, {"_id": id})


def _counting(limit: TryLimit, now: datetime) -> list[dict[str, Any]]:
    until = now + limit.within
    goes_on = {"$gt": ["$until", now]}
    counted = {
        "count": {"$cond": [goes_on, {"$add": ["$count", 1]}, 1]},
        "until": {"$cond": [goes_on, "$until", until]},
    }
    locking = {"$cond": [{"$eq": ["$count", limit.most]}, until, "$until"]}
    return [{"$set": counted}, {"$set": {"until": locking}}]


@dataclass(frozen=True, slots=True)
class _Scope:
    name: str
    id: str
    limit: TryLimit


class Try:
    """One try; it counts as a failure unless it is said to have succeeded.

    `account` is whose it would be, where there is such an account.
    """

    def __init__(self) -> None:
        self.succeeded = False
        self.account: str | None = None


class TryCounter:
    """Counts by what was typed as the account's id, known or not, so that nothing is told."""

    def __init__(self, store: Store, index: BlindIndex) -> None:
        self._store = store
        self._index = index

    @asynccontextmanager
    async def once(self, id: str, address: str) -> AsyncIterator[Try]:
        """One try within the block; raises TooOften instead when there were too many."""
        scopes = self._scopes(id, address)
        tallies = [await self._counted(scope) for scope in scopes]
        try_counter = Try()
        yield try_counter
        if try_counter.succeeded:
            await forget_tries(self._store, scopes[0].id)
            await forgive_try(self._store, scopes[1].id)
            return
        for scope, tally in zip(scopes, tallies, strict=True):
            if tally.fills(scope.limit):
                _tell(scope, try_counter.account)

    def _scopes(self, id: str, address: str) -> tuple[_Scope, _Scope]:
        def entry(of: str) -> str:
            return self._index.entry("sign-in", of)

        by_address = entry(f"{neighbourhood(address)}\0{id}")
        return _Scope("address", by_address, BY_ADDRESS), _Scope("account", entry(id), BY_ACCOUNT)

    async def _counted(self, scope: _Scope) -> Tally:
        now = self._store.clock.now()
        tally = await count_try(self._store, scope.id, scope.limit, now)
        if tally.is_over(scope.limit):
            wait = tally.seconds_left(now)
            raise TooOften("locked", "Too many tries; come back later", wait=wait)
        return tally


def _tell(scope: _Scope, account: str | None) -> None:
    """Tell whoever looks after the hotline; what a stranger typed as an id may be anything, and is
    not repeated.
    """
    metrics.LOCKS.labels(scope=scope.name).inc()
    logger.warning("account_locked", scope=scope.name, account=account)
