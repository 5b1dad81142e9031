"""Emergencies that nobody was called to, or whose plan did not hear what was done, because the
message was lost.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import Final

from services.router import queues
from services.router.emergencies.alerting import Alerting
from services.router.emergencies.emergency import Emergency
from services.router.emergencies.storage import EMERGENCIES
from services.router.incidents.incident import LINKED
from services.router.work_orders.routing import Routing
from shared.bus.reconciliation import Untaken
from shared.contracts.intake import TicketCancelled, TicketEvent
from shared.contracts.router import TicketResolved, WorkOrderAccepted
from shared.readers.changes import changed_tickets
from shared.readers.emergencies import running_emergencies
from shared.runtime.platform import Platform
from shared.store import Collection
from shared.tickets import Ticket, TicketStatus, Transition
from shared.tickets.facts import order_facts, ticket_facts
from shared.tickets.lifecycle import DONE, OPEN, UNFINISHED, OrderStatus
from shared.triage.taxonomy import EMERGENCY

_TAKEN: Final = UNFINISHED - {OrderStatus.DISPATCHED}
_TO_WORK_ON: Final = OPEN - DONE


def untaken_emergencies(platform: Platform, alerting: Alerting, routing: Routing) -> Untaken:
    """Within three seconds."""
    emergencies = Collection(platform.store, EMERGENCIES)

    async def candidates(since: datetime | None, until: datetime) -> AsyncIterator[str]:
        """Emergencies that were changed, at first all that are open; and what is none any more
        while its plan runs on, at first whatever a plan runs for.
        """
        only: dict[str, object] = {"urgency": EMERGENCY}
        if since is None:
            only["status"] = {"$in": [status.value for status in OPEN]}
        async for doc in changed_tickets(platform.store, since, until, only=only, fields=("_id",)):
            yield doc["_id"]
        running = await running_emergencies(platform.store)
        only = {"_id": {"$in": running}} | ({"urgency": {"$ne": EMERGENCY}} if since else {})
        for doc in await platform.store.find(
            "tickets", only, limit=max(1, len(running)), fields=("_id",)
        ):
            yield doc["_id"]

    async def take_up(number: str) -> bool:
        ticket = await platform.tickets.get(number)
        emergency = await emergencies.get(number)
        if ticket is None or not is_untaken(ticket, emergency):
            return False
        now = await take_emergency(alerting, routing, number)
        for event in said_of(now):
            await alerting.follow(number, event)
        after = await emergencies.get(number)
        return now.version != ticket.version or after != emergency

    return Untaken(
        what="emergency",
        lane="urgent",
        queues=(queues.TICKETS_URGENT, queues.EMERGENCIES),
        age=timedelta(seconds=1),
        overlap=timedelta(seconds=5),
        every=timedelta(seconds=1),
        candidates=candidates,
        take_up=take_up,
    )


async def take_emergency(alerting: Alerting, routing: Routing, number: str) -> Ticket:
    """Alert first, then give out the work; of what others were alerted to only the work, as part
    of its incident.
    """
    part_of = await alerting.heed_plan(number)
    ticket = await routing.dispatch(number, part_of=part_of)
    if part_of is not None and not ticket.shares_alert:
        await alerting.start_alone(number)
    return ticket


def is_untaken(ticket: Ticket, emergency: Emergency | None) -> bool:
    """Whether the plan of a ticket does not run as it should. Pure."""
    if emergency is None or emergency.round < ticket.round:
        is_alone = ticket.is_emergency and not ticket.shares_alert
        return is_alone and ticket.status in _TO_WORK_ON
    if emergency.plans < len(ticket.plans) and ticket.status in _TO_WORK_ON:
        return True
    if emergency.ended_at is not None:
        return False
    if ticket.is_emergency and ticket.held is None and ticket.without_work:
        return True
    is_over = ticket.status in DONE or ticket.mark is TicketStatus.CANCELLED
    unheard = emergency.acknowledged_at is None and any(_acceptances(ticket))
    return (is_over and ticket.somebody_went) or unheard


def _acceptances(ticket: Ticket) -> Iterator[str]:
    """Orders that were accepted under the last plan: when the place becomes known, somebody there
    has to take it anew, whoever had taken it before. What was part of an outage nobody has taken.
    """
    for entry in ticket.timeline:
        is_new = entry.at > ticket.plan.at and entry.note != LINKED
        if entry.transition == Transition.ACCEPT and is_new and entry.order:
            order = ticket.order(entry.order)
            if order is not None and order.round == ticket.round and order.status in _TAKEN:
                yield order.id


def said_of(ticket: Ticket) -> Iterator[TicketEvent]:
    """What moves the plan, as it was said of a ticket's present state. Pure."""
    for order in dict.fromkeys(_acceptances(ticket)):
        yield WorkOrderAccepted(**order_facts(ticket, order))
    if ticket.status in DONE:
        yield TicketResolved(**ticket_facts(ticket))
    elif ticket.mark is TicketStatus.CANCELLED:
        yield TicketCancelled(**ticket_facts(ticket))
