"""A store that is away is no missing key: nobody may take it for one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import ServerSelectionTimeoutError

from shared.privacy import Vault
from shared.privacy.vault import GROUP
from shared.store import STORE_DOWN
from tests.support.servers import Corner

MASTER = b"m" * 96
NOBODY = "mongodb://127.0.0.1:9/?directConnection=true&serverSelectionTimeoutMS=100"


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as made:
        yield made


def open_vault(stack: AsyncExitStack, url: str, database: str) -> Vault:
    client: AsyncIOMotorClient[Any] = AsyncIOMotorClient(url, tz_aware=True)
    stack.callback(client.close)
    vault = Vault(client, database, MASTER)
    stack.push_async_callback(vault.aclose)
    return vault


async def test_with_the_store_away_neither_sealing_nor_opening_pretends_to_know(
    corner: Corner, stack: AsyncExitStack
) -> None:
    """Else a caller would be left untold for good, and a report parked that only had to wait."""
    vault = open_vault(stack, corner.mongo_url, corner.database)
    await vault.start()
    sealed = await vault.encrypt({"phone": "13800138000"}, GROUP)
    away = open_vault(stack, NOBODY, corner.database)
    away._known.add(GROUP)  # as after its first use, when the library's own copy has expired

    for attempt in (away.decrypt(sealed), away.encrypt({"a": 1}, GROUP)):
        with pytest.raises(ServerSelectionTimeoutError) as caught:
            await attempt
        assert isinstance(caught.value, STORE_DOWN)
