"""Emergencies that nobody was called to, or whose plan did not hear what was done, because the
message was lost.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from services.router import queues
from services.router.emergencies.alerting import Alerting
from services.router.emergencies.emergency import Emergency
from services.router.emergencies.storage import EMERGENCIES
from services.router.work_orders.routing import Routing
from shared.bus.reconciliation import Untaken
from shared.contracts.intake import TicketCancelled, TicketEvent
from shared.contracts.router import TicketResolved, WorkOrderAccepted
from shared.readers.changes import changed_tickets
from shared.runtime.platform import Platform
from shared.store import Collection
from shared.tickets import Ticket, TicketStatus
from shared.tickets.facts import order_facts, ticket_facts
from shared.tickets.lifecycle import DONE, OPEN, UNFINISHED, OrderStatus
from shared.triage.taxonomy import EMERGENCY

_TAKEN: Final = UNFINISHED - {OrderStatus.DISPATCHED}
_RESOLVED: Final = frozenset({*DONE, TicketStatus.CANCELLED})
_FIELDS: Final = ("round", "status", "work_orders.status", "work_orders.round")


def untaken_emergencies(platform: Platform, alerting: Alerting, routing: Routing) -> Untaken:
    """Within three seconds."""
    emergencies = Collection(platform.store, EMERGENCIES)

    async def candidates(since: datetime | None, until: datetime) -> AsyncIterator[str]:
        changed = changed_tickets(
            platform.store, since, until, only={"urgency": EMERGENCY}, fields=_FIELDS
        )
        async for doc in changed:
            if is_untaken(doc, await emergencies.get(doc["_id"])):
                yield doc["_id"]

    async def take_up(number: str) -> bool:
        before = await emergencies.get(number)
        await alerting.heed_plan(number)
        ticket = await routing.dispatch(number)
        for event in said_of(ticket):
            await alerting.follow(number, event)
        after = await emergencies.get(number)
        return after is not None and (before is None or after.version != before.version)

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


def is_untaken(ticket: Mapping[str, Any], emergency: Emergency | None) -> bool:
    """Whether the plan of a ticket, with its orders' states, does not run as it should."""
    status = ticket["status"]
    if emergency is None or emergency.round < ticket["round"]:
        return status in OPEN - DONE
    if emergency.ended_at is not None:
        return False
    orders = (o for o in ticket["work_orders"] if o["round"] == emergency.round)
    is_taken = any(order["status"] in _TAKEN for order in orders)
    return status in _RESOLVED or (is_taken and emergency.acknowledged_at is None)


def said_of(ticket: Ticket) -> Iterator[TicketEvent]:
    """What moves the plan, as it was said of a ticket's present state."""
    for order in ticket.orders:
        if order.status in _TAKEN:
            yield WorkOrderAccepted(**order_facts(ticket, order.id))
    if ticket.status in DONE:
        yield TicketResolved(**ticket_facts(ticket))
    elif ticket.mark is TicketStatus.CANCELLED:
        yield TicketCancelled(**ticket_facts(ticket))
