"""Documents of the router: emergencies, and lists of work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.router.emergency import Alert, Check, Emergency, Review
from shared.identity import Principal
from shared.store import Doc, Store, outbox_index
from shared.store.paging import Page
from shared.store.reach import hidden, within_reach
from shared.store.ticket_lists import LIST_INDEXES, list_tickets
from shared.tickets import Ticket, TicketStatus, ticket_from_doc

_HELD: Final = {"held.since": {"$type": "date"}}
_AT_WORK: Final = {"open_work": {"$gt": ""}}
INDEXES: Final[Mapping[str, tuple[IndexModel, ...]]] = {
    "tickets": (
        outbox_index(),
        IndexModel(
            [("next_due", ASCENDING)],
            name="due",
            partialFilterExpression={"next_due": {"$type": "date"}},
        ),
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
        IndexModel(
            [("repeat_of", ASCENDING)],
            name="of_matter",
            partialFilterExpression={"repeat_of": {"$gt": ""}},
        ),
        IndexModel(
            [("work_orders.assignee", ASCENDING)],
            name="in_hand",
            partialFilterExpression=_AT_WORK,
        ),
    ),
    "emergencies": (
        outbox_index(),
        IndexModel([("ended_at", ASCENDING), ("started_at", ASCENDING)], name="running"),
        IndexModel(
            [("next_due", ASCENDING)],
            name="due",
            partialFilterExpression={"next_due": {"$type": "date"}},
        ),
    ),
}
MOST_OF_MATTER: Final = 30
"""Tickets of one caller about one matter; who has more is as high up as the policy goes."""
MOST_RUNNING: Final = 1_000
"""More dangers at once than any group has people for; what is beyond is old and forgotten."""
BOARD_FIELDS: Final = (
    "status", "estate", "building", "type", "area", "urgency", "emergency_kind", "held",
    "incident", "risk", "work_orders", "extension", "registered_at", "next_due", "round",
    "scrubbed",
)  # fmt: skip
OPEN_STATUSES: Final = (
    TicketStatus.DISPATCHED, TicketStatus.IN_PROGRESS, TicketStatus.SUSPENDED
)  # fmt: skip


def emergency_to_doc(emergency: Emergency) -> Doc:
    """The document of an emergency."""
    return {
        "kind": emergency.kind,
        "estate": emergency.estate,
        "started_at": emergency.started_at,
        "alerts": [alert_to_doc(alert) for alert in emergency.alerts],
        "acknowledged_by": emergency.acknowledged_by,
        "acknowledged_at": emergency.acknowledged_at,
        "arrived_at": emergency.arrived_at,
        "ended_at": emergency.ended_at,
        "next_due": emergency.next_due,
        "round": emergency.round,
        "plans": emergency.plans,
        "on_site": list(emergency.on_site),
        "checks": [{"step": c.step, "at": c.at, "by": c.by} for c in emergency.checks],
        "released_at": emergency.released_at,
        "outcome": emergency.outcome,
        "ended_by": emergency.ended_by,
        "test": emergency.test,
        "confirmed_at": emergency.confirmed_at,
        "confirmed_by": emergency.confirmed_by,
        "review": asdict(emergency.review) if emergency.review else None,
    }


def emergency_from_doc(doc: Mapping[str, Any]) -> Emergency:
    """The emergency of a document."""
    return Emergency(
        number=doc["_id"],
        version=doc["version"],
        kind=doc["kind"],
        estate=doc["estate"],
        started_at=doc["started_at"],
        alerts=tuple(Alert(a["at"], a["step"], tuple(a["recipients"])) for a in doc["alerts"]),
        acknowledged_by=doc["acknowledged_by"],
        acknowledged_at=doc["acknowledged_at"],
        arrived_at=doc["arrived_at"],
        ended_at=doc["ended_at"],
        next_due=doc["next_due"],
        round=doc["round"],
        plans=doc["plans"],
        on_site=tuple(doc.get("on_site", ())),
        checks=tuple(Check(**check) for check in doc.get("checks", ())),
        released_at=doc.get("released_at"),
        outcome=doc.get("outcome"),
        ended_by=doc.get("ended_by"),
        test=doc.get("test", False),
        confirmed_at=doc.get("confirmed_at"),
        confirmed_by=doc.get("confirmed_by"),
        review=Review(**doc["review"]) if doc.get("review") else None,
    )


def alert_to_doc(alert: Alert) -> Doc:
    """One alert."""
    return {"at": alert.at, "step": alert.step, "recipients": list(alert.recipients)}


async def due_numbers(
    store: Store, collection: str, now: datetime, *, limit: int, but: Iterable[str] = ()
) -> list[str]:
    """Documents of a collection with a deadline at or before `now`, the oldest first."""
    due: dict[str, Any] = {"next_due": {"$lte": now, "$type": "date"}}
    if left_out := sorted(but):
        due["_id"] = {"$nin": left_out}
    docs = await store.find(
        collection, due, sort=[("next_due", ASCENDING)], limit=limit, fields=("_id",)
    )
    return [doc["_id"] for doc in docs]


async def others_of_matter(store: Store, number: str) -> list[Ticket]:
    """The other tickets of the same caller about the same matter: those that name the same first
    one, and that one.
    """
    own = await store.get("tickets", number, fields=("repeat_of",)) or {}
    first = own.get("repeat_of") or number
    docs = await store.find("tickets", {"repeat_of": first}, limit=MOST_OF_MATTER)
    if first != number and (doc := await store.get("tickets", first)) is not None:
        docs.append(doc)
    return [ticket_from_doc(doc) for doc in docs if doc["_id"] != number]


async def list_emergencies(
    store: Store, principal: Principal, *, unreviewed: bool, limit: int
) -> list[Doc]:
    """Emergencies within reach that are not over, or over and not reviewed (drills too), the latest
    first: those whose ticket may be seen, and those to which whoever asks was called.
    """
    over = {"ended_at": {"$type": "date"}, "review": None}
    docs = await store.find(
        "emergencies",
        over if unreviewed else {"ended_at": None},
        sort=[("started_at", DESCENDING)],
        limit=MOST_RUNNING,
    )
    near = [doc for doc in docs if principal.reaches(doc["estate"])]
    numbers = [doc["_id"] for doc in near]
    seen = within_reach(principal, "emergency.see")
    tickets = await store.find(
        "tickets", {"_id": {"$in": numbers}, **seen}, limit=MOST_RUNNING, fields=("_id",)
    )
    theirs = {doc["_id"] for doc in tickets}
    about_them = await hidden(store, principal, numbers)
    called = {
        doc["_id"]
        for doc in near
        if any(principal.id in alert["recipients"] for alert in doc["alerts"])
    }
    return [doc for doc in near if doc["_id"] in theirs | (called - about_them)][:limit]


async def manual_queue(store: Store, principal: Principal, *, limit: int) -> list[Doc]:
    """Held tickets within reach, the longest waiting first."""
    query: dict[str, Any] = {**_HELD, **within_reach(principal, "manual_queue.see")}
    return await store.find(
        "tickets", query, sort=[("held.since", ASCENDING)], limit=limit, fields=BOARD_FIELDS
    )


async def board(
    store: Store, principal: Principal, *, department: str | None, after: str | None, limit: int
) -> Page:
    """Tickets with open work within reach, by number from the cursor."""
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


async def open_work_of(store: Store, person: str, *, limit: int) -> int:
    """How many tickets with open work somebody has an order of, at most `limit`. Those of an
    incident are one errand, however many called.
    """
    tickets = store.database["tickets"]
    in_hand = {"work_orders.assignee": person, "incident": None, **_AT_WORK}
    return await tickets.count_documents(in_hand, limit=limit)


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
