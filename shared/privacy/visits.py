"""Work for a thread, done for all who wait in one visit: the way there costs as much as the work.

Nobody waits for others: alone, one goes at once, and whoever comes meanwhile goes next, together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

from shared.lanes import lane_in_hand

Item = TypeVar("Item")
Made = TypeVar("Made")

AT_ONCE: Final = 16
"""Done in one visit: at a tenth of a millisecond each, an emergency, which goes in the next one,
waits hardly two."""


class Visits(Generic[Item, Made]):
    """Carries items to a thread where `work` makes something of each."""

    def __init__(self, work: Callable[[Item], Made]) -> None:
        self._work = work
        self._waiting: list[tuple[Item, asyncio.Future[Made]]] = []
        self._visiting: asyncio.Task[None] | None = None

    async def make(self, item: Item) -> Made:
        """What `work` made of the item; raises what it raised for this one."""
        made: asyncio.Future[Made] = asyncio.get_running_loop().create_future()
        if lane_in_hand() == "urgent":
            self._waiting.insert(0, (item, made))
        else:
            self._waiting.append((item, made))
        if self._visiting is None or self._visiting.done():
            self._visiting = asyncio.create_task(self._visit())
        return await made

    async def _visit(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
            outcomes = await asyncio.to_thread(self._make_all, [item for item, _ in batch])
            for (_, made), outcome in zip(batch, outcomes, strict=True):
                if made.done():  # whoever asked was cancelled
                    continue
                if isinstance(outcome, _Failed):
                    made.set_exception(outcome.error)
                else:
                    made.set_result(outcome)

    def _make_all(self, items: Sequence[Item]) -> list[Made | _Failed]:
        return [self._make(item) for item in items]

    def _make(self, item: Item) -> Made | _Failed:
        try:
            return self._work(item)
        except Exception as error:  # noqa: BLE001 - told to whoever asked for this one
            return _Failed(error)


class _Failed:
    """The error that took the place of what was to be made."""

    def __init__(self, error: Exception) -> None:
        self.error = error
