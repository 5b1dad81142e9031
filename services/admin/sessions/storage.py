"""Sessions; the store forgets them by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.admin.sessions.domain import WHOLE, Session
from shared.documents import Shape
from shared.readers.credentials import REMEMBERED
from shared.store import CollectionSpec, forget_at

FORGET_AFTER: Final = WHOLE + REMEMBERED + timedelta(hours=1)
"""No token of it is left by then; an hour more, for whoever looks for what happened."""
SESSIONS: Final = CollectionSpec(
    name="sessions",
    shape=Shape(
        value=Session,
        lean={Session: ("ended_at", "why", "browser")},
        beside=lambda session: {"forget_at": session.started_at + FORGET_AFTER},
    ),
    indexes=(
        IndexModel([("ended_at", ASCENDING)], name="sessions_ended", sparse=True),
        IndexModel([("account", ASCENDING), ("started_at", DESCENDING)], name="sessions_own"),
        forget_at("forget_at", name="sessions_forgotten"),
    ),
)
