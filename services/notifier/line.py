"""The line before one lane's hands: who is called to an emergency goes before everybody else."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import count
from typing import Final, NamedTuple

from services.notifier.messages import Message

PLACES: Final = 1_000
"""Messages held in memory, beside alerts; the rest waits in the store for the next look."""
GIVE_WAY_SECONDS: Final = 0.3
"""So long another letter waits for alerts under way: one that hangs must not keep it."""


class _Turn(NamedTuple):
    """Alerts before others, then who came first."""

    after_alerts: bool
    turn: int
    message: Message
    waits_until: float


class Line:
    """Messages from when they are taken up until they are put down.

    Alerts that wait go first, however many. Any other letter also waits while alerts are under way,
    but not longer than GIVE_WAY_SECONDS from when it was taken up; and it waits here, so that it
    keeps no hand busy.
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
        """Let it wait for its turn; in a full line, which takes alerts only, for a later look."""
        is_full = self._waiting.qsize() >= PLACES and not message.is_alert
        if is_full or message in self:
            return
        self._held.add(message.id)
        if message.is_alert:
            self._alerts.add(message.id)
            self._alerts_changed.set()
        until = asyncio.get_running_loop().time() + GIVE_WAY_SECONDS
        turn = _Turn(not message.is_alert, next(self._turns), message, until)
        self._waiting.put_nowait(turn)

    async def next(self) -> Message:
        """Whose turn it is. One asks at a time."""
        while True:
            first = await self._waiting.get()
            left = first.waits_until - asyncio.get_running_loop().time()
            if first.message.is_alert or not self._alerts or left <= 0:
                return first.message
            self._waiting.put_nowait(first)
            self._alerts_changed.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._alerts_changed.wait(), left)

    def put_down(self, message: Message) -> None:
        """Its attempt has ended, however it ended."""
        self._held.discard(message.id)
        if message.is_alert:
            self._alerts.discard(message.id)
            self._alerts_changed.set()
