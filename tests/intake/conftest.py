"""What intake's tests may ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.intake.privacy_bench import PrivacyBench
from tests.support.anew import Shared, shared
from tests.support.bench import opened
from tests.support.servers import Corner, Servers, open_corner


@asynccontextmanager
async def open_bench(corner: Corner, folder: Path) -> AsyncIterator[PrivacyBench]:
    async with opened(PrivacyBench, corner, folder) as made:
        await made.listen("#")
        await made.add_replica()
        yield made


@pytest.fixture(scope="package")
async def running(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Shared[PrivacyBench]]:
    with open_corner(servers) as corner:
        async with open_bench(corner, tmp_path_factory.mktemp("intake")) as made:
            yield await shared(made)


@pytest.fixture
async def bench(running: Shared[PrivacyBench]) -> AsyncIterator[PrivacyBench]:
    """The one intake that all tests of request and answer share, as new."""
    async with running.lent() as made:
        yield made


@pytest.fixture
async def own_bench(corner: Corner, tmp_path: Path) -> AsyncIterator[PrivacyBench]:
    """An intake of the test's own: for keys that are destroyed, and years that pass."""
    async with open_bench(corner, tmp_path) as made:
        yield made
