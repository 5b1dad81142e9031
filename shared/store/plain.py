"""Documents that say nothing on the bus: found, made and changed one at a time.

They have no outbox, so nothing joins a batch. Each change carries its own condition, which makes
races harmless.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import ASCENDING, ReturnDocument
from pymongo.errors import DuplicateKeyError

from shared.documents import Doc
from shared.store.errors import Taken
from shared.store.store import Store

Query = Mapping[str, Any]
Update = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class Plain:
    """One collection of such documents."""

    def __init__(self, store: Store, collection: str) -> None:
        self.name = collection
        self._docs = store.database[collection]

    async def get(self, id: str) -> Doc | None:
        """The document of an id, as the majority has it."""
        return await self._docs.find_one({"_id": id})

    async def first(self, query: Query) -> Doc | None:
        """Some document that a query fits."""
        return await self._docs.find_one(dict(query))

    async def find(self, query: Query, *, limit: int) -> list[Doc]:
        """At most `limit` documents, by id."""
        return await self._docs.find(dict(query)).sort("_id", ASCENDING).to_list(limit)

    async def make(self, doc: Query) -> bool:
        """Insert; False when its id, or what only one may have, is there already."""
        try:
            await self._docs.insert_one(dict(doc))
        except DuplicateKeyError:
            return False
        return True

    async def change(self, query: Query, update: Update, *, make: bool = False) -> Doc | None:
        """Change the document that the query fits; as it is now, or None where none fits.

        With `make` it is made where none fits. Raises Taken.
        """
        how: Any = dict(update) if isinstance(update, Mapping) else [dict(u) for u in update]
        try:
            return await self._docs.find_one_and_update(
                dict(query), how, upsert=make, return_document=ReturnDocument.AFTER
            )
        except DuplicateKeyError as error:
            raise Taken(self.name) from error

    async def change_all(self, query: Query, update: Query) -> int:
        """Change every document that the query fits; how many."""
        return int((await self._docs.update_many(dict(query), dict(update))).modified_count)

    async def take(self, query: Query) -> Doc | None:
        """Remove one document that the query fits, and return it: of many takers one gets it."""
        return await self._docs.find_one_and_delete(dict(query))
