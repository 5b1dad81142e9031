"""How much waits in queues."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

import aio_pika
from aio_pika.abc import AbstractConnection
from aio_pika.exceptions import AMQPError

from shared.bus.errors import is_loss
from shared.bus.topology import QueueSpec

SECONDS: Final = 5.0


class QueueLengths:
    """Asks the broker, on a connection of its own that is made when it is needed."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: AbstractConnection | None = None
        self._closing: set[asyncio.Task[None]] = set()

    async def waiting(self, specs: Iterable[QueueSpec]) -> int | None:
        """How many messages nobody has in hand; None where a queue is missing or nobody can say."""
        try:
            async with asyncio.timeout(SECONDS):
                return await self._ask(specs)
        except AMQPError:  # a queue that is not there closes the channel, not the connection
            return None
        except (Exception, asyncio.CancelledError) as error:
            if not is_loss(error):
                raise
            self._drop()
            return None

    async def _ask(self, specs: Iterable[QueueSpec]) -> int:
        if self._connection is None or self._connection.is_closed:
            self._connection = await aio_pika.connect(self._url, timeout=SECONDS)
        channel = await self._connection.channel()
        found = [await channel.declare_queue(spec.name, passive=True) for spec in specs]
        await channel.close()
        return sum(queue.declaration_result.message_count or 0 for queue in found)

    def _drop(self) -> None:
        """Give the connection up without waiting: one that is half open closes in minutes."""
        connection, self._connection = self._connection, None
        if connection is not None:
            closing = asyncio.create_task(_close(connection))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def aclose(self) -> None:
        """Let go of the connection."""
        self._drop()
        await asyncio.gather(*self._closing)


async def _close(connection: AbstractConnection) -> None:
    with suppress(Exception, asyncio.CancelledError):  # it is given up, however it ends
        async with asyncio.timeout(SECONDS):
            await connection.close()
