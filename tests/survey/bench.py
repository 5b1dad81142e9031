"""The survey as a test runs it: real servers, one or more replicas, the events it says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import aio_pika
import httpx
from fastapi import FastAPI

from services.survey.app import build
from services.survey.settings import SurveySettings
from shared.bus import EVENTS
from shared.bus.topology import declare
from shared.contracts import Envelope, Event, Lane, read_envelope, routing_key
from shared.contracts.intake import TicketAnswered, TicketClosed
from shared.identity import Principal, issue_token, sign_link
from shared.policy.duty import sample_duty
from shared.policy.policy import load_documents
from shared.privacy import make_keys
from shared.runtime import Platform
from shared.store import Store, connect
from shared.store.policies import seed_policy
from shared.store.rosters import seed_duty
from shared.telemetry import metrics
from tests.support.servers import Corner

WAIT_SECONDS = 20.0
POLL_SECONDS = 0.02


async def until(condition: Callable[[], Any]) -> None:
    """Return when the condition holds; it may be a coroutine function."""
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            held = condition()
            if await held if asyncio.iscoroutine(held) else held:
                return
            await asyncio.sleep(POLL_SECONDS)


@dataclass
class Replica:
    """One survey process's worth: its application and a browser that talks to it."""

    app: FastAPI
    http: httpx.AsyncClient

    @property
    def platform(self) -> Platform:
        platform: Platform = self.app.state.platform
        return platform


@dataclass
class Bench:
    """Replicas of the survey over one broker and database, and what they publish."""

    corner: Corner
    key_file: Path
    stack: AsyncExitStack
    channel: Any
    replicas: list[Replica] = field(default_factory=list)
    heard: list[Envelope] = field(default_factory=list)

    @property
    def survey(self) -> Replica:
        return self.replicas[0]

    @property
    def http(self) -> httpx.AsyncClient:
        return self.survey.http

    @property
    def store(self) -> Store:
        return self.survey.platform.store

    def now(self) -> datetime:
        return self.store.clock.now()

    async def add_replica(self) -> Replica:
        settings = SurveySettings(
            amqp_url=self.corner.amqp_url,
            mongo_url=self.corner.mongo_url,
            database=self.corner.database,
            keys=self.key_file,
        )
        app = await build(settings)
        await self.stack.enter_async_context(app.router.lifespan_context(app))
        http = await self.stack.enter_async_context(
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://survey")
        )
        replica = Replica(app, http)
        await until(lambda: not replica.platform.consumers.missing())
        self.replicas.append(replica)
        return replica

    async def publish(
        self,
        event: TicketClosed | TicketAnswered,
        *,
        version: int = 7,
        lane: Lane = "routine",
        at: datetime | None = None,
    ) -> None:
        """Say what intake would say of a ticket's document at this version."""
        envelope = Envelope.seal(
            event,
            id=f"ticket/{event.number}/{version}/0",
            source="/hotline/intake",
            subject=event.number,
            lane=lane,
            time=at or self.now(),
        )
        exchange = await self.channel.get_exchange(EVENTS, ensure=False)
        message = aio_pika.Message(envelope.to_body(), message_id=envelope.id)
        await exchange.publish(message, routing_key(event.name, lane))

    async def handle(self, *events: TicketClosed | TicketAnswered, **how: Any) -> None:
        """Publish and return when all were handled."""
        before = handled()
        for event in events:
            await self.publish(event, **how)
        await until(lambda: handled() >= before + len(events))

    async def said(self, kind: type[Event]) -> list[Event]:
        """All events of a kind, once every outbox is empty and all that was published came."""
        await until(self._all_published)
        marks = [e.id for e in self.heard]
        assert len(marks) == len(set(marks)), "an event was published twice"
        return [e.event() for e in self.heard if e.type == kind.event_type()]

    async def _all_published(self) -> bool:
        docs = await self.docs()
        written = sum(_events_of(doc) for doc in docs)
        return len(self.heard) >= written and not any(doc["outbox"] for doc in docs)

    async def docs(self) -> list[dict[str, Any]]:
        return await self.store.find("surveys", {}, limit=1000)

    async def doc(self, id: str) -> dict[str, Any]:
        doc = await self.store.get("surveys", id)
        assert doc is not None
        return doc

    def link(self, survey: str) -> str:
        return f"/s/{sign_link('survey', survey, self.survey.platform.keys.link)}"

    async def ask(self, number: str = "JY0001", **facts: Any) -> str:
        """Have somebody asked; the address of their page."""
        await self.handle(closed(number, **facts))
        return self.link(f"{number}-1")

    def signed_in(self, role: Any, *places: str, id: str = "agent-7") -> dict[str, str]:
        who = Principal(id, role, frozenset(places or ("*",)))
        token = issue_token(who, self.survey.platform.keys.token, now=self.now())
        return {"Authorization": f"Bearer {token}"}


def closed(number: str = "JY0001", **facts: Any) -> TicketClosed:
    """A repair of a lift in jinyuan that is over and told."""
    usual: dict[str, Any] = {
        "outcome": "told", "estate": "jinyuan", "type": "repair", "area": "elevator",
    }  # fmt: skip
    return TicketClosed(number=number, **{**usual, **facts})


def handled() -> float:
    """Deliveries that the survey's queues are done with, over all replicas."""
    return sum(
        float(metrics.CONSUMED.labels(queue=f"survey.tickets.{lane}", outcome=outcome)._value.get())
        for lane in ("urgent", "routine")
        for outcome in ("done", "parked")
    )


def counted(score: int) -> float:
    return float(metrics.SURVEY_ANSWERS.labels(score=score)._value.get())


def _events_of(doc: dict[str, Any]) -> int:
    answer = doc["answer"]
    return 1 + (0 if answer is None else 2 if answer["dissatisfied"] else 1)


@asynccontextmanager
async def open_bench(corner: Corner, folder: Path) -> AsyncIterator[Bench]:
    key_file = folder / "keys.json"
    make_keys(key_file)
    await _seed(corner)
    async with AsyncExitStack() as stack:
        connection = await stack.enter_async_context(await aio_pika.connect(corner.amqp_url))
        channel = await connection.channel()
        bench = Bench(corner, key_file, stack, channel)
        await _listen(bench)
        await bench.add_replica()
        yield bench


@cache
def _documents() -> dict[str, dict[str, Any]]:
    """Read once: it takes longer than the rest of a bench."""
    return load_documents()


async def _seed(corner: Corner) -> None:
    client = connect(corner.mongo_url)
    try:
        store = Store(client, corner.database, service="test")
        await store.clock.refresh()
        since = store.clock.now() - timedelta(days=365)
        await seed_policy(store.database, "sample", _documents(), now=since)
        await seed_duty(store.database, sample_duty())
    finally:
        client.close()


async def _listen(bench: Bench) -> None:
    await declare(bench.channel, [])
    queue = await bench.channel.declare_queue("test.survey", exclusive=True)
    await queue.bind(EVENTS, "survey.#")

    async def hear(message: Any) -> None:
        bench.heard.append(read_envelope(message.body))

    await queue.consume(hear, no_ack=True)
