"""What the administration's tests may ask for."""

from collections.abc import AsyncIterator

import pytest

from tests.admin.bench import Bench, open_bench
from tests.support.anew import Shared, shared
from tests.support.servers import Servers, open_corner


@pytest.fixture(scope="package")
async def running(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Shared[Bench]]:
    """The administration that all tests share."""
    with open_corner(servers) as corner:
        async with open_bench(corner, tmp_path_factory.mktemp("admin")) as made:
            await made.add_replica()
            yield await shared(made)


@pytest.fixture
async def bench(running: Shared[Bench]) -> AsyncIterator[Bench]:
    """The same with nobody in it."""
    async with running.lent() as made:
        yield made
