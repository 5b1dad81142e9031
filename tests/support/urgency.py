"""Something urgent that is in hand meanwhile."""

from __future__ import annotations

import asyncio

from shared.lanes import Precedence


class urgent_elsewhere:  # noqa: N801 - reads as a block
    """Something urgent in another task while the block lasts."""

    def __init__(self, precedence: Precedence) -> None:
        self._precedence = precedence
        self._over = asyncio.Event()

    async def __aenter__(self) -> None:
        entered = asyncio.Event()

        async def hold() -> None:
            with self._precedence.urgent():
                entered.set()
                await self._over.wait()

        self._task = asyncio.create_task(hold())
        await entered.wait()

    async def __aexit__(self, *_: object) -> None:
        self._over.set()
        await self._task
