"""What a service other than the router may know of an emergency: whether it runs, whether anybody
has it, and whether its alerts reached anybody.

The router and the notifier alone write these collections. Here is read what decides, and for the
notifier whom the router called.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pymongo import DESCENDING

from shared.contracts.router import EmergencyAlerted, EmergencySlowed
from shared.documents import Doc
from shared.store.store import Store

_MOST_ALERTS: Final = 1_000
"""More than a chain rings in a night, one a minute."""
_ALL: Final[Mapping[str, Any]] = {}
_MOST_RUNNING: Final = 1_000
_FIELDS: Final = ("round", "plans", "acknowledged_at", "ended_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyState:
    """An emergency as the router has it; `round` and `plans` say what of the ticket it answers."""

    round: int
    plans: int
    acknowledged_at: datetime | None = None
    ended_at: datetime | None = None
    unheard: bool = False
    """Every alert so far has failed."""


@dataclass(frozen=True, slots=True)
class PastAlert:
    """People were called for help or, where the chain slowed down, to see to it; and the event
    that said so.
    """

    at: datetime
    event: EmergencyAlerted | EmergencySlowed


async def unanswered(store: Store, since: datetime | None, until: datetime) -> list[str]:
    """Numbers of the running emergencies that nobody has taken yet, and to which somebody was
    called within a time; without `since` all of those.
    """
    within = {"$lte": until} | ({"$gt": since} if since is not None else {})
    called = {"alerts.at": within}
    return await running_emergencies(store, {"acknowledged_at": None, **called})


async def running_emergencies(store: Store, only: Mapping[str, Any] = _ALL) -> list[str]:
    """Numbers of the emergencies that are not over, the latest first. What is beyond a thousand is
    old and forgotten.
    """
    running = {"ended_at": None, **only}
    latest = [("started_at", DESCENDING)]
    found = await store.find(
        "emergencies", running, sort=latest, limit=_MOST_RUNNING, fields=("_id",)
    )
    return [doc["_id"] for doc in found]


async def which_run(store: Store, numbers: Collection[str]) -> frozenset[str]:
    """Those of these emergencies that are not over."""
    if not numbers:
        return frozenset()
    query = {"_id": {"$in": sorted(numbers)}, "ended_at": None}
    found = await store.find("emergencies", query, limit=len(numbers), fields=("_id",))
    return frozenset(doc["_id"] for doc in found)


async def past_alerts_of(store: Store, number: str) -> list[PastAlert]:
    """Everybody who was called to an emergency since it began, call by call."""
    doc = await store.get("emergencies", number)
    if doc is None:
        return []
    facts = {
        "number": number,
        "kind": doc["kind"],
        "estate": doc["estate"],
        "test": doc.get("test", False),
    }
    alerts = [
        PastAlert(
            a["at"], EmergencyAlerted(**facts, step=a["step"], recipients=tuple(a["recipients"]))
        )
        for a in doc["alerts"]
        if a["at"] >= doc["started_at"]
    ]
    return [*alerts, *_slowed(doc, facts)]


def _slowed(doc: Doc, facts: Mapping[str, Any]) -> Iterator[PastAlert]:
    """That the chain slowed down, as it was said with the call of that moment."""
    at, superiors = doc.get("slowed_at"), tuple(doc.get("superiors", ()))
    for alert in doc["alerts"]:
        if at is not None and alert["at"] == at:
            event = EmergencySlowed(
                **facts, step=alert["step"], recipients=superiors, next_at=doc.get("next_due")
            )
            yield PastAlert(at, event)


async def emergency_state(store: Store, number: str) -> EmergencyState | None:
    """The state of a ticket's emergency; None where the router has not begun it."""
    doc = await store.get("emergencies", number, fields=_FIELDS)
    if doc is None:
        return None
    query = {"number": number, "purpose": "alert"}
    alerts = await store.find("messages", query, limit=_MOST_ALERTS, fields=("status",))
    unheard = bool(alerts) and all(alert["status"] == "failed" for alert in alerts)
    return EmergencyState(**{field: doc[field] for field in _FIELDS}, unheard=unheard)
