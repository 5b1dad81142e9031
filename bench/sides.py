"""The two sides of the comparison: the whole hotline, and a plain loop. Both take the same reports
and are done when everybody has been told.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

import aio_pika
from aio_pika.abc import AbstractChannel

from bench.counting import KINDS, counted_by_services
from bench.hotline import Hotline
from bench.plain import STAGES, Sizes
from bench.processes import frozen
from bench.slices import Slice
from bench.traffic import as_message, publish_all
from bench.waiting import until_reached
from hotline.embedded.process import clean_environment
from services.intake.queues import FEEDBACK, REPORTS_ROUTINE, TRIAGE
from services.notifier.queues import MESSAGES_ROUTINE
from services.router.queues import TICKETS_ROUTINE
from shared.bus.topology import INBOUND
from shared.contracts.notifier import ARRIVED
from tests.support.bench import until
from tests.support.servers import Servers

MESSAGES_PER_TICKET: Final = 2
QUEUES: Final = (TRIAGE, REPORTS_ROUTINE, TICKETS_ROUTINE, MESSAGES_ROUTINE, FEEDBACK)
SETTLE_SECONDS: Final = 30.0
CLOCKS_MAY_DIFFER: Final = timedelta(minutes=1)
"""A service that was frozen while it measured its clock is seconds off until it measures again."""


class Side(Protocol):
    """One side."""

    async def work(self, bodies: Sequence[bytes]) -> Slice:
        """Take these reports; the clock runs from the first publish until all are done with."""

    async def counts(self) -> Mapping[str, float]:
        """The database operations and publishes it asked for since it started."""

    def idle(self) -> AbstractContextManager[None]:
        """Leave the machine to another side while the block lasts."""


class Ours:
    """The hotline: done when owner and department have been told of each ticket, every event is
    published and cleared, and every queue is empty. While idle it is frozen: what it does by the
    clock would slow the other side, and flatter us.
    """

    def __init__(self, hotline: Hotline, channel: AbstractChannel) -> None:
        self._hotline = hotline
        self._channel = channel

    async def work(self, bodies: Sequence[bytes]) -> Slice:
        """Take these reports through the queue, as a system sends them."""
        since = datetime.now(UTC) - CLOCKS_MAY_DIFFER
        before = await self._told(since)
        began = time.monotonic()
        messages = [as_message(body) for body in bodies]
        await publish_all(self._channel, INBOUND, "ticket.report", messages)
        wanted = before + MESSAGES_PER_TICKET * len(bodies)
        await until_reached(lambda: self._told(since), wanted, "messages handed over")
        await until(self.is_quiet, seconds=SETTLE_SECONDS)
        self._hotline.check()
        return Slice(len(bodies), time.monotonic() - began)

    async def _told(self, since: datetime) -> int:
        told = {"status": {"$in": [*ARRIVED]}, "at": {"$gte": since}}
        return await self._hotline.database["messages"].count_documents(told)

    async def is_quiet(self) -> bool:
        """Nothing is under way."""
        for collection in ("messages", "tickets"):
            waiting = {"outbox.0": {"$exists": True}}
            found = self._hotline.database[collection]
            if await found.count_documents(waiting, limit=1, hint="outbox_waiting"):
                return False
        return not any([await queued(self._channel, spec.name) for spec in QUEUES])

    async def counts(self) -> Mapping[str, float]:
        """What the services say in their metrics."""
        return await counted_by_services(self._hotline)

    def idle(self) -> AbstractContextManager[None]:
        """Stop every process of the hotline for so long."""
        return frozen(self._hotline.processes.values())


async def queued(channel: AbstractChannel, name: str) -> int:
    """How many messages wait in a queue."""
    queue = await channel.declare_queue(name, passive=True)
    return queue.declaration_result.message_count or 0


class PlainLoop:
    """Three plain processes. They do nothing by the clock, so idle they need no freezing."""

    def __init__(
        self, name: str, stages: Mapping[str, asyncio.subprocess.Process], channel: AbstractChannel
    ) -> None:
        self._name = name
        self._stages = stages
        self._channel = channel
        self._done = 0

    async def work(self, bodies: Sequence[bytes]) -> Slice:
        """Take these reports until both stages have heard of every message."""
        began = time.monotonic()
        messages = [as_message(body) for body in bodies]
        await publish_all(self._channel, self._name, "report", messages)
        self._done += MESSAGES_PER_TICKET * len(bodies)
        await until_reached(self._told, self._done, f"messages of {self._name}")
        await until_reached(self._heard, self._done * 2, f"messages heard of by {self._name}")
        return Slice(len(bodies), time.monotonic() - began)

    async def _told(self) -> int:
        return int((await self._ask("notifier"))["handled"])

    async def _heard(self) -> int:
        """A report, its sorted twin and two receipts: four deliveries a ticket."""
        return int((await self._ask("intake"))["handled"])

    async def counts(self) -> Mapping[str, float]:
        """What the stages have counted themselves."""
        answers = [await self._ask(stage) for stage in self._stages]
        return {kind: sum(answer.get(kind, 0) for answer in answers) for kind in KINDS}

    async def _ask(self, stage: str) -> dict[str, Any]:
        process = self._stages[stage]
        assert process.stdin is not None, "it was opened"
        assert process.stdout is not None, "it was opened"
        process.stdin.write(b"\n")
        answer: dict[str, Any] = json.loads(await process.stdout.readline())
        return answer

    def idle(self) -> AbstractContextManager[None]:
        """Nothing has to be stopped."""
        return nullcontext()


@asynccontextmanager
async def plain_loop(
    servers: Servers, name: str, *, at_once: int, sizes: Sizes
) -> AsyncIterator[PlainLoop]:
    """Run the three stages of a plain loop while the block lasts."""
    amqp = servers.rabbit.amqp_url
    options = {"amqp": amqp, "mongo": servers.mongo.url, "loop-name": name, "at-once": at_once}
    options |= asdict(sizes)
    words = [word for option, value in options.items() for word in (f"--{option}", str(value))]
    stages = {stage: await _start(stage, words) for stage in STAGES}
    connection = await aio_pika.connect(amqp)
    try:
        loop = PlainLoop(name, stages, await connection.channel(publisher_confirms=True))
        await loop.counts()  # they answer when they consume
        yield loop
    finally:
        await connection.close()
        for process in stages.values():
            process.kill()
            await process.wait()


async def _start(stage: str, words: Sequence[str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.plain", stage, *words,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=clean_environment(),
    )  # fmt: skip
