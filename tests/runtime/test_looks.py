"""A gauge of the store shows the last look, and nothing once that is old."""

from __future__ import annotations

import time

from prometheus_client import REGISTRY

from shared.telemetry.looks import STALE_SECONDS, StoreGauge

GAUGE = StoreGauge("hotline_test_look", "What a test saw", ["what"])
PLAIN = StoreGauge("hotline_test_plain_look", "What a test saw")


def shown(what: str) -> float | None:
    return REGISTRY.get_sample_value("hotline_test_look", {"what": what})


def test_what_was_seen_is_shown_and_what_is_no_more_is_gone() -> None:
    assert PLAIN.name not in {family.name for family in REGISTRY.collect()}
    GAUGE.show({("a",): 1, ("b",): 2})
    assert (shown("a"), shown("b")) == (1, 2)
    GAUGE.show({("b",): 0})
    assert (shown("a"), shown("b")) == (None, 0)
    PLAIN.show_one(7)
    assert REGISTRY.get_sample_value(PLAIN.name) == 7


def test_of_a_look_that_is_older_than_a_minute_nothing_is_shown() -> None:
    GAUGE.show({("a",): 1}, at=time.monotonic() - STALE_SECONDS + 5)
    assert shown("a") == 1
    GAUGE.show({("a",): 1}, at=time.monotonic() - STALE_SECONDS - 1)
    assert shown("a") is None
