"""How often one of those who ask may ask what is cheap, but not free: while somebody types, a page
asks at each pause, and none of them may take the place of the others. Kept in the process, since it
protects the process.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from shared.contracts.refusals import TooOften

MOST_KNOWN: Final = 10_000
"""Of more, whoever asked longest ago is forgotten, and may ask as if for the first time."""


class Pace:
    """So many a second for each, and so many at once after a pause."""

    def __init__(
        self, a_second: float, at_once: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._a_second = a_second
        self._at_once = at_once
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, who: str, weight: float = 1) -> None:
        """Count one, or as many as it weighs; raises TooOften with the time to wait where there is
        not so much left.
        """
        weight = min(weight, self._at_once)
        now = self._clock()
        left, since = self._left.pop(who, (float(self._at_once), now))
        left = min(float(self._at_once), left + (now - since) * self._a_second)
        may = left >= weight
        self._left[who] = (left - weight if may else left, now)
        if len(self._left) > MOST_KNOWN:
            self._left.popitem(last=False)
        if not may:
            raise TooOften(
                "asked-too-often",
                "This is asked too often",
                "wait a second, and ask once for what was typed meanwhile",
                wait=math.ceil((weight - left) / self._a_second),
            )
