"""A report costs what it weighs, and what is told of its faults stays short."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from shared.contracts import MalformedMessage
from shared.contracts.report import read_leniently, read_strictly

CRY: dict[str, Any] = {"text": "电梯困人了，快来人", "estate": "jinyuan"}
MANY = 12_000
MOST_FAULTS = 20


def strangers(prefix: str = "k") -> dict[str, int]:
    return {f"{prefix}{n}": 1 for n in range(MANY)}


HEAVY: list[dict[str, Any]] = [
    CRY | {"caller": strangers()},
    CRY | {"caller": {"phone": "13800138000"} | strangers()},
    CRY | {"on_site_contact": strangers()},
    CRY | {"about": strangers()},
    CRY | {"about": {"people": [7] * MANY, "departments": [[]] * MANY}},
    CRY | {"attachments": [0] * MANY},
    CRY | {"attachments": ["x" * 300] * 800},
    CRY | strangers(),
]


@pytest.mark.timeout(150)
@pytest.mark.parametrize("raw", HEAVY)
def test_of_thousands_of_faults_twenty_are_told_and_the_words_are_kept(
    raw: dict[str, Any],
) -> None:
    report, faults = read_leniently(raw)

    assert report.text == CRY["text"]
    assert 0 < len(faults) <= MOST_FAULTS


@pytest.mark.parametrize("raw", HEAVY)
def test_a_strict_reader_tells_twenty_faults_at_most(raw: dict[str, Any]) -> None:
    with pytest.raises(MalformedMessage) as caught:
        read_strictly(raw)

    assert 0 < len(caught.value.faults) <= MOST_FAULTS


@pytest.mark.timeout(150)
@pytest.mark.parametrize(
    "raw",
    [
        lambda n: CRY | {"caller": {f"k{i}": 1 for i in range(n)}},
        lambda n: CRY | {"attachments": [0] * n},
        lambda n: CRY | {f"k{i}": 1 for i in range(n)},
    ],
)
def test_eight_times_the_keys_cost_no_more_than_eight_times_the_time_and_some(
    raw: Callable[[int], dict[str, Any]],
) -> None:
    light, heavy = raw(1_000), raw(8_000)

    assert _seconds(heavy) < 24 * _seconds(light)


def _seconds(raw: dict[str, Any]) -> float:
    """The best of some, since others use the machine too."""
    best = float("inf")
    for _ in range(3):
        begun = time.process_time()
        read_leniently(raw)
        best = min(best, time.process_time() - begun)
    return best


def test_of_whom_it_is_about_only_the_bad_entries_are_dropped() -> None:
    raw = CRY | {"about": {"people": ["jy-security-1", 7, "a" * 61], "since": "yesterday"}}

    report, faults = read_leniently(raw)

    assert report.about is not None
    assert report.about.people == ("jy-security-1",)
    assert sorted(fault.field for fault in faults) == [
        "about.people.1", "about.people.2", "about.since",
    ]  # fmt: skip


def test_of_a_list_that_is_too_long_the_first_twenty_are_kept() -> None:
    raw = CRY | {"about": {"people": [f"guard-{n}" for n in range(30)]}}

    report, faults = read_leniently(raw)

    assert report.about is not None
    assert report.about.people == tuple(f"guard-{n}" for n in range(20))
    assert [fault.field for fault in faults] == ["about.people"]
