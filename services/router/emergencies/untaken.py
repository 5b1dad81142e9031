"""Emergencies that nobody was called to, or whose plan did not hear what was done, because the
message was lost.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from services.router import queues
from services.router.emergencies.alerting import Alerting
from services.router.emergencies.domain import is_untaken, said_of
from services.router.emergencies.storage import EMERGENCIES
from services.router.work_orders.routing import Routing
from shared.bus.reconciliation import Untaken
from shared.readers.changes import changed_tickets
from shared.readers.emergencies import running_emergencies
from shared.runtime.platform import Platform
from shared.store import Collection
from shared.tickets import Ticket
from shared.tickets.lifecycle import OPEN
from shared.triage.taxonomy import EMERGENCY


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
