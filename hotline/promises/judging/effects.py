"""Whether what one service said had its effect at the next: closed, asked, reopened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from hotline.promises.facts import Message, Papers
from hotline.promises.findings import Finding
from hotline.promises.kinds import NOBODY_TELLS, NOT_ASKED, NOT_CLOSED, NOT_REOPENED
from shared.contracts.notifier import ARRIVED, CALLER
from shared.identity import service_principal
from shared.tickets import Clock, Ticket, TicketStatus, Transition
from shared.tickets.lifecycle import DONE

INTAKE: Final = service_principal("intake").id
SKEW: Final = timedelta(seconds=5)
"""Two services' measures of the database's time differ by much less than this."""
ASKED_WITHIN: Final = timedelta(days=30)
"""Later nobody is asked any more; how soon the event came cannot be told afterwards."""


def judge_following(papers: Papers, before: datetime) -> Iterator[Finding]:
    """The last steps of a ticket's way."""
    number = papers.ticket.number
    if (why := not_closed(papers, before)) is not None:
        yield Finding(NOT_CLOSED, number, why)
    if (why := nobody_tells(papers, before)) is not None:
        yield Finding(NOBODY_TELLS, number, why)
    if must_be_asked(papers) and _over_before(papers.ticket, before):
        yield Finding(NOT_ASKED, number, f"round {papers.ticket.round}")
    for at in unheard_answers(papers):
        if at < before:
            yield Finding(NOT_REOPENED, number, f"answered {at:%F %T}Z")


def not_closed(papers: Papers, before: datetime) -> str | None:
    """The work is done and the message that says so closes the ticket, unless the policy wants a
    person to tell it, who has a task then.
    """
    ticket, told = papers.ticket, told_before(papers, before)
    if told is None or not closes_by_itself(told) or has_task_to_tell(papers):
        return None
    if told.at < ticket.clocks[Clock.FEED_BACK].segments[0].start - SKEW:
        return "told before the last department had finished, and not again"
    return f"message {told.id} is {told.status}"


def nobody_tells(papers: Papers, before: datetime) -> str | None:
    """The work is done, what the caller was to be told with reached nobody, or nobody knows whom,
    and no person has it to do.
    """
    told = told_before(papers, before)
    if told is None or closes_by_itself(told) or has_task_to_tell(papers):
        return None
    return f"message {told.id} is {told.status}" + (f" ({told.reason})" if told.reason else "")


def told_before(papers: Papers, before: datetime) -> Message | None:
    """The message about the result of work that is done, where its way has ended."""
    told = feedback_of(papers)
    if papers.ticket.status not in DONE or told is None or told.ended_at is None:
        return None
    return told if told.ended_at < before else None


def closes_by_itself(told: Message) -> bool:
    """Whether intake closes the ticket because of what became of the message."""
    return told.status in ARRIVED or told.reason == "no_address"


def has_task_to_tell(papers: Papers) -> bool:
    """Whether somebody at the desk is to tell this round's result."""
    return any(task.is_live and task.round == papers.ticket.round for task in papers.tell_tasks)


def feedback_of(papers: Papers) -> Message | None:
    """The message that reports this round's result to the caller."""
    occurrence = f"round/{papers.ticket.round}"
    for message in papers.messages:
        found = (message.purpose, message.recipient, message.occurrence)
        if found == ("feedback", CALLER, occurrence):
            return message
    return None


def must_be_asked(papers: Papers) -> bool:
    """Whether there must be a survey of this round. How the desk fed a result back is not kept
    with the ticket, so only what closed by itself or was answered is judged.
    """
    ticket = papers.ticket
    if ticket.test or any(survey.round == ticket.round for survey in papers.surveys):
        return False
    if ticket.mark is TicketStatus.ANSWERED:
        return True
    told = feedback_of(papers)
    closed_by = [e.by for e in ticket.timeline if e.transition == Transition.FEEDBACK]
    by_itself = ticket.mark is TicketStatus.CLOSED and closed_by[-1:] == [INTAKE]
    return by_itself and told is not None and told.status in ARRIVED


def _over_before(ticket: Ticket, before: datetime) -> bool:
    return ticket.over_at is not None and before - ASKED_WITHIN < ticket.over_at < before


def unheard_answers(papers: Papers) -> Iterator[datetime]:
    """Dissatisfied answers about this round of a ticket that is still over."""
    over = {TicketStatus.CLOSED, TicketStatus.ANSWERED}
    for survey in papers.surveys:
        unheard = survey.round == papers.ticket.round and papers.ticket.mark in over
        if unheard and survey.dissatisfied_at is not None:
            yield survey.dissatisfied_at
