"""Reading a whole collection, or a part of it, document by document: for audits, not for lists."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from shared.documents import Doc
from shared.store.store import Store

AT_ONCE: Final = 500
"""Documents fetched at once; left to itself the server sends 16 MB of them."""


async def stream(
    store: Store,
    collection: str,
    query: Mapping[str, Any],
    *,
    fields: Sequence[str],
    sort: Sequence[tuple[str, int]] | None = None,
) -> AsyncIterator[Doc]:
    """Every document of a query, whole or with the fields named, however many there are.

    What is written meanwhile may or may not be among them. Sort only by what an index holds.
    """
    wanted = dict.fromkeys(fields, 1) or None
    cursor = store.database[collection].find(query, wanted, batch_size=AT_ONCE)
    async for doc in cursor.sort(list(sort)) if sort else cursor:
        yield doc


async def batches(
    store: Store,
    collection: str,
    query: Mapping[str, Any],
    *,
    fields: Sequence[str],
    size: int,
    sort: Sequence[tuple[str, int]] | None = None,
) -> AsyncIterator[list[Doc]]:
    """The same, so many at a time."""
    batch: list[Doc] = []
    async for doc in stream(store, collection, query, fields=fields, sort=sort):
        batch.append(doc)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


async def count_roughly(store: Store, collection: str) -> int:
    """How many documents a collection holds, from its metadata: cheap, and good for progress."""
    return await store.database[collection].estimated_document_count()
