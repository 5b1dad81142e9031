"""What the administration's tests may ask for."""

from collections.abc import AsyncIterator

import pytest

from tests.admin.bench import Bench, open_bench
from tests.support.servers import Servers, open_corner


@pytest.fixture(scope="module")
async def house(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    """An administration that a module's tests share."""
    with open_corner(servers) as corner:
        async with open_bench(corner, tmp_path_factory.mktemp("admin")) as made:
            await made.add_replica()
            yield made


@pytest.fixture
async def bench(house: Bench) -> Bench:
    """The same with nobody in it."""
    await house.clear()
    return house
