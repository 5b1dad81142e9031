"""Every document of a question, a little at a time; what is urgent holds the next read back."""

import time

import pytest

from shared.lanes import PACE_SECONDS
from shared.store import Store
from shared.store.group_commit import MARK
from shared.store.store import WALKED_AT_ONCE
from tests.store.conftest import StoreOf
from tests.support.urgency import urgent_elsewhere


@pytest.fixture
def store(store_of: StoreOf) -> Store:
    return store_of("router")


async def keep(store: Store, count: int) -> None:
    docs = [{"_id": f"{n:04}", "at": 1, "text": "long", MARK: "test"} for n in range(count)]
    if docs:
        await store.documents("tickets").insert_many(docs)


async def walk(store: Store) -> list[dict[str, object]]:
    found = store.walk("tickets", {"at": 1}, sort=(("_id", 1),), fields=("at",))
    return [doc async for doc in found]


@pytest.mark.parametrize(
    "count", [0, 1, WALKED_AT_ONCE, WALKED_AT_ONCE + 1, 2 * WALKED_AT_ONCE + WALKED_AT_ONCE // 2]
)
async def test_each_is_met_once_with_the_fields_named(store: Store, count: int) -> None:
    await keep(store, count)

    assert await walk(store) == [{"_id": f"{n:04}", "at": 1} for n in range(count)]


async def test_what_is_urgent_holds_the_next_read_back(store: Store) -> None:
    await keep(store, 3 * WALKED_AT_ONCE)

    async with urgent_elsewhere(store.precedence):
        began = time.monotonic()
        await walk(store)

    assert time.monotonic() - began >= 2 * PACE_SECONDS
