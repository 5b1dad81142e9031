"""How often somebody may try: every try is counted before it is made, successes are let off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from services.admin.domain.sessions import BY_ACCOUNT, BY_ADDRESS, Limit, Tally, neighbourhood
from services.admin.errors import Locked
from services.admin.storage import count_try, forget_tries, forgive_try
from shared.privacy import BlindIndex
from shared.store import Store
from shared.telemetry import logger, metrics


@dataclass(frozen=True, slots=True)
class _Scope:
    name: str
    id: str
    limit: Limit


class Try:
    """One try; it counts as a failure unless it is said to have succeeded.

    `account` is whose it would be, where there is such an account.
    """

    def __init__(self) -> None:
        self.succeeded = False
        self.account: str | None = None


class Trying:
    """Counts by what was typed as the account's id, known or not, so that nothing is told."""

    def __init__(self, store: Store, index: BlindIndex) -> None:
        self._store = store
        self._index = index

    @asynccontextmanager
    async def once(self, id: str, address: str) -> AsyncIterator[Try]:
        """One try within the block; raises Locked instead when there were too many."""
        scopes = self._scopes(id, address)
        tallies = [await self._counted(scope) for scope in scopes]
        trying = Try()
        yield trying
        if trying.succeeded:
            await forget_tries(self._store, scopes[0].id)
            await forgive_try(self._store, scopes[1].id)
            return
        for scope, tally in zip(scopes, tallies, strict=True):
            if tally.fills(scope.limit):
                _tell(scope, trying.account)

    def _scopes(self, id: str, address: str) -> tuple[_Scope, _Scope]:
        def entry(of: str) -> str:
            return self._index.entry("sign-in", of)

        by_address = entry(f"{neighbourhood(address)}\0{id}")
        return _Scope("address", by_address, BY_ADDRESS), _Scope("account", entry(id), BY_ACCOUNT)

    async def _counted(self, scope: _Scope) -> Tally:
        now = self._store.clock.now()
        tally = await count_try(self._store, scope.id, scope.limit, now)
        if tally.is_over(scope.limit):
            raise Locked(tally.seconds_left(now))
        return tally


def _tell(scope: _Scope, account: str | None) -> None:
    """Tell whoever looks after the hotline; what a stranger typed as an id may be anything, and is
    not repeated.
    """
    metrics.LOCKS.labels(scope=scope.name).inc()
    logger.warning("account_locked", scope=scope.name, account=account)
