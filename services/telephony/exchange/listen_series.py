"""What an adapter says of itself to Prometheus, made when it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from services.telephony.exchange.listen_adapter import OVERFLOW, Adapter
from shared.calls.gaps import Why
from shared.calls.telling import KEYS

LEFT_OUT: Final = (
    "no_timestamp",
    "another_clock",
    "no_uptime",
    "no_channel",
    "unknown_line",
    "unknown_device",
    "unknown_agent",
    "unknown_member",
    "unknown_status",
    "too_long",
)
"""Why something of the exchange's was left out, or is told without a name."""


class Series(Collector):
    """Those of one adapter."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter

    @override
    def collect(self) -> Iterator[Metric]:
        adapter = self._adapter
        yield self._gauge(
            "hotline_pbx_connected",
            "Whether the exchange is heard (1), and who was there has been asked",
            float(adapter.is_connected),
        )
        if adapter.last_event is not None:
            yield self._gauge(
                "hotline_pbx_last_event_timestamp_seconds",
                "When the exchange last said something, by its own clock",
                adapter.last_event.timestamp(),
            )
        if adapter.clock_offset is not None:
            yield self._gauge(
                "hotline_pbx_clock_offset_seconds",
                "How far the adapter's clock is ahead of the exchange's",
                adapter.clock_offset.total_seconds(),
            )
        yield self._gauge(
            "hotline_pbx_unpublished_facts",
            "Facts in memory that the broker has not confirmed",
            len(adapter.outgoing),
        )
        yield self._counter(
            "hotline_pbx_told", "Facts and words that the broker has confirmed", "key",
            {key: adapter.outgoing.told[key] for key in KEYS},
        )  # fmt: skip
        yield self._counter(
            "hotline_pbx_unheard", "Times in which this adapter did not hear", "why",
            {why: adapter.gaps[why] for why in (*Why, OVERFLOW)},
        )  # fmt: skip
        yield self._counter(
            "hotline_pbx_left_out", "What was left out, or is not named by the document", "why",
            {why: adapter.left_out[why] for why in LEFT_OUT},
        )  # fmt: skip

    def _gauge(self, name: str, text: str, value: float) -> Metric:
        family = GaugeMetricFamily(name, text, labels=["pbx"])
        family.add_metric([self._adapter.exchange], value)
        return family

    def _counter(self, name: str, text: str, label: str, values: dict[str, int]) -> Metric:
        family = CounterMetricFamily(name, text, labels=["pbx", label])
        for value, number in values.items():
            family.add_metric([self._adapter.exchange, value], number)
        return family
