"""What queueing theory says of a number of agents: Erlang B, C and A.

`load` is in erlang: calls per second × seconds of handling. Erlang B: whoever finds no agent free
is gone. Erlang C: everybody waits for as long as it takes. Erlang A: everybody waits, and hangs up
after a while (exponential patience). C is therefore an upper bound of what is needed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

MOST_AGENTS: Final = 10_000
"""No figure is looked for beyond so many."""


def blocking(load: float, agents: int) -> float:
    """Erlang B: the share of calls that find all agents busy and are turned away.

    By the recursion B(n) = aB(n−1) ÷ (n + aB(n−1)), B(0) = 1.
    """
    check_load(load, agents)
    blocked = 1.0
    for n in range(1, agents + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


def waiting(load: float, agents: int) -> float:
    """Erlang C: the share of calls that have to wait; 1 where load reaches the number of agents."""
    blocked = blocking(load, agents)
    if agents <= load:
        return 1.0
    return agents * blocked / (agents - load * (1.0 - blocked))


def served_within(load: float, agents: int, handle_s: float, within_s: float) -> float:
    """Erlang C: the share of calls answered within so many seconds; 0 in overload."""
    check_times(handle_s, within_s)
    wait = waiting(load, agents)
    if agents <= load:
        return 0.0
    return 1.0 - wait * math.exp(-(agents - load) * within_s / handle_s)


def mean_wait_s(load: float, agents: int, handle_s: float) -> float:
    """Erlang C: the mean wait of all calls, in seconds; infinite in overload."""
    check_times(handle_s, 0.0)
    if agents <= load:
        return math.inf
    return waiting(load, agents) * handle_s / (agents - load)


def occupancy(load: float, agents: int) -> float:
    """The share of their time for which agents are busy when nobody hangs up; 1 at most."""
    check_load(load, agents)
    return min(1.0, load / agents) if agents else 1.0


def required(
    served: Callable[[int], float], target: float, *, least: int = 0, load: float = 0.0
) -> int:
    """The fewest agents, and not fewer than `least`, of whom `served` says at least `target`.

    Without load it is `least`: an empty hour needs whom the policy wants there.
    """
    if not 0.0 <= target < 1.0:
        raise ValueError(f"A target is a share below 1, not {target}.")
    if load <= 0.0:
        return least
    # No share is served that is larger than what so many agents get through.
    agents = max(least, 1, math.floor(target * load))
    while served(agents) < target:
        agents += 1
        if agents > MOST_AGENTS:
            raise ValueError(f"No number of agents up to {MOST_AGENTS} is enough.")
    return agents


def check_load(load: float, agents: int) -> None:
    """Refuse what is no load."""
    if not (load >= 0.0 and math.isfinite(load)) or agents < 0:
        raise ValueError(f"{load} erlang and {agents} agents are no load.")


def check_times(handle_s: float, within_s: float) -> None:
    """Refuse what are no times."""
    if not (handle_s > 0.0 and within_s >= 0.0):
        raise ValueError(f"{handle_s} s of handling and {within_s} s of waiting are no times.")
