"""What runs at a place that somebody who calls now may be part of: emergencies and outages, as far
as the reader sees them. The router alone writes both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pymongo import DESCENDING

from shared.identity import Principal, allows
from shared.readers.visibility import within_reach
from shared.store.store import Store
from shared.tickets.lifecycle import DONE, OPEN

MOST: Final = 20
"""Shown at once; the latest."""
_RUNNING: Final = sorted(status.value for status in OPEN - DONE)
_OPEN_INCIDENTS: Final = ("offered", "confirmed", "restored")


@dataclass(frozen=True, slots=True)
class RunningEmergency:
    """One that another caller may be about; `is_taken` where somebody has it."""

    number: str
    kind: str
    estate: str | None
    building: str | None
    since: datetime
    is_taken: bool


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """An outage that a request may be part of: offered to the desk, or decided."""

    id: str
    area: str
    estate: str
    buildings: tuple[str, ...]
    status: str
    since: datetime


async def running_emergencies_at(
    store: Store, principal: Principal, estate: str | None
) -> list[RunningEmergency]:
    """Those at an estate or at a place nobody knows yet, the latest first; without an estate all
    within reach. Drills are none.
    """
    if not allows(principal, "emergency.see"):
        return []
    query: dict[str, Any] = {"ended_at": None, "test": {"$ne": True}}
    if estate is not None:
        query["estate"] = {"$in": [estate, None]}
    latest = [("ended_at", DESCENDING), ("started_at", DESCENDING)]
    fields = ("started_at", "acknowledged_at")
    docs = await store.find("emergencies", query, sort=latest, limit=MOST, fields=fields)
    # Kind and place are the ticket's: what was decided since counts.
    theirs = {
        "_id": {"$in": [doc["_id"] for doc in docs]},
        "status": {"$in": _RUNNING},
        **within_reach(principal, "emergency.see"),
    }
    wanted = ("emergency_kind", "estate", "building")
    tickets = await store.find("tickets", theirs, limit=MOST, fields=wanted) if docs else []
    by_number = {ticket["_id"]: ticket for ticket in tickets if ticket["emergency_kind"]}
    return [
        RunningEmergency(
            doc["_id"],
            ticket["emergency_kind"],
            ticket["estate"],
            ticket.get("building"),
            doc["started_at"],
            doc["acknowledged_at"] is not None,
        )
        for doc in docs
        if (ticket := by_number.get(doc["_id"])) is not None
        and (estate is None or ticket["estate"] in {estate, None})
    ]


async def open_incidents_at(
    store: Store, principal: Principal, estate: str | None
) -> list[OpenIncident]:
    """Those at an estate, the latest first; none where the place is not known, or beyond reach."""
    if estate is None or not (allows(principal, "incident.see") and principal.reaches(estate)):
        return []
    query = {"status": {"$in": _OPEN_INCIDENTS}, "estate": estate}
    latest = [("began_at", DESCENDING)]
    fields = ("area", "estate", "buildings", "status", "began_at")
    docs = await store.find("incidents", query, sort=latest, limit=MOST, fields=fields)
    return [
        OpenIncident(
            doc["_id"],
            doc["area"],
            doc["estate"],
            tuple(doc["buildings"]),
            doc["status"],
            doc["began_at"],
        )
        for doc in docs
    ]
