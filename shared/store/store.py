"""The store: one conditional write for every change, reads, and the outbox inside documents.

Motor is confined to this folder (docs/decisions): whatever uses the store sees documents, ids
and verdicts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Protocol
from weakref import WeakValueDictionary

from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase
from pymongo import ASCENDING, IndexModel, ReturnDocument, UpdateOne, WriteConcern
from pymongo.errors import OperationFailure
from pymongo.read_concern import ReadConcern

from shared.contracts import Envelope, Lane, MalformedMessage, read_envelope
from shared.documents import Doc
from shared.lanes import Precedence, lane_in_hand
from shared.store.batched_reads import Asked, BatchedReads
from shared.store.change import SAID, SAID_KEPT, Change, Verdict, pending
from shared.store.clock import DatabaseClock
from shared.store.group_commit import (
    LARGEST,
    MARK,
    Documents,
    Operation,
    inserting,
    updating,
    write_all,
)
from shared.store.paging import Listing, Page, beyond, cursor_of, with_sorted
from shared.store.statement_counts import Counting
from shared.store.together import Together
from shared.telemetry import logger

Client = AsyncIOMotorClient[Doc]
Database = AsyncIOMotorDatabase[Doc]

MADE_OTHERWISE: Final = 86
"""What the database says of an index whose name stands for other keys (IndexKeySpecsConflict)."""
_NO_INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {}
WALKED_AT_ONCE: Final = 100
"""Documents of one read of a walk: a millisecond or two of the event loop."""
WAITING: Final = "outbox_waiting"
RELAY_AFTER: Final[Mapping[Lane, timedelta]] = {
    "urgent": timedelta(seconds=1),
    "routine": timedelta(seconds=30),
}
"""An event older than this was left behind by a crash; younger ones are still under way."""


class Kept(Protocol):
    """What of a collection the store has to know; a `CollectionSpec` says it of values."""

    @property
    def name(self) -> str:
        """The collection."""

    @property
    def kind(self) -> str | None:
        """What begins the ids of its events; None where it says nothing, and has no outbox."""

    @property
    def alerts(self) -> bool:
        """Whether some of its events may be urgent."""

    @property
    def indexes(self) -> Sequence[IndexModel]:
        """But for that of the outbox."""


@dataclass(frozen=True, kw_only=True)
class KeptAsItIs:
    """A collection of documents that are made once, or changed in one statement: no values."""

    name: str
    kind: str | None = None
    alerts: bool = False
    indexes: Sequence[IndexModel] = ()


class Outbox(Protocol):
    """Whoever publishes what a write left in the outbox."""

    async def hand_over(self, collection: str, id: str, envelopes: Sequence[Envelope]) -> None:
        """Take events that are safely stored; they need not be published on return."""


def connect(url: str, *, counted: bool = False) -> Client:
    """A client that writes by majority with journal and reads what the majority has.

    With `counted` each statement shows in the metrics, for up to a fifth of its processor time.
    """
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
        event_listeners=[Counting()] if counted else [],
    )


class Store:
    """One service's hands on the database. `service` owns the events it writes."""

    def __init__(
        self,
        client: Client,
        database: str,
        *,
        service: str,
        outbox: Outbox | None = None,
        urgent: Client | None = None,
    ) -> None:
        """Use `urgent` for the urgent lane, so that an alert never waits for a connection."""
        self.client = client
        self.service = service
        self.name = database
        self._database = _database(client, database)
        self._databases: Mapping[Lane, Database] = {
            "urgent": _database(urgent or client, database),
            "routine": self._database,
        }
        self.clock = DatabaseClock(self._database)
        self.outbox = outbox
        self.precedence = Precedence()
        self._speaking: Mapping[str, Kept] = {}
        self._groups: dict[str, Together[Operation, Verdict]] = {}
        self._gatherings: dict[Asked, BatchedReads] = {}
        self._turns: WeakValueDictionary[tuple[Lane, str, str], asyncio.Lock] = (
            WeakValueDictionary()
        )
        # Driver objects are dear to make, and asked for many times a message.
        self._collections: dict[tuple[Lane, str], Documents] = {}

    def aclose(self) -> None:
        """Let go of the connections."""
        for database in self._databases.values():
            database.client.close()

    async def start(
        self, keeps: Sequence[Kept], indexes: Mapping[str, Sequence[IndexModel]] = _NO_INDEXES
    ) -> None:
        """Measure the clock; make the indexes of what this service keeps, and those that its
        questions to others' collections need.
        """
        await self.clock.refresh()
        preparing = (
            _prepare(self._database[name], list(models))
            for name, models in _all_indexes(keeps, indexes).items()
            if models
        )
        # Side by side, since the server spends most of each waiting for its disk.
        for outcome in await asyncio.gather(*preparing, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome
        self._speaking = {each.name: each for each in keeps if each.kind is not None}

    def documents(self, name: str, **options: Any) -> Documents:
        """The driver's own collection, for what is changed in statements of its own."""
        return self._database.get_collection(name, **options)

    async def probe(self) -> None:
        """Write something small; raises what a write would raise now."""
        await self._database["probes"].update_one(
            {"_id": self.service}, {"$inc": {"n": 1}}, upsert=True
        )

    async def write(self, change: Change) -> Verdict:
        """Write a change with its events in one conditional write, then hand the events over.

        LOST changes nothing and emits nothing. Raises what `STORE_DOWN` lists when the store is
        away; then nobody knows whether it was written, and repeating it is safe.
        """
        envelopes = change.envelopes(self.service)
        operation = self._operation(change, envelopes)
        verdict = await self._write(change.collection, operation, change.lane)
        if verdict is Verdict.WON and envelopes and self.outbox is not None:
            await self.outbox.hand_over(change.collection, change.id, envelopes)
        return verdict

    def _operation(self, change: Change, envelopes: Sequence[Envelope]) -> Operation:
        waiting = [pending(envelope, self.service) for envelope in envelopes]
        said = [envelope.digest() for envelope in envelopes]
        if change.insert is not None:
            kept = {"_id": change.id, change.counted_by: change.version}
            outbox = {"outbox": waiting, SAID: said} if change.kind else {}
            return inserting({MARK: self.service, **change.insert, **kept, **outbox})
        pushing: Doc = {key: {"$each": list(values)} for key, values in change.push.items()}
        if waiting:
            pushing |= {
                "outbox": {"$each": waiting},
                SAID: {"$each": said, "$slice": -SAID_KEPT},
            }
        update: Doc = {"$set": {**change.set, change.counted_by: change.version}}
        if pushing:
            update["$push"] = pushing
        if change.unset:
            update["$unset"] = dict.fromkeys(change.unset, "")
        return updating(change.id, change.version - 1, update, counted_by=change.counted_by)

    async def _write(self, collection: str, operation: Operation, lane: Lane) -> Verdict:
        """Routine work goes with its neighbours, what is urgent at once and alone."""
        if lane == lane_in_hand() == "routine":
            group = self._groups.get(collection)
            if group is None:
                work = partial(write_all, self._collection(collection))
                group = Together(work, self.precedence, at_once=LARGEST)
                self._groups[collection] = group
            return await group.do(operation)
        [outcome] = await write_all(self._collection(collection, "urgent"), [operation])
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _collection(self, name: str, lane: Lane = "routine") -> Documents:
        found = self._collections.get((lane, name))
        if found is None:
            found = self._collections[lane, name] = self._databases[lane][name]
        return found

    async def get(self, collection: str, id: str, *, fields: Sequence[str] = ()) -> Doc | None:
        """One document by id, whole or with the fields named; not to be changed.

        Routine reads go with their neighbours, what is urgent at once and alone.
        """
        if lane_in_hand() == "urgent":
            projection = dict.fromkeys(fields, 1) or None
            return await self._collection(collection, "urgent").find_one({"_id": id}, projection)
        found = await self.having(Asked(collection, fields=tuple(fields)), id)
        return found[0] if found else None

    async def having(self, asked: Asked, key: str) -> list[Doc]:
        """The documents that carry this key, as `asked`; not to be changed. Routine work alone: it
        goes with its neighbours that ask the same.
        """
        batched_reads = self._gatherings.get(asked)
        if batched_reads is None:
            collection = self._collection(asked.collection)
            batched_reads = self._gatherings[asked] = BatchedReads(
                collection, asked, self.precedence
            )
        return await batched_reads.get(key)

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
        found = self._collection(collection, lane_in_hand()).find(query, projection)
        cursor = found.sort(list(sort)).limit(limit)
        return await cursor.to_list(limit)

    async def walk(
        self,
        collection: str,
        query: Mapping[str, Any],
        *,
        sort: Sequence[tuple[str, int]] = (),
        fields: Sequence[str] = (),
        at_once: int = WALKED_AT_ONCE,
    ) -> AsyncIterator[Doc]:
        """Every document in `sort` order, whole or with the fields named. However many they are,
        other work goes on between one read and the next, and what is urgent holds the next one
        back. What is written meanwhile may or may not be among them.
        """
        async for docs in self.batches(collection, query, sort=sort, fields=fields, size=at_once):
            for doc in docs:
                yield doc

    async def everything(
        self, collection: str, query: Mapping[str, Any], *, fields: Sequence[str] = ()
    ) -> list[Doc]:
        """Every document of a query at once, whole or with the fields named, without giving way:
        for what a process must know, such as who is believed, also while an emergency runs.
        """
        wanted = dict.fromkeys(fields, 1) or None
        found = self._collection(collection, lane_in_hand()).find(query, wanted)
        return await found.to_list(None)

    async def batches(
        self,
        collection: str,
        query: Mapping[str, Any],
        *,
        size: int,
        sort: Sequence[tuple[str, int]] = (),
        fields: Sequence[str] = (),
    ) -> AsyncIterator[list[Doc]]:
        """The same, so many at a time."""
        wanted = dict.fromkeys(fields, 1) or None
        found = self._collection(collection, lane_in_hand()).find(query, wanted)
        cursor = (found.sort(list(sort)) if sort else found).batch_size(size)
        while docs := await cursor.to_list(size):
            yield docs
            await self.precedence.step()

    async def page(
        self,
        collection: str,
        listing: Listing,
        *,
        after: str | None,
        limit: int,
        fields: Sequence[str],
    ) -> Page[Doc]:
        """At most `limit` documents of a list from the cursor on, and the next page's cursor.

        Raises MalformedMessage for a cursor that was not given out here.
        """
        query = listing.query
        if after:
            query = {"$and": [query, beyond(after, listing.order)]}
        docs = await self.find(
            collection,
            query,
            sort=listing.order.sort,
            limit=limit + 1,
            fields=fields and with_sorted(fields, listing.order.by),
        )
        shown = docs[:limit]
        following = cursor_of(shown[-1], listing.order) if len(docs) > limit else None
        return Page(shown, following)

    async def count_roughly(self, collection: str) -> int:
        """How many documents there are, from the metadata: cheap, and good for progress."""
        return await self._collection(collection).estimated_document_count()

    async def count(self, collection: str, query: Mapping[str, Any], *, most: int) -> int:
        """How many documents a query fits, at most `most`: no index is counted to its end."""
        counted = self._collection(collection, lane_in_hand())
        return await counted.count_documents(query, limit=most)

    def turn(self, collection: str, id: str) -> asyncio.Lock:
        """Changes of one document in this process go one after the other: only another process can
        make one lose. A lane waits for its own kind alone, or an emergency would wait for what
        gives way to it.
        """
        key = (lane_in_hand(), collection, id)
        turn = self._turns.get(key)
        if turn is None:
            turn = self._turns[key] = asyncio.Lock()
        return turn

    async def aggregate(self, collection: str, pipeline: Sequence[Doc]) -> list[Doc]:
        """The rows of an aggregation; for counts, never for lists that grow with the tickets."""
        return await self._database[collection].aggregate(list(pipeline)).to_list(None)

    async def insert_once(self, collection: str, doc: Mapping[str, Any]) -> bool:
        """Insert a document without events; False when its `_id` is there already."""
        operation = inserting({**doc, MARK: self.service})
        return await self._write(collection, operation, lane_in_hand()) is Verdict.WON

    async def take(self, collection: str, query: Mapping[str, Any]) -> Doc | None:
        """Remove one document that the query fits, and return it: of many takers one gets it."""
        return await self._collection(collection, lane_in_hand()).find_one_and_delete(dict(query))

    async def upsert(
        self, collection: str, id: str, update: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    ) -> Doc:
        """Change one document without events by one statement, or make it; as it is then. For
        counters: however many count at once, each is in it. The server itself tries again where two
        made it at once.
        """
        upserting = self._collection(collection, lane_in_hand())
        found: Doc = await upserting.find_one_and_update(
            {"_id": id}, update, upsert=True, return_document=ReturnDocument.AFTER
        )
        return found

    async def change_many(
        self, collection: str, query: Mapping[str, Any], update: Mapping[str, Any]
    ) -> int:
        """Change every document without events that the query fits, each in one statement; how
        many.
        """
        changing = self._collection(collection, lane_in_hand())
        return int((await changing.update_many(dict(query), dict(update))).modified_count)

    async def remove_many(self, collection: str, query: Mapping[str, Any]) -> int:
        """Delete every document that a query fits; how many."""
        done = await self._collection(collection, lane_in_hand()).delete_many(query)
        return done.deleted_count

    async def left_behind(self, *, limit: int) -> AsyncIterator[tuple[str, str, Envelope]]:
        """Events of this service that are older than their lane's relay time."""
        now = self.clock.now()
        for lane, age in RELAY_AFTER.items():  # all that is urgent before anything else
            for collection, kept in self._speaking.items():
                if lane == "urgent" and not kept.alerts:
                    continue
                waiting = {"service": self.service, "lane": lane, "at": {"$lt": now - age}}
                async for found in self._waiting(collection, waiting, now - age, limit):
                    yield found

    async def urgent_waiting(
        self,
        collections: Sequence[str],
        *,
        older_than: timedelta,
        limit: int,
        but: Container[str] = (),
    ) -> AsyncIterator[Envelope]:
        """Urgent events of any service in these collections that nobody has published for so long
        (promise 7), but those whose ids are left out.
        """
        before = self.clock.now() - older_than
        for collection in collections:
            waiting = {"lane": "urgent", "at": {"$lt": before}}
            found = self._waiting(collection, waiting, before, limit, but=but)
            async for _, _, envelope in found:
                yield envelope

    async def _waiting(
        self,
        collection: str,
        waiting: Doc,
        before: datetime,
        limit: int,
        *,
        but: Container[str] = (),
    ) -> AsyncIterator[tuple[str, str, Envelope]]:
        query = {"outbox": {"$elemMatch": waiting}, "outbox.0": {"$exists": True}}
        # The oldest first: with more waiting than one look takes, nobody waits for ever.
        found = self._collection(collection).find(query, {"outbox": 1})
        cursor = found.sort("outbox.at", ASCENDING).limit(limit)
        async for doc in cursor:
            for entry in doc["outbox"]:
                wanted = all(entry[k] == v for k, v in waiting.items() if k != "at")
                if not wanted or entry["at"] >= before or entry["id"] in but:
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
        outcomes = await write_all(self._collection(collection), operations) if operations else []
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome

    async def count_waiting(self) -> int:
        """How many documents hold events of this service that are not yet published."""
        return sum(
            [
                await self._collection(collection).count_documents(
                    {"outbox.service": self.service, "outbox.0": {"$exists": True}},
                    limit=10_000,
                    hint=WAITING,  # nothing in the question leads there by itself
                )
                for collection in self._speaking
            ]
        )

    async def oldest_waiting(self) -> datetime | None:
        """Since when the oldest event of this service waits that is not yet published."""
        found: list[datetime] = []
        for collection in self._speaking:
            cursor = self._collection(collection).find(
                {"outbox.service": self.service, "outbox.0": {"$exists": True}}, {"outbox": 1}
            )
            async for doc in cursor.hint(WAITING).sort("outbox.at", ASCENDING).limit(1):
                found += [e["at"] for e in doc["outbox"] if e["service"] == self.service]
        return min(found, default=None)


def _all_indexes(
    keeps: Sequence[Kept], indexes: Mapping[str, Sequence[IndexModel]]
) -> Mapping[str, Sequence[IndexModel]]:
    """By collection; several kinds of value may lie over the same documents."""
    found: dict[str, list[IndexModel]] = {name: list(own) for name, own in indexes.items()}
    for each in keeps:
        own = found.setdefault(each.name, [])
        named = {index.document["name"] for index in own}
        outbox = () if each.kind is None or WAITING in named else (outbox_index(),)
        own += [*outbox, *each.indexes]
    return found


async def _prepare(collection: Documents, models: list[IndexModel]) -> None:
    """Make a collection's indexes; one that a version before made otherwise is made anew."""
    try:
        await collection.create_indexes(models)
    except OperationFailure as error:
        if error.code != MADE_OTHERWISE:
            raise
        there = await collection.index_information()
        for name, key in ((m.document["name"], [*m.document["key"].items()]) for m in models):
            if name in there and there[name]["key"] != key:
                logger.warning("index_made_anew", collection=collection.name, index=name)
                await collection.drop_index(name)
        await collection.create_indexes(models)


def _database(client: Client, name: str) -> Database:
    return client.get_database(
        name,
        codec_options=CodecOptions(tz_aware=True),
        write_concern=WriteConcern(w="majority", j=True),
        read_concern=ReadConcern("majority"),
    )


def forget_at(field: str, *, name: str) -> IndexModel:
    """The store forgets a document by itself at the time in this field. The server's clock decides,
    so a trial's day lasts longer.
    """
    return IndexModel([(field, ASCENDING)], name=name, expireAfterSeconds=0)


def outbox_index() -> IndexModel:
    """The index of the relay and the sweep: only documents with something waiting are in it."""
    return IndexModel(
        [("outbox.at", ASCENDING)],
        name=WAITING,
        partialFilterExpression={"outbox.0": {"$exists": True}},
    )
