"""Reads by key that are asked for while others are under way go to the server as one question.

Alone, a read goes at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from motor.motor_asyncio import AsyncIOMotorCollection
from pymongo import DESCENDING

from shared.documents import Doc
from shared.lanes import Precedence
from shared.store.together import Together

LARGEST: Final = 100
"""Documents asked for at once; the first should not wait for megabytes of others."""


class Asked(NamedTuple):
    """What is asked of one collection. Of a key that several documents carry, at most `most`, those
    latest by the field `order`; both it and `by` are of one index.
    """

    collection: str
    by: str = "_id"
    fields: tuple[str, ...] = ()
    order: str | None = None
    most: int = 1


class BatchedReads:
    """Reads of one collection that ask the same, each of another key."""

    def __init__(
        self, collection: AsyncIOMotorCollection[Doc], asked: Asked, precedence: Precedence
    ) -> None:
        self._collection = collection
        self._asked = asked
        fields = (*asked.fields, asked.by) if asked.fields else ()
        self._projection: dict[str, Any] | None = dict.fromkeys(fields, 1) or None
        self._together: Together[str, list[Doc]] = Together(
            self._found, precedence, at_once=LARGEST
        )

    async def get(self, key: str) -> list[Doc]:
        """The documents as they are at some moment after the call; who asks together gets the same
        ones and must not change them.
        """
        return await self._together.do(key)

    async def _found(self, keys: Sequence[str]) -> Sequence[list[Doc]]:
        found = await self._find(list(dict.fromkeys(keys)))
        return [found.get(key, []) for key in keys]

    async def _find(self, keys: list[str]) -> Mapping[str, list[Doc]]:
        limit = self._asked.most * len(keys)
        docs = await self._find_at_most(limit, keys)
        if len(docs) == limit and len(keys) > 1 and self._asked.order:
            # One key may have so many that those of others were left out.
            return {key: await self._find_at_most(self._asked.most, [key]) for key in keys}
        found = defaultdict(list)
        for doc in docs:
            for key in _values(doc, self._asked.by):
                found[key].append(doc)
        return found

    async def _find_at_most(self, limit: int, keys: list[str]) -> list[Doc]:
        cursor = self._collection.find({self._asked.by: {"$in": keys}}, self._projection)
        if self._asked.order:
            cursor = cursor.sort(self._asked.order, DESCENDING).limit(limit)
        return await cursor.to_list(limit)


def _values(doc: Mapping[str, Any], path: str) -> Iterator[str]:
    """What a document carries in a field, one value or several."""
    value: Any = doc
    for name in path.split("."):
        value = value[name]
    yield from value if isinstance(value, list) else [value]
