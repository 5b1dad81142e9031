"""Hears every event of the hotline, by a queue of this process alone, and says where to look
again.
"""

from __future__ import annotations

from typing import Final

import aio_pika
from aio_pika.abc import AbstractIncomingMessage, AbstractRobustConnection

from services.console.live.hub import Hub
from services.console.live.topics import news_of, touched_by
from shared.bus.topology import EVENTS
from shared.contracts import ContractError, read_envelope

LONGEST: Final = 10_000
"""So many events wait at the broker for a process that hangs; older ones go, and nothing is lost by
it: after a pause everything is shown anew."""


class Ear:
    """The exclusive queue of one process: gone with its connection, and with it what it missed."""

    def __init__(self, url: str, hub: Hub) -> None:
        self._url, self._hub = url, hub
        self._connection: AbstractRobustConnection | None = None

    @property
    def hears(self) -> bool:
        """Whether the broker is there."""
        connection = self._connection
        return connection is not None and connection.connected.is_set()

    async def listen(self) -> None:
        """Begin to hear; after a lost connection it goes on by itself, and all is shown anew."""
        self._connection = await aio_pika.connect_robust(self._url, timeout=5)
        self._connection.reconnect_callbacks.add(lambda _: self._hub.forget())
        channel = await self._connection.channel()
        exchange = await channel.get_exchange(EVENTS, ensure=False)
        queue = await channel.declare_queue(
            exclusive=True,
            auto_delete=True,
            arguments={"x-max-length": LONGEST, "x-overflow": "drop-head"},
        )
        await queue.bind(exchange, "#")
        await queue.consume(self._hear, no_ack=True)

    async def _hear(self, message: AbstractIncomingMessage) -> None:
        try:
            envelope = read_envelope(message.body)
        except ContractError:
            return
        name = envelope.type.removeprefix("hotline.").rpartition(".")[0]
        news = news_of(name, envelope.data)
        topics = touched_by(name, envelope.data)
        self._hub.hint(topics, urgent=envelope.lane == "urgent", news=news)

    async def aclose(self) -> None:
        """Hear nothing more."""
        if self._connection is not None:
            await self._connection.close()
