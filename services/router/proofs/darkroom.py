"""Where pictures are developed: beside the event loop, few at once, never before an emergency."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import Final

from services.router.proofs.pictures import Picture, develop
from shared.lanes import Precedence
from shared.runtime import Problem

AT_ONCE: Final = 2
"""Each may need 200 MB for a second."""
MOST_ARRIVING: Final = 16
"""Each may hold what a body may hold."""
NICE: Final = 10
"""How far these threads stand behind those of the event loop."""


class Darkroom:
    """Develops pictures for one process."""

    def __init__(self, precedence: Precedence) -> None:
        self._precedence = precedence
        self._threads = ThreadPoolExecutor(AT_ONCE, "pictures", initializer=_step_back)
        self._arriving = 0

    @asynccontextmanager
    async def arriving(self) -> AsyncIterator[None]:
        """A picture is on its way while the block lasts; raises Problem where too many are."""
        if self._arriving >= MOST_ARRIVING:
            raise Problem(
                503, "busy", "Too many photos are arriving at once",
                detail="send it again in a moment", retry_after=5,
            )  # fmt: skip
        self._arriving += 1
        try:
            yield
        finally:
            self._arriving -= 1

    async def develop(self, raw: bytes) -> Picture:
        """The picture written anew; raises NoPicture. An emergency in hand goes first."""
        async with self._precedence.on("routine"):
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, develop, raw)


def _step_back() -> None:
    """On Linux threads have a priority of their own."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
