"""What a service other than the router may know of an emergency: whether it runs, whether anybody
has it, and whether its alerts reached anybody.

The router and the notifier alone write these collections. Here is read what decides, and nothing of
whom was alerted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.store.store import Store

_MOST_ALERTS: Final = 1_000
"""More than a chain rings in a night, one a minute."""
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


async def emergency_state(store: Store, number: str) -> EmergencyState | None:
    """The state of a ticket's emergency; None where the router has not begun it."""
    doc = await store.get("emergencies", number, fields=_FIELDS)
    if doc is None:
        return None
    query = {"number": number, "purpose": "alert"}
    alerts = await store.find("messages", query, limit=_MOST_ALERTS, fields=("status",))
    unheard = bool(alerts) and all(alert["status"] == "failed" for alert in alerts)
    return EmergencyState(**{field: doc[field] for field in _FIELDS}, unheard=unheard)
