"""What falls due in a collection, one document after the other, each by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from pymongo import ASCENDING, IndexModel

from shared.bus import each, name_of
from shared.contracts import Lane
from shared.store import Store
from shared.telemetry import logger, metrics
from shared.triage.taxonomy import EMERGENCY

BATCH: Final = 200
FIRST_WAIT: Final = timedelta(seconds=1)
"""Then twice as long after every time in a row: what passes by itself has passed soon."""
TRY_AGAIN_AFTER: Final = timedelta(minutes=1)
"""The longest wait. What failed may have been mended by then: a document by hand, the policy by
another version.
"""
ALL: Final[Mapping[str, Any]] = {}
EMERGENCIES: Final[Mapping[str, Any]] = {"urgency": EMERGENCY}
"""Tickets that do not stand behind all that falls due of others."""


@dataclass(frozen=True, slots=True)
class _Wait:
    """How often in a row nothing came of a document, and until when it is left alone."""

    times: int
    until: datetime


class FallingDue:
    """Finds what is due by `next_due`; of several replicas the conditional write of `do` lets one
    do it. It begins as messages of its lane do: however much is due on the routine one, no
    emergency waits for it. `only` some documents, where that is given.

    What fails, and what is as due afterwards as it was before, is logged, counted and tried again
    less and less often, once a minute in the end.
    """

    def __init__(
        self,
        store: Store,
        collection: str,
        do: Callable[[str], Awaitable[None]],
        *,
        lane: Lane = "routine",
        only: Mapping[str, Any] = ALL,
    ) -> None:
        self._store = store
        self._collection = collection
        self._do = do
        self._begins = partial(store.precedence.on, lane)
        self._only = only
        # A document that cannot be read must not stand before all the others for ever.
        self._waits: dict[str, _Wait] = {}

    async def do_all(self) -> int:
        """Do everything that is due now; how many documents were touched."""
        total = 0
        while True:
            now = self._store.clock.now()
            waiting = [id for id, wait in self._waits.items() if wait.until > now]
            ids = await due_numbers(
                self._store, self._collection, now, limit=BATCH, but=waiting, only=self._only
            )
            await self._do_each(ids, now)
            total += len(ids)
            if len(ids) < BATCH:
                return total

    async def _do_each(self, ids: list[str], now: datetime) -> None:
        failed = await each(self._do, ids, begins=self._begins)
        tried = [id for id in ids if id not in failed]
        left = await still_due(self._store, self._collection, tried, now) if tried else []
        self._note(failed | set(left), now)
        for id in left:
            # Once may be a race: another replica's clock, or a write between look and look.
            if self._waits[id].times > 1:
                logger.error("document_still_due", loop=name_of(self._do), id=id)
                metrics.LOOP_FAULTS.labels(name_of(self._do), "still_due").inc()
        for id in set(tried).difference(left):
            self._waits.pop(id, None)

    def _note(self, fruitless: Iterable[str], now: datetime) -> None:
        for id in fruitless:
            times = self._waits[id].times if id in self._waits else 0
            wait = min(FIRST_WAIT * 2 ** min(times, 6), TRY_AGAIN_AFTER)
            self._waits[id] = _Wait(times + 1, now + wait)
        forgotten = now - 2 * TRY_AGAIN_AFTER
        self._waits = {id: wait for id, wait in self._waits.items() if wait.until > forgotten}


def due_index(only: Mapping[str, Any] = ALL, *, name: str = "due") -> IndexModel:
    """The index of `due_numbers`: only documents with a deadline are in it, or `only` some."""
    return IndexModel(
        [("next_due", ASCENDING)],
        name=name,
        partialFilterExpression={**only, "next_due": {"$type": "date"}},
    )


DEADLINE_INDEXES: Final = (due_index(), due_index(EMERGENCIES, name="emergencies_due"))


async def due_numbers(
    store: Store,
    collection: str,
    now: datetime,
    *,
    limit: int,
    but: Iterable[str] = (),
    only: Mapping[str, Any] = ALL,
) -> list[str]:
    """Documents of a collection with a deadline at or before `now`, the oldest first; `only` some
    where that is given.
    """
    due: dict[str, Any] = {**only, "next_due": {"$lte": now, "$type": "date"}}
    if left_out := sorted(but):
        due["_id"] = {"$nin": left_out}
    docs = await store.find(
        collection, due, sort=[("next_due", ASCENDING)], limit=limit, fields=("_id",)
    )
    return [doc["_id"] for doc in docs]


async def still_due(store: Store, collection: str, ids: list[str], now: datetime) -> list[str]:
    """Which of these documents are due at `now` all the same, after they were looked at."""
    query = {"_id": {"$in": ids}, "next_due": {"$lte": now, "$type": "date"}}
    docs = await store.find(collection, query, limit=len(ids), fields=("_id",))
    return [doc["_id"] for doc in docs]
