"""Messages that could not be handled: kept whole with their reason, replayed to their one queue.

An entry with a `next_at` is tried again by itself; one without is a dead letter and waits for
somebody, unless its sender has been answered. Nothing is dropped but by a person who says why, or
when nobody has asked for it in KEPT. Of one sender so many are kept whole, and so many told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo import ASCENDING, IndexModel

from shared.contracts import Envelope
from shared.contracts.parked import ParkedUrgent
from shared.documents import Doc
from shared.store.change import SAID, pending
from shared.store.group_commit import MARK
from shared.store.paging import Listing, Order, Page
from shared.store.store import KeptAsItIs, Store

LEASE: Final = timedelta(seconds=30)
"""A replica that dies while replaying is relieved after this."""
MAX_LISTED: Final = 200
KEPT: Final = timedelta(days=90)
"""A dead letter that nobody has sent again in a quarter of a year ends by itself."""
KEPT_ANSWERED: Final = timedelta(days=7)
"""What its sender has been told of is kept for whoever asks about it."""
MOST_OF_ONE: Final = 1_000
"""Dead letters of one sender that are kept whole; of the others we know how many."""
MOST_TOLD: Final = 10
"""Of one sender within TOLD_WITHIN; then once that there are more."""
TOLD_WITHIN: Final = timedelta(hours=1)
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
    "more",
    "ends_at",
)
"""What a list has of an entry."""
TOO_MANY: Final = "too_many"
"""The reason of the one entry that stands for all others of a sender."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedMessage:
    """One message as it came; where `sealed`, headers and id are sealed together with the body.

    `fingerprint` is the same for the same delivery, so that parking it twice makes one entry.
    """

    queue: str
    fingerprint: str
    message_id: str
    reason: str
    detail: str
    attempts: int
    headers: Mapping[str, Any]
    body: bytes
    sealed: bool
    next_at: datetime | None
    content_type: str | None = None
    routing_key: str = ""
    principal: str | None = None
    alerts: bool = False
    answered: bool = False

    @property
    def is_from_outside(self) -> bool:
        """Whether a stranger sent it, who may send as much as they like."""
        return self.sealed

    @property
    def is_dead(self) -> bool:
        """Whether it is never tried again by itself."""
        return self.next_at is None

    @property
    def must_be_told(self) -> bool:
        """Whether somebody hears of it at once: because of it nobody may have been called to an
        emergency, and no later attempt will see to that.
        """
        return self.alerts and self.is_dead

    @property
    def number(self) -> str | None:
        """The ticket that an event of ours is about; None for what comes from outside."""
        kind, _, rest = self.message_id.partition("/")
        return rest.partition("/")[0] if kind in {"ticket", "emergency"} else None


