"""Rules of what no message tells a caller: whoever sees the ticket through tells it by telephone.

Pure. Such a task is planned when the message has failed, or nobody knows whether it has arrived. It
ends with what makes it true: a result with the feedback that the desk puts on record (A4.4), a
visit or another time when it is told (B4.1). A ticket has one at a time, so that one call tells
all; the result's takes the place of any other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final, get_args

from services.router.follow_ups.tasks import FollowUp, new_task
from shared.contracts.intake import FeedbackOutcome, TicketClosed
from shared.contracts.notifier import (
    CALLER,
    MessageEvent,
    MessageFailed,
    MessageUnconfirmed,
    MessageUnknown,
)
from shared.identity import service_principal
from shared.policy.policy import Policy
from shared.policy.wanted import WITHIN, FollowUps, ToldByTelephone
from shared.tickets import Ticket, Transition
from shared.tickets.lifecycle import DONE
from shared.tickets.model import ROUND_BEGINS, Promise, TimelineEntry
from shared.tickets.promises import standing, until

TELL: Final = "tell"
TELL_UNSURE: Final = "tell_unsure"
"""Nobody knows whether the message arrived: the caller may have heard already."""
RESULT: Final = frozenset({TELL, TELL_UNSURE})
"""The reasons of tasks that tell the result; all others are of ToldByTelephone."""
PROMISES: Final[Mapping[str, str]] = {"visit": "visit", "extended": "extension"}
"""Of a message that tells a promise, how that came about."""
CLOSES_BY_ITSELF: Final = "no_address"
"""The reason of a failed message after which intake closes the ticket: there is nobody to ring."""
BY_ITSELF: Final[frozenset[FeedbackOutcome]] = frozenset({"delivered", "no_contact"})
"""How a ticket is closed that a message closed: nobody had to ring."""
INTAKE: Final = service_principal("intake").id
AT_NIGHT_TOO: Final = frozenset({"emergency", "urgent"})
FED_BACK: Final = frozenset({Transition.FEEDBACK, Transition.NOT_SATISFIED})


def reason_to_tell(event: MessageEvent) -> str | None:
    """Why a person is to tell a caller after what became of a message, as the task's reason; None
    for what no policy has told by telephone, and where there is nobody to ring.
    """
    is_result = event.purpose == "feedback"
    if event.recipient != CALLER or not (is_result or event.purpose in get_args(ToldByTelephone)):
        return None
    match event:
        case MessageFailed(reason="stopped" | "past") if not is_result:
            return None  # what somebody stopped, or is past, is not to be told by other means
        case MessageFailed(reason=reason) if reason != CLOSES_BY_ITSELF:
            return TELL if is_result else event.purpose
        case MessageUnknown() | MessageUnconfirmed():
            return TELL_UNSURE if is_result else event.purpose
        case _:
            return None


def tells_result(task: FollowUp) -> bool:
    """Whether a task is to tell the result."""
    return task.why == "tell" and task.reason in RESULT


def is_told_by_telephone(reason: str, policy: Policy) -> bool:
    """Whether the policy of the place wants that; the result is always told so."""
    return reason in RESULT or reason in policy.rules.told_by_telephone


def is_untold(ticket: Ticket, round_: int, reason: str = TELL) -> bool:
    """Whether it is still to be told: the result of that round while the work is done, all else
    before. An outage is told of in whatever round.
    """
    is_of_round = ticket.round == round_ or reason == "outage"
    if reason in RESULT:
        return is_of_round and ticket.status in DONE
    is_running = ticket.mark is None and ticket.status not in DONE
    return is_of_round and is_running and (reason not in PROMISES or _awaits(ticket, reason))


def _awaits(ticket: Ticket, reason: str) -> bool:
    """Whether the last promise came about so, and nobody has told it."""
    last = ticket.promised[-1] if ticket.promised else None
    return last is not None and last.how == PROMISES[reason] and not last.told


def promises_to_tell(task: FollowUp, ticket: Ticket, now: datetime) -> tuple[Promise, ...]:
    """What one call tells of what is promised: what the task is for, and before it whatever else
    stands, is still to come and was not told.
    """
    if task.reason not in PROMISES:
        return ()
    return tuple(
        each
        for each in standing(ticket)
        if not each.told and (each.how == PROMISES[task.reason] or _is_ahead(each, now))
    )


def has_heard(promised: Collection[datetime], ticket: Ticket) -> bool:
    """Whether who was told what was promised at these times has heard what is promised now."""
    stands = {each.at for each in standing(ticket)}
    return bool(promised) and stands.issuperset(promised) and ticket.promised[-1].at in promised


def _is_ahead(promise: Promise, now: datetime) -> bool:
    ends = until(promise)
    return ends is not None and ends > now


def told_by(ticket: Ticket, round_: int, reason: str) -> str | None:
    """Who told it; None while nobody has, and for what leaves no trace on the ticket."""
    if reason in RESULT:
        return fed_back_by(ticket, round_)
    last = ticket.promised[-1] if ticket.promised else None
    if reason not in PROMISES or last is None or last.how != PROMISES[reason] or not last.told:
        return None
    said = [entry.by for entry in ticket.timeline if entry.transition == Transition.TELL]
    return said[-1] if said else None


def was_told_by_hand(event: TicketClosed) -> bool:
    """Whether somebody at the desk closed it, and so may have had the task."""
    return event.outcome not in BY_ITSELF


def ring_again(task: FollowUp, ticket: Ticket, policy: Policy, now: datetime) -> FollowUp | None:
    """The next try after nobody answered: not sooner than the policy's gap, in the hours in which
    people may be rung; None after as many tries as the policy wants.
    """
    made = ticket.feedback_attempts if task.reason in RESULT else task.turn
    if made >= policy.rules.feedback_attempts:
        return None
    return new_task(
        ticket,
        "tell",
        task.reason,
        mark=f"again/{task.id}",
        by=task.asked_by,
        at=_after_gap(ticket, policy, now),
        within=task.due_at - task.opens_at,
        turn=task.turn + 1,
    )


def next_call_at(task: FollowUp, ticket: Ticket, policy: Policy, now: datetime) -> datetime | None:
    """When the caller is rung again if nobody answers now; None where nobody does."""
    return None if is_last_try(task, ticket, policy) else _after_gap(ticket, policy, now)


def _after_gap(ticket: Ticket, policy: Policy, now: datetime) -> datetime:
    at = now + policy.rules.feedback_gap
    sleeps = None if ticket.plan.urgency in AT_NIGHT_TOO else policy.quiet_until(at)
    return sleeps or at


def is_last_try(task: FollowUp, ticket: Ticket, policy: Policy) -> bool:
    """Whether nobody rings again when nobody answers now. Attempts at telling a result stand in the
    ticket, by whichever way they came; of all else each try is a task.
    """
    made_with_this = ticket.feedback_attempts + 1 if task.reason in RESULT else task.turn
    return made_with_this >= policy.rules.feedback_attempts


def rung_in_vain(task: FollowUp, ticket: Ticket, tries: int) -> TimelineEntry | None:
    """The attempt at telling a result that nobody answered since the task has opened, where the
    caller is to be rung again: after the last of so many `tries` it stays open, until the result is
    told or somebody says on record that the caller cannot be reached.
    """
    if task.state != "open" or task.reason not in RESULT or ticket.feedback_attempts >= tries:
        return None
    attempts = (e for e in ticket.entries if e.transition == Transition.FEEDBACK_ATTEMPT)
    return next((e for e in attempts if e.at >= task.opens_at), None)


def fed_back_by(ticket: Ticket, round_: int) -> str | None:
    """Who of the desk put the feedback of a round on record; None while nobody has, and where the
    message closed the ticket after all.
    """
    present, found = 1, None
    for entry in ticket.timeline:
        if present == round_ and entry.transition in FED_BACK and entry.by != INTAKE:
            found = entry.by
        present += entry.transition in ROUND_BEGINS
    return found


def tell_task(
    ticket: Ticket,
    rule: FollowUps | None,
    policy: Policy,
    now: datetime,
    *,
    reason: str,
    message: str = "",
    by: str,
) -> FollowUp:
    """Tell it by telephone, as no `message` did: at once, but for the hours in which `policy`, that
    of the estate, lets people sleep.
    """
    mark = str(ticket.round) if reason in RESULT else f"{ticket.round}/{reason}/{message}"
    sleeps = None if ticket.plan.urgency in AT_NIGHT_TOO else policy.quiet_until(now)
    within = rule.within if rule is not None else WITHIN
    return new_task(ticket, "tell", reason, mark=mark, by=by, at=sleeps or now, within=within)
