"""How many agents a load asks for. Pure."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Final, Literal, get_args

from services.telephony.load.domain import QuarterLoad, handle_s, patience_s
from shared.calls.erlang import required, served_within
from shared.calls.erlang_a import impatient
from shared.calls.load import offered_load
from shared.calls.quarters import QUARTER
from shared.policy.policy import ServiceLevelGoal

FEW: Final = 20
LATELY: Final = timedelta(hours=6)
LEAST: Final = 1
"""Somebody is there at any hour."""
LONGEST_PATIENCE_S: Final = 3_600.0
SHOWN: Final = (15, 20)
"""Thresholds in seconds that are shown whatever the group's own is: as other hotlines have them."""
Model = Literal["erlang_c", "erlang_a"]
"""Nobody hangs up (an upper bound), or everybody does after a while."""
MODELS: Final[tuple[Model, ...]] = get_args(Model)


def thresholds(goal: ServiceLevelGoal) -> list[int]:
    """In seconds: those that are always shown, and the group's own."""
    return sorted({*SHOWN, goal.within_s})


def usual_handle_s(load: QuarterLoad, lately: QuarterLoad) -> float | None:
    """Talk and hold of a call: that of the time itself, of the last six hours where fewer than 20
    calls were handled in it, since the first that are over are the short ones.
    """
    return handle_s(load if load.handled >= FEW else lately)


def lately(found: Iterable[QuarterLoad]) -> dict[str, QuarterLoad]:
    """For each of these quarter hours, by its id, what was handled on its line in the six hours to
    its end. They come by time.
    """
    running: dict[str, deque[QuarterLoad]] = {}
    sums: dict[str, QuarterLoad] = {}
    for each in found:
        window = running.setdefault(each.line, deque())
        window.append(each)
        while window[0].quarter <= each.quarter - LATELY:
            window.popleft()
        sums[each.id] = QuarterLoad(
            id=each.id,
            line=each.line,
            quarter=each.quarter,
            handled=sum(part.handled for part in window),
            handle_s=math.fsum(part.handle_s for part in window),
        )
    return sums


def load_of(load: QuarterLoad, quarters: float, per_call: float | None) -> float:
    """Erlang: what was offered in so many quarter hours. Nothing without any handled call."""
    window = quarters * QUARTER.total_seconds()
    return 0.0 if per_call is None else offered_load(load.offered, window, per_call)


def required_by(
    model: Model,
    load: QuarterLoad,
    quarters: float,
    goal: ServiceLevelGoal,
    per_call: float | None,
) -> int | None:
    """The fewest agents by whom the goal's share is served in time; None where the model cannot
    say: without a handled call, or of patience where nobody gave up.
    """
    if not load.offered:
        return LEAST
    offered = load_of(load, quarters, per_call)
    if not per_call:
        return None
    if model == "erlang_c":
        served = partial(_by_c, offered, per_call, goal.within_s)
    else:
        patience = patience_s(load)
        if not patience or patience > LONGEST_PATIENCE_S:
            return None
        served = partial(_by_a, offered, per_call, patience, goal.within_s)
    try:
        return required(served, goal.share, least=LEAST, load=offered)
    except ValueError:
        return None


def _by_c(load: float, per_call: float, within_s: float, agents: int) -> float:
    return served_within(load, agents, per_call, within_s)


def _by_a(load: float, per_call: float, patience: float, within_s: float, agents: int) -> float:
    return impatient(load, agents, per_call, patience, within_s).served_within
