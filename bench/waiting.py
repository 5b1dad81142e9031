"""Waiting for work to be done, looking seldom while that is far: looking costs the machine too."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from bench.hotline import Broken

SOON: Final = 0.03
SELDOM: Final = 1.0
STALLED_AFTER: Final = 60.0


async def until_reached(count: Callable[[], Awaitable[int]], wanted: int, what: str) -> None:
    """Return when `count` says `wanted`; Broken when it has not grown for a minute."""
    began = grown = time.monotonic()
    reached = -1
    while (found := await count()) < wanted:
        now = time.monotonic()
        if found > reached:
            reached, grown = found, now
        elif now - grown > STALLED_AFTER:
            raise Broken(f"{what}: {found} of {wanted}, and no more for {STALLED_AFTER:.0f} s")
        await asyncio.sleep(_pause(found, wanted, now - began))


def _pause(found: int, wanted: int, seconds: float) -> float:
    """Half of what it will take at the speed so far."""
    if found == 0:
        return SOON
    return min(max((wanted - found) * seconds / found / 2, SOON), SELDOM)
