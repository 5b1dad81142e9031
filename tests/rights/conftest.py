"""One furnished hotline for all who walk through it."""

from __future__ import annotations

from typing import Final

import pytest_asyncio

from tests.rights.endpoints import Endpoint, endpoints_of
from tests.rights.house import House, furnish
from tests.support.floor import Floor

SERVICES_WITH_LISTS: Final = {"intake", "router", "notifier", "survey", "admin"}


@pytest_asyncio.fixture(scope="session")
async def house(floor: Floor) -> House:
    return await furnish(floor)


@pytest_asyncio.fixture(scope="session")
async def endpoints(house: House) -> list[Endpoint]:
    found = await endpoints_of(house.floor)
    assert {endpoint.service for endpoint in found if endpoint.is_list} >= SERVICES_WITH_LISTS
    return found
