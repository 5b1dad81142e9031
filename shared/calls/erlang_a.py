"""Erlang A: callers wait, and hang up after a while (M/M/n+M; C. Palm 1957).

Callers come at random, handling and patience are exponential. The number of callers in the system
is a chain of births and deaths whose states have a closed form; it is summed until what is left
out is below 10⁻¹⁵ of the whole. A caller finds `ahead` others waiting, who leave the queue with
rate nμ + kθ (k still ahead), so that exp(−θ·wait) has the distribution Beta(nμ ÷ θ, ahead + 1),
whose incomplete integral has only positive terms.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from shared.calls.erlang import check_load, check_times

_LEFT_OUT: Final = math.log(1e-18)
"""Of the likeliest state's weight, in logarithms: all that follows is less than 10⁻¹⁵."""

MOST_WAITING: Final = 100_000


@dataclass(frozen=True, slots=True)
class Impatient:
    """What becomes of calls: all shares are of all calls, times in seconds."""

    waiting: float
    """Found no agent free."""
    abandoned: float
    served_within: float
    """Answered within the threshold: the others waited longer, or hung up."""
    mean_wait_s: float
    """Of all calls, answered and abandoned."""
    queue: float
    """Callers waiting, on the average."""
    occupancy: float


def impatient(
    load: float, agents: int, handle_s: float, patience_s: float, within_s: float
) -> Impatient:
    """Of so many agents, where callers wait `patience_s` on the average before they hang up."""
    check_load(load, agents)
    check_times(handle_s, within_s)
    if agents == 0 or not patience_s > 0.0:
        raise ValueError("Without an agent, or without any patience, nobody is served.")
    if load == 0.0:
        return Impatient(0.0, 0.0, 1.0, 0.0, 0.0, 0.0)
    leaving = handle_s / patience_s
    if (load - agents) / leaving > MOST_WAITING:
        raise ValueError(f"More than {MOST_WAITING} callers would wait: they are not so patient.")
    free, queued = _states(load, agents, leaving)
    whole = free + math.fsum(queued)
    queue = math.fsum(ahead * weight for ahead, weight in enumerate(queued)) / whole
    served = _served(agents / leaving, within_s / patience_s)
    in_time = math.fsum(weight * next(served) for weight in queued)
    abandoned = leaving * queue / load
    return Impatient(
        waiting=math.fsum(queued) / whole,
        abandoned=abandoned,
        served_within=(free + in_time) / whole,
        mean_wait_s=queue / load * handle_s,
        queue=queue,
        occupancy=load * (1.0 - abandoned) / agents,
    )


def _states(load: float, agents: int, leaving: float) -> tuple[float, list[float]]:
    """Weights: of all states with an agent free, and of those with 0, 1, 2 … callers in the queue.

    Relative to the likeliest state: in overload that is far behind the one in which nobody waits.
    """
    free, weight = [], 0.0
    for busy in range(agents, 0, -1):
        weight += math.log(busy / load)
        free.append(weight)
    queued, most = [0.0], max(0.0, *free)
    while queued[-1] > most + _LEFT_OUT or load > agents + len(queued) * leaving:
        queued.append(queued[-1] + math.log(load / (agents + len(queued) * leaving)))
        most = max(most, queued[-1])
    return (
        math.fsum(math.exp(each - most) for each in free),
        [math.exp(each - most) for each in queued],
    )


def _served(rate: float, within: float) -> Iterator[float]:
    """The chance to be answered in time with 0, 1, 2 … callers ahead.

    `rate` is nμ ÷ θ and `within` θT. It is E[y; y ≥ x] of y ~ Beta(rate, ahead + 1), x = exp(−θT),
    which is rate ÷ (rate + ahead + 1) · (1 − I(x; rate + 1, ahead + 1)).
    """
    a = rate + 1.0
    if within == 0.0:
        while True:
            yield 0.0
    log_rest = math.log(-math.expm1(-within))
    # I(x; a, b) = Σ over j < b of xᵃ(1−x)ʲ ÷ (j·B(a, j)), its first term xᵃ; kept as logarithms.
    log_term, below, ahead = -a * within, 0.0, 0
    while True:
        below += math.exp(log_term)
        yield rate / (rate + ahead + 1.0) * max(0.0, 1.0 - below)
        log_term += log_rest + math.log((a + ahead) / (ahead + 1.0))
        ahead += 1
