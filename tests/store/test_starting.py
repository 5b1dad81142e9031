"""Services that start on one database at the same moment, an empty one or an old one, all start."""

import asyncio

from motor.motor_asyncio import AsyncIOMotorDatabase
from pymongo import IndexModel

from shared.store import Doc, Store
from shared.store.grouping import MARK, VALIDATOR
from shared.store.store import EMITTING
from tests.store.conftest import StoreOf

SERVICES = ("intake", "router", "notifier", "survey", "admin", "console")
OLD_TICKETS = 10_000


def indexes_of(service: str) -> dict[str, list[IndexModel]]:
    """Indexes that no other service makes, so that each has to build its own."""
    return {name: [IndexModel([(f"{service}_{n}", 1)]) for n in range(4)] for name in EMITTING}


async def validators(store: Store) -> list[object]:
    return [(await store.database[name].options()).get("validator") for name in EMITTING]


async def build_indexes(database: AsyncIOMotorDatabase[Doc]) -> None:
    """As somebody does who has many of them to build."""
    for n in range(30):
        await database["tickets"].create_index(f"field_{n}")


async def test_services_start_together_on_an_empty_database(store_of: StoreOf) -> None:
    stores = [store_of(service) for service in SERVICES]

    await asyncio.gather(*(store.start(indexes_of(store.service)) for store in stores))

    assert await validators(stores[0]) == [VALIDATOR] * len(EMITTING)


async def test_one_starts_while_another_builds_indexes_of_collections_from_before_the_mark(
    store_of: StoreOf,
) -> None:
    store = store_of("router")
    await store.database["tickets"].insert_many([{"n": n} for n in range(OLD_TICKETS)])
    building = asyncio.create_task(build_indexes(store.database))

    await store.start({})

    assert await validators(store) == [VALIDATOR] * len(EMITTING)
    await building


async def test_one_starts_while_another_builds_indexes_of_collections_that_have_it(
    store_of: StoreOf,
) -> None:
    store = store_of("router")
    await store.start({})
    made = [{"n": n, MARK: "test"} for n in range(OLD_TICKETS)]
    await store.database["tickets"].insert_many(made)
    building = asyncio.create_task(build_indexes(store.database))

    for service in SERVICES:
        await store_of(service).start({})
        assert not building.done(), "nobody waits for it"
    building.cancel()
