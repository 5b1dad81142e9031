"""How calls are kept, and what is asked of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from pymongo import ASCENDING, IndexModel

from services.telephony.calls.domain import KeptCall
from shared.calls.call import Call
from shared.documents import Shape
from shared.readers.ticket_filters import EVER
from shared.store import CollectionSpec, Order

DISPOSED_WITHIN: Final = timedelta(minutes=15)
"""So long after a call's end its agent may take to say what it was."""
NEWEST: Final = Order("call.offered_at", newest=True)
CALLS: Final = CollectionSpec(
    name="calls",
    kind="call",
    shape=Shape(value=KeptCall, names={Call: {"call": "channel"}}),
    indexes=(
        IndexModel(NEWEST.sort, name="calls_newest"),
        IndexModel([("call.line", ASCENDING), *NEWEST.sort], name="calls_of_line"),
        IndexModel([("call.agent", ASCENDING), *NEWEST.sort], name="calls_of_agent"),
        IndexModel(
            [("tickets", ASCENDING), *NEWEST.sort],
            name="calls_of_ticket",
            partialFilterExpression={"tickets.0": {"$exists": True}},
        ),
        IndexModel(
            [("undisposed_at", ASCENDING)],
            name="calls_undisposed",
            partialFilterExpression={"undisposed_at": {"$gt": EVER}},
        ),
        IndexModel(
            [("last_at", ASCENDING)],
            name="calls_to_look_at",
            partialFilterExpression={"asks": True},
        ),
        IndexModel([("index.phone", ASCENDING)], name="calls_of_caller", sparse=True),
        IndexModel(
            [("call.ended_at", ASCENDING), ("last_at", ASCENDING)],
            name="calls_running",
            partialFilterExpression={"call.ended_at": {"$type": "null"}},
        ),
        IndexModel(
            [("last_at", ASCENDING)],
            name="calls_with_facts",
            partialFilterExpression={"facts.0": {"$exists": True}},
        ),
        IndexModel(
            [("tickets", ASCENDING), ("last_at", ASCENDING)],
            name="calls_with_numbers",
            partialFilterExpression={"persons.caller": {"$exists": True}},
        ),
        IndexModel(
            [("tickets", ASCENDING), ("last_at", ASCENDING)],
            name="calls_sent_on",
            partialFilterExpression={"persons.diverted_from": {"$exists": True}},
        ),
        IndexModel(
            [("buckets.quarter", ASCENDING)],
            name="calls_to_count",
            partialFilterExpression={"buckets.0": {"$exists": True}},
        ),
    ),
)


def undisposed(now: datetime) -> dict[str, Any]:
    """Answered calls that nobody has put into the books in time."""
    return {"undisposed_at": {"$gt": EVER, "$lt": now - DISPOSED_WITHIN}}
