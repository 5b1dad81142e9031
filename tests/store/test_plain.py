"""Documents without events: conditional writes, and of many takers one."""

from __future__ import annotations

import asyncio

import pytest
from pymongo import IndexModel

from shared.store import Store, Taken
from shared.store.plain import Plain


@pytest.fixture
async def things(store: Store) -> Plain:
    index = IndexModel([("name", 1)], unique=True, sparse=True)
    await store.database["things"].create_indexes([index])
    return Plain(store, "things")


async def test_a_document_is_made_once(things: Plain) -> None:
    made = await asyncio.gather(*(things.make({"_id": "a", "n": n}) for n in range(5)))

    assert sorted(made) == [False] * 4 + [True]
    assert (await things.get("a") or {})["n"] == made.index(True)


async def test_what_only_one_may_have_is_not_taken_by_another(things: Plain) -> None:
    await things.make({"_id": "a", "name": "x"})
    await things.make({"_id": "b"})

    assert await things.make({"_id": "c", "name": "x"}) is False
    with pytest.raises(Taken):
        await things.change({"_id": "b"}, {"$set": {"name": "x"}})


async def test_of_many_who_change_one_version_one_wins(things: Plain) -> None:
    await things.make({"_id": "a", "version": 1})

    changes = [{"$set": {"by": n}, "$inc": {"version": 1}} for n in range(5)]
    won = await asyncio.gather(
        *(things.change({"_id": "a", "version": 1}, change) for change in changes)
    )

    [doc] = [doc for doc in won if doc is not None]
    assert doc == await things.get("a")
    assert doc["version"] == 2


async def test_a_change_makes_nothing_unless_it_is_told_to(things: Plain) -> None:
    assert await things.change({"_id": "a"}, {"$set": {"n": 1}}) is None
    assert await things.get("a") is None
    assert await things.change({"_id": "a"}, {"$set": {"n": 1}}, make=True) == {"_id": "a", "n": 1}


async def test_of_many_who_take_a_document_one_gets_it(things: Plain) -> None:
    await things.make({"_id": "a"})

    taken = await asyncio.gather(*(things.take({"_id": "a"}) for _ in range(5)))

    assert sorted(doc is not None for doc in taken) == [False] * 4 + [True]
    assert await things.first({"_id": "a"}) is None


async def test_all_that_fit_are_changed(things: Plain) -> None:
    for id, n in (("a", 1), ("b", 1), ("c", 2)):
        await things.make({"_id": id, "n": n})

    assert await things.change_all({"n": 1}, {"$set": {"n": 3}}) == 2
    assert [doc["_id"] for doc in await things.find({"n": 3}, limit=9)] == ["a", "b"]
