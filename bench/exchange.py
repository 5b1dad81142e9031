"""An exchange of the bench: it tells facts under its own broker user, each when it happens."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import json
import random
import secrets
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import aio_pika
from aio_pika.abc import AbstractExchange

from bench.hotline import Hotline
from bench.ringing import EXCHANGE, LINE, Calls
from hotline import topology
from shared.bus import EVENTS
from shared.bus.broker_users import BrokerUsers, PublisherRights
from shared.bus.topology import INBOUND
from shared.calls.facts import Fact, Kind
from shared.calls.listening import Listening
from shared.calls.telling import Tellable
from shared.calls.telling import told as as_message

WORD_SECONDS: Final = 1.0
HEARD_BEFORE: Final = timedelta(hours=1)
BATCH_SPREAD: Final = timedelta(minutes=5)
"""So long the calls of a batch are apart: an adapter tells them when the broker is back."""
LONGEST_CALL: Final = timedelta(minutes=5)
AT_ONCE: Final = 500


@dataclass(slots=True)
class Told:
    """All that was told. `rang`: when an agent's telephone first rang for a call (monotonic), and
    `rang_for` how many seconds it did.
    """

    facts: list[Fact] = field(default_factory=list)
    rang: dict[tuple[str, str], float] = field(default_factory=dict)
    rang_for: dict[tuple[str, str], float] = field(default_factory=dict)
    ended_at: float = 0.0

    def note(self, fact: Fact) -> None:
        """It is told now."""
        self.facts.append(fact)
        now, ring = time.monotonic(), (fact.call, fact.agent or "")
        if fact.kind is Kind.RINGING:
            self.rang.setdefault(ring, now)
        elif fact.kind in {Kind.ANSWERED, Kind.RANG_OUT} and ring in self.rang:
            self.rang_for.setdefault(ring, now - self.rang[ring])


@dataclass(slots=True)
class Popped:
    """When it was said that an agent's telephone rings for a call (monotonic)."""

    seen: dict[tuple[str, str], float] = field(default_factory=dict)


class Exchange:
    """Tells facts to the broker."""

    def __init__(self, inbound: AbstractExchange, seed: int = 0) -> None:
        self._inbound = inbound
        self._random = random.Random(seed)
        self._due: list[tuple[datetime, int, Fact, Told]] = []
        self._order = itertools.count()
        self._began = datetime.now(UTC) - HEARD_BEFORE
        self._sending = set[asyncio.Task[Any]]()

    async def ring(self, calls: Calls, told: Told, a_second: float, seconds: float) -> None:
        """So many calls a second, at chance moments; what they go on to tell is told meanwhile."""
        now = datetime.now(UTC)
        until, offered = now + timedelta(seconds=seconds), now
        while offered < until:
            offered += timedelta(seconds=self._random.expovariate(a_second))
            self._add(calls.next(offered), told)
        await self._tell_until(until)

    async def tell_at_once(self, calls: Calls, told: Told, count: int) -> None:
        """At least so many facts of calls that are over, as fast as the broker takes them."""
        facts: list[Fact] = []
        latest = datetime.now(UTC) - LONGEST_CALL
        while len(facts) < count:
            ago = self._random.random() * BATCH_SPREAD
            facts += calls.next(latest - ago)
        for at in range(0, len(facts), AT_ONCE):
            await asyncio.gather(*map(self._publish, facts[at : at + AT_ONCE]))
        told.facts += facts

    async def until_all_told(self) -> None:
        """Tell how the calls that go on end."""
        while self._due:
            await self._tell_until(self._due[0][0])
        await self._settled()

    async def say_that_it_hears(self) -> None:
        """A listener's word each second, until cancelled."""
        while True:
            await self._publish(
                Listening(exchange=EXCHANGE, listener="1", since=self._began,
                          until=datetime.now(UTC), lines=(LINE,))
            )  # fmt: skip
            await asyncio.sleep(WORD_SECONDS)

    def _add(self, facts: Iterable[Fact], told: Told) -> None:
        for fact in facts:
            heapq.heappush(self._due, (fact.at, next(self._order), fact, told))

    async def _tell_until(self, until: datetime) -> None:
        while self._due and self._due[0][0] <= until:
            at, _, fact, told = heapq.heappop(self._due)
            await asyncio.sleep(max(0.0, (at - datetime.now(UTC)).total_seconds()))
            told.note(fact)
            sending = asyncio.create_task(self._publish(fact))
            self._sending.add(sending)
            sending.add_done_callback(self._sending.discard)
        await asyncio.sleep(max(0.0, (until - datetime.now(UTC)).total_seconds()))

    async def _settled(self) -> None:
        await asyncio.gather(*self._sending)

    async def _publish(self, value: Tellable) -> None:
        key, body = as_message(value)
        message = aio_pika.Message(
            body, user_id=EXCHANGE, delivery_mode=aio_pika.DeliveryMode.PERSISTENT
        )
        await self._inbound.publish(message, key)


@asynccontextmanager
async def open_exchange(hotline: Hotline) -> AsyncIterator[Exchange]:
    """One with a broker user of its own, which says that it hears while the block lasts."""
    assert hotline.endpoints.management is not None, "the bench has a broker of its own"
    users = BrokerUsers(hotline.endpoints.amqp_operator, hotline.endpoints.management)
    keys = topology.inbound_keys() - topology.system_keys()
    rights = PublisherRights.of(EXCHANGE, keys, topology.inbound_keys())
    address = await users.make_publisher(rights, secrets.token_urlsafe(24))
    async with await aio_pika.connect(address) as connection:
        channel = await connection.channel()
        exchange = Exchange(await channel.get_exchange(INBOUND, ensure=False))
        saying = asyncio.create_task(exchange.say_that_it_hears())
        try:
            yield exchange
        finally:
            saying.cancel()
            await asyncio.gather(saying, return_exceptions=True)


@asynccontextmanager
async def listening(hotline: Hotline) -> AsyncIterator[Popped]:
    """Hear which telephones ring, as the console does."""
    popped = Popped()

    async def hear(message: aio_pika.abc.AbstractIncomingMessage) -> None:
        data = json.loads(message.body)["data"]
        if data.get("agent"):
            popped.seen.setdefault((data["call"], data["agent"]), time.monotonic())

    async with await aio_pika.connect(hotline.endpoints.amqp) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(EVENTS, "call.ringing.#")
        await queue.consume(hear, no_ack=True)
        yield popped
