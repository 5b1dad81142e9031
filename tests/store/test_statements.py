"""What the database does better in one statement than in a decision and a write."""

from __future__ import annotations

import asyncio
from typing import Any

from shared.store import Store


async def test_of_many_who_take_a_document_one_gets_it(store: Store) -> None:
    await store.insert_once("things", {"_id": "a", "kind": "lamp"})

    taken = await asyncio.gather(*(store.take("things", {"_id": "a"}) for _ in range(5)))

    assert [doc["kind"] for doc in taken if doc is not None] == ["lamp"]
    assert await store.find("things", {}, limit=9) == []


async def test_all_that_fit_are_changed_and_counted(store: Store) -> None:
    for id, kind in (("a", "lamp"), ("b", "lamp"), ("c", "door")):
        await store.insert_once("things", {"_id": id, "kind": kind})

    changed = await store.change_many("things", {"kind": "lamp"}, {"$set": {"lit": True}})

    lit = await store.find("things", {"lit": True}, limit=9)
    assert (changed, [doc["_id"] for doc in lit]) == (2, ["a", "b"])


async def test_however_many_count_at_once_each_is_in_it(store: Store) -> None:
    async def count(*, by_pipeline: bool) -> dict[str, Any]:
        one_more = {"n": {"$add": [{"$ifNull": ["$n", 0]}, 1]}}
        update = [{"$set": one_more}] if by_pipeline else {"$inc": {"n": 1}}
        return await store.upsert("things", "a", update)

    counted = await asyncio.gather(*(count(by_pipeline=n % 2 == 0) for n in range(20)))

    assert sorted(doc["n"] for doc in counted) == list(range(1, 21))
