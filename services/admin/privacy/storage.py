"""Requests to documents and back. Each change is one conditional write with its event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.admin.privacy.domain import Mark, Request, Status
from shared.contracts import Event
from shared.identity import Principal
from shared.store import Change, Doc, Store, Verdict, outbox_index
from shared.store.old_paging import page
from shared.store.reach import belonging_within_reach

REQUESTS: Final = "privacy_requests"
_NEWEST: Final = (("asked_at", DESCENDING), ("_id", DESCENDING))
INDEXES: Final[Mapping[str, tuple[IndexModel, ...]]] = {
    REQUESTS: (
        outbox_index(),
        IndexModel([*_NEWEST], name="requests_newest"),
        IndexModel([("estate", ASCENDING), *_NEWEST], name="requests_of_estate"),
        IndexModel([("status", ASCENDING), *_NEWEST], name="requests_by_status"),
    )
}


class Requests:
    """The collection. What a correction asks for lies sealed in its document, and nowhere else."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, id: str) -> Request | None:
        """One request."""
        doc = await self._store.get(REQUESTS, id)
        return _from_doc(doc) if doc else None

    async def insert(self, request: Request, body: str, sealed: bytes | None) -> bool:
        """Put it down; False when its key stands for another wish. A repeat changes nothing."""
        content = {**_to_doc(request), "body": body, "sealed": sealed}
        won = await self._write(request, request.asked_at, insert=content) is Verdict.WON
        if won:
            return True
        doc = await self._store.get(REQUESTS, request.id)
        return doc is not None and doc["body"] == body

    async def save(
        self, request: Request, now: datetime, *, events: Sequence[Event] = ()
    ) -> Verdict:
        """Write the next state; new values are forgotten when it is over."""
        forgotten = {"sealed": None} if request.is_over else {}
        content = {**_to_doc(request), **forgotten}
        return await self._write(request, now, set=content, events=events)

    async def _write(self, request: Request, now: datetime, **content: Any) -> Verdict:
        return await self._store.write(
            Change(
                collection=REQUESTS,
                id=request.id,
                version=request.version,
                lane="routine",
                at=now,
                **content,
            )
        )

    async def listed(
        self, principal: Principal, *, status: Status | None, after: str | None, limit: int
    ) -> tuple[list[Request], str | None]:
        """Requests within reach, newest first, and the cursor of the next page."""
        query = await belonging_within_reach(self._store, principal, "privacy_request.see")
        if status is not None:
            query |= {"status": status.value}
        found = await page(
            self._store, REQUESTS, query, after=after, limit=limit, newest_by="asked_at"
        )
        return [_from_doc(doc) for doc in found.docs], found.next


def _to_doc(request: Request) -> Doc:
    doc = asdict(request) | {"status": request.status.value}
    return {field: value for field, value in doc.items() if field not in {"id", "version"}}


def _from_doc(doc: Mapping[str, Any]) -> Request:
    checked, decided = doc["checked"], doc["decided"]
    return Request(
        id=doc["_id"],
        version=doc["version"],
        status=Status(doc["status"]),
        checked=Mark(**checked) if checked else None,
        decided=Mark(**decided) if decided else None,
        **{field: doc[field] for field in _PLAIN},
    )


_PLAIN: Final = (
    "kind", "number", "person", "estate", "how", "asked_at", "asked_by", "due", "turn",
    "ended_at", "tickets",
)  # fmt: skip
