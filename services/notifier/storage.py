"""Messages to documents and back, and the questions asked of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.notifier.domain import Cause
from services.notifier.messages import Attempt, Message, Status, Step
from shared.contracts import Lane
from shared.contracts.notifier import Purpose
from shared.identity import Principal
from shared.store import Change, Doc, Store, Verdict, outbox_index
from shared.store.old_paging import page
from shared.store.reach import belonging_within_reach

COLLECTION: Final = "messages"
NAMES_OF_TICKETS: Final = ("number", "facts.lines.number")
"""Where a message names a ticket; a digest names many."""
_NEWEST: Final = [("at", DESCENDING), ("_id", DESCENDING)]
INDEXES: Final[Mapping[str, tuple[IndexModel, ...]]] = {
    COLLECTION: (
        outbox_index(),
        IndexModel(
            [("status", ASCENDING), ("lane", ASCENDING), ("next_at", ASCENDING)], name="by_next"
        ),
        IndexModel(
            [("status", ASCENDING), ("lane", ASCENDING), ("next_at", ASCENDING)],
            name="alerts_by_next",
            partialFilterExpression={"purpose": "alert"},
        ),
        IndexModel([("number", ASCENDING), *_NEWEST], name="by_number"),
        IndexModel([("recipient", ASCENDING), *_NEWEST], name="by_recipient"),
        IndexModel([("estate", ASCENDING), *_NEWEST], name="by_estate"),
        IndexModel([("status", ASCENDING), *_NEWEST], name="by_status"),
        IndexModel(_NEWEST, name="newest"),
        # Both are empty but for what a downtime left to be told.
        IndexModel(
            [("status", ASCENDING), ("recipient", ASCENDING), ("at", ASCENDING)],
            name="waiting",
            partialFilterExpression={"status": "waiting"},
        ),
        IndexModel(
            [("recipient", ASCENDING), ("cause.occurrence", DESCENDING)],
            name="digests",
            partialFilterExpression={"purpose": "digest"},
        ),
    ),
}


class Messages:
    """The notifier's own collection. Each change is one conditional write with its events."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def insert(self, message: Message) -> Verdict:
        """Put a message in; LOST when (cause, person, purpose) has one already."""
        return await self._write(message, message.at, insert=_to_doc(message))

    async def save(self, step: Step, *, now: datetime) -> Verdict:
        """Write the next state; LOST when somebody else wrote first."""
        state = _state_to_doc(step.message)
        return await self._write(step.message, now, set=state, events=step.events)

    async def _write(self, message: Message, now: datetime, **content: Any) -> Verdict:
        return await self._store.write(
            Change(
                collection=COLLECTION,
                id=message.id,
                version=message.version,
                lane=message.lane,
                at=now,
                **content,
            )
        )

    async def get(self, id: str) -> Message | None:
        """One message."""
        doc = await self._store.get(COLLECTION, id)
        return _from_doc(doc) if doc else None

    async def due(
        self,
        status: Status,
        lane: Lane,
        *,
        now: datetime,
        limit: int,
        purpose: Purpose | None = None,
    ) -> list[Message]:
        """Messages that somebody must look at by now, the longest due first; of one purpose only
        where it is given.
        """
        query: Doc = {"status": status.value, "lane": lane, "next_at": {"$lte": now}}
        if purpose is not None:
            query["purpose"] = purpose
        return await self._found(query, [("next_at", ASCENDING)], limit)

    async def waiting(self) -> list[tuple[str, datetime, datetime]]:
        """Whoever has something to be told in a digest, when it began and when the last of it came:
        from the index alone.
        """
        spans = {"_id": "$recipient", "first": {"$min": "$at"}, "last": {"$max": "$at"}}
        rows = await self._store.aggregate(
            COLLECTION, [{"$match": {"status": Status.WAITING.value}}, {"$group": spans}]
        )
        return [(row["_id"], row["first"], row["last"]) for row in rows]

    async def waiting_for(self, recipient: str, *, limit: int) -> list[Message]:
        """What one person is to be told in a digest, the earliest first."""
        query = {"status": Status.WAITING.value, "recipient": recipient}
        return await self._found(query, [("at", ASCENDING)], limit)

    async def last_digest(self, recipient: str) -> Message | None:
        """The last digest that somebody got, or is to get."""
        query = {"purpose": "digest", "recipient": recipient}
        found = await self._found(query, [("cause.occurrence", DESCENDING)], 1)
        return found[0] if found else None

    async def these(self, ids: Sequence[str]) -> list[Message]:
        """The messages of these ids that there are."""
        return await self._found({"_id": {"$in": list(ids)}}, [("_id", ASCENDING)], len(ids))

    async def _found(
        self, query: Doc, sort: Sequence[tuple[str, int]], limit: int
    ) -> list[Message]:
        docs = await self._store.find(COLLECTION, query, sort=sort, limit=limit, fields=_FIELDS)
        return [_from_doc(doc) for doc in docs]

    async def listed(
        self,
        principal: Principal,
        filters: Mapping[str, str | None],
        *,
        after: str | None,
        limit: int,
    ) -> tuple[list[Message], str | None]:
        """Messages within the principal's reach, newest first, and the cursor of the next page."""
        named = {key: value for key, value in filters.items() if value is not None}
        reach = await belonging_within_reach(
            self._store, principal, "message.see", names=NAMES_OF_TICKETS
        )
        found = await page(
            self._store,
            COLLECTION,
            {**named, **reach},
            after=after,
            limit=limit,
            newest_by="at",
            fields=_FIELDS,
        )
        return [_from_doc(doc) for doc in found.docs], found.next


