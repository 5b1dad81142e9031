"""The store: one conditional write for every change, reads, and the outbox inside documents.

Motor is confined to this folder (docs/decisions): whatever uses the store sees documents, ids
and verdicts.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase
from pymongo import ASCENDING, IndexModel, UpdateOne, WriteConcern
from pymongo.errors import DuplicateKeyError
from pymongo.read_concern import ReadConcern

from shared.contracts import Envelope, Lane, MalformedMessage, read_envelope
from shared.store.change import Change, Doc, Verdict, pending
from shared.store.clock import DatabaseClock
from shared.telemetry import logger

Client = AsyncIOMotorClient[Doc]
Database = AsyncIOMotorDatabase[Doc]

RELAY_AFTER: Final[Mapping[Lane, timedelta]] = {
    "urgent": timedelta(seconds=1),
    "routine": timedelta(seconds=30),
}
"""An event older than this was left behind by a crash; younger ones are still under way."""
EMITTING: Final = ("tickets", "emergencies", "messages", "surveys")
"""Collections whose documents carry an outbox."""


class Outbox(Protocol):
    """Whoever publishes what a write left in the outbox."""

    async def hand_over(self, collection: str, id: str, envelopes: Sequence[Envelope]) -> None:
        """Take events that are safely stored; they need not be published on return."""


def connect(url: str) -> Client:
    """A client that writes by majority with journal and reads what the majority has."""
    return AsyncIOMotorClient(
        url,
        tz_aware=True,
        w="majority",
        journal=True,
        readConcernLevel="majority",
        retryWrites=True,
        serverSelectionTimeoutMS=3_000,
        connectTimeoutMS=3_000,
        socketTimeoutMS=15_000,
        maxPoolSize=100,
    )


class Store:
    """One service's hands on the database. `service` owns the events it writes."""

    def __init__(
        self, client: Client, database: str, *, service: str, outbox: Outbox | None = None
    ) -> None:
        self.client = client
        self.service = service
        self.database: Database = client.get_database(
            database,
            codec_options=CodecOptions(tz_aware=True),
            write_concern=WriteConcern(w="majority", j=True),
            read_concern=ReadConcern("majority"),
        )
        self.clock = DatabaseClock(self.database)
        self.outbox = outbox

    async def start(self, indexes: Mapping[str, Sequence[IndexModel]]) -> None:
        """Measure the clock and make the indexes this service's questions need."""
        await self.clock.refresh()
        for collection, models in indexes.items():
            await self.database[collection].create_indexes(list(models))

    async def probe(self) -> None:
        """Write something small; raises what a write would raise now."""
        await self.database["probes"].update_one(
            {"_id": self.service}, {"$inc": {"n": 1}}, upsert=True
        )

    async def write(self, change: Change) -> Verdict:
        """Write a change with its events in one conditional write, then hand the events over.

        LOST changes nothing and emits nothing. Raises what `STORE_DOWN` lists when the store is
        away; then nobody knows whether it was written, and repeating it is safe.
        """
        envelopes = change.envelopes(self.service)
        waiting = [pending(envelope, self.service) for envelope in envelopes]
        if change.insert is not None:
            verdict = await self._insert(change, waiting)
        else:
            verdict = await self._update(change, waiting)
        if verdict is Verdict.WON and envelopes and self.outbox is not None:
            await self.outbox.hand_over(change.collection, change.id, envelopes)
        return verdict

    async def _insert(self, change: Change, waiting: list[Doc]) -> Verdict:
        doc = {**(change.insert or {}), "_id": change.id, "version": change.version}
        try:
            await self.database[change.collection].insert_one(doc | {"outbox": waiting})
        except DuplicateKeyError:
            return Verdict.LOST
        return Verdict.WON

    async def _update(self, change: Change, waiting: list[Doc]) -> Verdict:
        pushing = {key: {"$each": list(values)} for key, values in change.push.items()}
        if waiting:
            pushing["outbox"] = {"$each": waiting}
        update: Doc = {"$set": {**change.set, "version": change.version}}
        if pushing:
            update["$push"] = pushing
        result = await self.database[change.collection].update_one(
            {"_id": change.id, "version": change.version - 1}, update
        )
        return Verdict.WON if result.modified_count else Verdict.LOST

    async def get(self, collection: str, id: str) -> Doc | None:
        """One document by id."""
        return await self.database[collection].find_one({"_id": id})

    async def find(
        self,
        collection: str,
        query: Mapping[str, Any],
        *,
        sort: Sequence[tuple[str, int]] = (("_id", ASCENDING),),
        limit: int,
        fields: Sequence[str] | None = None,
    ) -> list[Doc]:
        """At most `limit` documents in `sort` order, all fields or only those named."""
        projection = dict.fromkeys(fields, 1) if fields else None
        cursor = self.database[collection].find(query, projection).sort(list(sort)).limit(limit)
        return await cursor.to_list(limit)

    async def aggregate(self, collection: str, pipeline: Sequence[Doc]) -> list[Doc]:
        """The rows of an aggregation; for counts, never for lists that grow with the tickets."""
        return await self.database[collection].aggregate(list(pipeline)).to_list(None)

    async def insert_once(self, collection: str, doc: Mapping[str, Any]) -> bool:
        """Insert a document without events; False when its `_id` is there already."""
        try:
            await self.database[collection].insert_one(dict(doc))
        except DuplicateKeyError:
            return False
        return True

    async def left_behind(self, *, limit: int) -> AsyncIterator[tuple[str, str, Envelope]]:
        """Events of this service that are older than their lane's relay time."""
        now = self.clock.now()
        for lane, age in RELAY_AFTER.items():  # all that is urgent before anything else
            for collection in EMITTING:
                waiting = {"service": self.service, "lane": lane, "at": {"$lt": now - age}}
                async for found in self._waiting(collection, waiting, now - age, limit):
                    yield found

    async def urgent_waiting(self, *, limit: int) -> AsyncIterator[Envelope]:
        """Urgent events of any service that nobody has published within a second (promise 7)."""
        before = self.clock.now() - RELAY_AFTER["urgent"]
        for collection in EMITTING:
            waiting = {"lane": "urgent", "at": {"$lt": before}}
            async for _, _, envelope in self._waiting(collection, waiting, before, limit):
                yield envelope

    async def _waiting(
        self, collection: str, waiting: Doc, before: datetime, limit: int
    ) -> AsyncIterator[tuple[str, str, Envelope]]:
        query = {"outbox": {"$elemMatch": waiting}, "outbox.0": {"$exists": True}}
        # The oldest first: with more waiting than one look takes, nobody waits for ever.
        found = self.database[collection].find(query, {"outbox": 1})
        cursor = found.sort("outbox.at", ASCENDING).limit(limit)
        async for doc in cursor:
            for entry in doc["outbox"]:
                wanted = all(entry[k] == v for k, v in waiting.items() if k != "at")
                if not wanted or entry["at"] >= before:
                    continue
                try:
                    yield collection, doc["_id"], read_envelope(entry["body"].encode())
                except MalformedMessage as fault:
                    # Written by another release, perhaps: it must not stand before the others.
                    logger.error("outbox_entry_unreadable", event_id=entry["id"], why=str(fault))

    async def clear(self, collection: str, published: Mapping[str, Sequence[str]]) -> None:
        """Take published events (document id → event ids) out of their outboxes; no new version."""
        operations = [
            UpdateOne({"_id": id}, {"$pull": {"outbox": {"id": {"$in": list(events)}}}})
            for id, events in published.items()
        ]
        if operations:
            await self.database[collection].bulk_write(operations, ordered=False)

    async def count_waiting(self) -> int:
        """How many documents hold events of this service that are not yet published."""
        return sum(
            [
                await self.database[collection].count_documents(
                    {"outbox.service": self.service, "outbox.0": {"$exists": True}}, limit=10_000
                )
                for collection in EMITTING
            ]
        )


def outbox_index() -> IndexModel:
    """The index of the relay and the sweep: only documents with something waiting are in it."""
    return IndexModel(
        [("outbox.at", ASCENDING)],
        name="outbox_waiting",
        partialFilterExpression={"outbox.0": {"$exists": True}},
    )
