"""Gauges of what is true of the store: every replica looks for itself and shows the same, so that
`max by` over them is right. Nothing is shown of a look that is older than a minute: a loop that
hangs must not show yesterday's figure for ever.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

STALE_SECONDS: Final = 60.0


class StoreGauge(Collector):
    """One gauge with what the last look saw."""

    def __init__(
        self,
        name: str,
        documentation: str,
        labels: Sequence[str] = (),
        *,
        registry: CollectorRegistry = REGISTRY,
    ) -> None:
        self.name = name
        self.documentation = documentation
        self.labels = tuple(labels)
        self._seen: Mapping[tuple[str, ...], float] = {}
        self._at = -STALE_SECONDS
        registry.register(self)

    @override
    def __str__(self) -> str:
        return self.name

    def show(self, seen: Mapping[tuple[str, ...], float], *, at: float | None = None) -> None:
        """From now on this is so, by the values of the labels; `at` in monotonic seconds."""
        self._seen, self._at = dict(seen), time.monotonic() if at is None else at

    def show_one(self, value: float, *, at: float | None = None) -> None:
        """The same of a gauge without labels."""
        self.show({(): value}, at=at)

    @override
    def collect(self) -> Iterator[Metric]:
        """The gauge; nothing of an old look."""
        if not self._seen or time.monotonic() - self._at > STALE_SECONDS:
            return
        family = GaugeMetricFamily(self.name, self.documentation, labels=self.labels)
        for values, value in sorted(self._seen.items()):
            family.add_metric(values, value)
        yield family
