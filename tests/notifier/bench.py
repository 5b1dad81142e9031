"""The notifier as a test runs it: real servers, one or more replicas, what they sent and said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import aio_pika
import httpx
from fastapi import FastAPI
from typing_extensions import override

from services.notifier.app import join, mail_sender
from services.notifier.senders import Answer, Letter, Sandbox
from services.notifier.settings import NotifierSettings
from services.notifier.storage import INDEXES
from shared.bus import EVENTS
from shared.bus.topology import declare
from shared.contracts import Envelope, Event, Lane, read_envelope, routing_key
from shared.identity import Principal, issue_token
from shared.policy.duty import sample_duty
from shared.policy.policy import load_documents
from shared.privacy import make_keys
from shared.runtime import Platform, open_platform
from shared.store import Store, connect
from shared.store.clock import allow_trial, forward_trial
from shared.store.policies import seed_policy
from shared.store.rosters import seed_duty
from shared.telemetry import metrics
from tests.notifier.postbox import Postbox, running_postbox
from tests.support.servers import Corner

WAIT_SECONDS = 20.0
POLL_SECONDS = 0.02
NAME, PHONE, ROOM = "王桂兰", "13800138000", "3-1-502"
QUEUES = ("notifier.messages.routine", "notifier.messages.urgent")


async def until(condition: Callable[[], Any]) -> None:
    """Return when the condition holds; it may be a coroutine function."""
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            held = condition()
            if await held if asyncio.iscoroutine(held) else held:
                return
            await asyncio.sleep(POLL_SECONDS)


class Tray(Sandbox):
    """The sandbox with a memory, so that a test sees what callers were sent."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []

    @override
    async def send(self, letter: Letter) -> Answer:
        self.letters.append(letter)
        return await super().send(letter)


@dataclass
class Replica:
    """One notifier process's worth: its application and somebody who asks it."""

    app: FastAPI
    http: httpx.AsyncClient

    @property
    def platform(self) -> Platform:
        platform: Platform = self.app.state.platform
        return platform


