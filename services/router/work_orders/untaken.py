"""Requests that nobody gave to anybody, because their message was lost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from services.router import queues
from services.router.follow_ups.reminders import Reminders
from services.router.work_orders.routing import Routing
from shared.bus.reconciliation import Untaken
from shared.readers.changes import changed_tickets
from shared.runtime.platform import Platform
from shared.tickets.lifecycle import DONE, OPEN
from shared.triage.taxonomy import EMERGENCY

_FIELDS = ("round", "plans.departments", "work_orders.department", "work_orders.round")


def untaken_tickets(platform: Platform, routing: Routing, reminders: Reminders) -> Untaken:
    """Within a minute: all but emergencies, which have a look of their own."""

    async def candidates(since: datetime | None, until: datetime) -> AsyncIterator[str]:
        statuses = [status.value for status in OPEN - DONE]
        only = {"status": {"$in": statuses}, "held": None, "urgency": {"$ne": EMERGENCY}}
        changed = changed_tickets(platform.store, since, until, only=only, fields=_FIELDS)
        async for doc in changed:
            if lacks_work(doc):
                yield doc["_id"]

    async def take_up(number: str) -> bool:
        before = await platform.tickets.get(number)
        ticket = await routing.dispatch(number)
        await reminders.plan(ticket)
        return before is not None and before.version != ticket.version

    return Untaken(
        what="ticket",
        lane="routine",
        queues=(queues.TICKETS_ROUTINE,),
        age=timedelta(seconds=20),
        every=timedelta(seconds=20),
        candidates=candidates,
        take_up=take_up,
    )


def lacks_work(ticket: Mapping[str, Any]) -> bool:
    """Whether a department of the last plan has no work order in this round."""
    round_ = ticket["round"]
    have = {o["department"] for o in ticket["work_orders"] if o["round"] == round_}
    return not have.issuperset(ticket["plans"][-1]["departments"])
