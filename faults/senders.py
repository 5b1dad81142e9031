"""Three kinds of senders; each repeats under the same key until it is answered or confirmed."""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

import aio_pika
import httpx
from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import DeliveryError
from typing_extensions import override

from faults.ledger import Ledger
from faults.plan import Item
from hotline.demo.clients import Clients
from shared.bus import INBOUND
from shared.bus.errors import is_loss
from tests.support.rubbish import MALFORMED

AT_ONCE: Final = {"desk": 8, "python": 12, "node": 12}
ANSWER_SECONDS: Final = 10.0
PAUSE_SECONDS: Final = 0.3
"""Between two tries of the same thing."""

Gate = Callable[[Item], bool]
"""Whether there is room for it: senders run ahead neither of what is registered nor of each other.
"""


def body_of(item: Item) -> bytes:
    """What goes over the queue."""
    if item.kind == "malformed":
        return MALFORMED[item.of % len(MALFORMED)]
    return json.dumps(item.report(), ensure_ascii=False).encode()


def key_of(item: Item) -> str:
    """The routing key it goes under."""
    return "ticket.report.urgent" if item.urgent_key else "ticket.report"


class Sender(ABC):
    """Sends its items in their order, some at a time."""

    def __init__(self, ledger: Ledger, gate: Gate, at_once: int) -> None:
        self._ledger = ledger
        self._gate = gate
        self._at_once = at_once
        self.next: Item | None = None
        """The item that was taken last; None before the first and after the last."""

    async def send_all(self, items: Iterable[Item]) -> None:
        """Return when every item was accepted."""
        left = iter(items)
        async with asyncio.TaskGroup() as group:
            for _ in range(self._at_once):
                group.create_task(self._send_some(left))
        self.next = None

    async def _send_some(self, left: Iterable[Item]) -> None:
        for item in left:
            self.next = item
            await self._until_free(item)
            while not await self.send_once(item):
                self._ledger.repeats += 1
                await asyncio.sleep(PAUSE_SECONDS)

    async def _until_free(self, item: Item) -> None:
        """Wait for room, and for what is repeated."""
        while not (self._gate(item) and self._may_follow(item)):  # noqa: ASYNC110 - it is counted
            await asyncio.sleep(PAUSE_SECONDS / 3)

    def _may_follow(self, item: Item) -> bool:
        """A repeat or a conflict comes after what it repeats was accepted."""
        return item.kind not in {"repeat", "conflict"} or self._ledger.has(item)

    @abstractmethod
    async def send_once(self, item: Item) -> bool:
        """Send once; whether it was accepted."""


class Desk(Sender):
    """Posts over HTTP under an idempotency key."""

    def __init__(self, clients: Clients, ledger: Ledger, gate: Gate) -> None:
        super().__init__(ledger, gate, AT_ONCE["desk"])
        self._clients = clients

    @override
    async def send_once(self, item: Item) -> bool:
        headers = {"Idempotency-Key": item.name}
        with suppress(httpx.HTTPError):
            answer = await self._clients.call(
                "POST", "intake", "/v1/tickets", json=item.report(), headers=headers,
                timeout=ANSWER_SECONDS,
            )  # fmt: skip
            return self._note(item, answer)
        return False

    def _note(self, item: Item, answer: httpx.Response) -> bool:
        if answer.status_code in {200, 201}:
            if item.kind == "conflict":
                self._ledger.faults.append(f"{item.name}: another body was taken for a repeat")
            self._ledger.answer(item, str(answer.json()["number"]))
            return True
        if answer.status_code == 422 and item.kind == "conflict":
            self._ledger.refuse()
            return True
        if answer.status_code < 500:
            self._ledger.faults.append(f"{item.name}: answered {answer.status_code} {answer.text}")
            return True
        return False


class PythonPublisher(Sender):
    """Publishes with aio-pika; a confirm is enough."""

    def __init__(self, url: str, ledger: Ledger, gate: Gate) -> None:
        super().__init__(ledger, gate, AT_ONCE["python"])
        self._url = url
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None
        self._connecting = asyncio.Lock()

    @override
    async def send_all(self, items: Iterable[Item]) -> None:
        try:
            await super().send_all(items)
        finally:
            await self.drop()

    @override
    async def send_once(self, item: Item) -> bool:
        message = aio_pika.Message(
            body_of(item),
            message_id=f"{item.name}-{item.kind}",
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        )
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                exchange = await (await self._open()).get_exchange(INBOUND, ensure=False)
                await exchange.publish(message, key_of(item), mandatory=True)
        except DeliveryError:
            self._ledger.nacks += 1
            return False
        except Exception as error:
            if not is_loss(error):
                raise
            return False
        self._ledger.confirm(item)
        return True

    async def _open(self) -> AbstractChannel:
        async with self._connecting:
            if self._channel is None or self._channel.is_closed:
                await self.drop()
                self._connection = await aio_pika.connect(self._url, timeout=ANSWER_SECONDS)
                self._channel = await self._connection.channel(
                    publisher_confirms=True, on_return_raises=True
                )
            return self._channel

    async def drop(self) -> None:
        """Let go of the connection."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            with suppress(Exception):
                async with asyncio.timeout(1):
                    await connection.close()
