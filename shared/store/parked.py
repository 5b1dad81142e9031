"""Messages that could not be handled: kept whole with their reason, replayed to their one queue.

An entry with a `next_at` is tried again by itself; one without is a dead letter and waits for
somebody. Nothing is ever dropped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo import ASCENDING, IndexModel

from shared.contracts import Envelope
from shared.contracts.parked import ParkedUrgent
from shared.documents import Doc
from shared.store.change import SAID, pending
from shared.store.group_commit import MARK
from shared.store.store import KeptAsItIs, Store

LEASE: Final = timedelta(seconds=30)
"""A replica that dies while replaying is relieved after this."""
MAX_LISTED: Final = 200


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

    @property
    def must_be_told(self) -> bool:
        """Whether somebody hears of it at once: because of it nobody may have been called to an
        emergency, and no later attempt will see to that.
        """
        return self.alerts and self.next_at is None

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
    indexes=(IndexModel([("service", ASCENDING), ("next_at", ASCENDING)], name="parked_due"),),
)


class ParkedMessages:
    """One service's own entries in `parked`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._parked = store.documents("parked")

    async def park(self, message: ParkedMessage) -> str:
        """Keep a message; the same delivery parked twice is one entry. Returns the entry's id."""
        now = self._store.clock.now()
        id = entry_id(message.queue, message.message_id, message.fingerprint)
        told = self._told(message, id, now)
        doc: Doc = {
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
        }
        waiting = [pending(envelope, self._store.service) for envelope in told]
        said = [envelope.digest() for envelope in told]
        pushing = {"outbox": {"$each": waiting}, SAID: {"$each": said}}
        update = {"$set": doc, "$push": pushing}
        await self._parked.update_one({"_id": id}, update, upsert=True)
        if told and self._store.outbox is not None:
            await self._store.outbox.hand_over("parked", id, told)
        return id

    def _told(self, message: ParkedMessage, id: str, now: datetime) -> list[Envelope]:
        """The event of what waits for a person though it may be urgent: said in the same write."""
        if not message.must_be_told:
            return []
        event = ParkedUrgent(
            parked=id,
            service=self._store.service,
            queue=message.queue,
            reason=message.reason,
            publisher=message.principal,
            number=message.number,
            at=now,
        )
        return [
            Envelope.seal(
                event,
                id=f"{PARKED_KIND}/{id}/{_millis(now)}/0",
                subject=id,
                lane="urgent",
                source=f"/hotline/{self._store.service}",
                time=now,
            )
        ]

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

    async def listed(self, *, after: str | None = None, limit: int = MAX_LISTED) -> list[Doc]:
        """Entries of this service without their bodies, by id from `after`."""
        query: Doc = {"service": self._store.service}
        if after:
            query["_id"] = {"$gt": after}
        cursor = self._parked.find(query, {"body": 0}).sort("_id", ASCENDING)
        return await cursor.to_list(min(limit, MAX_LISTED))

    async def get(self, id: str) -> Doc | None:
        """One entry of this service, whole."""
        return await self._parked.find_one({"_id": id, "service": self._store.service})

    async def count_by_reason(self) -> dict[str, int]:
        """How many entries wait, by reason."""
        cursor = self._parked.aggregate(
            [
                {"$match": {"service": self._store.service}},
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
