"""Services that start on one database at the same moment, an empty one or an old one, all start."""

import asyncio
from dataclasses import replace

from motor.motor_asyncio import AsyncIOMotorDatabase
from pymongo import IndexModel

from shared.store import Doc, KeptAsItIs
from tests.store.conftest import EVERYTHING, StoreOf

SERVICES = ("intake", "router", "notifier", "survey", "admin", "console")
OLD_TICKETS = 10_000


def kept_by(service: str) -> list[KeptAsItIs]:
    """Indexes that no other service makes, so that each has to build its own."""
    return [
        replace(kept, indexes=[IndexModel([(f"{service}_{n}", 1)]) for n in range(4)])
        for kept in EVERYTHING
    ]


async def build_indexes(database: AsyncIOMotorDatabase[Doc]) -> None:
    """As somebody does who has many of them to build."""
    for n in range(30):
        await database["tickets"].create_index(f"field_{n}")


async def test_services_start_together_on_an_empty_database(store_of: StoreOf) -> None:
    stores = [store_of(service) for service in SERVICES]

    await asyncio.gather(*(store.start(kept_by(store.service)) for store in stores))

    made = await stores[0].documents("tickets").index_information()
    assert {"outbox_waiting", *(f"{service}_0_1" for service in SERVICES)} <= made.keys()


async def test_one_starts_while_another_builds_indexes(store_of: StoreOf) -> None:
    store = store_of("router")
    await store.start(kept_by("router"))
    await store.documents("tickets").insert_many([{"n": n} for n in range(OLD_TICKETS)])
    building = asyncio.create_task(build_indexes(store._database))

    for service in SERVICES:
        await store_of(service).start(EVERYTHING)
        assert not building.done(), "nobody waits for it"
    building.cancel()
