"""What the tests of policies may ask for."""

from collections.abc import AsyncIterator

import pytest

from tests.admin_policies.bench import Bench, open_bench
from tests.support.servers import Servers, open_corner


@pytest.fixture(scope="module")
async def house(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    """The policies of a group that a module's tests share."""
    with open_corner(servers) as corner:
        async with open_bench(corner, tmp_path_factory.mktemp("policies")) as made:
            yield made


@pytest.fixture
async def bench(house: Bench) -> Bench:
    """The same as it was seeded."""
    await house.begin_again()
    return house
