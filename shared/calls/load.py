"""Figures of load, each as it is defined, from calls.

A figure of no call is None and never 0: an hour without calls has no service level. Every figure is
of the calls that it is given; a call belongs to the time in which it was offered. Calls of our own
that test a line are in none of them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

from shared.calls.call import Call
from shared.calls.outcomes import Outcome

SHORT_S: Final = 5.0
"""Whoever gives up sooner has perhaps only misdialled (service level `fair`)."""
_TURNED_AWAY: Final = (Outcome.CLOSED, Outcome.SCREENED)
_REACHING: Final = (Outcome.ANSWERED, Outcome.ABANDONED, Outcome.TIMED_OUT, Outcome.BLOCKED)
_GAVE_UP: Final = (Outcome.ABANDONED, Outcome.ABANDONED_GREETING)


class ServiceLevel(StrEnum):
    """A service level is never told without its name and its threshold."""

    REACHED = "reached"
    """Of whoever wanted to be answered: answered, abandoned, timed out, blocked. The default."""
    ANSWERED = "answered"
    """Of those answered alone. What Asterisk calls ServicelevelPerf."""
    OFFERED = "offered"
    """Of all offered but those that were closed or screened."""
    INCLUSIVE = "inclusive"
    """Whoever gives up within the threshold counts as served. Asterisk's second; never ours."""
    FAIR = "fair"
    """Of all offered but those who gave up within five seconds."""


def counted(calls: Iterable[Call]) -> list[Call]:
    """The calls of which figures are made."""
    return [call for call in calls if not call.test]


def outcomes(calls: Iterable[Call]) -> Counter[Outcome | None]:
    """How many ended how; under None those that still run. Together they are what was offered."""
    return Counter(call.outcome for call in counted(calls))


def service_level(
    calls: Iterable[Call], within_s: float, name: ServiceLevel = ServiceLevel.REACHED
) -> float | None:
    """The share answered within so many seconds, greeting included."""
    chosen = counted(calls)
    had = outcomes(chosen)
    in_time = _within(chosen, (Outcome.ANSWERED,), within_s)
    offered = len(chosen)
    match name:
        case ServiceLevel.REACHED:
            return _share(in_time, sum(had[each] for each in _REACHING))
        case ServiceLevel.ANSWERED:
            return _share(in_time, had[Outcome.ANSWERED])
        case ServiceLevel.OFFERED:
            return _share(in_time, offered - sum(had[each] for each in _TURNED_AWAY))
        case ServiceLevel.INCLUSIVE:
            soon = _within(chosen, _GAVE_UP, within_s)
            gave_up = sum(had[each] for each in _GAVE_UP)
            return _share(in_time + soon, had[Outcome.ANSWERED] + gave_up)
        case ServiceLevel.FAIR:
            return _share(in_time, offered - _within(chosen, _GAVE_UP, SHORT_S))


def speed_of_answer_s(calls: Iterable[Call]) -> float | None:
    """ASA: the mean wait of those answered. A line that people leave has a fine one."""
    return _mean(waits_s(calls, (Outcome.ANSWERED,)))


def wait_of_all_s(calls: Iterable[Call]) -> float | None:
    """The mean wait of every call that has ended, however it ended."""
    return _mean(waits_s(calls, tuple(Outcome)))


def waits_s(calls: Iterable[Call], of: Sequence[Outcome]) -> list[float]:
    """The waits of calls that ended so, the shortest first."""
    return sorted(c.wait_s for c in counted(calls) if c.outcome in of and c.wait_s is not None)


def percentile(values: Sequence[float], share: float) -> float | None:
    """The least value that this share of the sorted values does not exceed (nearest rank)."""
    if not values:
        return None
    return values[max(0, math.ceil(share * len(values)) - 1)]


def abandonment(calls: Iterable[Call]) -> float | None:
    """Those who gave up, in a queue or before, of all offered but those closed or screened."""
    chosen = counted(calls)
    had = outcomes(chosen)
    offered = len(chosen) - sum(had[each] for each in _TURNED_AWAY)
    return _share(sum(had[each] for each in _GAVE_UP), offered)


def handled(calls: Iterable[Call]) -> list[Call]:
    """Answered calls that were heard to their end: of the others nobody knows how long it was."""
    return [
        call for call in counted(calls) if call.outcome is Outcome.ANSWERED and not call.incomplete
    ]


def talk_and_hold_s(calls: Iterable[Call]) -> float | None:
    """AHT, as far as it is ours: all agents' talk and hold for each handled call.

    Wrap-up is not in it, and so the name.
    """
    return _mean([call.handle_s for call in handled(calls)])


def offered_load(offered: int, window_s: float, handle_s: float) -> float:
    """Erlang: calls offered (not answered, not ended) each second × seconds of handling."""
    return offered / window_s * handle_s


def occupancy(busy_s: float, ready_s: float) -> float | None:
    """The share of agents' time taken by ringing, talk, hold, questions and wrap-up.

    Of that and of being ready; breaks and other work are in neither.
    """
    return _share(busy_s, busy_s + ready_s)


def utilisation(handling_s: float, signed_on_s: float) -> float | None:
    """The share of the time signed on that was handling."""
    return _share(handling_s, signed_on_s)


def _within(calls: Iterable[Call], of: Sequence[Outcome], seconds: float) -> int:
    return sum(1 for wait in waits_s(calls, of) if wait <= seconds)


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def _mean(values: Sequence[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None