PARKED_KIND: Final = "parked"
PARKED: Final = KeptAsItIs(
    name="parked",
    kind=PARKED_KIND,
    alerts=True,
    indexes=(
        IndexModel([("service", ASCENDING), ("next_at", ASCENDING)], name="parked_due"),
        IndexModel(
            [("service", ASCENDING), ("principal", ASCENDING), ("told_at", ASCENDING)],
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
        of all the others where its sender has too many.
        """
        now = self._store.clock.now()
        told = message.must_be_told
        if message.is_from_outside and message.is_dead:
            if await self._has(MOST_OF_ONE, of=message, which={"next_at": None}):
                return await self._count(message, now, told=told)
            lately = {"told_at": {"$gt": now - TOLD_WITHIN}}
            if told and await self._has(MOST_TOLD, of=message, which=lately):
                await self._count(message, now, told=True)
                told = False
        return await self._keep(message, now, told=told)

    async def _has(self, many: int, *, of: ParkedMessage, which: Doc) -> bool:
        """Whether so many entries of a message's sender wait here already."""
        query = {"service": self._store.service, "principal": of.principal, "sealed": True, **which}
        return await self._parked.count_documents(query, limit=many) >= many

    async def _keep(self, message: ParkedMessage, now: datetime, *, told: bool) -> str:
        id = entry_id(message.queue, message.message_id, message.fingerprint)
        kept = {"$set": self._doc(message, now)}
        if not told:
            await self._parked.update_one({"_id": id}, kept, upsert=True)
        else:
            await self._tell(message, id, now, kept, upsert=True)
        return id

    async def _count(self, message: ParkedMessage, now: datetime, *, told: bool) -> str:
        """Count a message at the one entry that stands for its sender's others; where one of them
        must be told, that one is, once within TOLD_WITHIN.
        """
        id = entry_id("", "", f"{TOO_MANY}\n{self._store.service}\n{message.principal or ''}")
        others = replace(
            message,
            reason=TOO_MANY,
            detail="more of this sender than are kept whole or told one by one; ask the sender",
            headers={},
            body=b"",
            routing_key="",
            answered=False,
        )
        counted = {"$inc": {"more": 1}, "$setOnInsert": self._doc(others, now)}
        await self._parked.update_one({"_id": id}, counted, upsert=True)
        if told:
            untold = {"told_at": {"$not": {"$gt": now - TOLD_WITHIN}}}
            await self._tell(others, id, now, {}, where=untold)
        return id

    async def _tell(
        self,
        message: ParkedMessage,
        id: str,
        now: datetime,
        change: Doc,
        *,
        where: Doc | None = None,
        upsert: bool = False,
    ) -> None:
        """Say in the same write that somebody must look at it."""
        envelope = self._cry(message, id, now)
        update = {
            "$set": change.get("$set", {}) | {"told_at": now},
            "$push": {"outbox": pending(envelope, self._store.service), SAID: envelope.digest()},
        }
        done = await self._parked.update_one({"_id": id, **(where or {})}, update, upsert=upsert)
        if (done.modified_count or done.upserted_id) and self._store.outbox is not None:
            await self._store.outbox.hand_over("parked", id, [envelope])

    def _doc(self, message: ParkedMessage, now: datetime) -> Doc:
        return {
            MARK: self._store.service,
            "version": _millis(now),
            "service": self._store.service,
            "queue": message.queue,
            "message_id": message.message_id,
            "reason": message.reason,
            "detail": message.detail[:500],
            "attempts": message.attempts,
            "headers": dict(message.headers),
            "body": message.body,
            "sealed": message.sealed,
            "content_type": message.content_type,
            "routing_key": message.routing_key,
            "principal": message.principal,
            "next_at": message.next_at,
            "parked_at": now,
            "answered": message.answered,
            "ends_at": now + (KEPT_ANSWERED if message.answered else KEPT),
        }

    def _cry(self, message: ParkedMessage, id: str, now: datetime) -> Envelope:
        """The event of what waits for a person though it may be urgent."""
        event = ParkedUrgent(
            parked=id,
            service=self._store.service,
            queue=message.queue,
            reason=message.reason,
            publisher=message.principal,
            number=message.number,
            at=now,
        )
        return Envelope.seal(
            event,
            id=f"{PARKED_KIND}/{id}/{_millis(now)}/0",
            subject=id,
            lane="urgent",
            source=f"/hotline/{self._store.service}",
            time=now,
        )

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
        this_parking = {key: entry[key] for key in ("_id", "parked_at", "attempts")}
        # What it says of itself is published first: the entry goes with the next replay.
        await self._parked.delete_one({**this_parking, "outbox.0": {"$exists": False}})

    async def discard(self, id: str) -> bool:
        """End an entry that nobody needs; False while what it says of itself is not published."""
        mine = {"_id": id, "service": self._store.service, "outbox.0": {"$exists": False}}
        return (await self._parked.delete_one(mine)).deleted_count == 1

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


def _millis(at: datetime) -> int:
    """A version of an entry: it is parked anew by its time, and each time may be told."""
    return int(at.timestamp() * 1000)


def entry_id(queue: str, message_id: str, fingerprint: str) -> str:
    """The same for every delivery of one message to one queue."""
    parts = (queue, message_id, fingerprint)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
