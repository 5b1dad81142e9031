"""One service as a test runs it: real servers, one or more replicas in this process, what they
say on the bus, and somebody signed in who asks them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, TypeVar, cast
from unittest.mock import patch
from uuid import uuid4

import aio_pika
import httpx
from fastapi import FastAPI

from shared.bus import EVENTS
from shared.bus.lengths import QueueLengths
from shared.bus.reconciliation import Reconciliation
from shared.bus.topology import declare
from shared.contracts import Envelope, Event, Lane, read_envelope
from shared.identity import Principal, issue_token
from shared.policy.duty import sample_duty
from shared.policy.policy import load_documents
from shared.privacy import Keys, make_keys
from shared.readers.outboxes import KIND_OF
from shared.readers.policies import HEAD, POLICIES, seed_policy
from shared.readers.rosters import seed_duty
from shared.runtime import Platform, ServiceSettings, serve
from shared.store import Store, connect
from shared.store.change import SAID
from shared.store.clock import TRIAL_ID, allow_trial, forward_trial
from shared.store.store import RELAY_AFTER
from shared.telemetry import metrics
from tests.support.rules import AT_ONCE
from tests.support.servers import Corner

WAIT_SECONDS = 90.0
POLL_SECONDS = 0.02
CLEARED_SECONDS = 2.0
MARK = "mark"
"""The type of a message that a bench puts behind all that it is to hear."""
OWN = "/hotline/test"
"""The source of what a bench itself says in another service's place."""
STAND_INS = "privacy_works"
"""Where documents lie that say what a bench says: only intake reads there, and only by id."""
STAND_IN_KIND = KIND_OF[STAND_INS]
LONG_AGO = datetime.min.replace(tzinfo=UTC)

S = TypeVar("S", bound=ServiceSettings)
E = TypeVar("E", bound=Event)


async def until(condition: Callable[[], Any], *, seconds: float = WAIT_SECONDS) -> None:
    """Return when the condition holds; it may be a coroutine function."""
    async with asyncio.timeout(seconds):
        while True:
            held = condition()
            if await held if asyncio.iscoroutine(held) else held:
                return
            await asyncio.sleep(POLL_SECONDS)


async def _never(*_: object) -> None:
    """In place of looking."""


@dataclass
class Replica:
    """One process's worth of a service: its application and somebody who asks it."""

    app: FastAPI
    http: httpx.AsyncClient

    @property
    def platform(self) -> Platform:
        platform: Platform = self.app.state.platform
        return platform

    async def look_for_untaken(self, what: str) -> int:
        """One look for what no message brought, as its loop does."""
        [of] = [each for each in self.app.state.untaken if each.what == what]
        consumers = self.platform.consumers
        lengths = QueueLengths(consumers.url)
        try:
            return await Reconciliation(self.platform.store, consumers, lengths, of).look()
        finally:
            await lengths.aclose()

    def is_consuming(self) -> bool:
        """Whether all its queues have their consumer."""
        return not self.platform.consumers.missing()


