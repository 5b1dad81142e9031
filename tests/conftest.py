"""What every test may ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.floor import Floor, running_floor

pytest_plugins = ["tests.support.servers", "tests.support.alone"]


@pytest_asyncio.fixture(scope="session")
async def floor(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Floor]:
    """One running hotline for all that live together; tests that kill things run their own."""
    async with running_floor(tmp_path_factory.mktemp("floor")) as running:
        yield running
