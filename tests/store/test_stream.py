"""A collection is read to its end in portions, and no more of each document than was asked for."""

from __future__ import annotations

from typing import Final

import pytest

from shared.store import Store
from shared.store.store import WALKED_AT_ONCE

DOCUMENTS: Final = 10 * WALKED_AT_ONCE + 7


async def fill(store: Store) -> None:
    docs = [{"_id": f"{n:05}", "n": n, "words": "long"} for n in range(DOCUMENTS)]
    await store.documents("things").insert_many(docs)


async def test_every_document_comes_once_with_the_fields_named(store: Store) -> None:
    await fill(store)

    found = [doc async for doc in store.walk("things", {"n": {"$gte": 5}}, fields=("n",))]

    assert sorted(doc["n"] for doc in found) == list(range(5, DOCUMENTS))
    assert {frozenset(doc) for doc in found} == {frozenset({"_id", "n"})}


async def test_batches_are_full_but_for_the_last_and_in_order(store: Store) -> None:
    await fill(store)

    read = store.batches("things", {}, fields=("n",), size=400, sort=(("_id", 1),))
    found = [batch async for batch in read]

    assert [len(batch) for batch in found] == [400, 400, DOCUMENTS - 800]
    assert [doc["n"] for batch in found for doc in batch] == list(range(DOCUMENTS))
    assert await store.count_roughly("things") == DOCUMENTS


async def test_what_a_process_must_know_gives_way_to_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def step() -> bool:
        raise AssertionError("it gave way")

    await fill(store)
    monkeypatch.setattr(store.precedence, "step", step)

    found = await store.everything("things", {"n": {"$gte": 5}}, fields=("n",))

    assert len(found) == DOCUMENTS - 5
