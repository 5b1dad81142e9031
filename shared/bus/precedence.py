"""While something urgent is in hand, nothing routine begins: the lanes share one processor, and
what is begun already is enough in an emergency's way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

LONGEST_SECONDS: Final = 1.0
"""Routine work that has given way so long begins all the same: a storm of emergencies, or one that
hangs, must not stop the house.
"""


class Precedence:
    """Counts what is urgent in this process, and lets routine work wait for it."""

    def __init__(self) -> None:
        self._in_hand = 0
        self._free = asyncio.Event()
        self._free.set()

    @contextmanager
    def urgent(self) -> Iterator[None]:
        """Something urgent is in hand while the block lasts."""
        self._in_hand += 1
        self._free.clear()
        try:
            yield
        finally:
            self._in_hand -= 1
            if not self._in_hand:
                self._free.set()

    async def give_way(self) -> None:
        """Return when nothing urgent is in hand, at once as a rule."""
        if not self._free.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._free.wait(), LONGEST_SECONDS)
