"""Sessions to documents and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from services.admin.domain.sessions import REFRESHES_REMEMBERED, WHOLE, Ending, Session
from shared.store import Store
from shared.store.credentials import REMEMBERED
from shared.store.plain import Plain

FORGET_AFTER: Final = WHOLE + REMEMBERED + timedelta(hours=1)
"""No token of it is left by then; an hour more, for whoever looks for what happened."""


class Sessions:
    """The collection `sessions`, in values of the domain."""

    def __init__(self, store: Store) -> None:
        self._sessions = Plain(store, "sessions")

    async def get(self, id: str) -> Session | None:
        """One session, as it is now."""
        doc = await self._sessions.get(id)
        return _from_doc(doc) if doc else None

    async def insert(self, session: Session) -> None:
        """Write a new session."""
        await self._sessions.make(
            {
                "_id": session.id,
                "account": session.account,
                "edition": session.edition,
                "how": session.how,
                "unfinished": session.unfinished,
                "started_at": session.started_at,
                "refreshed_at": session.refreshed_at,
                "refresh": session.refresh,
                "used": [],
                "forget_at": session.started_at + FORGET_AFTER,
            }
        )

    async def rotate(self, session: Session, refresh: str, now: datetime) -> bool:
        """Put another refresh token in place of the present one; False when somebody else did."""
        query = {"_id": session.id, "refresh": session.refresh, "ended_at": None}
        used = {"$each": [session.refresh], "$slice": -REFRESHES_REMEMBERED}
        update = {"$set": {"refresh": refresh, "refreshed_at": now}, "$push": {"used": used}}
        return await self._sessions.change(query, update) is not None

    async def end(self, id: str, why: Ending, now: datetime) -> bool:
        """End a session for good; False when it had ended before."""
        query = {"_id": id, "ended_at": None}
        return bool(await self._sessions.change(query, {"$set": {"ended_at": now, "why": why}}))


def _from_doc(doc: Mapping[str, Any]) -> Session:
    return Session(
        id=doc["_id"],
        account=doc["account"],
        edition=doc["edition"],
        how=doc["how"],
        unfinished=doc["unfinished"],
        started_at=doc["started_at"],
        refreshed_at=doc["refreshed_at"],
        refresh=doc["refresh"],
        used=tuple(doc["used"]),
        ended_at=doc.get("ended_at"),
    )
