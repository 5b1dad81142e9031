"""Whether a caller has come about the same matter before: found by the blind index alone.

One read from an index, beside what a registration waits for anyway. An emergency never waits for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pymongo import ASCENDING

from services.intake.domain import Arrival
from shared.policy.policy import Rules
from shared.privacy import BlindIndex
from shared.store import Store

SWITCHBOARD: Final = 20
"""A number with more tickets of one matter has a switchboard behind it, which is nobody."""
OVER_WITHOUT: Final = frozenset({"merged", "cancelled"})
"""Marks of what went on elsewhere, or was not wanted."""


class Repeating:
    """Finds the first ticket of a caller's matter."""

    def __init__(self, store: Store, index: BlindIndex) -> None:
        self._store = store
        self._index = index

    async def first(self, arrival: Arrival, estate: str | None, rules: Rules) -> str | None:
        """The number of the first ticket of the same caller about the same area of this estate,
        within `repeats_within`; None where there is none, or where it cannot be told.
        """
        caller = arrival.report.caller
        if arrival.found.emergency or arrival.report.test or estate is None or not rules.repeats:
            return None
        entries = self._index.phones(caller.phone if caller else None)
        if not entries:
            return None
        since = self._store.clock.now() - rules.repeats_within
        docs = await self._store.find(
            "tickets",
            {
                "index.phone": {"$in": entries},
                "registered_at": {"$gte": since},
                "estate": estate,
                "area": arrival.found.area,
                "test": False,
            },
            sort=[("registered_at", ASCENDING)],
            limit=SWITCHBOARD + 1,
            fields=("mark", "repeat_of"),
        )
        return first_of(docs)


def first_of(docs: Sequence[Mapping[str, Any]]) -> str | None:
    """The ticket that all the others of a matter name, of those found, the earliest first."""
    if len(docs) > SWITCHBOARD:
        return None
    counting = [doc for doc in docs if doc.get("mark") not in OVER_WITHOUT]
    return (counting[0].get("repeat_of") or counting[0]["_id"]) if counting else None
