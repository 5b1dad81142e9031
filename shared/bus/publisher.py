"""Publishing: confirmed, with a timeout and a bounded number of tries, one connection a lane.

A publish on a lost connection can hang until the reconnect (aio-pika#636), so each try has its
own limit; publishers and consumers never share a connection, since an alarm blocks publishers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import AMQPError, DeliveryError, PublishError

from shared.bus.errors import BrokerDown, Unroutable

TRIES: Final = 3
TRY_SECONDS: Final = 2.0
CONNECT_SECONDS: Final = 10.0
SILENCES: Final = 3
_LOST: Final = (AMQPError, ConnectionError, TimeoutError, asyncio.TimeoutError, RuntimeError)


class Publisher:
    """One connection with one confirming channel; connects when first needed, and anew when lost.

    The plain connection, not aio-pika's robust one: a publisher has nothing to restore, and one
    owner of the reconnecting is enough.
    """

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None
        self._connecting: asyncio.Task[AbstractChannel] | None = None
        self._timeouts = 0
        self.is_up = False
        """Whether the last publish was confirmed."""

    async def publish(
        self,
        exchange: str,
        key: str,
        body: bytes,
        *,
        message_id: str | None = None,
        content_type: str = "application/json",
        headers: Mapping[str, Any] | None = None,
        correlation_id: str | None = None,
        reply_to: str | None = None,
        must_route: bool = False,
        tries: int = TRIES,
        seconds: float = TRY_SECONDS,
    ) -> None:
        """Return when the broker has confirmed.

        Raises BrokerDown after `tries` of `seconds` each, Unroutable where `must_route` finds no
        queue or the queue refuses.
        """
        message = aio_pika.Message(
            body,
            message_id=message_id,
            content_type=content_type,
            headers=dict(headers or {}),
            correlation_id=correlation_id,
            reply_to=reply_to,
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        )
        for left in range(tries - 1, -1, -1):
            try:
                async with asyncio.timeout(seconds):
                    await self._send(exchange, key, message, must_route=must_route)
            except (DeliveryError, PublishError) as error:
                raise Unroutable(f"{exchange or 'default'}/{key}: no queue took it") from error
            except _LOST as error:
                self.is_up = False
                await self._suspect(error)
                if not left:
                    raise BrokerDown(f"{type(error).__name__} while publishing") from error
                await asyncio.sleep(0.1)
            else:
                self.is_up, self._timeouts = True, 0
                return

    async def _send(
        self, exchange: str, key: str, message: aio_pika.Message, *, must_route: bool
    ) -> None:
        channel = await self._ready()
        target = (
            await channel.get_exchange(exchange, ensure=False)
            if exchange
            else channel.default_exchange
        )
        await target.publish(message, key, mandatory=must_route)

    async def _suspect(self, error: BaseException) -> None:
        """Half-open connections look well and confirm nothing: after some silence start afresh."""
        self._timeouts += isinstance(error, TimeoutError)
        if self._timeouts >= SILENCES:
            self._timeouts = 0
            await self._drop()

    async def _ready(self) -> AbstractChannel:
        if self._channel is not None and not self._channel.is_closed:
            return self._channel
        if self._connecting is None or self._connecting.done():
            self._connecting = asyncio.create_task(self._connect())
            self._connecting.add_done_callback(_look_at)
        # Who cannot wait any longer leaves the connecting to the others.
        return await asyncio.shield(self._connecting)

    async def _connect(self) -> AbstractChannel:
        await self._drop()
        self._connection = await aio_pika.connect(
            self._url,
            timeout=CONNECT_SECONDS,
            client_properties={"connection_name": f"{self._name} publish"},
        )
        self._channel = await self._connection.channel(
            publisher_confirms=True, on_return_raises=True
        )
        return self._channel

    async def _drop(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            with suppress(*_LOST, asyncio.CancelledError):
                await connection.close()

    async def connect(self) -> None:
        """Connect now, so that the first message does not wait for it; trouble shows later."""
        with suppress(*_LOST):
            self._channel = await self._ready()
            self.is_up = True

    async def aclose(self) -> None:
        """Close the connection."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)
        await self._drop()


def _look_at(task: asyncio.Task[AbstractChannel]) -> None:
    """An attempt to connect that failed after everybody had left is nobody's error."""
    if not task.cancelled():
        task.exception()
