"""One service's worth of bus over the real broker and store, to be broken on purpose."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

import aio_pika
import httpx
from aio_pika.abc import AbstractChannel

from shared.bus import (
    EVENTS,
    Consumers,
    Delivery,
    OutboxPublisher,
    ParkedRelay,
    Publisher,
    QueueSpec,
    UrgentSweep,
    event_queue,
    plain_entry,
)
from shared.bus.failures import Sealing
from shared.bus.topology import INBOUND, declare
from shared.contracts import Envelope, Lane
from shared.contracts.intake import TicketUrged
from shared.readers.outboxes import KIND_OF
from shared.store import Change, Store, Verdict, connect
from shared.store.change import SAID
from shared.store.clock import allow_trial, forward_trial
from shared.store.parked import ParkedMessages
from tests.store.conftest import EVERYTHING
from tests.support.bench import until as until_within
from tests.support.servers import Corner, Servers

S = TypeVar("S", bound=Sealing)
WAIT_SECONDS = 90.0
POLL_SECONDS = 0.02
URGENT = event_queue("router", "tickets", "urgent", TicketUrged)
ROUTINE = event_queue("router", "tickets", "routine", TicketUrged)
REPORTS = QueueSpec("intake.reports", "routine", ((INBOUND, "ticket.report"),), bounded=True)


until = partial(until_within, seconds=WAIT_SECONDS)
"""The benches' wait; a cut connection takes longer to mend than a service to answer."""


@dataclass
class Bench:
    """What a service has of the bus, and the wires around it."""

    corner: Corner
    servers: Servers
    url: str
    store: Store
    parked: ParkedMessages
    consumers: Consumers
    publishers: dict[Lane, Publisher]
    outbox: OutboxPublisher
    stack: AsyncExitStack
    handled: list[str] = field(default_factory=list)
    """Numbers of tickets, in the order their events were handled."""
    consuming: asyncio.Task[None] | None = None

    def subscribe(self, *specs: QueueSpec) -> list[str]:
        """Handle events by remembering their tickets' numbers."""

        @self.consumers.on_event(*specs)
        async def remember(delivery: Delivery) -> None:
            assert isinstance(delivery.event, TicketUrged)
            self.handled.append(delivery.event.number)

        return self.handled

    def seal_with(self, sealing: S) -> S:
        """Consume as intake does, with everything parked sealed; before any subscription."""
        self.consumers = Consumers(self.url, self.store, self.parked, sealing=sealing)
        return sealing

    async def start(self) -> None:
        """Consume in the background until the bench goes."""
        self.consuming = self.run(self.consumers.run())
        await until(lambda: not self.consumers.missing())

    async def stop(self) -> None:
        """Consume no more: what is not acknowledged is in its queue again."""
        assert self.consuming is not None
        await _end(self.consuming)

    def run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self.stack.push_async_callback(_end, task)
        return task

    async def urge(self, number: str = "T1", *, lane: Lane = "routine") -> str:
        """Write a ticket with one event; the event's id."""
        change = Change(
            collection="tickets",
            kind="ticket",
            id=number,
            version=1,
            lane=lane,
            at=self.store.clock.now(),
            insert={},
            events=[TicketUrged(number=number)],
        )
        assert await self.store.write(change) is Verdict.WON
        return f"ticket/{number}/1/0"

    def envelope(self, number: str = "T1", *, lane: Lane = "routine") -> Envelope:
        return Envelope.seal(
            TicketUrged(number=number),
            id=f"ticket/{number}/1/0",
            source="/hotline/intake",
            subject=number,
            lane=lane,
            time=self.store.clock.now(),
        )

    async def publish(self, body: bytes | Envelope, key: str = "", **facts: Any) -> None:
        """Publish an event as its service would, or any bytes at all."""
        if isinstance(body, Envelope):
            await self.say(body)
            key, facts = body.routing_key, {"message_id": body.id} | facts
        raw = body.to_body() if isinstance(body, Envelope) else body
        await self.publishers["routine"].publish(
            facts.pop("exchange", EVENTS), key or "ticket.urged.routine", raw, **facts
        )

    async def say(self, envelope: Envelope) -> None:
        """Have the document that its id names say it; it is not published by that."""
        kind, _, rest = envelope.id.partition("/")
        [collection] = [name for name, named in KIND_OF.items() if named == kind]
        said = {"$addToSet": {SAID: envelope.digest()}}
        id = rest.rsplit("/", 2)[0]
        await self.store.documents(collection).update_one({"_id": id}, said, upsert=True)

    async def waiting(self, number: str = "T1") -> list[str]:
        """Ids in the outbox of a ticket."""
        doc = await self.store.get("tickets", number)
        assert doc is not None
        return [entry["id"] for entry in doc["outbox"]]

    async def entries(self) -> list[dict[str, Any]]:
        return (await self.parked.listed()).items

    async def entry(self) -> dict[str, Any]:
        """The only parked entry, once there is one."""
        await until(self.entries)
        (found,) = await self.entries()
        whole = await self.parked.get(found["_id"])
        assert whole is not None
        return whole

    def relay(self) -> ParkedRelay:
        return ParkedRelay(self.parked, self.publishers["routine"], plain_entry)

    def sweep(self, *, turn_seconds: float = 20) -> UrgentSweep:
        return UrgentSweep(self.store, self.consumers, turn_seconds=turn_seconds)

    async def forward(self, **span: float) -> None:
        await forward_trial(self.store._database, timedelta(**span))
        await self.store.clock.refresh()

    async def depth(self, queue: str) -> int:
        """Messages of a queue that are not acknowledged yet."""
        facts = await self.management("GET", f"queues/{self.corner.vhost}/{queue}")
        return int(facts.get("messages", 0))

    async def taken(self, queue: str) -> int:
        """Messages ready in a queue, as the broker says without delay."""
        async with await aio_pika.connect(self.corner.amqp_url) as connection:
            channel = await connection.channel()
            found = await channel.declare_queue(queue, passive=True)
            return found.declaration_result.message_count or 0

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[AbstractChannel]:
        """A channel to the broker itself, past the wires."""
        async with await aio_pika.connect(self.corner.amqp_url) as connection:
            yield await connection.channel()

    async def management(self, method: str, path: str) -> Any:
        rabbit = self.servers.rabbit
        async with httpx.AsyncClient(
            base_url=f"{rabbit.management_url}/api/",
            auth=(rabbit.user, rabbit.password),
            trust_env=False,
        ) as http:
            answer = await http.request(method, path)
            return answer.json() if answer.content and answer.is_success else {}

    async def cut_connections(self, *, at_least: int) -> None:
        """Close every connection of this vhost from the broker's side."""
        found: list[dict[str, Any]] = []

        async def seen() -> bool:
            # The broker's own list of connections is a few seconds late.
            nonlocal found
            found = await self.management("GET", f"vhosts/{self.corner.vhost}/connections") or []
            return len([c for c in found if c.get("state") == "running"]) >= at_least

        await until(seen)
        for connection in found:
            await self.management("DELETE", f"connections/{quote(connection['name'])}")


