"""Documents of emergencies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.router.emergencies.emergency import Alert, Check, Emergency, Review
from services.router.storage import due_index
from shared.identity import Principal
from shared.store import Doc, Store, outbox_index
from shared.store.reach import not_about, within_reach

EMERGENCY_INDEXES: Final[Mapping[str, tuple[IndexModel, ...]]] = {
    "emergencies": (
        outbox_index(),
        IndexModel([("ended_at", ASCENDING), ("started_at", ASCENDING)], name="running"),
        due_index(),
    ),
}
MOST_RUNNING: Final = 1_000
"""More dangers at once than any group has people for; what is beyond is old and forgotten."""


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
    theirs = await _tickets_of(store, numbers, within_reach(principal, "emergency.see"))
    not_about_them = await _tickets_of(store, numbers, not_about(principal))
    called = {
        doc["_id"]
        for doc in near
        if any(principal.id in alert["recipients"] for alert in doc["alerts"])
    }
    return [doc for doc in near if doc["_id"] in theirs | (called & not_about_them)][:limit]


async def _tickets_of(store: Store, numbers: Sequence[str], reach: Doc) -> frozenset[str]:
    query = {"_id": {"$in": list(numbers)}, **reach}
    found = await store.find("tickets", query, limit=MOST_RUNNING, fields=("_id",))
    return frozenset(doc["_id"] for doc in found)
