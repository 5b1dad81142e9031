"""What of calls is left to be done now, as every replica sees it alike: `max by`, never summed. A
look that is older than a minute shows nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from services.telephony.callbacks.storage import CALLBACKS, LIVE, overdue
from services.telephony.calls.storage import CALLS, undisposed
from shared.store import Store

STALE_SECONDS: Final = 60.0
MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class LeftOpen:
    """One look."""

    undisposed: int
    callbacks: int
    overdue: int


class Gauges(Collector):
    """The last look, while it is young."""

    def __init__(self) -> None:
        self._seen: LeftOpen | None = None
        self._at = 0.0

    def show(self, seen: LeftOpen, at: float | None = None) -> None:
        """From now on this is true."""
        self._seen, self._at = seen, time.monotonic() if at is None else at

    @override
    def collect(self) -> Iterator[Metric]:
        """Every gauge; nothing of an old look."""
        seen = self._seen
        if seen is None or time.monotonic() - self._at > STALE_SECONDS:
            return
        yield GaugeMetricFamily(
            "hotline_calls_undisposed",
            "Answered calls with neither a ticket nor a word what they were",
            value=seen.undisposed,
        )
        yield GaugeMetricFamily(
            "hotline_callbacks_open", "Callers who are to be rung back", value=seen.callbacks
        )
        yield GaugeMetricFamily(
            "hotline_callbacks_overdue", "Those of them who should have been", value=seen.overdue
        )


GAUGES: Final = Gauges()
"""Those of this process."""
REGISTRY.register(GAUGES)


async def look_left_open(store: Store) -> None:
    """See what is left to be done now."""
    now = store.clock.now()
    GAUGES.show(
        LeftOpen(
            undisposed=await store.count(CALLS.name, undisposed(now), most=MOST),
            callbacks=await store.count(CALLBACKS.name, LIVE, most=MOST),
            overdue=await store.count(CALLBACKS.name, overdue(now), most=MOST),
        )
    )
