"""Turns at a provider that takes so many messages a minute, and bars whoever sends more.

A letter whose turn has not come is not handed over; its turn is kept, so that however many wait,
each is told once when to come again. Each lane has turns of its own: an alert waits behind alerts
only.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from services.notifier.senders.letter import Letter
from shared.contracts import Lane

MINUTE: Final = 60.0
LATE: Final = 2.0
"""Seconds by which a letter may miss its turn and still have it: what is due is looked for twice a
second. So a turn is only free again when as many more have passed."""
SHARES: Final[Mapping[Lane, float]] = {"urgent": 0.75, "routine": 0.25}
"""What each lane has of a rate; together they never have more than the provider takes."""


class Rates:
    """So many letters `a_minute` for each receiver. Known to this process alone."""

    def __init__(self, a_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._most = {lane: max(1, int(a_minute * share)) for lane, share in SHARES.items()}
        self._turns: dict[tuple[str, Lane], _Turns] = {}
        self._barred_until = 0.0

    def wait(self, receiver: str, letter: Letter) -> timedelta:
        """How long until the letter's turn; zero means now, and uses it."""
        now = self._now()
        if now < self._barred_until:
            return timedelta(seconds=self._barred_until - now)
        key = (receiver, letter.lane)
        turns = self._turns.setdefault(key, _Turns(self._most[letter.lane]))
        return timedelta(seconds=turns.wait(letter.id, now))

    def bar(self, span: timedelta) -> None:
        """Let nothing go for so long: the provider says that it takes nothing."""
        self._barred_until = self._now() + span.total_seconds()


class _Turns:
    """The turns of one lane at one receiver, ascending; `_kept` are those of letters that wait."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: deque[float] = deque()
        self._kept: dict[str, float] = {}

    def wait(self, id: str, now: float) -> float:
        self._forget(now)
        turn = self._kept.pop(id, None)
        if turn is None:
            turn = self._next(now)
            self._taken.append(turn)
        if turn > now:
            self._kept[id] = turn
        return max(0.0, turn - now)

    def _next(self, now: float) -> float:
        if len(self._taken) < self._most:
            return now
        return max(now, self._taken[-self._most] + MINUTE + LATE)

    def _forget(self, now: float) -> None:
        """What is past; who did not come for their turn gets another."""
        while self._taken and self._taken[0] <= now - MINUTE - LATE:
            self._taken.popleft()
        for id in [id for id, turn in self._kept.items() if turn < now - LATE]:
            del self._kept[id]
