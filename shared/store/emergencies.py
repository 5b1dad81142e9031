"""What a service other than the router may know of an emergency: whether it runs, and who has it.

The router alone writes the collection. Here is read what decides, and nothing of whom was alerted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.store.store import Store

_FIELDS: Final = ("round", "plans", "acknowledged_at", "ended_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyState:
    """An emergency as the router has it; `round` and `plans` say what of the ticket it answers."""

    round: int
    plans: int
    acknowledged_at: datetime | None = None
    ended_at: datetime | None = None


async def emergency_state(store: Store, number: str) -> EmergencyState | None:
    """The state of a ticket's emergency; None where the router has not begun it."""
    doc = await store.get("emergencies", number, fields=_FIELDS)
    return EmergencyState(**{field: doc[field] for field in _FIELDS}) if doc else None
