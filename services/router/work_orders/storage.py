"""Questions of the router about tickets: lists of work, and what falls due."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pymongo import ASCENDING, IndexModel

from services.router.access import OPEN_STATUSES
from shared.identity import Principal
from shared.readers.ticket_lists import LIST_INDEXES, OF_MATTER, list_tickets
from shared.readers.visibility import within_reach
from shared.store import Doc, Page, Store
from shared.tickets import TICKET, Ticket

_HELD: Final = {"held.since": {"$type": "date"}}
_AT_WORK: Final = {"open_work": {"$gt": ""}}
_IN_HAND: Final = {"in_hand": {"$gt": ""}}
TICKET_INDEXES: Final = (
    *LIST_INDEXES,
    IndexModel(
        [("held.since", ASCENDING), ("estate", ASCENDING)],
        name="held",
        partialFilterExpression=_HELD,
    ),
    IndexModel(
        [("open_work", ASCENDING), ("urgency", ASCENDING)],
        name="open_work",
        partialFilterExpression=_AT_WORK,
    ),
    OF_MATTER,
    # Not `in_hand`: that is the name of another one, which databases of before may still have.
    IndexModel([("in_hand", ASCENDING)], name="work_in_hand", partialFilterExpression=_IN_HAND),
)
MOST_OF_MATTER: Final = 30
"""Tickets of one caller about one matter; who has more is as high up as the policy goes."""
BOARD_FIELDS: Final = (
    "status",
    "estate",
    "building",
    "type",
    "area",
    "urgency",
    "emergency_kind",
    "held",
    "incident",
    "risk",
    "registered_at",
    "next_due",
    "work_orders",
    "extension",
    "registered_at",
    "next_due",
    "round",
    "scrubbed",
)


async def others_of_matter(store: Store, number: str) -> list[Ticket]:
    """The other tickets of the same caller about the same matter: those that name the same first
    one, and that one.
    """
    own = await store.get("tickets", number, fields=("repeat_of",)) or {}
    first = own.get("repeat_of") or number
    docs = await store.find("tickets", {"repeat_of": first}, limit=MOST_OF_MATTER)
    if first != number and (doc := await store.get("tickets", first)) is not None:
        docs.append(doc)
    return [TICKET.from_doc(doc) for doc in docs if doc["_id"] != number]


async def manual_queue(store: Store, principal: Principal, *, limit: int) -> list[Doc]:
    """Held tickets within reach, the longest waiting first."""
    query: dict[str, Any] = {**_HELD, **within_reach(principal, "manual_queue.see")}
    return await store.find(
        "tickets", query, sort=[("held.since", ASCENDING)], limit=limit, fields=BOARD_FIELDS
    )


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many tickets wait for a person for one reason, and since when the first of them."""

    reason: str
    count: int
    since: datetime


async def waiting_by_reason(store: Store) -> list[Waiting]:
    """The manual queue by reason, drills left out."""
    by = {"_id": "$held.reason", "n": {"$sum": 1}, "since": {"$min": "$held.since"}}
    rows = await store.aggregate(
        "tickets", [{"$match": {**_HELD, "test": {"$ne": True}}}, {"$group": by}]
    )
    return [Waiting(row["_id"], row["n"], row["since"]) for row in rows]


async def board(
    store: Store, principal: Principal, *, department: str | None, after: str | None, limit: int
) -> Page[Doc]:
    """Tickets with open work within reach, the newest first, from the cursor on."""
    return await list_tickets(
        store,
        principal,
        "board.see",
        statuses=OPEN_STATUSES,
        department=department,
        after=after,
        limit=limit,
        fields=BOARD_FIELDS,
    )


async def work_in_hand(store: Store) -> Counter[str]:
    """How many tickets each person has unfinished work of (`Ticket.in_hand`), for everybody who has
    any: from the index alone.
    """
    by = {"_id": "$in_hand", "n": {"$sum": 1}}
    rows = await store.aggregate("tickets", [{"$match": _IN_HAND}, {"$group": by}])
    found: Counter[str] = Counter()
    for row in rows:
        for person in row["_id"].split():
            found[person] += row["n"]
    return found


async def open_by_department(store: Store) -> Counter[tuple[str, str]]:
    """Tickets with open work by department and urgency, for the gauge: from the index alone."""
    by = {"work": "$open_work", "urgency": "$urgency"}
    rows = await store.aggregate(
        "tickets", [{"$match": _AT_WORK}, {"$group": {"_id": by, "n": {"$sum": 1}}}]
    )
    found: Counter[tuple[str, str]] = Counter()
    for row in rows:
        for department in row["_id"]["work"].split():
            found[department, row["_id"]["urgency"]] += row["n"]
    return found
