"""Whether what one service said had its effect at the next: closed, asked, reopened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from services.hotline.promises.facts import Message, Papers
from services.hotline.promises.findings import Finding
from services.hotline.promises.kinds import NOT_ASKED, NOT_CLOSED, NOT_REOPENED
from shared.contracts.notifier import CALLER
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
    if must_be_asked(papers) and _over_before(papers.ticket, before):
        yield Finding(NOT_ASKED, number, f"round {papers.ticket.round}")
    for at in unheard_answers(papers):
        if at < before:
            yield Finding(NOT_REOPENED, number, f"answered {at:%F %T}Z")


def not_closed(papers: Papers, before: datetime) -> str | None:
    """The work is done and the notifier has said how telling the caller went; a refusal and an
    unknown outcome are the desk's to follow up, and its clock runs.
    """
    ticket, told = papers.ticket, feedback_of(papers)
    if ticket.status not in DONE or told is None or told.ended_at is None:
        return None
    by_itself = told.status == "delivered" or told.reason == "no_address"
    if not by_itself or told.ended_at >= before:
        return None
    if told.at < ticket.clocks[Clock.FEED_BACK].segments[0].start - SKEW:
        return "told before the last department had finished, and not again"
    return f"message {told.id} is {told.status}"


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
    return by_itself and told is not None and told.status == "delivered"


def _over_before(ticket: Ticket, before: datetime) -> bool:
    return ticket.over_at is not None and before - ASKED_WITHIN < ticket.over_at < before


def unheard_answers(papers: Papers) -> Iterator[datetime]:
    """Dissatisfied answers about this round of a ticket that is still over."""
    over = {TicketStatus.CLOSED, TicketStatus.ANSWERED}
    for survey in papers.surveys:
        unheard = survey.round == papers.ticket.round and papers.ticket.mark in over
        if unheard and survey.dissatisfied_at is not None:
            yield survey.dissatisfied_at
