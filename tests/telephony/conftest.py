"""What telephony's tests may ask for."""

from collections.abc import AsyncIterator

import pytest

from tests.support.anew import Shared, shared
from tests.support.servers import Servers, open_corner
from tests.telephony.bench import Bench, open_bench


@pytest.fixture(scope="package")
async def running(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Shared[Bench]]:
    with open_corner(servers) as corner:
        async with open_bench(corner, tmp_path_factory.mktemp("telephony")) as made:
            yield await shared(made)


@pytest.fixture
async def bench(running: Shared[Bench]) -> AsyncIterator[Bench]:
    """The one telephony that all tests share, as new."""
    async with running.lent() as made:
        yield made
