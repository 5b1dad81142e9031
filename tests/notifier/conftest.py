"""The bench every test of the notifier works at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.notifier.bench import Bench, running_bench
from tests.notifier.postbox import Postbox, running_postbox
from tests.support.anew import Shared, shared
from tests.support.servers import Corner, Servers, open_corner


@pytest.fixture
async def empty_bench(corner: Corner, tmp_path: Path) -> AsyncIterator[Bench]:
    """Servers, policy and duty list, but no notifier yet."""
    async with running_bench(corner, tmp_path) as bench:
        yield bench


@pytest.fixture(scope="package")
async def running(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Shared[Bench]]:
    with open_corner(servers) as corner:
        async with running_bench(corner, tmp_path_factory.mktemp("notifier")) as made:
            await made.add_replica()
            yield await shared(made)


@pytest.fixture
async def bench(running: Shared[Bench]) -> AsyncIterator[Bench]:
    """The one notifier that most tests share, as new."""
    async with running.lent() as made:
        yield made


@pytest.fixture
async def postbox() -> AsyncIterator[Postbox]:
    """A mail server alone."""
    async with running_postbox() as running:
        yield running
