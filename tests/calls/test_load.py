"""The figures of load are what their definitions say, on real calls and on calls made for it."""

from __future__ import annotations

import math
import random
from datetime import timedelta
from statistics import fmean
from typing import Any

import pytest

from services.telephony.exchange.translate_recording import read_recording
from shared.calls.call import Call
from shared.calls.erlang import mean_wait_s, served_within
from shared.calls.load import (
    ServiceLevel,
    abandonment,
    counted,
    handled,
    occupancy,
    offered_load,
    outcomes,
    percentile,
    service_level,
    speed_of_answer_s,
    talk_and_hold_s,
    utilisation,
    wait_of_all_s,
    waits_s,
)
from shared.calls.outcomes import Outcome
from shared.calls.patience import patience_s, rang_again
from shared.calls.quarters import (
    QUARTER,
    busy,
    busy_by_quarter,
    by_quarter,
    carried_load,
    quarter_of,
)
from tests.calls.made import NINE, at, ended, talked
from tests.calls.recordings import WHOLE, callers, document, legs, stream, truth


def read(run: str) -> list[Call]:
    return read_recording(stream(run), document()).calls


@pytest.mark.parametrize("run", [*WHOLE, "restart"])
def test_what_was_offered_is_the_sum_of_what_became_of_it(run: str) -> None:
    calls = read(run)

    assert outcomes(calls).total() == len(counted(calls))
    assert None not in outcomes(calls)


def test_one_day_has_as_many_service_levels_as_names() -> None:
    """The day of the recordings: the same calls are "56 %" or "40 %" within 5 s."""
    day = read("day")

    assert service_level(day, 5, ServiceLevel.ANSWERED) == pytest.approx(0.5556, abs=5e-5)
    assert service_level(day, 5, ServiceLevel.INCLUSIVE) == pytest.approx(0.48, abs=5e-5)
    assert service_level(day, 5, ServiceLevel.OFFERED) == pytest.approx(0.40, abs=5e-5)


def test_a_line_that_lets_nobody_in_is_fine_by_those_it_answered_alone() -> None:
    small = [call for call in read("two-queues") if call.line == "small"]

    assert service_level(small, 5, ServiceLevel.ANSWERED) == 1.0
    assert service_level(small, 5) == pytest.approx(1 / 7)
    assert service_level(small, 5, ServiceLevel.OFFERED) == pytest.approx(0.1429, abs=5e-5)


@pytest.mark.parametrize("run", ["day", "numbers", "load-patient", "wrapup"])
def test_waits_and_talk_are_as_the_callers_counted_them(run: str) -> None:
    rows = [row for row in callers(run) if row["outcome"] == "answered"]
    calls = read(run)

    assert speed_of_answer_s(calls) == pytest.approx(fmean(r["wait"] for r in rows), abs=0.05)
    assert talk_and_hold_s(calls) == pytest.approx(fmean(r["talk"] for r in rows), abs=0.05)


def test_abandonment_of_a_day_is_as_the_callers_counted_it() -> None:
    assert abandonment(read("day")) == pytest.approx(7 / 25)


def test_agents_are_busy_for_as_long_as_their_telephones_say() -> None:
    calls = read("load-patient")
    told = sum(
        row["t_end"] - row["t_answer"]
        for row in _legs_with_times("load-patient")
        if row["outcome"] == "answered"
    )
    heard = sum((to - since).total_seconds() for each in busy(calls).values() for since, to in each)

    assert {*busy(calls)} == {leg.agent for leg in legs("load-patient")}
    assert heard == pytest.approx(told, rel=0.005)


def test_a_real_queue_is_near_what_erlang_c_expects_of_it() -> None:
    """161 calls, five agents, nobody gives up: theory and so few throws of dice, within a tenth."""
    calls = read("load-patient")
    span = (calls[-1].offered_at - calls[0].offered_at).total_seconds()
    handle = talk_and_hold_s(calls)
    assert handle is not None
    load = offered_load(len(calls), span, handle)

    assert service_level(calls, 5) == pytest.approx(served_within(load, 5, handle, 5), abs=0.1)
    assert speed_of_answer_s(calls) == pytest.approx(mean_wait_s(load, 5, handle), abs=1.2)


def test_carried_load_over_a_whole_run_is_all_its_handling() -> None:
    calls = read("load-patient")
    began, until = calls[0].offered_at, max(c.last_sign_at for c in calls)
    window = (until - began).total_seconds()

    assert carried_load(calls, began, until) == pytest.approx(
        sum(call.handle_s for call in calls) / window, rel=1e-6
    )


