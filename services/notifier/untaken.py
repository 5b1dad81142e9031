"""Messages that nobody wrote down, because the event was lost that should have brought them.

The events are made anew from what they were about. Those of deadlines are not: whom they named is
not kept.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from services.notifier import queues
from services.notifier.alarms import id_beside
from services.notifier.domain import recipients
from services.notifier.notifying import Notifying
from services.notifier.storage import MESSAGES
from shared.bus.reconciliation import Untaken
from shared.contracts import Event
from shared.contracts.intake import TicketRegistered, TicketReopened
from shared.contracts.router import TicketResolved, WorkOrderDispatched
from shared.readers.changes import changed_tickets
from shared.readers.emergencies import past_alerts_of, unanswered
from shared.store import Doc, Store
from shared.tickets import TICKET, Ticket, TicketStatus
from shared.tickets.facts import dispatched_facts, ticket_facts
from shared.tickets.lifecycle import DONE, OrderStatus

AGE: Final = timedelta(seconds=1)
"""A call that is younger may be on its way."""
AT_FIRST: Final = timedelta(days=1)
"""So far back it is looked when the service has begun: what is older is nobody's news."""


def untaken_alerts(store: Store, notifying: Notifying) -> Untaken:
    """Calls to emergencies that nobody has taken yet, within three seconds."""

    async def candidates(since: datetime | None, until: datetime) -> AsyncIterator[str]:
        for number in await unanswered(store, since, until):
            yield number

    async def take_up(number: str) -> bool:
        until = store.clock.now() - AGE
        alerts = await past_alerts_of(store, number)
        said = [each.event for each in alerts if until - AT_FIRST < each.at <= until]
        if not await _lacks(store, said):
            return False
        return any([await notifying.notify(event, "urgent") for event in said])

    return Untaken(
        what="alert",
        lane="urgent",
        queues=(queues.MESSAGES_URGENT,),
        age=AGE,
        at_first=AT_FIRST,
        overlap=timedelta(seconds=5),
        every=timedelta(seconds=1),
        candidates=candidates,
        take_up=take_up,
    )


def untaken_messages(store: Store, notifying: Notifying) -> Untaken:
    """Within five minutes: receipts, assignments, results, new beginnings."""

    async def candidates(since: datetime | None, until: datetime) -> AsyncIterator[str]:
        async for doc in changed_tickets(store, since, until, only={}, fields=("_id",)):
            yield doc["_id"]

    async def take_up(number: str) -> bool:
        doc = await store.get("tickets", number)
        if doc is None:
            return False
        ticket = TICKET.from_doc(doc)
        if not await _lacks(store, said_of(ticket)):
            return False
        return any([await notifying.notify(event, ticket.lane) for event in said_of(ticket)])

    return Untaken(
        what="message",
        lane="routine",
        queues=(queues.MESSAGES_ROUTINE, queues.MESSAGES_URGENT),
        age=timedelta(minutes=1),
        at_first=AT_FIRST,
        every=timedelta(minutes=1),
        candidates=candidates,
        take_up=take_up,
    )


async def _lacks(store: Store, events: Iterable[Event]) -> bool:
    """Whether somebody whom one of the events concerns has no message, or of an alarm none by one
    of its channels.
    """
    firsts = await _there(store, {n.id for event in events for n in recipients(event)})
    if firsts is None:
        return True
    beside = {id_beside(doc["_id"], channel) for doc in firsts for channel in doc.get("beside", ())}
    return await _there(store, beside) is None


async def _there(store: Store, ids: Collection[str]) -> list[Doc] | None:
    """The messages of these ids; None where one is missing."""
    if not ids:
        return []
    query = {"_id": {"$in": sorted(ids)}}
    found = await store.find(MESSAGES.name, query, limit=len(ids), fields=("beside",))
    return found if len(found) == len(ids) else None


def said_of(ticket: Ticket) -> Iterator[Event]:
    """What was said of a ticket in this round, of all that somebody must hear. Pure."""
    facts = ticket_facts(ticket)
    if ticket.round > 1:
        yield TicketReopened(**facts, reason="caller")
    elif ticket.mark is not TicketStatus.ANSWERED:
        times = ticket.promised[0].times if ticket.promised else {}
        yield TicketRegistered(**facts, promised=dict(times))
    for order in ticket.orders:
        # Who has accepted it knows of it, also where it was a colleague's.
        if order.status is OrderStatus.DISPATCHED:
            yield WorkOrderDispatched(**dispatched_facts(ticket, order))
    if ticket.status in DONE:
        yield TicketResolved(**facts)
