"""Messages that could not be handled: kept whole with their reason, replayed to their one queue.

An entry with a `next_at` is tried again by itself; one without is a dead letter and waits for
somebody, unless its sender has been answered. Nothing is dropped but by a person who says why, or
when nobody has asked for it in KEPT. Of what a sender alone is to blame for, so much is kept whole;
of all that is of one sender, so many are told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo import ASCENDING, IndexModel

from shared.documents import Doc
from shared.store.change import SAID, pending
from shared.store.paging import Listing, Order, Page
from shared.store.parked_entry import (
    PARKED_KIND,
    ParkedMessage,
    cry_of,
    entry_id,
    entry_of,
    others_of,
    pile_of,
)
from shared.store.store import KeptAsItIs, Store

LEASE: Final = timedelta(seconds=30)
"""A replica that dies while replaying is relieved after this."""
MAX_LISTED: Final = 200
MOST_OF_ONE: Final = 1_000
MOST_BYTES_OF_ONE: Final = 32 * 1024 * 1024
"""So many dead letters of one pile are kept whole, and so large they are; of the others we know how
many. A body may have 256 kB, and a thousand of these would be a quarter of a gigabyte."""
MOST_TOLD: Final = 10
"""Of one pile within TOLD_WITHIN; then once that there are more."""
TOLD_WITHIN: Final = timedelta(hours=1)
ENDING_TRIES: Final = 20
ENDING_PAUSE_SECONDS: Final = 0.1
NEWEST: Final = Order("parked_at", newest=True)
SHOWN: Final = (
    "queue",
    "reason",
    "detail",
    "attempts",
    "parked_at",
    "next_at",
    "principal",
    "routing_key",
    "answered",
    "cut",
    "more",
    "ends_at",
)
"""What a list has of an entry."""


PARKED: Final = KeptAsItIs(
    name="parked",
    kind=PARKED_KIND,
    alerts=True,
    indexes=(
        IndexModel([("service", ASCENDING), ("next_at", ASCENDING)], name="parked_due"),
        # Answers both questions about a pile by itself: no entry is read for them, with its body.
        IndexModel(
            [
                ("service", ASCENDING),
                ("pile", ASCENDING),
                ("told_at", ASCENDING),
                ("bytes", ASCENDING),
            ],
            name="parked_of_one",
        ),
        IndexModel([("service", ASCENDING), *NEWEST.sort], name="parked_newest"),
        # The database itself ends them, by the time outside.
        IndexModel([("ends_at", ASCENDING)], name="parked_ending", expireAfterSeconds=0),
    ),
)


class ParkedMessages:
    """One service's own entries in `parked`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._parked = store.documents("parked")

    async def park(self, message: ParkedMessage) -> str:
        """Keep a message; the same delivery parked twice is one entry. Returns the entry's id: that
        of all the others where there is no room for it in its sender's pile.
        """
        now = self._store.clock.now()
        told = message.must_be_told
        if message.is_bounded and not await self._has_room(message):
            return await self._count(message, now)
        if told and pile_of(message) is not None and await self._was_told_enough(message, now):
            await self._count(message, now)
            told = False
        id = entry_id(message.queue, message.message_id, message.fingerprint)
        kept = {"$set": entry_of(message, self._store.service, now)}
        if told:
            await self._tell(message, id, now, {"_id": id}, kept)
        else:
            await self._parked.update_one({"_id": id}, kept, upsert=True)
        return id

    async def _has_room(self, message: ParkedMessage) -> bool:
        """Whether a message's pile has fewer entries, and is smaller, than what is kept whole."""
        cursor = self._parked.aggregate(
            [
                {"$match": {"service": self._store.service, "pile": pile_of(message)}},
                {"$limit": MOST_OF_ONE},
                {"$group": {"_id": None, "n": {"$sum": 1}, "bytes": {"$sum": "$bytes"}}},
            ]
        )
        found = await cursor.to_list(1)
        return not found or (
            found[0]["n"] < MOST_OF_ONE
            and found[0]["bytes"] + len(message.body) <= MOST_BYTES_OF_ONE
        )

    async def _was_told_enough(self, message: ParkedMessage, now: datetime) -> bool:
        """Whether so many of a message's pile were told lately that one more tells nothing."""
        lately = {"told_at": {"$gt": now - TOLD_WITHIN}}
        query = {"service": self._store.service, "pile": pile_of(message), **lately}
        return await self._parked.count_documents(query, limit=MOST_TOLD) >= MOST_TOLD

    async def _count(self, message: ParkedMessage, now: datetime) -> str:
        """Count a message at the one entry that stands for its pile's others; where one of them
        must be told, that one is, once within TOLD_WITHIN.
        """
        others, service = others_of(message), self._store.service
        id = entry_id(service, "", others.fingerprint)
        counted = {"$inc": {"more": 1}, "$setOnInsert": entry_of(others, service, now)}
        await self._parked.update_one({"_id": id}, counted, upsert=True)
        if message.must_be_told:
            untold = {"_id": id, "told_at": {"$not": {"$gt": now - TOLD_WITHIN}}}
            await self._tell(others, id, now, untold, {"$set": {}}, upsert=False)
        return id

    async def _tell(
        self,
        message: ParkedMessage,
        id: str,
        now: datetime,
        where: Doc,
        change: Doc,
        *,
        upsert: bool = True,
    ) -> None:
        """Change an entry, and say in the same write that somebody must look at it."""
        envelope = cry_of(message, id, self._store.service, now)
        update = {
            "$set": change["$set"] | {"told_at": now},
            "$push": {"outbox": pending(envelope, self._store.service), SAID: envelope.digest()},
        }
        done = await self._parked.update_one(where, update, upsert=upsert)
        if (done.modified_count or done.upserted_id) and self._store.outbox is not None:
            await self._store.outbox.hand_over("parked", id, [envelope])

    async def take_due(self) -> Doc | None:
        """Lease one entry whose time has come; None when there is none."""
        now = self._store.clock.now()
        return await self._parked.find_one_and_update(
            {"service": self._store.service, "next_at": {"$lte": now}},
            {"$set": {"next_at": now + LEASE}},
            sort=[("next_at", ASCENDING)],
        )

    async def done(self, entry: Mapping[str, Any]) -> None:
        """The message is in its queue again. If it failed there and was parked anew meanwhile,
        that parking stays.
        """
        await self._end({key: entry[key] for key in ("_id", "parked_at", "attempts")})

    async def discard(self, id: str) -> bool:
        """End an entry that nobody needs; False where what it says of itself is not published."""
        return await self._end({"_id": id, "service": self._store.service})

    async def _end(self, which: Doc) -> bool:
        """End an entry, if it is there still. What it says of itself is published first, within the
        moment, or when the broker is back: then it ends with the next attempt.
        """
        for _ in range(ENDING_TRIES):
            said = {**which, "outbox.0": {"$exists": False}}
            if (await self._parked.delete_one(said)).deleted_count:
                return True
            if await self._parked.count_documents(which, limit=1) == 0:
                return True
            await asyncio.sleep(ENDING_PAUSE_SECONDS)
        return False

    async def listed(self, *, after: str | None = None, limit: int = MAX_LISTED) -> Page[Doc]:
        """Entries of this service without their bodies, the newest first, from the cursor on.

        Raises MalformedMessage for a cursor that was not given out here.
        """
        return await self._store.page(
            "parked",
            Listing(within={"service": self._store.service}, order=NEWEST),
            after=after,
            limit=min(limit, MAX_LISTED),
            fields=SHOWN,
        )

    async def get(self, id: str) -> Doc | None:
        """One entry of this service, whole."""
        return await self._parked.find_one({"_id": id, "service": self._store.service})

    async def count_by_reason(self) -> dict[str, int]:
        """How many entries wait, by reason; what its sender has been told of waits for nobody."""
        cursor = self._parked.aggregate(
            [
                {"$match": {"service": self._store.service, "answered": {"$ne": True}}},
                {"$group": {"_id": "$reason", "n": {"$sum": 1}}},
            ]
        )
        return {row["_id"]: row["n"] async for row in cursor}
