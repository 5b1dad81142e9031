"""What the survey's tests may ask for."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.servers import Corner, Servers, open_corner
from tests.survey.bench import Bench, open_bench


@pytest.fixture
async def bench(corner: Corner, tmp_path: Path) -> AsyncIterator[Bench]:
    """A survey of the test's own."""
    async with open_bench(corner, tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
async def shared_bench(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bench]:
    """A survey that a module's tests share, each with tickets of its own numbers."""
    with open_corner(servers) as corner:
        async with open_bench(corner, tmp_path_factory.mktemp("survey")) as made:
            yield made
