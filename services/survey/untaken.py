"""Callers whom nobody asked, because the event was lost that said that their matter is over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Final

from services.survey import queues
from services.survey.domain import Matter, survey_id
from services.survey.storage import SURVEYS
from services.survey.surveys import Surveying
from shared.bus.reconciliation import Untaken
from shared.contracts.intake import TicketAnswered, TicketClosed
from shared.contracts.notifier import ARRIVED, CALLER
from shared.identity import service_principal
from shared.readers.changes import changed_tickets
from shared.runtime.platform import Platform
from shared.tickets import Ticket, TicketStatus, Transition
from shared.tickets.facts import ticket_facts

AT_FIRST: Final = timedelta(days=1)
"""So far back it is looked when the service has begun: later nobody likes to be asked."""
_OVER: Final = (TicketStatus.CLOSED.value, TicketStatus.ANSWERED.value)
_INTAKE: Final = service_principal("intake").id


def untaken_surveys(platform: Platform, surveying: Surveying) -> Untaken:
    """Within five minutes. How the desk fed a result back is not kept with the ticket, so of what
    is closed only that is asked about which a message closed.
    """
    store = platform.store

    async def candidates(since: datetime | None, until: datetime) -> AsyncIterator[str]:
        only = {"status": {"$in": list(_OVER)}}
        async for doc in changed_tickets(store, since, until, only=only, fields=("round",)):
            id = survey_id(doc["_id"], doc["round"])
            if await store.get(SURVEYS.name, id, fields=("_id",)) is None:
                yield doc["_id"]

    async def take_up(number: str) -> bool:
        ticket = await platform.tickets.get(number)
        event = await _ended(ticket) if ticket is not None else None
        if ticket is None or event is None or ticket.over_at is None:
            return False
        return await surveying.ask(Matter.from_event(event, ticket.lane, ticket.over_at))

    async def _ended(ticket: Ticket) -> TicketAnswered | TicketClosed | None:
        if ticket.mark is TicketStatus.ANSWERED:
            return TicketAnswered(**ticket_facts(ticket))
        closed_by = [e.by for e in ticket.timeline if e.transition == Transition.FEEDBACK]
        told = {
            "number": ticket.number,
            "purpose": "feedback",
            "recipient": CALLER,
            "cause.occurrence": f"round/{ticket.round}",
            "status": {"$in": [*ARRIVED]},
        }
        if closed_by[-1:] != [_INTAKE] or not await store.count("messages", told, most=1):
            return None
        return TicketClosed(**ticket_facts(ticket), outcome="delivered")

    return Untaken(
        what="survey",
        lane="routine",
        queues=(queues.TICKETS_ROUTINE, queues.TICKETS_URGENT),
        age=timedelta(minutes=1),
        at_first=AT_FIRST,
        every=timedelta(minutes=1),
        candidates=candidates,
        take_up=take_up,
    )
