"""Messages that were in hand alone when their reader ended: found again, they are the cause."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from pymongo import ASCENDING, IndexModel, ReturnDocument, WriteConcern

from shared.store.store import KeptAsItIs, Store

FORGET_AFTER: Final = timedelta(days=7)
"""What a broker loses, or gives up by itself, never comes to take its mark away."""
QUICKLY: Final = WriteConcern(w=1)
"""A mark must outlive its reader, not the database: one that is lost costs one more reader."""


SUSPECTS: Final = KeptAsItIs(
    name="suspects",
    indexes=(
        IndexModel(
            [("at", ASCENDING)],
            name="suspects_forgotten",
            expireAfterSeconds=int(FORGET_AFTER.total_seconds()),
        ),
    ),
)


class Suspects:
    """Marks of one service's messages, by id; each is there while its message is in hand."""

    def __init__(self, store: Store) -> None:
        self._clock = store.clock
        self._service = store.service
        self._suspects = store.documents("suspects", write_concern=QUICKLY)

    async def mark(self, id: str, queue: str) -> int:
        """Mark a message before it is handled; how often its own mark has been found by now."""
        doc = await self._suspects.find_one_and_update(
            {"_id": id},
            {
                "$inc": {"marked": 1},
                "$set": {"at": self._clock.now(), "queue": queue, "service": self._service},
            },
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        assert doc is not None, "it was made if it was not there"
        return int(doc["marked"]) - 1

    async def unmark(self, *ids: str) -> None:
        """Take the marks away of messages that did not end their reader."""
        await self._suspects.delete_many({"_id": {"$in": list(ids)}})
