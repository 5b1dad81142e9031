"""What is expected of a day is what like days were, put right by today."""

from __future__ import annotations

import random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calls.forecast import LIKE_DAYS, dispersion, forecast

DAYS = st.lists(st.lists(st.integers(0, 50), min_size=8, max_size=8), min_size=1, max_size=9)


def test_a_strange_day_among_six_changes_nothing() -> None:
    usual = [[10, 20, 30]] * 5
    expected = forecast([*usual, [500, 0, 500]])

    assert [each.calls for each in expected] == [10, 20, 30]


def test_only_the_last_six_like_days_count() -> None:
    days = [[100]] * 10 + [[4]] * LIKE_DAYS

    assert forecast(days)[0].calls == 4


def test_a_busy_morning_foretells_a_busy_day() -> None:
    days = [[10, 10, 10, 10]] * 6

    assert [each.calls for each in forecast(days, [15, 15])] == [15, 15, 15, 15]


def test_before_ten_calls_were_expected_today_says_nothing() -> None:
    days = [[3, 3, 30]] * 6

    assert forecast(days, [9, 9])[2].calls == 30
    assert forecast(days, [])[2].calls == 30


def test_an_hour_that_never_had_a_call_expects_none() -> None:
    assert forecast([[0]] * 6)[0] == forecast([[0]])[0]
    assert forecast([[0]])[0].high == 0


def test_the_band_holds_three_of_five_hours_of_chance() -> None:
    drawn = random.Random(8)

    def day() -> list[int]:
        return [sum(drawn.random() < 0.02 for _ in range(1_000)) for _ in range(96)]

    inside = []
    for _ in range(20):
        for expected, came in zip(forecast([day() for _ in range(6)]), day(), strict=True):
            inside.append(expected.low <= came <= expected.high)

    assert fmean(inside) == pytest.approx(0.6, abs=0.1)


def test_calls_that_come_in_crowds_widen_the_band() -> None:
    calm, crowds = [[20], [20], [21], [19], [20], [20]], [[0], [40], [5], [35], [20], [20]]

    assert dispersion(calm) == 1.0
    assert dispersion(crowds) > 5
    assert forecast(crowds)[0].high > forecast(calm)[0].high


@given(DAYS)
def test_the_band_is_around_what_is_expected(days: list[list[int]]) -> None:
    for each in forecast(days):
        assert 0 <= each.low <= each.calls <= each.high


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing can be said"):
        forecast([])
    with pytest.raises(ValueError, match="as many quarters"):
        forecast([[1, 2], [1]])
