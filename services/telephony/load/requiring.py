"""How many agents a load asks for. Pure."""

from __future__ import annotations

from functools import partial
from typing import Final, Literal, get_args

from services.telephony.load.domain import QuarterLoad, handle_s, patience_s
from shared.calls.erlang import required, served_within
from shared.calls.erlang_a import impatient
from shared.calls.load import offered_load
from shared.calls.quarters import QUARTER

TARGET: Final = 0.8
WITHIN_S: Final = 20.0
LEAST: Final = 1
"""Somebody is there at any hour."""
LONGEST_PATIENCE_S: Final = 3_600.0
Model = Literal["erlang_c", "erlang_a"]
"""Nobody hangs up (an upper bound), or everybody does after a while."""
MODELS: Final[tuple[Model, ...]] = get_args(Model)


def load_of(load: QuarterLoad, quarters: int) -> float:
    """Erlang: what was offered in so many quarter hours. Nothing without any handled call."""
    per_call = handle_s(load)
    window = quarters * QUARTER.total_seconds()
    return 0.0 if per_call is None else offered_load(load.offered, window, per_call)


def required_by(model: Model, load: QuarterLoad, quarters: int) -> int | None:
    """The fewest agents for the target; None where the model cannot say: without a handled call, or
    of patience where nobody gave up.
    """
    if not load.offered:
        return LEAST
    per_call, offered = handle_s(load), load_of(load, quarters)
    if not per_call:
        return None
    if model == "erlang_c":
        served = partial(_by_c, offered, per_call)
    else:
        patience = patience_s(load)
        if not patience or patience > LONGEST_PATIENCE_S:
            return None
        served = partial(_by_a, offered, per_call, patience)
    try:
        return required(served, TARGET, least=LEAST, load=offered)
    except ValueError:
        return None


def _by_c(load: float, per_call: float, agents: int) -> float:
    return served_within(load, agents, per_call, WITHIN_S)


def _by_a(load: float, per_call: float, patience: float, agents: int) -> float:
    return impatient(load, agents, per_call, patience, WITHIN_S).served_within
