"""The calls that `faults.calls` plays: what whoever drew them counted is what an exchange tells."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from faults.drawn import MEAN_TALK_S, Figures, drawn, figures_of
from services.telephony.exchange.fake_habits import Fate
from shared.calls.facts import RangOut
from tests.telephony.test_drawn_day import calls_of

BEGIN = datetime(2027, 3, 4, 7, 52, tzinfo=UTC)


@pytest.mark.parametrize("seed", [1, 22])
def test_every_fate_is_that_of_a_call(seed: int) -> None:
    day = drawn(BEGIN, 15, seed)
    calls, counts = calls_of(day.drawn())

    assert +counts == Counter()
    assert len(calls) == len(day.fates) >= 900
    fates = sorted(day.fates, key=lambda fate: fate.offered_at)
    for call, fate in zip(calls, fates, strict=True):
        assert call.outcome == fate.became
        assert call.wait_s == pytest.approx(fate.wait_s, abs=0.01)
        assert call.talk_s == pytest.approx(fate.talk_s, abs=0.01)


def test_there_is_a_burst_and_a_time_in_which_all_refuse() -> None:
    day = drawn(BEGIN, 15, 22)
    calls, _ = calls_of(day.drawn())
    became = Counter(fate.became for fate in day.fates)

    assert {*became} == {"answered", "abandoned", "abandoned_greeting", "timed_out", "blocked"}
    minutes = Counter((fate.offered_at - BEGIN).seconds // 60 for fate in day.fates)
    assert minutes[5] > 2 * minutes[2]
    refused = [ring for call in calls for ring in call.rings if ring.rang_out is RangOut.REFUSED]
    assert len(refused) > 100
    talks = [fate.talk_s for fate in day.fates if fate.became == "answered"]
    assert sum(talks) / len(talks) == pytest.approx(MEAN_TALK_S, rel=0.15)


def figures(**changes: float) -> Figures:
    fates = [Fate(BEGIN, "answered", 4.0, 10.0)] * 300 + [Fate(BEGIN, "abandoned", 30.0, 0.0)] * 100
    true = figures_of(fates, 600)
    return Figures(**{**{name: getattr(true, name) for name in Figures.__slots__}, **changes})


def test_what_is_further_off_than_one_in_a_hundred_or_two_calls_is_named() -> None:
    true = figures()
    assert (true.reached, true.asa_s, true.abandonment) == (0.75, 4.0, 0.25)
    assert true.offered_load == pytest.approx(20 / 3)
    assert true.carried_load == 5.0
    assert true.apart(figures(offered=403.9, asa_s=4.039, reached=0.757)) == []
    for name, value in (("offered", 404.1), ("asa_s", 4.05), ("carried_load", 5.06)):
        [said] = true.apart(figures(**{name: value}))
        assert said.startswith(f"{name}: ")
