"""One running hotline for the journeys of this folder; tests that kill things run their own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.floor import Floor, running_floor


@pytest_asyncio.fixture(scope="session")
async def floor(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Floor]:
    async with running_floor(tmp_path_factory.mktemp("floor")) as running:
        yield running
