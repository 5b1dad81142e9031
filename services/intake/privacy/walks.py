"""Once through all tickets, in small batches, from where it left off: what is derived from a ticket
is made anew while all goes on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from shared.bus.loops import each
from shared.store import Doc, Store
from shared.telemetry import logger

PROGRESS: Final = "reindexing"
BATCH: Final = 100
"""Each takes a tenth of a millisecond or so; the routine goes on beside them."""


class TicketWalk:
    """One way through all tickets, known by its id; what is registered meanwhile is made as new."""

    def __init__(self, store: Store, id: str, *, fields: Sequence[str]) -> None:
        self._store = store
        self._id = id
        self._fields = tuple(fields)

    async def go(self, fit: Callable[[Doc], Awaitable[None]], *, batch: int = BATCH) -> None:
        """Go on to the end, unless it was reached before; where a ticket cannot be made to fit, the
        next time begins with its batch.
        """
        while (after := await self._after()) is not None:
            docs = await self._store.find(
                "tickets", {"_id": {"$gt": after}}, limit=batch, fields=self._fields
            )
            found = {doc["_id"]: doc for doc in docs}
            failed = await each(
                lambda number: fit(found[number]),  # noqa: B023 - awaited here
                found,
                begins=self._store.precedence.routine,
            )
            if failed:
                return  # they are logged
            await self._reached(docs[-1]["_id"] if docs else after, done=len(docs) < batch)

    async def _after(self) -> str | None:
        """The last ticket that is done; None when all are."""
        doc = await self._store.documents(PROGRESS).find_one({"_id": self._id})
        if doc is None:
            return ""
        return None if doc["done"] else doc["after"]

    async def _reached(self, after: str, *, done: bool) -> None:
        progress = {"$set": {"after": after, "done": done}}
        await self._store.documents(PROGRESS).update_one({"_id": self._id}, progress, upsert=True)
        if done:
            logger.info("reindexed", way=self._id)
