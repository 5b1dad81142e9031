"""How long callers wait before they hang up, and how often they ring again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from shared.calls.call import Call
from shared.calls.load import counted
from shared.calls.outcomes import Outcome

AGAIN_WITHIN: Final = timedelta(hours=1)


def patience_s(calls: Iterable[Call]) -> float | None:
    """The mean patience: all waiting ÷ the number who gave up.

    Whoever was answered, or let go, would have waited longer: how long nobody knows (censored). For
    exponential patience this is the estimate of maximum likelihood; the mean wait of those who gave
    up would be far too low. None where nobody gave up.
    """
    waited, gave_up = waited_and_gave_up(calls)
    return waited / gave_up if gave_up else None


def waited_and_gave_up(calls: Iterable[Call]) -> tuple[float, int]:
    """What the estimate is made of: it may be summed over quarter hours."""
    waited, gave_up = 0.0, 0
    for call in counted(calls):
        # Who left in the greeting, and who was not let in, was never in a queue to be patient in.
        wait = call.queue_wait_s if call.outcome is not Outcome.ABANDONED_GREETING else None
        if wait is None or call.outcome is None or (call.incomplete and call.answered_at is None):
            continue
        waited += wait
        gave_up += call.outcome is Outcome.ABANDONED
    return waited, gave_up


def rang_again(calls: Iterable[tuple[str, datetime, bool]]) -> int:
    """How many calls are of a caller who rang within the hour before and was not answered since.

    Of each call: who called (an index, never a number), when, and whether it was answered.
    """
    by_caller: dict[str, list[tuple[datetime, bool]]] = defaultdict(list)
    for who, at, answered in calls:
        by_caller[who].append((at, answered))
    again = 0
    for each in by_caller.values():
        ordered = sorted(each)
        for (before, answered), (at, _) in pairwise(ordered):
            again += not answered and at - before <= AGAIN_WITHIN
    return again
