"""Questions of the router about tickets: lists of work, and what falls due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pymongo import ASCENDING, IndexModel

from services.router.access import OPEN_STATUSES
from services.router.cards import MOST_COUNTED
from shared.identity import Principal
from shared.readers.ticket_filters import EVER
from shared.readers.ticket_lists import LIST_INDEXES, NEWEST, OF_MATTER, list_tickets
from shared.readers.visibility import within_reach
from shared.store import Doc, Listing, Order, Page, Store
from shared.tickets import TICKET, Ticket
from shared.tickets.lifecycle import UNFINISHED
from shared.tickets.model import UNKNOWN_PLACE, HeldReason
from shared.triage.taxonomy import EMERGENCY

_HELD: Final = {"held.since": {"$type": "date"}}
_AT_WORK: Final = {"open_work": {"$gt": ""}}
_IN_HAND: Final = {"in_hand": {"$gt": ""}}


def _of_person(name: str, field: str) -> IndexModel:
    """Of what somebody has, or was offered."""
    return IndexModel(
        [(field, ASCENDING), *NEWEST.sort], name=name, partialFilterExpression={field: {"$gt": ""}}
    )


TICKET_INDEXES: Final = (
    *LIST_INDEXES,
    IndexModel(
        [("held.since", ASCENDING), ("estate", ASCENDING)],
        name="held",
        partialFilterExpression=_HELD,
    ),
    IndexModel(
        [("held.since", ASCENDING), ("_id", ASCENDING)],
        name="held_longest",
        partialFilterExpression=_HELD,
    ),
    _of_person("by_assignee", "work_orders.assignee"),
    _of_person("by_offered_to", "work_orders.offered_to"),
    IndexModel(
        # By the last two it is counted what is late, and where, without a look at any ticket.
        [
            ("open_work", ASCENDING),
            ("urgency", ASCENDING),
            ("due", ASCENDING),
            ("estate", ASCENDING),
        ],
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
    "due",
    "work_orders",
    "extension",
    "registered_at",
    "next_due",
    "round",
    "scrubbed",
)

CARD_FIELDS: Final = tuple(sorted({*TICKET.keys, *BOARD_FIELDS}))
"""With all that says what may be done to a ticket."""
LONGEST_WAITING: Final = Order("held.since")
MOST_EMERGENCIES: Final = 200
"""That nobody could be chosen for; they are on top of the queue, all of them."""
_UNFINISHED: Final = frozenset(status.value for status in UNFINISHED)


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


def _queue(
    principal: Principal, reason: HeldReason | None, estate: str | None, urgency: Doc | None
) -> Listing:
    asked: Doc = {**_HELD}
    if reason is not None:
        asked["held.reason"] = reason
    if urgency is not None:
        asked["urgency"] = urgency
    within = within_reach(principal, "manual_queue.see", estate=estate)
    return Listing(filters=asked, within=within, order=LONGEST_WAITING)


async def emergencies_of_queue(
    store: Store, principal: Principal, *, reason: HeldReason | None, estate: str | None
) -> list[Doc]:
    """Held emergencies within reach, the longest waiting first."""
    listing = _queue(principal, reason, estate, {"$eq": EMERGENCY})
    return await store.find(
        "tickets",
        listing.query,
        sort=listing.order.sort,
        limit=MOST_EMERGENCIES,
        fields=CARD_FIELDS,
    )


async def page_of_queue(
    store: Store,
    principal: Principal,
    *,
    reason: HeldReason | None,
    estate: str | None,
    after: str | None,
    limit: int,
) -> Page[Doc]:
    """All other held tickets within reach, the longest waiting first, from the cursor on."""
    listing = _queue(principal, reason, estate, {"$ne": EMERGENCY})
    return await store.page("tickets", listing, after=after, limit=limit, fields=CARD_FIELDS)


async def count_of_queue(
    store: Store, principal: Principal, *, reason: HeldReason | None, estate: str | None
) -> int:
    """How many there are of both."""
    query = _queue(principal, reason, estate, None).query
    return await store.count("tickets", query, most=MOST_COUNTED + 1)


async def page_of_work(
    store: Store,
    principal: Principal,
    *,
    person: str | None,
    department: str | None,
    statuses: Sequence[str],
    after: str | None,
    limit: int,
) -> Page[Doc]:
    """Tickets within reach that have a work order in one of these statuses, of a person or offered
    to them, and of a department, where that is asked for; the newest first.
    """
    order: Doc = {"status": {"$in": list(statuses)}}
    if department is not None:
        order["department"] = department
    asked: Doc = {"work_orders": {"$elemMatch": order}}
    if person is not None:
        theirs = [{"assignee": person}, {"offered_to": person}]
        asked["work_orders"]["$elemMatch"] = order | {"$or": theirs}
        # Once more, where the indexes can see it.
        asked["$or"] = [{f"work_orders.{k}": v} for each in theirs for k, v in each.items()]
    if set(statuses) <= _UNFINISHED:
        asked["status"] = {"$in": [status.value for status in OPEN_STATUSES]}
    within = within_reach(principal, "board.see", department=department)
    listing = Listing(filters=asked, within=within, order=NEWEST)
    return await store.page("tickets", listing, after=after, limit=limit, fields=CARD_FIELDS)


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
        fields=CARD_FIELDS,
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


@dataclass(frozen=True, slots=True)
class OpenWork:
    """Tickets with open work: `open` by department and urgency, `overdue` by department, and both
    by estate; one that nobody knows the place of is of the estate `*`.
    """

    open: Counter[tuple[str, str]]
    overdue: Counter[str]
    open_at: Counter[str]
    overdue_at: Counter[str]


async def open_work(store: Store, now: datetime) -> OpenWork:
    """What is open, and of it what is late, for the gauges: from the index alone."""
    is_late = {"$and": [{"$gt": ["$due", EVER]}, {"$lt": ["$due", now]}]}
    by = {"work": "$open_work", "urgency": "$urgency", "estate": "$estate", "late": is_late}
    rows = await store.aggregate(
        "tickets", [{"$match": _AT_WORK}, {"$group": {"_id": by, "n": {"$sum": 1}}}]
    )
    found = OpenWork(Counter(), Counter(), Counter(), Counter())
    for row in rows:
        key, n = row["_id"], row["n"]
        estate = key.get("estate") or UNKNOWN_PLACE
        found.open_at[estate] += n
        found.overdue_at[estate] += n * key["late"]
        for department in key["work"].split():
            found.open[department, key["urgency"]] += n
            found.overdue[department] += n * key["late"]
    return found