def _to_doc(message: Message) -> Doc:
    return {
        "cause": {
            "kind": message.cause.kind,
            "id": message.cause.id,
            "occurrence": message.cause.occurrence,
        },
        "number": message.number,
        "purpose": message.purpose,
        "recipient": message.recipient,
        "round": message.round,
        "estate": message.estate,
        "lane": message.lane,
        "language": message.language,
        "facts": dict(message.facts),
        "at": message.at,
        **({"entries": list(message.entries)} if message.entries else {}),
        **({"channels": list(message.channels)} if message.channels else {}),
        **_state_to_doc(message),
    }


def _state_to_doc(message: Message) -> Doc:
    """What changes in a message's life."""
    return {
        "status": message.status.value,
        "next_at": message.next_at,
        "attempts": [_attempt_to_doc(attempt) for attempt in message.attempts],
        "reason": message.reason,
        "ended_at": message.ended_at,
        **({"digest": message.digest} if message.digest else {}),
    }


def _attempt_to_doc(attempt: Attempt) -> Doc:
    return {
        "channel": attempt.channel,
        "at": attempt.at,
        "policy": attempt.policy,
        "claim": attempt.claim,
        "outcome": attempt.outcome,
        "code": attempt.code,
        "ended_at": attempt.ended_at,
    }


def _from_doc(doc: Doc) -> Message:
    return Message(
        id=doc["_id"],
        version=doc["version"],
        cause=Cause(**doc["cause"]),
        purpose=doc["purpose"],
        recipient=doc["recipient"],
        round=doc["round"],
        estate=doc["estate"],
        lane=doc["lane"],
        language=doc["language"],
        facts=doc["facts"],
        at=doc["at"],
        status=Status(doc["status"]),
        next_at=doc["next_at"],
        attempts=tuple(Attempt(**attempt) for attempt in doc["attempts"]),
        reason=doc["reason"],
        ended_at=doc["ended_at"],
        digest=doc.get("digest"),
        entries=tuple(doc.get("entries", ())),
        channels=tuple(doc.get("channels", ())),
    )


_FIELDS: Final[Sequence[str]] = (
    "version", "cause", "purpose", "recipient", "round", "estate", "lane", "language", "facts",
    "at", "status", "next_at", "attempts", "reason", "ended_at", "digest", "entries", "channels",
)  # fmt: skip
