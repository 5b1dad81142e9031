"""What runs by the clock: each lane's own hands, and the sweep for when the broker is down."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from services.notifier.folding import Folding
from services.notifier.line import Line
from services.notifier.messages import Message
from services.notifier.senders import Sender
from services.notifier.sending import Sending
from shared.bus import Consumers, UrgentSweep, repeat
from shared.contracts import Lane
from shared.lanes import Precedence
from shared.store import STORE_DOWN, Store
from shared.telemetry import logger

LOOK_SECONDS: Final = 0.5
FOLD_SECONDS: Final = 1.0
SWEEP_SECONDS: Final = 0.25
"""Four looks a second, as the router has: an alert passes both within three seconds."""
DRAIN_SECONDS: Final = 5.0
"""At a stop, attempts under way may end; what does not is decided by its age."""


class Hands:
    """One lane's hands: they hand over so many messages at once, and look for what was left.

    The lanes share none, so that an alert never waits behind a routine letter; and in its lane it
    goes first.
    """

    def __init__(
        self,
        lane: Lane,
        sending: Sending,
        precedence: Precedence,
        *,
        at_once: int,
        wake: asyncio.Event,
    ) -> None:
        self._lane = lane
        self._precedence = precedence
        self._sending = sending
        self._free = asyncio.Semaphore(at_once)
        self._wake = wake
        self._line = Line()
        self._under_way: set[asyncio.Task[None]] = set()

    def take(self, message: Message) -> None:
        """Send it soon, or at a later look where too many wait."""
        self._line.take_up(message)

    async def look(self) -> None:
        """Take up what is due, and decide what nobody is handing over any more."""
        for message in await self._sending.orphans(self._lane):
            if message not in self._line:
                await self._sending.decide_orphan(message)
        for message in await self._sending.due(self._lane):
            self.take(message)

    async def run(self) -> None:
        """Work until cancelled, then let what is under way end."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._work())
                group.create_task(repeat(self.look, seconds=LOOK_SECONDS, wake=self._wake))
        finally:
            await self._drain()

    async def _work(self) -> None:
        while True:
            await self._free.acquire()
            task = asyncio.create_task(self._send(await self._line.next()))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _send(self, message: Message) -> None:
        try:
            async with self._precedence.on(self._lane):
                await self._sending.attempt(message)
        except STORE_DOWN as error:
            logger.warning("attempt_failed", message=message.id, why=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - the message is still there, its age decides
            logger.exception("attempt_broken", message=message.id, error=type(error).__name__)
        finally:
            self._line.put_down(message)
            self._free.release()

    async def _drain(self) -> None:
        if not self._under_way:
            return
        _, late = await asyncio.wait(self._under_way, timeout=DRAIN_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


async def run_hands(hands: Sequence[Hands], senders: Sequence[Sender]) -> None:
    """All hands work until cancelled; when the last has put its letter down, the senders let go
    of their connections.
    """
    try:
        async with asyncio.TaskGroup() as group:
            for one in hands:
                group.create_task(one.run())
    finally:
        for sender in senders:
            await sender.aclose()


async def fold_waiting(folding: Folding) -> None:
    """Tell in digests what a downtime left."""
    await repeat(folding.look, seconds=FOLD_SECONDS)


async def sweep_urgent(store: Store, consumers: Consumers) -> None:
    """With the broker down, alerts come straight from the store (promise 7)."""
    await repeat(UrgentSweep(store, consumers).sweep, seconds=SWEEP_SECONDS)
