"""Publishing: confirmed, with a timeout and a bounded number of tries, one connection a lane.

A publish on a lost connection can hang until the reconnect (aio-pika#636), so each try has its
own limit; publishers and consumers never share a connection, since an alarm blocks publishers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import DeliveryError, PublishError
from pamqp.commands import Basic

from shared.bus.errors import BrokerDown, Unroutable, is_loss
from shared.contracts import Lane
from shared.telemetry import metrics

Properties = Basic.Properties
TRIES: Final = 3
TRY_SECONDS: Final = 3.0
CONNECT_SECONDS: Final = 10.0
IN_FLIGHT: Final = 200
"""Publishes that wait for their confirm at once; beyond it a broker gains nothing, and waiting
here does not count as the broker's silence."""


class Publisher:
    """One connection with one confirming channel; connects when first needed, and anew when lost.

    The plain connection, not aio-pika's robust one: a publisher has nothing to restore, and one
    owner of the reconnecting is enough.
    """

    def __init__(self, url: str, name: str, lane: Lane = "routine") -> None:
        self._url = url
        self._name = name
        self._lane = lane
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None
        self._connecting: asyncio.Task[AbstractChannel] | None = None
        self._in_flight = asyncio.Semaphore(IN_FLIGHT)
        self._confirmed_at = self._connected_at = 0.0
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
        user_id: str | None = None,
        must_route: bool = False,
        tries: int = TRIES,
        seconds: float = TRY_SECONDS,
    ) -> None:
        """Return when the broker has confirmed. `user_id` must be the connection's own user: the
        broker refuses any other.

        Raises BrokerDown after `tries` of `seconds` each, Unroutable where `must_route` finds no
        queue or the queue refuses.
        """
        properties = Properties(
            content_type=content_type,
            headers=dict(headers or {}),
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            correlation_id=correlation_id,
            reply_to=reply_to,
            message_id=message_id,
            user_id=user_id,
        )
        for left in range(tries - 1, -1, -1):
            try:
                async with self._in_flight, asyncio.timeout(seconds):
                    await self._send(exchange, key, body, properties, must_route=must_route)
            except (DeliveryError, PublishError) as error:
                raise Unroutable(f"{exchange or 'default'}/{key}: no queue took it") from error
            except (Exception, asyncio.CancelledError) as error:
                if not is_loss(error):
                    raise
                self.is_up = False
                await self._suspect(error, seconds)
                if not left:
                    raise BrokerDown(f"{type(error).__name__} while publishing") from error
                await asyncio.sleep(0.1)
            else:
                self.is_up, self._confirmed_at = True, time.monotonic()
                metrics.PUBLISHED.labels(self._lane).inc()
                return

    async def _send(
        self, exchange: str, key: str, body: bytes, properties: Properties, *, must_route: bool
    ) -> None:
        # Below aio-pika's exchange, whose publishes hold the channel until the socket has drained:
        # one turn of the event loop each, which in a busy process is a few dozen a second.
        channel = await (await self._ready()).get_underlay_channel()
        await channel.basic_publish(
            body,
            exchange=exchange,
            routing_key=key,
            properties=properties,
            mandatory=must_route,
            wait=False,  # type: ignore[call-arg]  # the class has it, its interface not
        )

    async def _suspect(self, error: BaseException, seconds: float) -> None:
        """Half-open connections look well and confirm nothing: after some silence start afresh,
        unless somebody does already.
        """
        if self._connecting is not None and not self._connecting.done():
            return
        silence = time.monotonic() - max(self._confirmed_at, self._connected_at)
        if isinstance(error, TimeoutError) and silence >= seconds:
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
        self._connected_at = time.monotonic()
        return self._channel

    async def _drop(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            with suppress(Exception, asyncio.CancelledError):  # it is given up, however it ends
                await connection.close()

    async def connect(self) -> None:
        """Connect now, so that the first message does not wait for it; trouble shows later."""
        try:
            self._channel = await self._ready()
            self.is_up = True
        except (Exception, asyncio.CancelledError) as error:
            if not is_loss(error):
                raise

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
