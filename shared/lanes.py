"""Lanes inside a process: which one the work in hand belongs to, and who gives way to whom.

The lane goes with the task, so that nothing on its way has to be told, and nothing can forget it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Final

from shared.contracts import Lane

PACE_SECONDS: Final = 0.2
"""While something urgent is in hand, routine work goes on in single file, one step in so long: a
storm of emergencies, or one that hangs, must not stop the house.
"""
FEW: Final = 2
"""How many reads or writes go together in one step while routine work gives way: whoever is told of
the outcome goes on and takes time.
"""
TOLD_IN_A_TURN: Final = 4
"""Whoever is told of a result goes on at once, for a millisecond or two: fifty of them in one turn
keep an emergency from being read for as long as it needs from stage to stage.
"""

_lane: ContextVar[Lane] = ContextVar("lane", default="routine")


def lane_in_hand() -> Lane:
    """The lane of the task that asks."""
    return _lane.get()


class Precedence:
    """Knows what is urgent in this process, and holds routine work back."""

    def __init__(self) -> None:
        self._in_hand = 0
        self._single_file = asyncio.Lock()
        self._telling: set[asyncio.Task[None]] = set()

    @contextmanager
    def urgent(self) -> Iterator[None]:
        """What this task does inside the block is urgent."""
        token = _lane.set("urgent")
        self._in_hand += 1
        try:
            yield
        finally:
            self._in_hand -= 1
            _lane.reset(token)

    def must_give_way(self) -> bool:
        """Whether the task that asks should leave the processor to something urgent."""
        return self._in_hand > 0 and _lane.get() == "routine"

    async def step(self) -> bool:
        """Before the next step of routine work that has begun; whether it had to give way."""
        if not self.must_give_way():
            return False
        await asyncio.sleep(PACE_SECONDS)
        return True

    def tell(self, calls: Sequence[Callable[[], object]]) -> None:
        """Make these calls soon, a few in each turn of the event loop: whoever is told goes on
        before the next are, and whatever is urgent is read in between.

        A sequence, since what is made while it is told would see what its maker has by then.
        """
        telling = asyncio.create_task(self._tell(calls))
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)

    async def _tell(self, calls: Sequence[Callable[[], object]]) -> None:
        for n, call in enumerate(calls, start=1):
            call()
            if n % TOLD_IN_A_TURN == 0 and not await self.step():
                await asyncio.sleep(0)

    @asynccontextmanager
    async def on(
        self, lane: Lane, *, wanted: Callable[[], bool] = lambda: True
    ) -> AsyncIterator[None]:
        """Work of this lane is in hand while the block lasts.

        Routine work begins one after the other, each in its own turn of the event loop: a burst of
        messages keeps nothing that is urgent from being read. Whoever is not `wanted` any more when
        the turn comes takes no time for it.
        """
        if lane == "urgent":
            with self.urgent():
                yield
            return
        async with self._single_file:
            if wanted() and not await self.step():
                await asyncio.sleep(0)
        yield

    def routine(self) -> AbstractAsyncContextManager[None]:
        """Routine work is in hand while the block lasts: how what a loop finds begins (`each`)."""
        return self.on("routine")
