"""How calls back are kept, and what is asked of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from pymongo import ASCENDING, IndexModel

from services.telephony.callbacks.domain import CallBack, CallBackState
from shared.documents import Shape
from shared.store import CollectionSpec, Order

DUE_FIRST: Final = Order("due_at")
LIVE: Final[dict[str, Any]] = {"key": {"$gt": ""}}
"""Somebody is to ring, or rings."""
CALLBACKS: Final = CollectionSpec(
    name="callbacks",
    kind="call_back",
    shape=Shape(value=CallBack),
    indexes=(
        IndexModel(
            [("key", ASCENDING)],
            name="one_of_number_and_line",
            unique=True,
            partialFilterExpression=LIVE,
        ),
        IndexModel(DUE_FIRST.sort, name="callbacks_due", partialFilterExpression=LIVE),
        IndexModel([("phones", ASCENDING)], name="callbacks_of_caller"),
        IndexModel([("calls", ASCENDING)], name="callbacks_of_call"),
        IndexModel([("state", ASCENDING), *DUE_FIRST.sort], name="callbacks_by_state"),
        IndexModel([("last_at", ASCENDING)], name="callbacks_by_age"),
    ),
)


def listed(state: CallBackState | None, line: str | None) -> dict[str, Any]:
    """Those in a state, or those that are to be done; of a line or of all."""
    query = dict(LIVE) if state is None else {"state": state.value}
    return query if line is None else {**query, "line": line}


def overdue(now: datetime) -> dict[str, Any]:
    """Those that should have been done."""
    return {**LIVE, "due_at": {"$lt": now}}
