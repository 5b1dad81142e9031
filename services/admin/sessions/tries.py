"""How often somebody may try to be an account: every try is counted before it is made, successes
are let off.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from shared.contracts.refusals import Away
from shared.documents import Shape
from shared.privacy import BlindIndex
from shared.store import CollectionSpec, Store, forget_at
from shared.store.tries import (
    Tally,
    TryLimit,
    count_try,
    forget_tries,
    forgive_tries,
    neighbourhood,
    tally_of,
    too_often,
)
from shared.telemetry import logger, metrics

Guessed = Literal["sign-in", "factor"]
"""What is tried: id, password and code together; or the code of somebody who is signed in, which
must not let off any tries at the password."""
BY_BOTH: Final = TryLimit(10, timedelta(minutes=15))
BY_ADDRESS: Final = TryLimit(30, timedelta(minutes=15))
"""Different accounts, not tries. A whole office may have one address: whoever has forgotten a
password is one of them however often they try, and who signs in after all is none."""
BY_ACCOUNT: Final = TryLimit(30, timedelta(minutes=15))
KNOWN_FOR: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class KnownAddress:
    """An address from which an account has signed in; both are in the id, a keyed digest."""

    id: str
    until: datetime
    version: int = 0


KNOWN: Final = CollectionSpec(
    name="known_addresses",
    shape=Shape(value=KnownAddress),
    indexes=(forget_at("until", name="known_addresses_forgotten"),),
)


@dataclass(frozen=True, slots=True)
class _Scope:
    name: Literal["both", "address", "account"]
    id: str
    limit: TryLimit


@dataclass(frozen=True, slots=True)
class _Scopes:
    both: _Scope
    address: _Scope
    account: _Scope


@dataclass(frozen=True, slots=True)
class _Counted:
    scope: _Scope
    tally: Tally


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
    async def once(self, id: str, address: str, *, of: Guessed = "sign-in") -> AsyncIterator[Try]:
        """One try within the block; raises TooOften instead when there were too many.

        What the block refuses as Away was looked at by nobody, and does not count.
        """
        scopes = self._scopes(of, id, neighbourhood(address))
        counted = await self._count(scopes, id, address)
        one = Try()
        try:
            yield one
        except Away:
            for each in counted:
                await forgive_tries(self._store, each.scope.id)
            raise
        except Exception:
            _tell(counted, one.account)
            raise
        if one.succeeded:
            await self._let_off(scopes)
        else:
            _tell(counted, one.account)

    async def remember(self, id: str, address: str) -> None:
        """The account signed in from there: what others try elsewhere does not lock it out."""
        until = self._store.clock.now() + KNOWN_FOR
        update = {"$set": {"until": until}, "$inc": {"version": 1}}
        await self._store.upsert(KNOWN.name, self._known_as(id, address), update)

    def _scopes(self, what: Guessed, id: str, near: str) -> _Scopes:
        def entry(of: str) -> str:
            return self._index.entry(what, of)

        return _Scopes(
            both=_Scope("both", entry(f"{near}\0{id}"), BY_BOTH),
            address=_Scope("address", self._index.entry("tries-from", near), BY_ADDRESS),
            account=_Scope("account", entry(id), BY_ACCOUNT),
        )

    async def _count(self, scopes: _Scopes, id: str, address: str) -> list[_Counted]:
        # Both first: whoever is locked out of one account uses up nothing that others share.
        both = await self._counted(scopes.both, id, address)
        if both.tally.count == 1:
            another = [await self._counted(scopes.address, id, address)]
        else:  # an account that the address has tried already
            another = []
            await self._require_open(scopes.address)
        return [both, *another, await self._counted(scopes.account, id, address)]

    async def _counted(self, scope: _Scope, id: str, address: str) -> _Counted:
        now = self._store.clock.now()
        tally = await count_try(self._store, scope.id, scope.limit, now)
        if tally.is_over(scope.limit) and not await self._is_spared(scope, id, address, now):
            raise too_often(tally, now)
        return _Counted(scope, tally)

    async def _require_open(self, scope: _Scope) -> None:
        now = self._store.clock.now()
        tally = await tally_of(self._store, scope.id, now)
        if tally is not None and tally.is_over(scope.limit):
            raise too_often(tally, now)

    async def _is_spared(self, scope: _Scope, id: str, address: str, now: datetime) -> bool:
        """Whether a lock is not for whoever comes from there: what strangers tried from anywhere
        must not keep somebody from their own desk.
        """
        if scope.name != "account":
            return False
        doc = await self._store.get(KNOWN.name, self._known_as(id, address))
        return doc is not None and now < KNOWN.from_doc(doc).until

    def _known_as(self, id: str, address: str) -> str:
        return self._index.entry("known-address", f"{neighbourhood(address)}\0{id}")

    async def _let_off(self, scopes: _Scopes) -> None:
        await forget_tries(self._store, scopes.both.id)
        await forgive_tries(self._store, scopes.address.id)
        await forgive_tries(self._store, scopes.account.id)


def _tell(counted: Sequence[_Counted], account: str | None) -> None:
    """Tell of the locks that a failed try begins whoever looks after the hotline; what a stranger
    typed as an id may be anything, and is not repeated.
    """
    for each in counted:
        if each.tally.fills(each.scope.limit):
            metrics.LOCKS.labels(scope=each.scope.name).inc()
            logger.warning("account_locked", scope=each.scope.name, account=account)
