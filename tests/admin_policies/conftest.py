"""What the tests of policies may ask for."""

from collections.abc import AsyncIterator

import pytest

from tests.admin_policies.bench import Bench, open_bench
from tests.support.anew import Shared, shared
from tests.support.servers import Servers, open_corner


@pytest.fixture(scope="package")
async def running(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Shared[Bench]]:
    """The policies of a group that all tests share."""
    with open_corner(servers) as corner:
        async with open_bench(corner, tmp_path_factory.mktemp("policies")) as made:
            yield await shared(made)


@pytest.fixture
async def bench(running: Shared[Bench]) -> AsyncIterator[Bench]:
    """The same as it was seeded."""
    async with running.lent() as made:
        yield made
