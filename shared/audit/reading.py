"""The audit as a list: of one person, of one thing, or all of it, the newest first."""

from __future__ import annotations

from shared.audit.trail import AUDIT
from shared.store import Doc, Listing, Order, Page, Store


async def list_entries(
    store: Store,
    *,
    by: str | None = None,
    subject: tuple[str, str] | None = None,
    after: str | None,
    limit: int,
) -> Page[Doc]:
    """At most `limit` entries from the cursor on: of a person, about a subject (kind and id).

    Raises MalformedMessage for a cursor that was not given out here.
    """
    query: Doc = {} if by is None else {"by": by}
    if subject is not None:
        query |= {"subject.kind": subject[0], "subject.id": subject[1]}
    listing = Listing(filters=query, order=Order("at", newest=True))
    return await store.page(AUDIT, listing, after=after, limit=limit, fields=())
