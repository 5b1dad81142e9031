"""Documents of the router: emergencies, and lists of work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from pymongo import ASCENDING, IndexModel

from services.router.emergency import Alert, Emergency
from shared.identity import Principal
from shared.store import Doc, Store, outbox_index
from shared.store.paging import Page, page, within_departments, within_reach

INDEXES: Final[Mapping[str, tuple[IndexModel, ...]]] = {
    "tickets": (
        outbox_index(),
        IndexModel(
            [("next_due", ASCENDING)],
            name="due",
            partialFilterExpression={"next_due": {"$type": "date"}},
        ),
        IndexModel(
            [("held.reason", ASCENDING), ("held.since", ASCENDING)],
            name="manual_queue",
            partialFilterExpression={"held.reason": {"$exists": True}},
        ),
    ),
    "emergencies": (
        outbox_index(),
        IndexModel(
            [("next_due", ASCENDING)],
            name="due",
            partialFilterExpression={"next_due": {"$type": "date"}},
        ),
    ),
}
BOARD_FIELDS: Final = (
    "status", "estate", "building", "type", "area", "urgency", "emergency_kind", "held",
    "work_orders", "registered_at", "next_due", "round", "scrubbed",
)  # fmt: skip
OPEN_STATUSES: Final = ("dispatched", "in_progress", "suspended")


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


async def manual_queue(store: Store, principal: Principal, *, limit: int) -> list[Doc]:
    """Held tickets within reach, the longest waiting first."""
    query: dict[str, Any] = {"held.reason": {"$exists": True}, **_within(principal)}
    return await store.find(
        "tickets", query, sort=[("held.since", ASCENDING)], limit=limit, fields=BOARD_FIELDS
    )


async def board(
    store: Store, principal: Principal, *, department: str | None, after: str | None, limit: int
) -> Page:
    """Tickets with open work within reach, by number from the cursor."""
    query: dict[str, Any] = {"status": {"$in": list(OPEN_STATUSES)}, **_within(principal)}
    if department:
        query["work_orders.department"] = department
    return await page(store, "tickets", query, after=after, limit=limit, fields=BOARD_FIELDS)


def _within(principal: Principal) -> Doc:
    return {**within_reach(principal), **within_departments(principal)}


async def open_by_department(store: Store) -> list[tuple[str, str, int]]:
    """Open work orders by department and urgency, for the gauge."""
    pipeline: list[dict[str, Any]] = [
        {"$match": {"status": {"$in": list(OPEN_STATUSES)}}},
        {"$unwind": "$work_orders"},
        {"$match": {"work_orders.status": {"$in": ["dispatched", "accepted", "in_progress",
                                                   "suspended"]}}},
        {"$group": {"_id": {"d": "$work_orders.department", "u": "$urgency"}, "n": {"$sum": 1}}},
    ]  # fmt: skip
    rows = await store.aggregate("tickets", pipeline)
    return [(row["_id"]["d"], row["_id"]["u"], row["n"]) for row in rows]
