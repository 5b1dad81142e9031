"""Whether everybody's request has somebody who has it, and help was called where it had to be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from hotline.promises.facts import Emergency, Papers
from hotline.promises.findings import Finding
from hotline.promises.kinds import (
    ALERT_UNHEARD,
    NOT_ALERTED,
    NOT_CALLED_NEXT,
    NOT_DISPATCHED,
    SECOND_ORDER,
)
from shared.contracts.notifier import GROUP_CHAT
from shared.tickets import Ticket, Transition
from shared.tickets.lifecycle import DONE, UNFINISHED
from shared.tickets.model import ROUTERS_REASONS

ASKS_FOR_WORK: Final = frozenset(
    {
        Transition.REGISTER,
        Transition.RECLASSIFY,
        Transition.REOPEN,
        Transition.NOT_SATISFIED,
        Transition.DECLINE,
        Transition.UNLINK,
    }
)
"""After these the router sees whether work has to be given out."""


def judge_work(ticket: Ticket, before: datetime) -> Iterator[Finding]:
    """An open ticket is with every department of its last plan, or in the manual queue."""
    if ticket.mark is not None:
        return
    missing = departments_without(ticket)
    if missing is not None and asked_for_work(ticket) < before:
        yield Finding(NOT_DISPATCHED, ticket.number, missing)
    open_orders = Counter(o.department for o in ticket.orders if o.status in UNFINISHED)
    for department, n in open_orders.items():
        if n > 1:
            yield Finding(SECOND_ORDER, ticket.number, f"{department}: {n}")


def departments_without(ticket: Ticket) -> str | None:
    """Which departments should have work and have none, and why that is not right; None when all
    is well. An emergency is given out even while a person clears up its place.
    """
    theirs = ticket.about.departments if ticket.has_stand_in else ()
    missing = [department for department in ticket.without_work if department not in theirs]
    if ticket.held is not None and not ticket.is_emergency:
        return None
    if ticket.held is not None:
        tried = {o.department for o in ticket.orders}
        by_router = ticket.held.reason in ROUTERS_REASONS
        missing = [d for d in missing if not by_router and d not in tried]
    elif not ticket.plan.departments:
        return "no department at all"
    return ", ".join(missing) or None


def asked_for_work(ticket: Ticket) -> datetime:
    """When the router last had reason to look."""
    asked = [entry.at for entry in ticket.timeline if entry.transition in ASKS_FOR_WORK]
    return max(asked, default=ticket.registered_at)


def judge_emergency(papers: Papers, before: datetime) -> Iterator[Finding]:
    """An emergency has its plan running and somebody called, one after the other."""
    ticket, emergency = papers.ticket, papers.emergency
    if needs_help(ticket, before):
        why = "" if emergency is None else why_no_help(emergency, ticket.round)
        if why is not None:
            yield Finding(NOT_ALERTED, ticket.number, why)
        elif (unheard := why_unheard(papers, before)) is not None:
            yield Finding(ALERT_UNHEARD, ticket.number, unheard)
    if emergency is not None and emergency.next_due and emergency.next_due < before:
        since = f"since {emergency.next_due:%F %T}Z"
        yield Finding(NOT_CALLED_NEXT, ticket.number, since)


def why_unheard(papers: Papers, before: datetime) -> str | None:
    """What became of the alerts of an emergency that nobody took, where not one of them may have
    reached anybody. The chain makes a new one each minute: those of a moment ago are not judged.
    That a group chat was told calls nobody.
    """
    emergency = papers.emergency
    if emergency is None or emergency.acknowledged_at or emergency.ended_at:
        return None
    to_people = [m for m in papers.messages if not m.recipient.startswith(GROUP_CHAT)]
    alerts = [message for message in to_people if message.purpose == "alert"]
    judged = [m for m in alerts if m.at < before]
    heard = [m for m in alerts if m.status != "failed" and (m in judged or m.ended_at)]
    if not judged or heard:
        return None
    return f"{len(judged)} alerts failed: {', '.join(sorted({m.reason or '' for m in judged}))}"


def needs_help(ticket: Ticket, before: datetime) -> bool:
    """Whether help must have been called by now: an emergency that stayed one for a while, or
    whose work was given out, since the call comes before the work.
    """
    if not ticket.is_emergency or ticket.shares_alert:
        return False
    began = max(e.at for e in ticket.timeline if e.transition in ASKS_FOR_WORK)
    if ticket.mark is None and ticket.status not in DONE and began < before:
        return True
    was_one_at_once = ticket.plans[0].urgency == "emergency"
    return was_one_at_once and began < before and bool(ticket.orders)


def why_no_help(emergency: Emergency, round: int) -> str | None:
    """What is missing of the call for help in this round; None when nothing is."""
    if emergency.round < round:
        return f"round {round} called nobody"
    if not any(alert.recipients for alert in emergency.alerts):
        return "its alerts name nobody: is the duty list empty?"
    return None
