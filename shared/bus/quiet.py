"""Telling the neighbours that something urgent is in hand, so that they leave it the machine.

Best effort: nothing waits for it, nothing is kept, and a message that is lost costs an emergency
some of its speed and nothing else.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, ExchangeType
from pamqp.common import Arguments

from shared.bus.errors import is_loss
from shared.lanes import QUIET_SECONDS, Precedence
from shared.telemetry import logger

QUIET: Final = "hotline.quiet"
"""A fanout exchange: every process has a queue of its own on it, gone when it goes."""
CONNECT_AGAIN_SECONDS: Final = 1.0
SAY_AGAIN_SECONDS: Final = QUIET_SECONDS / 2
"""While the house will be quiet for so long anyway, nobody says it again."""
KEPT: Final = 10


class Quiet:
    """Says and hears that something urgent is in hand."""

    def __init__(self, url: str, name: str, precedence: Precedence) -> None:
        self._url = url
        self._name = name
        self._precedence = precedence
        self._channel: AbstractChannel | None = None
        self._saying: set[asyncio.Task[None]] = set()
        precedence.announce = self._announce

    @property
    def is_heard(self) -> bool:
        """Whether the neighbours can be told at present."""
        return self._channel is not None

    async def run(self) -> None:
        """Listen until cancelled, through outages of the broker."""
        while True:
            try:
                await self._listen()
            except (Exception, asyncio.CancelledError) as error:
                if not is_loss(error):
                    raise
            finally:
                self._channel = None
            await asyncio.sleep(CONNECT_AGAIN_SECONDS)

    async def _listen(self) -> None:
        connection = await aio_pika.connect(
            self._url, timeout=5, client_properties={"connection_name": f"{self._name} quiet"}
        )
        lost = asyncio.Event()
        connection.close_callbacks.add(lambda *_: lost.set())
        async with connection:
            channel = await connection.channel(publisher_confirms=False)
            exchange = await channel.declare_exchange(QUIET, ExchangeType.FANOUT, durable=True)
            bounded: Arguments = {"x-max-length": KEPT, "x-overflow": "drop-head"}
            queue = await channel.declare_queue(exclusive=True, arguments=bounded)
            await queue.bind(exchange)
            await queue.consume(self._hear, no_ack=True)
            self._channel = channel
            await lost.wait()

    async def _hear(self, _: AbstractIncomingMessage) -> None:
        self._precedence.be_quiet()

    def _announce(self) -> None:
        if self._channel is None or self._precedence.quiet_seconds() > SAY_AGAIN_SECONDS:
            return
        self._precedence.be_quiet()
        task = asyncio.create_task(self._say(self._channel))
        self._saying.add(task)
        task.add_done_callback(self._saying.discard)

    async def _say(self, channel: AbstractChannel) -> None:
        with suppress(Exception):  # see above: best effort
            underlay = await channel.get_underlay_channel()
            await underlay.basic_publish(b"", exchange=QUIET, routing_key="")
            return
        logger.info("quiet_not_said")
