"""How messages are kept, and the questions asked of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, get_args

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.notifier.alarms import MISSED
from services.notifier.domain import CONFIDENTIAL, CauseKind
from services.notifier.messages import TOGETHER, Attempt, Message, Status
from services.notifier.minute import Minute
from shared.contracts import Lane
from shared.contracts.notifier import Purpose
from shared.documents import Shape
from shared.identity import Principal, allows
from shared.readers.visibility import belonging_within_reach
from shared.store import Collection, CollectionSpec, Doc, Listing, Order, Store

NAMES_OF_TICKETS: Final = ("number", "facts.lines.number", "facts.ticket")
"""Where a message names a ticket; a digest names many, and one about a parked message its own."""
NEWEST: Final = Order("at", newest=True)
_LEAN: Final = ("digest", "entries", "channels", "brake", "beside", "first", "unreached_at", "call")
MESSAGES: Final = CollectionSpec(
    name="messages",
    kind="message",
    shape=Shape(
        value=Message,
        lean={Message: _LEAN, Attempt: ("generation", "reach", "cannot_bring")},
        beside=lambda message: {"number": message.number},
    ),
    lane=lambda message: message.lane,
    alerts=True,
    indexes=(
        IndexModel(
            [("status", ASCENDING), ("lane", ASCENDING), ("next_at", ASCENDING)], name="by_next"
        ),
        IndexModel(
            [("status", ASCENDING), ("lane", ASCENDING), ("next_at", ASCENDING)],
            name="alerts_by_next",
            partialFilterExpression={"purpose": "alert"},
        ),
        IndexModel(
            [("status", ASCENDING), ("lane", ASCENDING), ("next_at", ASCENDING)],
            name="slowed_by_next",
            partialFilterExpression={"purpose": "slowed"},
        ),
        IndexModel([("number", ASCENDING), *NEWEST.sort], name="by_number"),
        IndexModel([("recipient", ASCENDING), *NEWEST.sort], name="by_recipient"),
        IndexModel([("estate", ASCENDING), *NEWEST.sort], name="by_estate"),
        IndexModel([("status", ASCENDING), *NEWEST.sort], name="by_status"),
        IndexModel(NEWEST.sort, name="newest"),
        IndexModel(
            [("brake", ASCENDING), ("status", ASCENDING)],
            name="kept_back",
            partialFilterExpression={"brake": {"$exists": True}},
        ),
        # These hold what a downtime left to be told, and what is told together.
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
        IndexModel(
            [("recipient", ASCENDING), ("cause.occurrence", DESCENDING)],
            name="told_together",
            partialFilterExpression={"purpose": TOGETHER},
        ),
        IndexModel(
            [("recipient", ASCENDING), ("next_at", ASCENDING)],
            name="queued",
            partialFilterExpression={"status": "queued"},
        ),
        IndexModel(
            [("call", ASCENDING), ("at", ASCENDING)],
            name="queued_of_call",
            partialFilterExpression={"status": "queued"},
        ),
    ),
)
MINUTES: Final = CollectionSpec(name="message_minutes", shape=Shape(value=Minute))
"""One document a person of the staff."""


async def due(
    messages: Collection[Message],
    status: Status,
    lane: Lane,
    *,
    now: datetime,
    limit: int,
    purpose: Purpose | None = None,
) -> list[Message]:
    """Messages that somebody must look at by now, the longest due first; of one purpose only where
    it is given.
    """
    query: Doc = {"status": status.value, "lane": lane, "next_at": {"$lte": now}}
    if purpose is not None:
        query["purpose"] = purpose
    return await messages.find(query, order=Order("next_at", loose=True), limit=limit)


async def missed(messages: Collection[Message], *, now: datetime, limit: int) -> list[Message]:
    """Messages of alarms that have ended without having arrived, and at whose others nobody has
    looked yet.
    """
    query: Doc = {
        "status": {"$in": sorted(MISSED)},
        "lane": {"$in": list(get_args(Lane))},
        "next_at": {"$lte": now},
    }
    return await messages.find(query, order=Order("next_at", loose=True), limit=limit)


async def waiting(store: Store) -> list[tuple[str, datetime, datetime]]:
    """Whoever has something to be told in a digest, when it began and when the last of it came:
    from the index alone.
    """
    spans = {"_id": "$recipient", "first": {"$min": "$at"}, "last": {"$max": "$at"}}
    rows = await store.aggregate(
        MESSAGES.name, [{"$match": {"status": Status.WAITING.value}}, {"$group": spans}]
    )
    return [(row["_id"], row["first"], row["last"]) for row in rows]


async def waiting_for(
    messages: Collection[Message], recipient: str, *, limit: int
) -> list[Message]:
    """What one person is to be told in a digest, the earliest first."""
    query = {"status": Status.WAITING.value, "recipient": recipient}
    return await messages.find(query, order=Order("at", loose=True), limit=limit)


async def queued_for(
    messages: Collection[Message], recipient: str, *, now: datetime, limit: int
) -> list[Message]:
    """What one person is to be told together by now, the earliest first."""
    query = {"status": Status.QUEUED.value, "recipient": recipient, "next_at": {"$lte": now}}
    found = await messages.find(query, order=Order("next_at", loose=True), limit=limit)
    return sorted(found, key=lambda message: (message.at, message.id))


async def queued_of_call(messages: Collection[Message], call: str, *, limit: int) -> list[Message]:
    """The receipts of a call that wait to be told together, the earliest first."""
    query = {"status": Status.QUEUED.value, "call": call}
    found = await messages.find(query, order=Order("at", loose=True), limit=limit)
    return sorted(found, key=lambda message: (message.at, message.id))


async def entries_of(messages: Collection[Message], telling: Message) -> list[Message]:
    """The messages that one tells, in its order."""
    ids = telling.entries
    found = await messages.find({"_id": {"$in": list(ids)}}, limit=max(1, len(ids)))
    return sorted(found, key=lambda message: ids.index(message.id))


async def last_digest(
    messages: Collection[Message],
    recipient: str,
    purpose: Purpose = "digest",
    *,
    call: str | None = None,
) -> Message | None:
    """The last digest that somebody got, or is to get; or what they were last told together, of
    callers that of a `call`.
    """
    query = {"purpose": purpose, "recipient": recipient}
    if call is not None:
        query["number"] = call
    order = Order("cause.occurrence", newest=True, loose=True)
    found = await messages.find(query, order=order, limit=1)
    return found[0] if found else None


async def listing(store: Store, principal: Principal, filters: Mapping[str, str | None]) -> Listing:
    """Messages within the principal's reach, newest first."""
    named = {key: value for key, value in filters.items() if value is not None}
    reach = await belonging_within_reach(store, principal, "message.see", names=NAMES_OF_TICKETS)
    kept_from = [kind for kind in CONFIDENTIAL if is_confidential_to(principal, kind)]
    if kept_from:
        reach |= {"cause.kind": {"$nin": kept_from}}
    return Listing(filters=named, within=reach, order=NEWEST)


def is_confidential_to(principal: Principal, cause: CauseKind) -> bool:
    """Whether messages of such a cause are not for somebody who may read messages."""
    action = CONFIDENTIAL.get(cause)
    return action is not None and not allows(principal, action)
