"""The bench's own arithmetic: what it says must follow from what it measured."""

from __future__ import annotations

import pytest

from bench.arrivals import Telling
from bench.scraping import summed, total
from bench.slices import (
    Slice,
    Spread,
    difference,
    harder,
    largest_difference,
    next_batch,
    paired_ratios,
    per_ticket,
    percentile,
    rates,
    turns,
)


def test_a_ratio_compares_slices_of_the_same_round() -> None:
    ours = [Slice(100, 10), Slice(50, 10)]  # the machine slowed down for both
    theirs = [Slice(50, 10), Slice(25, 10)]
    assert paired_ratios(ours, theirs) == [2.0, 2.0]


def test_rounds_that_were_not_played_by_both_are_no_pairs() -> None:
    with pytest.raises(ValueError, match="zip"):
        paired_ratios([Slice(1, 1)], [])


def test_the_harder_side_is_the_faster_one_in_the_median() -> None:
    sides = {"slow": [Slice(10, 1), Slice(900, 1), Slice(12, 1)], "fast": [Slice(20, 1)] * 3}
    assert harder(sides) == "fast"


def test_every_side_begins_a_round_in_its_turn() -> None:
    played = turns(["a", "b", "c"], 4)
    assert [round_[0] for round_ in played] == ["a", "b", "c", "a"]
    assert all(sorted(round_) == ["a", "b", "c"] for round_ in played)


@pytest.mark.parametrize(
    ("share", "expected"), [(0, 1.0), (25, 1.75), (50, 2.5), (95, 3.85), (100, 4.0)]
)
def test_a_percentile_lies_between_values(share: float, expected: float) -> None:
    assert percentile([4, 1, 3, 2], share) == pytest.approx(expected)


def test_one_value_is_its_own_spread() -> None:
    assert Spread.of([3.0]) == Spread(3.0, 3.0, 3.0, 3.0, 3.0)


def test_what_happens_by_the_clock_costs_no_ticket() -> None:
    before, after = {"find": 100.0, "insert": 10.0}, {"find": 1500.0, "insert": 410.0}
    costs = per_ticket(before, after, 100, seconds=10, idle={"find": 100.0})
    assert costs == {"find": 4.0, "insert": 4.0}
    assert rates(before, after, 10) == {"find": 140.0, "insert": 40.0}


def test_one_kind_that_differs_is_a_difference() -> None:
    ours = {"insert": 4.0, "find": 4.0, "publish": 5.0}
    assert largest_difference(ours, ours) == 0
    assert largest_difference(ours, {**ours, "find": 3.8}) == pytest.approx(0.05)
    assert largest_difference(ours, {**ours, "aggregate": 1.0}) > 1


def test_what_is_asked_for_together_may_be_the_same_where_kinds_differ() -> None:
    assert difference({"insert": 4.0, "find": 4.0}, {"insert": 5.0, "find": 3.0}) == 0
    assert difference({"insert": 4.0, "find": 6.0}, {"insert": 4.0, "find": 5.0}) == 0.1


def test_what_hardly_happens_is_no_difference() -> None:
    assert largest_difference({"insert": 4.0, "getMore": 0.01}, {"insert": 4.0}) == 0


def test_a_batch_fills_a_slice_within_bounds() -> None:
    assert next_batch(80.4, 10) == 804
    assert next_batch(0.1, 10, lowest=20) == 20
    assert next_batch(1e9, 10, highest=5_000) == 5_000


def test_a_series_is_added_up_by_label_and_not_mixed_with_its_namesakes() -> None:
    page = (
        "# TYPE asked_total counter\n"
        'asked_total{operation="find",x="1"} 4.0\n'
        'asked_total{operation="find",x="2"} 2.0\n'
        'asked_total{operation="insert",x="1"} 1.0\n'
        'asked_total_created{operation="find"} 1.7e9\n'
        "asked_totals 9\n"
    )
    assert summed(page, "asked_total", by="operation") == {"find": 6.0, "insert": 1.0}
    assert total(page, "asked_total") == 7.0


def test_what_was_begun_before_the_emergency_was_sent_is_not_the_emergencys() -> None:
    calm, before = Telling(1_000, 10.0), Telling(1_100, 11.0)
    rate = before.rate_since(calm)
    assert rate == 100
    assert before.count_at(11.5, rate) == 1_150
    assert before.count_at(10.5, rate) == 1_100
