"""The rules by which the facts are judged. Pure: facts in, findings out, the time an argument.

Everywhere `before` is the moment before which all that was due must have been done: now less the
grace.
"""

from hotline.promises.judging.backlog import (
    judge_events,
    judge_held_by_none,
    judge_late_task,
    judge_parked,
    judge_waiting_message,
)
from hotline.promises.judging.messages import (
    judge_delivery,
    judge_digest,
    judge_folded,
    judge_strangers,
)
from hotline.promises.judging.ticket import judge_ticket

__all__ = [
    "judge_delivery",
    "judge_digest",
    "judge_events",
    "judge_folded",
    "judge_held_by_none",
    "judge_late_task",
    "judge_parked",
    "judge_strangers",
    "judge_ticket",
    "judge_waiting_message",
]
