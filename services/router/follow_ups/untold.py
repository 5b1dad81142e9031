"""Rules of results that no message tells: whoever sees the ticket through tells them by telephone.

Pure. A ticket has one such task a round. It is planned when the message about the result has
failed, and it ends with the feedback that the desk puts on record (A4.4).
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from services.router.follow_ups.tasks import FollowUp, new_task, task_id
from shared.contracts.intake import FeedbackOutcome, TicketClosed
from shared.contracts.notifier import CALLER, MessageEvent, MessageFailed, MessageUnknown
from shared.identity import service_principal
from shared.policy.policy import Policy
from shared.policy.wanted import WITHIN, FollowUps
from shared.tickets import Ticket, Transition
from shared.tickets.lifecycle import DONE
from shared.tickets.model import ROUND_BEGINS

TELL: Final = "tell"
TELL_UNSURE: Final = "tell_unsure"
"""Nobody knows whether the message arrived: the caller may have heard already."""
CLOSES_BY_ITSELF: Final = "no_address"
"""The reason of a failed message after which intake closes the ticket: there is nobody to ring."""
BY_ITSELF: Final[frozenset[FeedbackOutcome]] = frozenset({"delivered", "no_contact"})
"""How a ticket is closed that a message closed: nobody had to ring."""
INTAKE: Final = service_principal("intake").id
AT_NIGHT_TOO: Final = frozenset({"emergency", "urgent"})
FED_BACK: Final = frozenset({Transition.FEEDBACK, Transition.NOT_SATISFIED})


def reason_to_tell(event: MessageEvent) -> str | None:
    """Why a person is to tell the result after what became of a message, as the task's reason; None
    for messages of other kinds, and where the ticket closes by itself.
    """
    if (event.recipient, event.purpose) != (CALLER, "feedback"):
        return None
    match event:
        case MessageFailed(reason=reason) if reason != CLOSES_BY_ITSELF:
            return TELL
        case MessageUnknown():
            return TELL_UNSURE
        case _:
            return None


def is_untold(ticket: Ticket, round_: int) -> bool:
    """Whether that round's result is still to be told."""
    return ticket.round == round_ and ticket.status in DONE


def was_told_by_hand(event: TicketClosed) -> bool:
    """Whether somebody at the desk closed it, and so may have had the task."""
    return event.outcome not in BY_ITSELF


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


def tell_id(number: str, round_: int) -> str:
    """The one task of a ticket and round."""
    return task_id(number, "tell", str(round_))


def tell_task(
    ticket: Ticket,
    rule: FollowUps | None,
    policy: Policy,
    now: datetime,
    *,
    reason: str,
    by: str,
) -> FollowUp:
    """Tell the result by telephone: at once, but for the hours in which `policy`, that of the
    estate, lets people sleep.
    """
    sleeps = None if ticket.plan.urgency in AT_NIGHT_TOO else policy.quiet_until(now)
    within = rule.within if rule is not None else WITHIN
    return new_task(ticket, "tell", reason, mark=str(ticket.round), by=by, at=sleeps or now,
                    within=within)  # fmt: skip
