"""Requests that nobody gave to anybody, because their message was lost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from services.router import queues
from services.router.follow_ups.reminders import Reminders
from services.router.work_orders.routing import Routing
from shared.bus.reconciliation import Untaken
from shared.readers.changes import changed_tickets
from shared.runtime.platform import Platform
from shared.tickets import Ticket
from shared.tickets.lifecycle import DONE, OPEN, OrderStatus
from shared.triage.taxonomy import EMERGENCY

_FIELDS: Final = (
    "round",
    "plans.departments",
    "work_orders.department",
    "work_orders.round",
    "work_orders.status",
)


def untaken_tickets(platform: Platform, routing: Routing, reminders: Reminders) -> Untaken:
    """Within a minute: all but emergencies, which have a look of their own."""

    async def candidates(since: datetime | None, until: datetime) -> AsyncIterator[str]:
        statuses = [status.value for status in OPEN - DONE]
        only = {"status": {"$in": statuses}, "held": None, "urgency": {"$ne": EMERGENCY}}
        async for doc in changed_tickets(platform.store, since, until, only=only, fields=_FIELDS):
            if any(_is_open(doc, department) for department in doc["plans"][-1]["departments"]):
                yield doc["_id"]

    async def take_up(number: str) -> bool:
        before = await platform.tickets.get(number)
        if before is None or not departments_without_work(before):
            return False
        ticket = await routing.dispatch(number)
        await reminders.plan(ticket)
        return before.version != ticket.version

    return Untaken(
        what="ticket",
        lane="routine",
        queues=(queues.TICKETS_ROUTINE,),
        age=timedelta(seconds=20),
        every=timedelta(seconds=20),
        candidates=candidates,
        take_up=take_up,
    )


def _is_open(ticket: Mapping[str, Any], department: str) -> bool:
    """The same of a document, before all of it is read."""
    return not any(
        (order["department"], order["round"]) == (department, ticket["round"])
        and order["status"] != OrderStatus.DECLINED
        for order in ticket["work_orders"]
    )


def departments_without_work(ticket: Ticket) -> frozenset[str]:
    """Departments of the last plan that have no work order in this round, or have declined it.
    Pure.
    """
    have = {o.department for o in ticket.orders if o.status is not OrderStatus.DECLINED}
    return frozenset(ticket.plan.departments) - have
