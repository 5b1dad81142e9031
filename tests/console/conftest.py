"""What the console's tests may ask for."""

from collections.abc import AsyncIterator

import pytest

from tests.console.bench import Bench, open_bench
from tests.support.anew import Shared, shared
from tests.support.servers import Servers, open_corner


@pytest.fixture(scope="package")
async def running(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Shared[Bench]]:
    """The console and its services, which all tests share."""
    with open_corner(servers) as corner:
        async with open_bench(corner, tmp_path_factory.mktemp("console")) as made:
            yield await shared(made)


@pytest.fixture
async def bench(running: Shared[Bench]) -> AsyncIterator[Bench]:
    """The same with nobody in it."""
    async with running.lent() as made:
        yield made
