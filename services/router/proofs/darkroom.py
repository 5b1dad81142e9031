"""Where photos are developed: places for those that arrive, and processes for those that are there.

Nobody holds all places, however many connections they open or whatever they send: of one person so
many photos arrive at once, and one is developed at a time. What takes too long or too much memory
ends its own process and nothing else.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import anyio
from anyio import BrokenWorkerProcess, CapacityLimiter, to_process

from services.router.proofs.pictures import (
    CPU_SECONDS,
    NoPicture,
    Picture,
    develop_within_limits,
)
from shared.contracts.refusals import Away
from shared.lanes import Precedence

AT_ONCE: Final = 2
"""Each may need 200 MB for a second."""
MOST_ARRIVING: Final = 16
"""Each may hold what a body may hold."""
MOST_OF_ONE: Final = 4
"""So many of one person arrive at once: four such people have all places, and no single one."""
WAITS_SECONDS: Final = 30.0
"""So long somebody's further photos wait for their own earlier ones."""
SOON_SECONDS: Final = 1.0
WALL_SECONDS: Final = CPU_SECONDS + 5.0
"""A process that gets no processor is given up as well."""


@dataclass(slots=True)
class _Holder:
    """What one person has of the darkroom."""

    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_OF_ONE))
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    present: int = 0


class Darkroom:
    """Develops pictures for one service."""

    def __init__(self, precedence: Precedence) -> None:
        self._precedence = precedence
        self._free = asyncio.Semaphore(AT_ONCE)
        self._processes = CapacityLimiter(AT_ONCE)
        self._holders: dict[str, _Holder] = {}
        self._arriving = 0

    @asynccontextmanager
    async def arriving(self, holder: str) -> AsyncIterator[None]:
        """A picture of somebody's is on its way while the block lasts; a person with many waits for
        their own. Raises Away where too many are, or the own ones take too long.
        """
        own = self._holders.setdefault(holder, _Holder())
        own.present += 1
        try:
            async with _place(own), self._counted():
                yield
        finally:
            own.present -= 1
            if not own.present:
                del self._holders[holder]

    @asynccontextmanager
    async def _counted(self) -> AsyncIterator[None]:
        if self._arriving >= MOST_ARRIVING:
            raise _busy()
        self._arriving += 1
        try:
            yield
        finally:
            self._arriving -= 1

    async def develop(self, raw: bytes, holder: str) -> Picture:
        """The picture written anew, while it is `arriving`; raises NoPicture, also for what takes
        too long, and Away. An emergency in hand goes first.
        """
        async with self._holders[holder].turn, self._free, self._precedence.on("routine"):
            begun = time.monotonic()
            try:
                return await self._in_a_process(raw)
            except BrokenWorkerProcess as error:
                # It had ended before, for whatever reason; what is too hard takes longer.
                if time.monotonic() - begun > SOON_SECONDS:
                    raise _too_hard() from error
            try:
                return await self._in_a_process(raw)
            except BrokenWorkerProcess as error:
                raise _too_hard() from error

    async def _in_a_process(self, raw: bytes) -> Picture:
        """Raises BrokenWorkerProcess where the process has ended."""
        try:
            with anyio.fail_after(WALL_SECONDS):
                return await to_process.run_sync(
                    develop_within_limits, raw, cancellable=True, limiter=self._processes
                )
        except BrokenWorkerProcess as error:
            if error.args:  # it could not be begun, and says why
                raise _busy() from error
            raise
        except (TimeoutError, MemoryError) as error:
            raise _too_hard() from error


@asynccontextmanager
async def _place(own: _Holder) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(WAITS_SECONDS):
            await own.places.acquire()
    except TimeoutError as error:
        raise _busy() from error
    try:
        yield
    finally:
        own.places.release()


def _busy() -> Away:
    return Away("busy", "Too many photos are arriving at once", "send it again in a moment", wait=5)


def _too_hard() -> NoPicture:
    return NoPicture(
        "too_hard", "takes too long to unpack", "save it anew as an ordinary JPEG, or send another"
    )
