"""Documents by a key that several carry: who asks together is answered together, each their own."""

import asyncio
from typing import Any

import pytest
from pymongo import DESCENDING, IndexModel

from shared.store import Asked, Store
from shared.store.group_commit import MARK
from tests.store.conftest import StoreOf

OF_A_CALLER = Asked("tickets", by="index.phone", order="at", most=3, fields=("at",))


@pytest.fixture
async def store(store_of: StoreOf) -> Store:
    made = store_of("intake")
    await made.start((), {"tickets": [IndexModel([("index.phone", 1), ("at", DESCENDING)])]})
    return made


async def keep(store: Store, phone: Any, *times: int) -> None:
    docs = [{"index": {"phone": phone}, "at": at, MARK: "test"} for at in times]
    await store.documents("tickets").insert_many(docs)


async def ask(store: Store, *phones: str) -> list[list[int]]:
    found = await asyncio.gather(*(store.having(OF_A_CALLER, phone) for phone in phones))
    return [[doc["at"] for doc in docs] for docs in found]


async def test_each_gets_their_own_the_latest_first(store: Store) -> None:
    await keep(store, "a", 1, 3)
    await keep(store, "b", 2)
    await keep(store, ["c", "old-c"], 4)

    assert await ask(store, "a", "b", "c", "old-c", "nobody") == [[3, 1], [2], [4], [4], []]


@pytest.mark.parametrize("others", [1, 2, 5])
async def test_one_who_has_many_leaves_the_others_what_is_theirs(store: Store, others: int) -> None:
    await keep(store, "many", *range(100, 200))
    for n in range(others):
        await keep(store, f"few-{n}", n)

    found = await ask(store, "many", *(f"few-{n}" for n in range(others)))

    assert found == [[199, 198, 197], *([n] for n in range(others))]


async def test_the_same_question_at_once_is_asked_once(store: Store) -> None:
    await keep(store, "a", 1)

    one, other = await asyncio.gather(*(store.having(OF_A_CALLER, "a") for _ in range(2)))

    assert one is other
