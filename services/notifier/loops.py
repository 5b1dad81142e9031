"""What runs by the clock: each lane's own workers, and the sweep for when the broker is down."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from typing import Final, NamedTuple

from services.notifier.bundles import Bundles
from services.notifier.folding import Folding
from services.notifier.messages import Message
from services.notifier.senders import Sender
from services.notifier.sending import Sending
from shared.bus import Consumers, UrgentSweep, run_every
from shared.contracts import Lane
from shared.lanes import Precedence
from shared.store import STORE_DOWN, Store
from shared.telemetry import logger

PLACES: Final = 1_000
"""Messages held in memory, beside alerts; the rest waits in the store for the next look."""
GIVE_WAY_SECONDS: Final = 0.3
"""So long another letter waits for alerts under way: one that hangs must not keep it."""
LOOK_SECONDS: Final = 0.5
FOLD_SECONDS: Final = 1.0
SWEEP_SECONDS: Final = 0.25
"""Four looks a second, as the router has: an alert passes both within three seconds."""
DRAIN_SECONDS: Final = 5.0
"""At a stop, attempts under way may end; what does not is decided by its age."""


class _Turn(NamedTuple):
    """Alerts before others, then who came first."""

    after_alerts: bool
    turn: int
    message: Message
    waits_until: float


class SendQueue:
    """Messages from when they are taken up until they are put down.

    Alerts that wait go first, however many. Any other letter also waits while alerts are under way,
    but not longer than GIVE_WAY_SECONDS from when it was taken up; and it waits here, so that it
    keeps no worker busy.
    """

    def __init__(self) -> None:
        self._waiting: asyncio.PriorityQueue[_Turn] = asyncio.PriorityQueue()
        self._turns = count()
        self._held: set[str] = set()
        self._alerts: set[str] = set()
        self._alerts_changed = asyncio.Event()

    def __contains__(self, message: Message) -> bool:
        """Whether it was taken up and not put down yet."""
        return message.id in self._held

    def take_up(self, message: Message) -> None:
        """Let it wait for its turn; in a full queue, which takes alerts only, for a later look."""
        is_full = self._waiting.qsize() >= PLACES and not message.is_alarm
        if is_full or message in self:
            return
        self._held.add(message.id)
        if message.is_alarm:
            self._alerts.add(message.id)
            self._alerts_changed.set()
        until = asyncio.get_running_loop().time() + GIVE_WAY_SECONDS
        turn = _Turn(not message.is_alarm, next(self._turns), message, until)
        self._waiting.put_nowait(turn)

    async def next(self) -> Message:
        """Whose turn it is. One asks at a time."""
        while True:
            first = await self._waiting.get()
            left = first.waits_until - asyncio.get_running_loop().time()
            if first.message.is_alarm or not self._alerts or left <= 0:
                return first.message
            self._waiting.put_nowait(first)
            self._alerts_changed.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._alerts_changed.wait(), left)

    def put_down(self, message: Message) -> None:
        """Its attempt has ended, however it ended."""
        self._held.discard(message.id)
        if message.is_alarm:
            self._alerts.discard(message.id)
            self._alerts_changed.set()


class Workers:
    """One lane's workers: they hand over so many messages at once, and look for what was left.

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
        self._queue = SendQueue()
        self._under_way: set[asyncio.Task[None]] = set()

    def take(self, message: Message) -> None:
        """Send it soon, or at a later look where too many wait."""
        self._queue.take_up(message)

    async def look(self) -> None:
        """Take up what is due, and decide what nobody is handing over any more."""
        for message in await self._sending.orphans(self._lane):
            if message not in self._queue:
                await self._sending.decide_orphan(message)
        for message in await self._sending.unconfirmed(self._lane):
            await self._sending.decide_unconfirmed(message)
        if self._lane == "urgent":
            for message in await self._sending.missed():
                await self._sending.decide_missed(message)
        for message in await self._sending.due(self._lane):
            self.take(message)

    async def run(self) -> None:
        """Work until cancelled, then let what is under way end."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._work())
                group.create_task(run_every(self.look, seconds=LOOK_SECONDS, wake=self._wake))
        finally:
            await self._drain()

    async def _work(self) -> None:
        while True:
            await self._free.acquire()
            task = asyncio.create_task(self._send(await self._queue.next()))
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
            self._queue.put_down(message)
            self._free.release()

    async def _drain(self) -> None:
        if not self._under_way:
            return
        _, late = await asyncio.wait(self._under_way, timeout=DRAIN_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


async def run_workers(workers: Sequence[Workers], senders: Sequence[Sender]) -> None:
    """All workers go on until cancelled; when the last has put its letter down, the senders let go
    of their connections.
    """
    try:
        async with asyncio.TaskGroup() as group:
            for one in workers:
                group.create_task(one.run())
    finally:
        for sender in senders:
            await sender.aclose()


async def fold_waiting(folding: Folding, bundles: Bundles) -> None:
    """Tell in digests what a downtime left, and together what came too fast."""

    async def look() -> None:
        await folding.look()
        await bundles.look()

    await run_every(look, seconds=FOLD_SECONDS)


async def sweep_urgent(store: Store, consumers: Consumers) -> None:
    """With the broker down, alerts come straight from the store (promise 7)."""
    await run_every(UrgentSweep(store, consumers).sweep, seconds=SWEEP_SECONDS)
