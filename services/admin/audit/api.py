"""`/v1/audit`: who did what to what, why and from where. Reading it is on record as well."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel

from shared.audit import Entry, list_entries
from shared.audit.chain import from_doc
from shared.contracts import MalformedMessage
from shared.runtime import Actor, NoStore, Platform, Routes, Source, may

Id = Annotated[str | None, Query(max_length=120)]


class SubjectView(BaseModel):
    """What it was done to."""

    kind: str
    id: str


class AuditEntryView(BaseModel):
    """One act; ids and codes, nothing personal."""

    writer: str
    n: int
    at: datetime
    by: str
    role: str
    act: str
    subject: SubjectView
    why: str | None
    source: str | None
    details: dict[str, str | int]


class EntryPage(BaseModel):
    """A page and the cursor of the next one, if there is one."""

    items: list[AuditEntryView]
    next: str | None


def build_audit_api(platform: Platform) -> Routes:
    """The audit of all services, as a list."""
    router = Routes("/v1/audit", tags=["audit"], route_class=NoStore)

    @router.get("", dependencies=[may("audit.see")])
    async def listed(
        actor: Actor,
        source: Source,
        by: Id = None,
        kind: Id = None,
        id: Id = None,
        after: Annotated[str | None, Query(max_length=200)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> EntryPage:
        """Entries, the newest first: of a person (`by`), or about one thing (`kind` and `id`).

        The first page of a look is put on record before it is shown.
        """
        subject = _subject(kind, id)
        if not after:
            about = subject or ("account" if by else "audit", by or "all")
            await platform.trail.record(actor, "audit.read", about, source=source)
        found = await list_entries(platform.store, by=by, subject=subject, after=after, limit=limit)
        items = [_view(from_doc(doc).entry) for doc in found.items]
        return EntryPage(items=items, next=found.next)

    return router


def _subject(kind: str | None, id: str | None) -> tuple[str, str] | None:
    if (kind is None) != (id is None):
        field = "kind" if kind is None else "id"
        raise MalformedMessage(field, "is missing", "a subject is named by kind and id together")
    return (kind, id) if kind is not None and id is not None else None


def _view(entry: Entry) -> AuditEntryView:
    return AuditEntryView(
        writer=entry.writer,
        n=entry.n,
        at=entry.at,
        by=entry.by,
        role=entry.role,
        act=entry.act,
        subject=SubjectView(kind=entry.subject.kind, id=entry.subject.id),
        why=entry.why,
        source=entry.source,
        details=dict(entry.details),
    )
