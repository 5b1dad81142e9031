"""Indexes that a version before made otherwise are made anew, and what they lie over stays."""

from __future__ import annotations

from pymongo import ASCENDING, DESCENDING, IndexModel

from shared.store import Store

BEFORE = IndexModel([("status", ASCENDING), ("_id", ASCENDING)], name="by_status")
NOW = IndexModel([("status", ASCENDING), ("at", DESCENDING)], name="by_status")
OTHER = IndexModel([("estate", ASCENDING)], name="by_estate")


async def test_an_index_of_the_same_name_with_other_keys_takes_its_place(store: Store) -> None:
    things = store.documents("things")
    await store.start((), {"things": (BEFORE, OTHER)})
    await things.insert_one({"_id": "a"})

    await store.start((), {"things": (NOW, OTHER)})
    await store.start((), {"things": (NOW, OTHER)})

    keys = {name: index["key"] for name, index in (await things.index_information()).items()}
    assert keys["by_status"] == [("status", 1), ("at", -1)]
    assert keys["by_estate"] == [("estate", 1)]
    assert await things.count_documents({}) == 1
