"""What every test may ask for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
import uvloop

from tests.support.floor import MARK, Floor, running_floor

pytest_plugins = ["tests.support.servers", "tests.support.alone", "tests.support.schedule"]


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The event loop that the services run on."""
    return {"uvloop": uvloop.new_event_loop}


@pytest_asyncio.fixture(scope="session", params=[None], ids=[MARK])
async def floor(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Floor]:
    """One running hotline for all that live together; tests that kill things run their own."""
    folder = tmp_path_factory.mktemp("floor")
    # So many tests share it that their people would soon have their hands full, and the one caller
    # of all would be heard further and further up.
    async with running_floor(folder, overlay="rules: {busy_from: 100, repeats: []}") as running:
        yield running