@dataclass
class ServiceBench:
    """Replicas of one service over one broker and database; the data are a trial's."""

    rules: ClassVar[Mapping[str, Any]] = {}
    """In what the rules of the policy differ from the sample."""
    reconciles: ClassVar[bool] = False
    """Whether what no message brought is looked for. Tests put into the store what nobody said."""

    corner: Corner
    key_file: Path
    keys: Keys
    stack: AsyncExitStack
    connection: Any
    channel: Any
    store: Store
    replicas: list[Replica] = field(default_factory=list)
    heard: list[Envelope] = field(default_factory=list)
    ears: list[str] = field(default_factory=list)
    marks: set[str | None] = field(default_factory=set)
    moved_at: datetime = LONG_AGO

    @property
    def platform(self) -> Platform:
        return self.replicas[0].platform

    @property
    def http(self) -> httpx.AsyncClient:
        return self.replicas[0].http

    def now(self) -> datetime:
        """The time of the first replica: another clock may be some milliseconds away from it."""
        return (self.platform.store if self.replicas else self.store).clock.now()

    def settings_of(self, kind: type[S], **more: Any) -> S:
        return kind(
            amqp_url=self.corner.amqp_url,
            mongo_url=self.corner.mongo_url,
            database=self.corner.database,
            data=self.key_file.parent,
            keys=self.key_file,
            **more,
        )

    async def serve(self, app: FastAPI) -> Replica:
        """Run an application until the bench ends; it consumes when this returns."""
        with nullcontext() if self.reconciles else patch.object(serve, "reconcile", _never):
            await self.stack.enter_async_context(app.router.lifespan_context(app))
        http = await self.stack.enter_async_context(
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service")
        )
        replica = Replica(app, http)
        await until(replica.is_consuming)
        self.replicas.append(replica)
        return replica

    def seal(self, event: Event, *, id: str, lane: Lane, at: datetime | None = None) -> Envelope:
        time = at or self.now()
        return Envelope.seal(event, id=id, source=OWN, subject=id, lane=lane, time=time)

    async def publish(
        self, event: Event, *, id: str, lane: Lane = "routine", at: datetime | None = None
    ) -> None:
        """Say what another service would say: a document says it, then it is published. A repeat
        has the same `id`.
        """
        envelope = self.seal(event, id=f"{STAND_IN_KIND}/{id}/1/0", lane=lane, at=at)
        said = {"$addToSet": {SAID: envelope.digest()}}
        await self.store.documents(STAND_INS).update_one({"_id": id}, said, upsert=True)
        await self.forge(envelope)

    async def forge(self, envelope: Envelope) -> None:
        """Publish what no document has said, unless somebody has made one say it."""
        exchange = await self.channel.get_exchange(EVENTS, ensure=False)
        message = aio_pika.Message(envelope.to_body(), message_id=envelope.id)
        await exchange.publish(message, envelope.routing_key)

    async def listen(self, keys: str) -> None:
        """Hear what is said under these routing keys."""
        await declare(self.channel, [])
        queue = await self.channel.declare_queue(exclusive=True)
        await queue.bind(EVENTS, keys)
        self.ears.append(queue.name)

        async def hear(message: aio_pika.abc.AbstractIncomingMessage) -> None:
            if message.type == MARK:
                self.marks.add(message.message_id)
                return
            envelope = read_envelope(message.body)
            if not self._was_left_behind(envelope):
                self.heard.append(envelope)

        await queue.consume(hear, no_ack=True)

    def _was_left_behind(self, envelope: Envelope) -> bool:
        """Whether it was published again with reason: it was on its way while the clock moved, or a
        broker under load had not confirmed it in time.
        """
        late = envelope.time < self.moved_at or self.now() - envelope.time >= RELAY_AFTER["urgent"]
        return late and envelope.id in {e.id for e in self.heard}

    async def said(self, kind: type[E], times: int = 1, **fields: Any) -> list[E]:
        """All that was said of a kind with these fields, once it was said this often or more; no
        service said anything twice.

        Whatever a replica has recorded by then is among it: its outbox is waited for, and so is
        the way from the broker to here.
        """
        await until(lambda: len(self._heard_of(kind, fields)) >= times)
        await until(self._is_cleared)
        await self._caught_up()
        ids = [envelope.id for envelope in self.heard if envelope.source != OWN]
        assert len(ids) == len(set(ids)), "an event was published twice"
        return self._heard_of(kind, fields)

    def _heard_of(self, kind: type[E], fields: Mapping[str, Any]) -> list[E]:
        events = [cast("E", e.event()) for e in self.heard if e.type == kind.event_type()]
        return [e for e in events if all(getattr(e, name) == fields[name] for name in fields)]

    async def _caught_up(self) -> None:
        """Return when all that is in the ears' queues was heard: a mark comes out after it."""
        marks = {uuid4().hex: ear for ear in self.ears}
        for mark, ear in marks.items():
            message = aio_pika.Message(b"", type=MARK, message_id=mark)
            await self.channel.default_exchange.publish(message, ear)
        await until(lambda: self.marks >= marks.keys())

    async def forward(self, span: timedelta) -> None:
        """Move everybody's clock, once what was published is cleared: it would look left behind."""
        with suppress(TimeoutError):  # some tests take the broker away, and it stays where it is
            await until(self._is_cleared, seconds=CLEARED_SECONDS)
        self.moved_at = self.now() + span
        assert await forward_trial(self.store._database, span) is not None
        for replica in self.replicas:
            await replica.platform.store.clock.refresh()
        await self.store.clock.refresh()

    async def leave_the_trial(self) -> None:
        """From now on the data are real ones: what is for trials only stands still."""
        await self.store.documents("clock").delete_one({"_id": TRIAL_ID})
        for replica in self.replicas:
            await replica.platform.store.clock.refresh()
        await self.store.clock.refresh()

    async def forget(self) -> None:
        """Begin anew what a bench remembers of a test, beside the store and the services."""
        self.heard.clear()
        for replica in self.replicas:
            replica.http.cookies.clear()

    def let_go(self) -> None:
        """Hold nothing up any more: the test is over."""

    async def is_quiet(self) -> bool:
        """Whether no replica has anything under way that the store tells of."""
        return await self._is_cleared()

    async def _is_cleared(self) -> bool:
        return not any([await r.platform.store.count_waiting() for r in self.replicas])

    async def let_places_differ(self, **layers: Any) -> None:
        """Put a policy in force in which these places have layers of their own."""
        await self.put_in_force("by-place", self.documents() | {"local": layers})

    async def put_in_force(self, version: str, documents: dict[str, dict[str, Any]]) -> None:
        """Put another policy in force everywhere."""
        policies = self.store.documents(POLICIES)
        await policies.insert_one({"_id": version, "documents": documents})
        # A moment back, so that it is in force for a replica whose clock is a little behind.
        entry = {"from": self.now() - timedelta(seconds=1), "version": version}
        await policies.update_one({"_id": HEAD}, {"$push": {"in_force": entry}})
        for replica in self.replicas:
            await replica.platform.refresh()

    @classmethod
    def documents(cls) -> dict[str, dict[str, Any]]:
        """Those of the policy that is in force at first."""
        documents = _documents()
        return documents | {"rules": {**documents["rules"], **cls.rules}}

    def signed_in(self, role: Any, *places: str, id: str = "agent-7") -> dict[str, str]:
        """The headers of somebody with this role."""
        who = Principal(id, role, frozenset(places or ("*",)))
        return {"Authorization": f"Bearer {issue_token(who, self.keys.token, now=self.now())}"}


