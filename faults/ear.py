"""An ear for deadlines: who hears every call that is said on the bus, and what was said twice."""

from __future__ import annotations

import asyncio
import time
from typing import Final, Self

import aio_pika

from shared.bus import EVENTS
from shared.bus.topology import declare
from shared.contracts import read_envelope
from shared.contracts.router import ClockBreached, ClockWarned

QUIET_SECONDS: Final = 1.5
Deadline = tuple[str, str | None, str, int]
"""Number, work order (None: the whole), clock and level."""


class Ear:
    """Hears these events: by deadline, the ids under which it was called."""

    def __init__(self, url: str, *events: type[ClockWarned | ClockBreached]) -> None:
        self._url = url
        self._events = events
        self.heard: dict[Deadline, set[str]] = {}
        self._last = time.monotonic()

    async def __aenter__(self) -> Self:
        self._connection = await aio_pika.connect(self._url)
        channel = await self._connection.channel()
        await declare(channel, [])
        queue = await channel.declare_queue(exclusive=True)
        for event in self._events:
            await queue.bind(EVENTS, f"{event.name}.#")
        await queue.consume(self._hear, no_ack=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._connection.close()

    async def _hear(self, message: aio_pika.abc.AbstractIncomingMessage) -> None:
        envelope = read_envelope(message.body)
        event = envelope.event()
        assert isinstance(event, self._events)
        # Whoever dies between publishing and clearing says it again under the same id, by which
        # everybody knows the repeat; another id would be another call.
        deadline = event.number, event.work_order, event.clock, event.level
        self.heard.setdefault(deadline, set()).add(envelope.id)
        self._last = time.monotonic()

    async def until_quiet(self) -> None:
        """Return when nothing was said for a while."""
        while time.monotonic() - self._last < QUIET_SECONDS:  # noqa: ASYNC110
            await asyncio.sleep(QUIET_SECONDS / 3)