@dataclass
class Bench:
    """Replicas of the notifier over one broker, database and mail server."""

    corner: Corner
    key_file: Path
    stack: AsyncExitStack
    connection: Any
    channel: Any
    store: Store
    postbox: Postbox
    tray: Tray = field(default_factory=Tray)
    replicas: list[Replica] = field(default_factory=list)
    heard: list[Envelope] = field(default_factory=list)

    @property
    def platform(self) -> Platform:
        return self.replicas[0].platform

    def settings(self, **more: Any) -> NotifierSettings:
        return NotifierSettings(
            amqp_url=self.corner.amqp_url,
            mongo_url=self.corner.mongo_url,
            database=self.corner.database,
            keys=self.key_file,
            smtp_host="127.0.0.1",
            smtp_port=self.postbox.port,
            **more,
        )

    async def add_replica(self, **settings: Any) -> Replica:
        chosen = self.settings(**settings)
        platform = await open_platform("notifier", chosen, indexes=INDEXES)
        app = join(platform, chosen, text=self.tray, mail=mail_sender(chosen))
        await self.stack.enter_async_context(app.router.lifespan_context(app))
        self.stack.push_async_callback(self._settle)
        self.stack.callback(self.postbox.let_go.set)
        http = await self.stack.enter_async_context(
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://notifier")
        )
        replica = Replica(app, http)
        await until(lambda: not platform.consumers.missing())
        self.replicas.append(replica)
        return replica

    async def _settle(self) -> None:
        """Let what was written be published before a replica stops."""

        async def published() -> bool:
            return not await self.docs(**{"outbox.0": {"$exists": True}})

        await until(published)

    async def add_ticket(self, number: str = "26-1", *, caller: Any = ..., **more: Any) -> None:
        """Put in what the notifier reads of a ticket."""
        person = {"name": NAME, "phone": PHONE, "room": ROOM} if caller is ... else caller
        doc = {"_id": number, "estate": "jinyuan", "building": "3", "mark": None, **more}
        if person is not None:
            sealed = await self.platform.sealer.seal_person(person, estate=doc["estate"])
            doc["persons"] = {"caller": sealed}
        assert await self.store.insert_once("tickets", doc)

    async def publish(self, event: Event, *, id: str, lane: Lane = "routine") -> None:
        """Say what another service would say."""
        envelope = self.seal(event, id=id, lane=lane)
        exchange = await self.channel.get_exchange(EVENTS, ensure=False)
        message = aio_pika.Message(envelope.to_body(), message_id=envelope.id)
        await exchange.publish(message, routing_key(event.name, lane))

    def seal(self, event: Event, *, id: str, lane: Lane) -> Envelope:
        now = self.store.clock.now()
        return Envelope.seal(event, id=id, source="/hotline/test", subject=id, lane=lane, time=now)

    async def handle(self, event: Event, *, lane: Lane = "routine", id: str = "t/1/1/0") -> None:
        """Publish and return when it was handled."""
        before = handled()
        await self.publish(event, id=id, lane=lane)
        await until(lambda: handled() > before)

    async def docs(self, **query: Any) -> list[dict[str, Any]]:
        return await self.store.find("messages", query, limit=1000)

    async def ended(self, count: int = 1) -> list[dict[str, Any]]:
        """All messages, once so many have come to an end."""
        await until(lambda: self._have_ended(count))
        return await self.docs()

    async def _have_ended(self, count: int) -> bool:
        docs = await self.docs()
        return sum(doc["ended_at"] is not None for doc in docs) >= count

    async def retried(self, tries: int) -> dict[str, Any]:
        """The one message, once it is pending again after so many attempts."""

        async def waits() -> bool:
            docs = await self.docs(status="pending")
            return bool(docs) and len(docs[0]["attempts"]) == tries

        await until(waits)
        return (await self.docs())[0]

    async def said(self, kind: type[Event]) -> list[Event]:
        """All events of a kind, once every outbox is empty and all that was published came."""
        await until(self._all_published)
        marks = [envelope.id for envelope in self.heard]
        assert len(marks) == len(set(marks)), "an event was published twice"
        return [e.event() for e in self.heard if e.type == kind.event_type()]

    async def _all_published(self) -> bool:
        docs = await self.docs()
        ended = sum(doc["ended_at"] is not None for doc in docs)
        return len(self.heard) >= ended and not any(doc["outbox"] for doc in docs)

    async def forward(self, span: timedelta) -> None:
        """Move everybody's clock."""
        assert await forward_trial(self.store.database, span) is not None
        for replica in self.replicas:
            await replica.platform.store.clock.refresh()
        await self.store.clock.refresh()

    def token(self, role: Any = "dispatcher", *places: str) -> dict[str, str]:
        """The headers of somebody with this role."""
        reach = frozenset(places or ("*",))
        keys = self.platform.keys
        signed = issue_token(
            Principal("somebody", role, reach), keys.token, now=self.store.clock.now()
        )
        return {"Authorization": f"Bearer {signed}"}


def handled() -> float:
    """How many deliveries all replicas of this process have handled."""
    counted: float = sum(
        metrics.CONSUMED.labels(queue=queue, outcome=outcome)._value.get()
        for queue in QUEUES
        for outcome in ("done", "parked")
    )
    return counted


@asynccontextmanager
async def running_bench(corner: Corner, folder: Path) -> AsyncIterator[Bench]:
    """A bench with a policy and a duty list in force, still without any replica."""
    key_file = folder / "keys.json"
    make_keys(key_file)
    async with AsyncExitStack() as stack:
        postbox = await stack.enter_async_context(running_postbox())
        store = Store(connect(corner.mongo_url), corner.database, service="test")
        stack.callback(store.client.close)
        await allow_trial(store.database)
        await store.clock.refresh()
        past = store.clock.now() - timedelta(days=1)
        await seed_policy(store.database, "v1", load_documents(), now=past)
        await seed_duty(store.database, sample_duty())
        connection = await stack.enter_async_context(await aio_pika.connect(corner.amqp_url))
        channel = await connection.channel()
        await declare(channel, [])
        bench = Bench(corner, key_file, stack, connection, channel, store, postbox)
        await _listen(bench, channel)
        yield bench


async def _listen(bench: Bench, channel: Any) -> None:
    """Hear what the notifier says."""
    queue = await channel.declare_queue(exclusive=True)
    await queue.bind(EVENTS, "message.#")

    async def hear(message: aio_pika.abc.AbstractIncomingMessage) -> None:
        bench.heard.append(read_envelope(message.body))

    await queue.consume(hear, no_ack=True)
