"""One running service for all tests of request and answer in a folder, as new before each test.

To start a service takes longer than most of what is asked of it: a broker's vhost with its queues,
four connections, a hundred routes. What a service remembers in its process is read anew, what is in
the store is put back, and nothing that a test began goes on into the next one. Two things stay as
a test left them: the trial's clock, which moves forward only, and the end of the audit's chain.

Tests of loops that remember, of restarts, of keys that are destroyed and of outages have a bench of
their own (`own_bench`).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from aio_pika.abc import AbstractIncomingMessage

from shared.bus.topology import EVENTS, INBOUND, declare
from shared.readers.rosters import HEAD, ROSTERS
from shared.store import Doc
from tests.support.bench import MARK, ServiceBench, handled, until

STAYS: Final = frozenset({"clock", "__keyVault", "probes"})
"""Collections that a test finds as the one before left them."""

B = TypeVar("B", bound=ServiceBench)


@dataclass
class Shared(Generic[B]):
    """A running bench that many tests use, one after the other."""

    bench: B
    seeds: dict[str, list[Doc]]
    replicas: int
    ears: int
    routed: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How many messages came to an exchange under a key since the test began."""
    done: dict[str, float] = field(default_factory=dict)
    """How many deliveries of a queue had been handled when the test began."""

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[B]:
        """The bench for one test: as it was when it was opened, and quiet when the test is over."""
        bench, lasting = self.bench, self.bench.stack
        await self._put_back()
        self.routed.clear()
        self.done = {queue: handled([queue]) for queue in self._bindings}
        await bench.forget()
        try:
            async with AsyncExitStack() as bench.stack:  # what is started for one test ends with it
                yield bench
                await self._settle()
        finally:
            bench.stack = lasting
            del bench.replicas[self.replicas :]
            for ear in bench.ears[self.ears :]:
                await bench.channel.queue_delete(ear)
            del bench.ears[self.ears :]

    async def count(self) -> None:
        """Hear of all that is published, so that it is known what the replicas have to handle."""
        bench = self.bench
        await declare(bench.channel, [])
        queue = await bench.channel.declare_queue(exclusive=True)
        for exchange in (EVENTS, INBOUND):
            await queue.bind(exchange, "#")

        async def note(message: AbstractIncomingMessage) -> None:
            if message.type == MARK:
                bench.marks.add(message.message_id)
            else:
                self.routed[message.exchange or "", message.routing_key or ""] += 1

        await queue.consume(note, no_ack=True)
        bench.ears.append(queue.name)
        self.ears += 1

    @property
    def _bindings(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """What is routed to each queue of the replicas."""
        lasting = self.bench.replicas[: self.replicas]
        specs = (spec for each in lasting for spec in each.platform.consumers._specs)
        return {spec.name: spec.bindings for spec in specs}

    async def _settle(self) -> None:
        """Return when nothing is on its way: outboxes are empty, and the replicas are done with
        all that was said, also with what was said in answer.
        """
        self.bench.let_go()
        seen = -1
        while seen != (seen := self.routed.total()):
            await until(self.bench.is_quiet)
            await self.bench._caught_up()
            await until(self._is_handled)

    def _is_handled(self) -> bool:
        return all(
            handled([queue]) - self.done[queue] >= sum(self.routed[b] for b in bindings)
            for queue, bindings in self._bindings.items()
        )

    async def _put_back(self) -> None:
        """The store as it was seeded; then every replica reads what it remembers of it."""
        database = self.bench.store._database
        names = set(await database.list_collection_names()) - STAYS - self.seeds.keys()
        await asyncio.gather(
            *(database[name].delete_many({}) for name in names if not name.startswith("system."))
        )
        for name, docs in self.seeds.items():
            await self._seed(name, docs)
        for replica in self.bench.replicas:
            await replica.platform.refresh()
            await replica.platform.credentials.refresh()
            await until(replica.is_consuming)

    async def _seed(self, name: str, docs: list[Doc]) -> None:
        collection = self.bench.store._database[name]
        found = await collection.find({}).sort("_id", 1).to_list(None)
        if found == docs:
            return
        if name == ROSTERS:  # a revision that was seen before would not be read again
            [head] = [doc for doc in docs if doc["_id"] == HEAD]
            head["revision"] = 1 + max(
                doc["revision"] for doc in [head, *found] if doc["_id"] == HEAD
            )
        await collection.delete_many({})
        await collection.insert_many(docs)


async def shared(bench: B) -> Shared[B]:
    """Lend a bench from now on, as it is now."""
    database = bench.store._database
    names = set(await database.list_collection_names()) - STAYS
    found: dict[str, list[Any]] = {
        name: await database[name].find({}).sort("_id", 1).to_list(None)
        for name in names
        if not name.startswith("system.")
    }
    seeds = {name: docs for name, docs in found.items() if docs}
    made = Shared(bench, seeds, len(bench.replicas), len(bench.ears))
    await made.count()
    return made
