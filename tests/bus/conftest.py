"""What the bus's tests may ask for."""

from collections.abc import AsyncIterator

import pytest

from tests.bus.bench import Bench, open_bench
from tests.support.servers import Corner, Servers


@pytest.fixture
async def bench(corner: Corner, servers: Servers) -> AsyncIterator[Bench]:
    async with open_bench(corner, servers) as made:
        yield made
