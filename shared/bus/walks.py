"""Once through all documents of a collection, in small batches, from where it left off: what is
derived from a document is made anew while all goes on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from shared.bus.loops import each
from shared.documents import Doc
from shared.store import Store
from shared.telemetry import logger

PROGRESS: Final = "reindexing"
BATCH: Final = 100
"""Each takes a tenth of a millisecond or so; the routine goes on beside them."""


class Walk:
    """One way through a collection, known by its id; what is added meanwhile is made as new."""

    def __init__(self, store: Store, collection: str, id: str, *, fields: Sequence[str]) -> None:
        self._store = store
        self._collection = collection
        self._id = id
        self._fields = tuple(fields)

    async def go(self, fit: Callable[[Doc], Awaitable[None]], *, batch: int = BATCH) -> None:
        """Go on to the end, unless it was reached before; where one cannot be made to fit, the next
        time begins with its batch.
        """
        while (after := await self._after()) is not None:
            docs = await self._store.find(
                self._collection, {"_id": {"$gt": after}}, limit=batch, fields=self._fields
            )
            found = {doc["_id"]: doc for doc in docs}
            failed = await each(
                lambda each_id: fit(found[each_id]),  # noqa: B023 - awaited here
                found,
                begins=self._store.precedence.routine,
            )
            if failed:
                return  # they are logged
            await self._reached(docs[-1]["_id"] if docs else after, done=len(docs) < batch)

    async def _after(self) -> str | None:
        """The last one that is done; None when all are."""
        doc = await self._store.documents(PROGRESS).find_one({"_id": self._id})
        if doc is None:
            return ""
        return None if doc["done"] else doc["after"]

    async def _reached(self, after: str, *, done: bool) -> None:
        progress = {"$set": {"after": after, "done": done}}
        await self._store.documents(PROGRESS).update_one({"_id": self._id}, progress, upsert=True)
        if done:
            logger.info("reindexed", way=self._id)