B = TypeVar("B", bound=ServiceBench)


@asynccontextmanager
async def opened(kind: type[B], corner: Corner, folder: Path, **more: Any) -> AsyncIterator[B]:
    """A bench with a policy and a duty list in force, still without any replica."""
    key_file = folder / "keys.json"
    keys = make_keys(key_file)
    async with AsyncExitStack() as stack:
        store = Store(connect(corner.mongo_url), corner.database, service="test")
        stack.callback(store.client.close)
        await allow_trial(store._database)
        await store.clock.refresh()
        since = store.clock.now() - timedelta(days=365)
        await seed_policy(store._database, "sample", kind.documents(), now=since)
        await seed_duty(store._database, _duty())
        connection = await stack.enter_async_context(await aio_pika.connect(corner.amqp_url))
        channel = await connection.channel()
        yield kind(corner, key_file, keys, stack, connection, channel, store, **more)


@cache
def _documents() -> dict[str, dict[str, Any]]:
    """Read once: it takes longer than the rest of a bench. Tests run at any hour and send one
    person many messages within a minute; those of what waits set these rules.
    """
    documents = load_documents()
    return {**documents, "rules": {**documents["rules"], **AT_ONCE}}


@cache
def _duty() -> dict[str, Any]:
    """Read once as well."""
    return sample_duty()


def handled(queues: Sequence[str]) -> float:
    """How many deliveries from these queues all replicas of this process are done with."""
    counted: float = sum(
        metrics.CONSUMED.labels(queue=queue, outcome=outcome)._value.get()
        for queue in queues
        for outcome in ("done", "parked")
    )
    return counted
