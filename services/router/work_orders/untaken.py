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
from shared.tickets.lifecycle import DONE, OPEN, OrderStatus
from shared.tickets.model import WorkOrder, without_work
from shared.triage.taxonomy import EMERGENCY

_FIELDS: Final = (
    "round",
    "plans.departments",
    "work_orders.id",
    "work_orders.department",
    "work_orders.round",
    "work_orders.status",
    "work_orders.reason",
)


def untaken_tickets(platform: Platform, routing: Routing, reminders: Reminders) -> Untaken:
    """Within a minute: all but emergencies, which have a look of their own."""

    async def candidates(since: datetime | None, until: datetime) -> AsyncIterator[str]:
        statuses = [status.value for status in OPEN - DONE]
        only = {"status": {"$in": statuses}, "held": None, "urgency": {"$ne": EMERGENCY}}
        async for doc in changed_tickets(platform.store, since, until, only=only, fields=_FIELDS):
            if _may_lack_work(doc):
                yield doc["_id"]

    async def take_up(number: str) -> bool:
        before = await platform.tickets.get(number)
        if before is None or not before.without_work:
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


def _may_lack_work(ticket: Mapping[str, Any]) -> bool:
    """`without_work` of a document of which no more is read."""
    orders = [_order(doc) for doc in ticket["work_orders"] if doc["round"] == ticket["round"]]
    return bool(without_work(ticket["plans"][-1]["departments"], orders))


def _order(doc: Mapping[str, Any]) -> WorkOrder:
    return WorkOrder(
        doc["id"],
        doc["round"],
        doc["department"],
        OrderStatus(doc["status"]),
        reason=doc.get("reason"),
    )
