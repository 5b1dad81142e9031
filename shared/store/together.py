"""Work that costs many hardly more than one is done together for all who wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final, Generic, TypeVar

from shared.lanes import FEW, Precedence, lane_in_hand

Item = TypeVar("Item")
Made = TypeVar("Made")
MOMENT_SECONDS: Final = 0.008
"""Long enough for eight busy desks to meet again; less than anybody notices."""


class Together(Generic[Item, Made]):
    """Alone, one goes at once; whoever comes meanwhile goes next, together, at most `at_once`.

    Those who went together come back for their next step one by one, and would split into smaller
    groups at each. So a group waits a moment for as many as went before it.

    `work` makes something of each item, or the error that it deserves; what it raises itself is
    told to all who went together.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Awaitable[Sequence[Made | BaseException]]],
        precedence: Precedence,
        *,
        at_once: int,
    ) -> None:
        self._work = work
        self._precedence = precedence
        self._at_once = at_once
        self._waiting: list[tuple[Item, asyncio.Future[Made]]] = []
        self._going: asyncio.Task[None] | None = None
        self._expected = 1
        self._are_there = asyncio.Event()

    async def do(self, item: Item) -> Made:
        """What was made of the item; raises the error that took its place."""
        made: asyncio.Future[Made] = asyncio.get_running_loop().create_future()
        # What is urgent goes with the next, whoever waits.
        is_urgent = lane_in_hand() == "urgent"
        self._waiting.insert(0 if is_urgent else len(self._waiting), (item, made))
        if is_urgent or len(self._waiting) >= self._expected:
            self._are_there.set()
        if self._going is None or self._going.done():
            self._going = asyncio.create_task(self._go())
        return await made

    async def _go(self) -> None:
        while self._waiting:
            with suppress(TimeoutError):
                async with asyncio.timeout(MOMENT_SECONDS):
                    await self._are_there.wait()
            size = FEW if await self._precedence.step() else self._at_once
            batch, self._waiting = self._waiting[:size], self._waiting[size:]
            self._expected = len(batch)
            if len(self._waiting) < self._expected:
                self._are_there.clear()
            else:
                self._are_there.set()
            outcomes = await self._outcomes([item for item, _ in batch])
            told = zip(batch, outcomes, strict=True)
            self._precedence.tell([partial(_tell, made, outcome) for (_, made), outcome in told])

    async def _outcomes(self, items: Sequence[Item]) -> Sequence[Made | BaseException]:
        try:
            return await self._work(items)
        except Exception as error:  # noqa: BLE001 - everybody is told, and decides
            return [error] * len(items)


def in_a_thread(
    work: Callable[[Item], Made],
) -> Callable[[Sequence[Item]], Awaitable[Sequence[Made | BaseException]]]:
    """Work of a thread as one visit for all: the way there costs as much as the work."""

    def one(item: Item) -> Made | BaseException:
        try:
            return work(item)
        except Exception as error:  # noqa: BLE001 - told to whoever asked for this one
            return error

    def visit(items: Sequence[Item]) -> Sequence[Made | BaseException]:
        return [one(item) for item in items]

    return lambda items: asyncio.to_thread(visit, items)


def _tell(made: asyncio.Future[Made], outcome: Made | BaseException) -> None:
    if made.done():  # whoever asked was cancelled and does not listen any more
        return
    if isinstance(outcome, BaseException):
        made.set_exception(outcome)
    else:
        made.set_result(outcome)
