"""A backlog of routine work before intake, router and notifier, kept at its length.

A process of its own: it fills each queue up to the wanted length with real work (a report nobody
has registered; the registration of a ticket nobody has looked at) and then keeps it there, putting
in what was worked off and taking out what the services before it added. Every line it says is the
length of each queue at that moment.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
import uuid
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Final

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractQueue

from bench.clones import Template, insert, load, numbers
from bench.sides import queued
from bench.traffic import Traffic, as_body, as_message, publish_all
from services.intake.inbound.arrivals import NAME_HEADER
from services.intake.queues import REPORTS_ROUTINE
from services.notifier.queues import MESSAGES_ROUTINE
from services.router.queues import TICKETS_ROUTINE
from shared.bus import DEFAULT
from shared.bus.consumers import PRINCIPAL_HEADER
from shared.identity import UNNAMED
from shared.store import connect
from shared.store.store import Database

QUEUES: Final = (REPORTS_ROUTINE.name, TICKETS_ROUTINE.name, MESSAGES_ROUTINE.name)
LOOK_SECONDS: Final = 0.5
PORTION: Final = 2_000
SLACK: Final = 0.05
"""By which part a queue may be longer than wanted before something is taken out."""


class Backlog:
    """Routine work, made as fast as it is wanted."""

    def __init__(
        self,
        channel: AbstractChannel,
        database: Database,
        templates: Sequence[Template],
        traffic: Traffic,
    ) -> None:
        self._channel = channel
        self._database = database
        self._templates = cycle(templates)
        self._numbers = numbers()
        self._traffic = traffic
        self._queues: dict[str, AbstractQueue] = {}

    async def open(self) -> None:
        """Find the queues; the services have declared them."""
        for name in QUEUES:
            self._queues[name] = await self._channel.get_queue(name, ensure=False)

    async def lengths(self) -> dict[str, int]:
        """How many messages wait in each queue, beside those that are being worked on."""
        return {name: await queued(self._channel, name) for name in QUEUES}

    async def keep(self, wanted: int) -> dict[str, int]:
        """Bring every queue a step nearer to the wanted length; the lengths before."""
        lengths = await self.lengths()
        missing = {name: min(wanted - length, PORTION) for name, length in lengths.items()}
        await self._add_reports(missing[REPORTS_ROUTINE.name])
        await self._add_tickets(missing[TICKETS_ROUTINE.name], missing[MESSAGES_ROUTINE.name])
        for name, length in lengths.items():
            await self._take_out(name, length - round(wanted * (1 + SLACK)))
        return lengths

    async def _add_reports(self, count: int) -> None:
        """Reports as triage passes them on."""
        messages = [
            as_message(
                as_body(self._traffic.routine()),
                headers={PRINCIPAL_HEADER: UNNAMED.id, NAME_HEADER: uuid.uuid4().hex},
            )
            for _ in range(count)
        ]
        await publish_all(self._channel, DEFAULT, REPORTS_ROUTINE.name, messages)

    async def _add_tickets(self, for_router: int, for_notifier: int) -> None:
        """Registered tickets, and the event of each for whom it is still new."""
        count = max(for_router, for_notifier, 0)
        fresh = list(zip(islice(self._templates, count), self._numbers, strict=False))
        fresh.sort(key=lambda pair: pair[1])
        await insert(self._database, "tickets", [t.numbered(t.ticket, n) for t, n in fresh])
        events = [t.numbered(t.event, n) for t, n in fresh]
        for queue, wanted in (
            (TICKETS_ROUTINE.name, for_router), (MESSAGES_ROUTINE.name, for_notifier),
        ):  # fmt: skip
            messages = [as_message(event) for event in events[: max(wanted, 0)]]
            await publish_all(self._channel, DEFAULT, queue, messages)

    async def _take_out(self, name: str, count: int) -> None:
        for _ in range(min(count, PORTION)):
            if await self._queues[name].get(no_ack=True, fail=False) is None:
                return


async def run(amqp: str, mongo: str, name: str, templates: Path, wanted: int, seed: int) -> None:
    """Keep the backlog until this process is ended."""
    async with await aio_pika.connect(amqp) as connection:
        channel = await connection.channel(publisher_confirms=True)
        backlog = Backlog(channel, connect(mongo)[name], load(templates), Traffic(seed))
        await backlog.open()
        while True:
            began = time.monotonic()
            lengths = await backlog.keep(wanted)
            sys.stdout.write(json.dumps(lengths) + "\n")
            sys.stdout.flush()
            if min(lengths.values()) >= wanted * (1 - SLACK):
                await asyncio.sleep(max(0.0, LOOK_SECONDS - (time.monotonic() - began)))


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ("amqp", "mongo", "database"):
        parser.add_argument(f"--{option}", required=True)
    parser.add_argument("--templates", type=Path, required=True)
    parser.add_argument("--wanted", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    given = parser.parse_args()
    asyncio.run(
        run(given.amqp, given.mongo, given.database, given.templates, given.wanted, given.seed)
    )


if __name__ == "__main__":
    main()