def test_each_name_divides_by_what_it_says() -> None:
    calls = [
        talked(0, 4, 60, call="a"),
        talked(0, 30, 60, call="b"),
        ended(0, 3, Outcome.ABANDONED, call="c"),
        ended(0, 40, Outcome.ABANDONED, call="d"),
        ended(0, 2, Outcome.ABANDONED_GREETING, call="e"),
        ended(0, 60, Outcome.TIMED_OUT, call="f"),
        ended(0, 1, Outcome.BLOCKED, call="g"),
        ended(0, 1, Outcome.CLOSED, call="h"),
        ended(0, 1, Outcome.SCREENED, call="i"),
        ended(0, 9, Outcome.CALLBACK_ASKED, call="j"),
        talked(0, 1, 5, call="k", test=True),
    ]

    assert service_level(calls, 20, ServiceLevel.ANSWERED) == pytest.approx(1 / 2)
    assert service_level(calls, 20, ServiceLevel.OFFERED) == pytest.approx(1 / 8)
    assert service_level(calls, 20, ServiceLevel.REACHED) == pytest.approx(1 / 6)
    assert service_level(calls, 20, ServiceLevel.INCLUSIVE) == pytest.approx(3 / 5)
    assert service_level(calls, 20, ServiceLevel.FAIR) == pytest.approx(1 / 8)
    assert service_level(calls, 20) == service_level(calls, 20, ServiceLevel.REACHED)
    assert abandonment(calls) == pytest.approx(3 / 8)
    assert speed_of_answer_s(calls) == pytest.approx(17)
    assert wait_of_all_s(calls) == pytest.approx((4 + 30 + 3 + 40 + 2 + 60 + 1 + 1 + 1 + 9) / 10)


def test_an_hour_without_calls_has_no_figure() -> None:
    for name in ServiceLevel:
        assert service_level([], 20, name) is None
    for figure in (speed_of_answer_s, wait_of_all_s, abandonment, talk_and_hold_s, patience_s):
        assert figure([]) is None
    assert percentile([], 0.9) is None
    assert occupancy(0, 0) is None


def test_percentiles_are_waits_that_somebody_had() -> None:
    waits = waits_s([talked(0, n, 1, call=str(n)) for n in range(1, 11)], (Outcome.ANSWERED,))

    assert percentile(waits, 0.5) == 5
    assert percentile(waits, 0.9) == 9
    assert percentile(waits, 1.0) == 10
    assert percentile(waits, 0.0) == 1


def test_a_call_that_was_not_heard_to_its_end_is_in_no_handling_time() -> None:
    calls = read("restart")

    assert len(counted(calls)) == 11
    assert outcomes(calls)[Outcome.ANSWERED] == 8
    assert len(handled(calls)) == 5
    assert talk_and_hold_s(calls) == pytest.approx((3.0 + 2.96 + 8.0 + 4.0 + 2.0) / 5, abs=0.05)


def test_a_busy_agent_is_neither_ready_nor_on_a_break() -> None:
    assert occupancy(900, 100) == pytest.approx(0.9)
    assert utilisation(900, 3600) == pytest.approx(0.25)


def test_a_call_is_of_the_quarter_hour_in_which_it_was_offered() -> None:
    calls = [talked(890, 20, 600, call="a", line="l"), talked(900, 1, 1, call="b", line="l")]
    quarters = by_quarter(calls)

    assert {key: [c.call for c in each] for key, each in quarters.items()} == {
        ("l", NINE): ["a"],
        ("l", NINE + QUARTER): ["b"],
    }


def test_agents_seconds_are_of_the_quarter_hours_in_which_they_pass() -> None:
    found = busy_by_quarter([talked(600, 100, 1200)])

    assert found == {NINE: 200.0, NINE + QUARTER: 900.0, NINE + 2 * QUARTER: 100.0}
    assert quarter_of(at(899.999999)) == NINE


def test_an_agent_with_two_matters_at_once_is_one_busy_agent() -> None:
    calls = [talked(0, 0, 100, call="a"), talked(50, 0, 100, call="b")]

    assert carried_load(calls, NINE, at(150)) == pytest.approx(1.0)
    assert carried_load(calls, at(100), at(200)) == pytest.approx(0.5)


def test_patience_counts_the_waiting_of_those_who_were_answered_too() -> None:
    calls = [
        talked(0, 10, 1, call="a"),
        talked(0, 30, 1, call="b"),
        ended(0, 20, Outcome.ABANDONED, call="c"),
        ended(0, 60, Outcome.TIMED_OUT, call="d"),
        ended(0, 2, Outcome.ABANDONED_GREETING, call="e"),
    ]

    assert patience_s(calls) == pytest.approx(120)
    assert patience_s(calls[:2]) is None


def test_patience_is_found_again_in_calls_that_were_drawn_with_it() -> None:
    drawn = random.Random(3)
    calls = []
    for n in range(4_000):
        patience, service = drawn.expovariate(1 / 90), drawn.expovariate(1 / 40)
        calls.append(
            talked(0, service, 1, call=str(n))
            if service < patience
            else ended(0, patience, Outcome.ABANDONED, call=str(n))
        )

    assert patience_s(calls) == pytest.approx(90, rel=0.06)
    gave_up = waits_s(calls, (Outcome.ABANDONED,))
    assert math.fsum(gave_up) / len(gave_up) < 40


def test_whoever_rings_again_within_the_hour_unanswered_is_counted_again() -> None:
    hour = timedelta(hours=1)
    calls = [
        ("a", NINE, False),
        ("a", NINE + hour, True),
        ("a", NINE + hour * 1.5, False),
        ("b", NINE, False),
        ("b", NINE + hour * 1.01, False),
    ]

    assert rang_again(reversed(calls)) == 1


def _legs_with_times(run: str) -> list[dict[str, Any]]:
    return [row for row in truth(run) if row["kind"] == "leg"]