class Wire:
    """A line to a server that can be cut and mended."""

    def __init__(self, port: int) -> None:
        self._far = port
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def mend(self) -> None:
        """Lead to the server, always from the same port."""
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """End every connection and refuse new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._open):
            writer.transport.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._far)
        except OSError:  # the server is away: so is the line to it
            writer.transport.abort()
            return
        for source, target in ((reader, far_writer), (far_reader, writer)):
            self._open.add(target)
            task = asyncio.create_task(self._carry(source, target))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                target.write(data)
                await target.drain()
        self._open.discard(target)
        target.transport.abort()


@asynccontextmanager
async def open_bench(
    corner: Corner, servers: Servers, *, url: str | None = None, mongo_url: str | None = None
) -> AsyncIterator[Bench]:
    """A bench on the corner; `url` and `mongo_url` are the servers as the bench sees them."""
    async with AsyncExitStack() as stack:
        stack.push_async_callback(let_go)
        client = connect(mongo_url or corner.mongo_url)
        stack.callback(client.close)
        store = Store(client, corner.database, service="router")
        await allow_trial(store._database)
        await store.start(EVERYTHING)
        publishers: dict[Lane, Publisher] = {
            "urgent": Publisher(url or corner.amqp_url, "test urgent"),
            "routine": Publisher(url or corner.amqp_url, "test routine"),
        }
        for publisher in publishers.values():
            stack.push_async_callback(publisher.aclose)
        parked = ParkedMessages(store)
        bench = Bench(
            corner=corner,
            servers=servers,
            url=url or corner.amqp_url,
            store=store,
            parked=parked,
            consumers=Consumers(url or corner.amqp_url, store, parked),
            publishers=publishers,
            outbox=OutboxPublisher(store, publishers),
            stack=stack,
        )
        async with await aio_pika.connect(corner.amqp_url) as connection:
            await declare(await connection.channel(), [URGENT, ROUTINE, REPORTS])
        yield bench


async def let_go() -> None:
    """Connections that never came about close themselves when collected, while a loop runs."""
    gc.collect()
    await asyncio.sleep(0.01)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
