"""Erlang B, C and A give what the literature prints."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calls.erlang import (
    blocking,
    mean_wait_s,
    occupancy,
    required,
    served_within,
    waiting,
)
from shared.calls.erlang_a import impatient

LOADS = st.floats(0.01, 200.0)


@pytest.mark.parametrize(
    ("load", "agents", "printed"),
    [
        # Traffic tables of Erlang B ("Teletraffic Engineering Handbook", ITU, loss formula): the
        # loads at which 1 % of calls are lost.
        (0.0101, 1, 0.01),
        (1.3608, 5, 0.01),
        (4.4612, 10, 0.01),
        (12.031, 20, 0.01),
    ],
)
def test_calls_turned_away_are_as_in_traffic_tables(
    load: float, agents: int, printed: float
) -> None:
    assert blocking(load, agents) == pytest.approx(printed, abs=5e-6)


@pytest.mark.parametrize(
    ("agents", "wait", "served"),
    # 2.5 erlang, 300 s, within 20 s: by two forms of the formula.
    [(3, 0.7022, 0.3208), (4, 0.3199, 0.7106), (5, 0.1304, 0.8896), (6, 0.0474, 0.9624)],
)
def test_a_small_hotline_waits_as_both_forms_of_the_formula_say(
    agents: int, wait: float, served: float
) -> None:
    assert waiting(2.5, agents) == pytest.approx(wait, abs=5e-5)
    assert served_within(2.5, agents, 300, 20) == pytest.approx(served, abs=5e-5)


def test_the_worked_example_that_everybody_copies() -> None:
    """360 calls in half an hour of 240 s each, 55 agents, 15 s (Westbay's online example)."""
    load = 360 / 1800 * 240

    assert load == pytest.approx(48)
    assert waiting(load, 55) == pytest.approx(0.2387, abs=5e-5)
    assert mean_wait_s(load, 55, 240) == pytest.approx(8.18, abs=5e-3)
    assert served_within(load, 55, 240, 15) == pytest.approx(0.8459, abs=5e-5)
    assert occupancy(load, 55) == pytest.approx(0.8727, abs=5e-5)


def test_how_many_are_needed_is_as_pyworkforce_says_in_its_readme() -> None:
    """100 calls in half an hour, 180 s, 80 % within 20 s."""
    load = 100 / 1800 * 180
    needed = required(lambda agents: served_within(load, agents, 180, 20), 0.8, load=load)

    assert needed == 14
    assert served_within(load, 14, 180, 20) == pytest.approx(0.88835, abs=5e-6)
    assert waiting(load, 14) == pytest.approx(0.174132, abs=5e-7)
    assert served_within(load, 13, 180, 20) == pytest.approx(0.7956, abs=5e-5)


def test_the_first_table_of_garnett_mandelbaum_and_reiman() -> None:
    """ "Designing a Call Center with Impatient Customers" (2002): 48 calls a minute, a minute each,
    two minutes of patience, 50 agents; beside it the same without hanging up."""
    with_patience = impatient(48, 50, 60, 120, 0)

    assert round(with_patience.abandoned, 3) == 0.031
    assert round(with_patience.mean_wait_s, 1) == 3.7
    assert round(with_patience.queue, 1) == 3.0
    assert round(with_patience.occupancy, 2) == 0.93
    assert round(mean_wait_s(48, 50, 60), 1) == 20.8
    assert round(mean_wait_s(48, 50, 60) * 48 / 60, 1) == 16.7
    assert round(occupancy(48, 50), 2) == 0.96


@pytest.mark.parametrize(
    ("calls", "handle", "patience", "agents", "served", "abandoned"),
    [(27, 200, 120, 6, 0.5981, 0.1802), (12, 300, 60, 2, 0.3049, 0.5768)],
)
def test_impatient_callers_are_as_another_program_integrated_them(
    calls: int, handle: float, patience: float, agents: int, served: float, abandoned: float
) -> None:
    """In a quarter of an hour, within 20 s; 400,000 simulated calls differed by 0.001."""
    found = impatient(calls / 900 * handle, agents, handle, patience, 20)

    assert found.served_within == pytest.approx(served, abs=5e-5)
    assert found.abandoned == pytest.approx(abandoned, abs=5e-5)


def test_impatient_callers_are_as_a_simulation_of_ours_has_them() -> None:
    found = impatient(3.0, 3, 12, 10, 5)
    served, abandoned = _simulated(3.0 / 12, 3, 12, 10, 5, calls=60_000)

    assert found.served_within == pytest.approx(served, abs=0.01)
    assert found.abandoned == pytest.approx(abandoned, abs=0.01)


@given(load=LOADS, agents=st.integers(1, 260))
def test_one_more_agent_is_never_worse(load: float, agents: int) -> None:
    assert blocking(load, agents + 1) <= blocking(load, agents)
    assert waiting(load, agents + 1) <= waiting(load, agents)
    assert served_within(load, agents + 1, 200, 20) >= served_within(load, agents, 200, 20) - 1e-12


@given(load=LOADS, agents=st.integers(1, 260))
def test_both_forms_of_erlang_c_agree(load: float, agents: int) -> None:
    if agents <= load:
        assert waiting(load, agents) == 1.0
        return
    log_last = agents * math.log(load) - math.lgamma(agents + 1)
    last = math.exp(log_last) * agents / (agents - load)
    sum_before = math.fsum(math.exp(n * math.log(load) - math.lgamma(n + 1)) for n in range(agents))

    assert waiting(load, agents) == pytest.approx(last / (sum_before + last), rel=1e-9)


@given(load=st.floats(0.1, 60.0), agents=st.integers(1, 80), patience=st.floats(5.0, 5_000.0))
def test_whoever_hangs_up_makes_room(load: float, agents: int, patience: float) -> None:
    found = impatient(load, agents, 200, patience, 20)

    assert found.waiting <= waiting(load, agents) + 1e-12
    assert 0.0 <= found.abandoned <= 1.0
    assert found.mean_wait_s <= mean_wait_s(load, agents, 200) * (1 + 1e-9)
    assert 1.0 - found.waiting - 1e-12 <= found.served_within <= 1.0 - found.abandoned + 1e-9
    assert found.occupancy <= 1.0 + 1e-9


def test_who_has_endless_patience_waits_as_erlang_c_says() -> None:
    found = impatient(8.0, 10, 180, 1e12, 20)

    assert found.waiting == pytest.approx(waiting(8.0, 10), rel=1e-6)
    assert found.served_within == pytest.approx(served_within(8.0, 10, 180, 20), rel=1e-6)


def test_in_overload_erlang_c_has_no_answer_and_erlang_a_has() -> None:
    assert served_within(9.0, 8, 180, 20) == 0.0
    assert mean_wait_s(9.0, 8, 180) == math.inf
    assert waiting(10.0, 8) == 1.0
    assert 0.0 < impatient(9.0, 8, 180, 60, 20).served_within < 1.0


def test_an_hour_without_calls_needs_whom_the_policy_wants_there() -> None:
    assert required(lambda _: 0.0, 0.8, least=1) == 1
    assert required(lambda _: 0.0, 0.8, least=2, load=0.0) == 2
    assert blocking(0.0, 1) == 0.0
    assert waiting(0.0, 1) == 0.0
    assert impatient(0.0, 1, 180, 60, 20).served_within == 1.0


def test_overload_at_the_beginning_does_not_end_the_search() -> None:
    assert required(lambda n: served_within(20.0, n, 180, 20), 0.8, load=20.0) > 20


def test_the_smallest_case_is_exact() -> None:
    """One agent: C is the load itself, so with a tenth of an erlang 1 − 0.1·exp(−0.9·20 ÷ 300)."""
    assert waiting(0.1, 1) == pytest.approx(0.1)
    assert served_within(0.1, 1, 300, 20) == pytest.approx(1 - 0.1 * math.exp(-0.06))
    assert served_within(0.1, 1, 360, 20) == pytest.approx(0.9049, abs=5e-5)


@pytest.mark.parametrize(("load", "agents"), [(-1.0, 3), (math.nan, 3), (math.inf, 3), (1.0, -1)])
def test_what_is_no_load_is_refused(load: float, agents: int) -> None:
    with pytest.raises(ValueError, match="no load"):
        blocking(load, agents)


def test_a_target_that_nobody_can_reach_is_refused() -> None:
    with pytest.raises(ValueError, match="below 1"):
        required(lambda _: 1.0, 1.0, load=1.0)
    with pytest.raises(ValueError, match="No number"):
        required(lambda _: 0.5, 0.8, load=1.0)


def test_endless_patience_in_overload_is_refused() -> None:
    with pytest.raises(ValueError, match="not so patient"):
        impatient(9.0, 8, 180, 1e12, 20)
    with pytest.raises(ValueError, match="nobody is served"):
        impatient(9.0, 0, 180, 60, 20)


def _simulated(
    rate: float, agents: int, handle: float, patience: float, within: float, calls: int
) -> tuple[float, float]:
    """First come, first served; an agent's next free moment is known in advance."""
    drawn = random.Random(5)
    free_at = [0.0] * agents
    now, served, abandoned = 0.0, 0, 0
    for _ in range(calls):
        now += drawn.expovariate(rate)
        first = min(range(agents), key=free_at.__getitem__)
        wait = max(0.0, free_at[first] - now)
        if wait > drawn.expovariate(1 / patience):
            abandoned += 1
            continue
        served += wait <= within
        free_at[first] = now + wait + drawn.expovariate(1 / handle)
    return served / calls, abandoned / calls
