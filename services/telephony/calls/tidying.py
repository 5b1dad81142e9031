"""What happens to calls by the clock: gaps and silence end them, facts and numbers go."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from services.telephony.calls.calling import FORWARDED_BY, Calling
from services.telephony.calls.domain import (
    CALLER,
    KeptCall,
    forget_facts,
    forget_numbers,
    is_kept_no_more,
)
from services.telephony.calls.storage import CALLS
from services.telephony.inbound.exchanges import Exchanges
from shared.bus.loops import each
from shared.calls.facts import LATE_AFTER
from shared.calls.fold import SILENT_TOO_LONG
from shared.calls.gaps import Gap
from shared.contracts import Step
from shared.policy.policy import Policy
from shared.store import Collection, Order, Store
from shared.telemetry import logger

BATCH: Final = 200
MINDED_SECONDS: Final = 180.0
"""So long it is looked for calls of a gap, again and again, from when it is known."""
_OLDEST: Final = Order("last_at", loose=True)
_HAS_FACTS: Final[Mapping[str, Any]] = {"facts.0": {"$exists": True}}


class Tidying:
    """Looks after calls that no fact looks after any more."""

    def __init__(
        self, store: Store, calling: Calling, exchanges: Exchanges, policy: Callable[[], Policy]
    ) -> None:
        self._store = store
        self._calls = Collection(store, CALLS)
        self._calling = calling
        self._exchanges = exchanges
        self._policy = policy
        self._known: dict[Gap, float] = {}

    async def mind_gaps(self) -> None:
        """Make anew what was open in a gap, or was thought to be; and what has been silent for too
        long.
        """
        now = self._store.clock.now()
        for exchange, gaps in self._fresh().items():
            for query in _in_gaps(gaps, now):
                await self._fold_again({"exchange": exchange, **_HAS_FACTS, **query})
        silent = {"call.ended_at": {"$type": "null"}, "last_at": {"$lt": now - SILENT_TOO_LONG}}
        await self._fold_again({**_HAS_FACTS, **silent})

    def _fresh(self) -> dict[str, list[Gap]]:
        """By exchange, gaps that this process has known for a while only. What is told of a call
        later is folded with all of them.
        """
        now, exchanges = time.monotonic(), self._exchanges.known
        all_gaps = [gap for exchange in exchanges for gap in exchange.gaps]
        self._known = {gap: self._known.get(gap, now) for gap in all_gaps}
        return {
            exchange.id: [gap for gap in exchange.gaps if now - self._known[gap] <= MINDED_SECONDS]
            for exchange in exchanges
        }

    async def forget(self) -> None:
        """Forget what a day, or the policy's time, is over for."""
        while await self._forget_some_facts() == BATCH:
            pass
        for whose in (CALLER, FORWARDED_BY):
            while await self._forget_some_numbers(whose) == BATCH:
                pass

    async def _fold_again(self, query: Mapping[str, Any]) -> None:
        async for docs in self._store.batches(CALLS.name, query, size=BATCH, fields=("_id",)):
            await each(self._fold_one, [doc["_id"] for doc in docs])

    async def _fold_one(self, id: str) -> None:
        await self._calling.fold_again(id)

    async def _forget_some_facts(self) -> int:
        """One batch; how many were taken out of the way."""
        now = self._store.clock.now()
        nothing = {"call": None, "last_at": {"$lt": now - LATE_AFTER}}
        if gone := await self._store.remove_many(CALLS.name, {**_HAS_FACTS, **nothing}):
            logger.info("calls_never_offered_dropped", count=gone)
        old = {**_HAS_FACTS, "call.ended_at": {"$lt": now - LATE_AFTER}}
        return await self._change_some(old, forget_facts)

    async def _forget_some_numbers(self, whose: str) -> int:
        """Of calls that bear this person's number, also where the other's is not known."""
        now, rules = self._store.clock.now(), self._policy().rules
        shown, withheld = rules.retain_call_numbers_for, rules.retain_withheld_numbers_for
        due = [
            {"call.presentation": {"$ne": "withheld"}, "last_at": {"$lt": now - shown}},
            {"call.presentation": "withheld", "last_at": {"$lt": now - withheld}},
        ]
        kept = {f"persons.{whose}": {"$exists": True}, "tickets": [], "$or": due}

        def decide(call: KeptCall, now: datetime) -> Step[KeptCall] | None:
            if not is_kept_no_more(call, shown, withheld, now):
                return None
            return forget_numbers(call)

        count = await self._change_some(kept, decide)
        if count:
            logger.info("call_numbers_erased", count=count)
        return count

    async def _change_some(
        self,
        query: Mapping[str, Any],
        decide: Callable[[KeptCall, datetime], Step[KeptCall] | None],
    ) -> int:
        found = await self._store.find(
            CALLS.name, query, sort=_OLDEST.sort, limit=BATCH, fields=("_id",)
        )
        done: set[str] = set()
        await each(partial(self._change_one, decide, done), [doc["_id"] for doc in found])
        return len(done)

    async def _change_one(
        self,
        decide: Callable[[KeptCall, datetime], Step[KeptCall] | None],
        done: set[str],
        id: str,
    ) -> None:
        changed = await self._calls.change(id, decide)
        if changed is not None and changed.is_change:
            done.add(id)


def _in_gaps(gaps: Sequence[Gap], now: datetime) -> list[Mapping[str, Any]]:
    """Which calls gaps may make others than they are, or those of before have made so."""
    queries: list[Mapping[str, Any]] = [
        {"call.incomplete": True, "last_at": {"$gt": now - LATE_AFTER}}
    ]
    for gap in gaps:
        if now - gap.ended <= 2 * LATE_AFTER:
            # No call ends after its last sign of life: a bound that has an index.
            during = {"call.offered_at": {"$lt": gap.ended}, "last_at": {"$gt": gap.began}}
            queries += [
                {**during, "call.incomplete": False, "call.ended_at": {"$gt": gap.began}},
                {"call.ended_at": {"$type": "null"}, "call.offered_at": {"$lt": gap.ended}},
            ]
    return queries
