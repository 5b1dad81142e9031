"""The bench every test of the notifier works at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.notifier.bench import Bench, running_bench
from tests.notifier.postbox import Postbox, running_postbox
from tests.support.servers import Corner


@pytest.fixture
async def empty_bench(corner: Corner, tmp_path: Path) -> AsyncIterator[Bench]:
    """Servers, policy and duty list, but no notifier yet."""
    async with running_bench(corner, tmp_path) as bench:
        yield bench


@pytest.fixture
async def bench(empty_bench: Bench) -> Bench:
    """One notifier at work."""
    await empty_bench.add_replica()
    return empty_bench


@pytest.fixture
async def postbox() -> AsyncIterator[Postbox]:
    """A mail server alone."""
    async with running_postbox() as running:
        yield running
