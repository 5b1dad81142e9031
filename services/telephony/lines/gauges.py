"""Lines as a scrape sees them: alike at every replica, `max by`; nothing of an old look."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from services.telephony.lines.domain import LineState
from services.telephony.load.gauges import STALE_SECONDS

_VALUE: Final = {LineState.UP: 1.0, LineState.DEGRADED: 0.5, LineState.DOWN: 0.0}


@dataclass(frozen=True, slots=True)
class LineSeen:
    """A line at one look; `expected`: calls in the quarter hour that runs."""

    verdict: LineState
    last_call: datetime | None
    expected: float | None


class LineGauges(Collector):
    """The last look, while it is young."""

    def __init__(self) -> None:
        self._seen: Mapping[str, LineSeen] = {}
        self._at = float("-inf")

    def show(self, seen: Mapping[str, LineSeen], at: float | None = None) -> None:
        """From now on this is true."""
        self._seen, self._at = dict(seen), time.monotonic() if at is None else at

    @override
    def collect(self) -> Iterator[Metric]:
        """Every line's gauges; what is not known of a line is not there."""
        if time.monotonic() - self._at > STALE_SECONDS:
            return
        up = GaugeMetricFamily(
            "hotline_line_up", "1 where the line works, 0.5 in part, 0 not", labels=["line"]
        )
        last = GaugeMetricFamily(
            "hotline_line_last_call_timestamp_seconds", "When it last rang", labels=["line"]
        )
        expected = GaugeMetricFamily(
            "hotline_expected_calls",
            "Calls in the quarter hour that runs, as on its last like days",
            labels=["line"],
        )
        for line, seen in sorted(self._seen.items()):
            up.add_metric([line], _VALUE[seen.verdict])
            if seen.last_call is not None:
                last.add_metric([line], seen.last_call.timestamp())
            if seen.expected is not None:
                expected.add_metric([line], seen.expected)
        yield from (up, last, expected)


GAUGES: Final = LineGauges()
"""Those of this process."""
REGISTRY.register(GAUGES)
