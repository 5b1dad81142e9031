"""Waiting for company: work that is done together costs the processor a fraction of what it costs
one by one, and whoever was not alone a moment ago will not be alone now.

Alone, nobody waits.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Final

MOMENT_SECONDS: Final = 0.008
"""Long enough for eight busy desks to meet: 252 requests a second instead of 222 with 3 ms, where
they never all did, and nobody waits longer for an answer."""
REMEMBERED_SECONDS: Final = 0.1


class Company:
    """Remembers how many went together, and lets as many come together again."""

    def __init__(self) -> None:
        self._expected = 1
        self._expected_until = 0.0
        self._complete = asyncio.Event()

    def joins(self, present: int) -> None:
        """Somebody has come; now so many are there."""
        if present >= self._expected:
            self._complete.set()

    async def wait(self, present: int) -> None:
        """Return when as many are there as last time, or after a moment."""
        if present >= self._expected or time.monotonic() > self._expected_until:
            return
        self._complete.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._complete.wait(), MOMENT_SECONDS)

    def went(self, together: int) -> None:
        """So many went together."""
        self._expected = together
        self._expected_until = time.monotonic() + REMEMBERED_SECONDS
