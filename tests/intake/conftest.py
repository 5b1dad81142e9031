from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.intake.test_registering import IntakeBench
from tests.support.bench import opened
from tests.support.servers import Corner


@pytest_asyncio.fixture
async def bench(corner: Corner, tmp_path: Path) -> AsyncIterator[IntakeBench]:
    async with opened(IntakeBench, corner, tmp_path) as made:
        await made.listen("#")
        await made.add_replica()
        yield made
