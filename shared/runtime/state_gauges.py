"""What is so of this process at the moment it is asked: whether it consumes, reaches the store and
the broker, which policy it goes by, and how far its machine's clock is from the database's.
"""

from __future__ import annotations

import platform as machine
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Final, Protocol

from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

REACHED_SECONDS: Final = 5.0
"""The store is asked each second; one that has not answered for so long is away."""
PRODUCT: Final = "estateline"


class Watched(Protocol):
    """A running service, as its state is asked for."""

    @property
    def service(self) -> str:
        """Its name."""

    def consuming(self) -> Mapping[str, bool]:
        """By queue, whether it has its consumer."""

    def connected(self) -> Mapping[str, bool]:
        """By lane, whether what is published is confirmed."""

    def policy_version(self) -> str:
        """The one in force."""

    def answered_at(self) -> float:
        """When the store last answered, in monotonic seconds."""

    def clock(self) -> datetime | None:
        """Now by the database, without a trial's offset; None before it was asked."""


class StateGauges(Collector):
    """The state of the services of this process; in production that is one."""

    def __init__(self) -> None:
        self._watched: list[Watched] = []

    def watch(self, service: Watched) -> None:
        """From now on this one is asked, too."""
        self._watched.append(service)

    def let_go(self, service: Watched) -> None:
        """It has ended."""
        if service in self._watched:
            self._watched.remove(service)

    @override
    def collect(self) -> Iterator[Metric]:
        """Everything, as it is now."""
        if not self._watched:
            return
        yield _build()
        queues = _merged(each.consuming() for each in self._watched)
        yield _by("hotline_consuming", "Whether a queue has its consumer here", "queue", queues)
        lanes = _merged(each.connected() for each in self._watched)
        yield _by(
            "hotline_broker_connected", "Whether what is published is confirmed", "lane", lanes
        )
        now = time.monotonic()
        ages = [now - each.answered_at() for each in self._watched]
        yield GaugeMetricFamily(
            "hotline_store_reachable",
            "Whether the store has answered within five seconds",
            value=float(max(ages) < REACHED_SECONDS),
        )
        yield from _of_policies(self._watched)
        yield from _of_clocks(self._watched)


def _merged(found: Iterable[Mapping[str, bool]]) -> dict[str, bool]:
    return {name: is_so for each in found for name, is_so in each.items()}


def _by(name: str, documentation: str, label: str, found: Mapping[str, bool]) -> Metric:
    family = GaugeMetricFamily(name, documentation, labels=[label])
    for value, is_so in sorted(found.items()):
        family.add_metric([value], float(is_so))
    return family


def _build() -> Metric:
    try:
        built = version(PRODUCT)
    except PackageNotFoundError:  # run from a folder that was never installed
        built = "unknown"
    family = InfoMetricFamily("hotline_build", "Which release this is")
    family.add_metric([], {"version": built, "python": machine.python_version()})
    return family


def _of_policies(watched: Iterable[Watched]) -> Iterator[Metric]:
    versions = {each.policy_version() for each in watched}
    family = GaugeMetricFamily(
        "hotline_policy_in_force", "1 for the policy's version in force here", labels=["version"]
    )
    for each in sorted(versions):
        family.add_metric([each], 1)
    yield family


def _of_clocks(watched: Iterable[Watched]) -> Iterator[Metric]:
    for now in (each.clock() for each in watched):
        if now is not None:
            yield GaugeMetricFamily(
                "hotline_clock_offset_seconds",
                "How far this machine's clock is ahead of the database's, which decides",
                value=(datetime.now(UTC) - now).total_seconds(),
            )
            return


STATE: Final = StateGauges()
"""That of this process."""
REGISTRY.register(STATE)
