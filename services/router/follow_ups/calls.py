"""What may be said of a call to a caller whom no message reached, and by whom. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.router.follow_ups.tasks import FollowUp
from services.router.follow_ups.untold import PROMISES, RESULT, is_last_try
from shared.contracts.router import CallAnswer
from shared.identity import Principal, action_of, allows
from shared.policy.policy import Policy
from shared.tickets import Ticket, Transition

HEARD: Final[frozenset[CallAnswer]] = frozenset({"satisfied", "said_nothing", "not_satisfied"})
"""What a caller who was told the result may have said of it."""
_OF_RESULT: Final[Mapping[CallAnswer, Transition]] = {
    "satisfied": Transition.FEEDBACK,
    "said_nothing": Transition.FEEDBACK,
    "not_satisfied": Transition.NOT_SATISFIED,
    "no_answer": Transition.FEEDBACK_ATTEMPT,
    "unreachable": Transition.FEEDBACK,
}
"""What each answer does to the ticket whose result was told."""
_OF_ALL_ELSE: Final[frozenset[CallAnswer]] = frozenset({"told", "no_answer"})


def answers_about(task: FollowUp) -> frozenset[CallAnswer]:
    """What can be said at all of a call that tells what this task is about."""
    return frozenset(_OF_RESULT) if task.reason in RESULT else _OF_ALL_ELSE


def right_to(answer: CallAnswer, task: FollowUp) -> str:
    """The action of the table of rights that an answer is of this task, as over HTTP."""
    if task.reason in RESULT:
        return action_of(_OF_RESULT[answer])
    return action_of(Transition.TELL) if moves_ticket(answer, task) else "follow_up.do"


def moves_ticket(answer: CallAnswer, task: FollowUp) -> bool:
    """Whether the ticket has to follow: then the task ends when it has, and not before. All else
    leaves no trace on the ticket.
    """
    return task.reason in RESULT or (task.reason in PROMISES and answer == "told")


def answers_to(
    task: FollowUp, ticket: Ticket, policy: Policy, who: Principal
) -> frozenset[CallAnswer]:
    """What somebody may say of a call about the task as it is. After the last try that the policy
    wants nobody rings again: then the caller cannot be reached.
    """
    found = answers_about(task)
    if task.reason in RESULT:
        found -= {"no_answer" if is_last_try(task, ticket, policy) else "unreachable"}
    return frozenset(a for a in found if task.is_live and allows(who, right_to(a, task)))
