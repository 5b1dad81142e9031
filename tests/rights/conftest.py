"""One furnished hotline for all who walk through it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import pytest
import pytest_asyncio

from tests.rights.endpoints import Endpoint, endpoints_of
from tests.rights.house import House, furnish
from tests.support.floor import Floor

SERVICES_WITH_LISTS: Final = {"intake", "router", "notifier", "survey", "admin", "telephony"}


@pytest_asyncio.fixture(scope="session")
async def house(floor: Floor) -> House:
    return await furnish(floor)


@pytest_asyncio.fixture(scope="session")
async def endpoints(house: House) -> list[Endpoint]:
    found = await endpoints_of(house.floor)
    assert {endpoint.service for endpoint in found if endpoint.is_list} >= SERVICES_WITH_LISTS
    return found


@pytest_asyncio.fixture(autouse=True)
async def messages_go_out(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Who walks through every endpoint keeps messages back as well: the next test gets its own."""
    yield
    if not {"floor", "house"} & set(request.fixturenames):
        return
    clients = request.getfixturevalue("floor").clients
    path = "/v1/messages/brakes"
    listed = await clients.call("GET", "notifier", path, role="supervisor")
    for brake in listed.json()["items"]:
        if brake["released_at"] is None:
            released = f"{path}/{brake['id']}/release"
            assert (await clients.call("POST", "notifier", released, role="supervisor")).is_success
