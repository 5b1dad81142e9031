"""Use case: of many who report the same outage as an emergency, one is alerted. The others are part
of the incident that the desk is offered, and go on by themselves when it turns out to be none, or
when nobody says whether what ended for the one is over for them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from services.router.access import BY_RULE
from services.router.emergencies.emergency import Outcome
from services.router.emergencies.storage import EMERGENCIES, OutageAlert, outage_alerts
from services.router.follow_ups.reminders import Reminders
from services.router.follow_ups.storage import FOLLOW_UPS
from services.router.follow_ups.tasks import LIVE, finish, new_task
from services.router.incidents.clusters import Cluster
from services.router.incidents.detection import desk_at
from services.router.incidents.incident import Incident, may_share_alert
from services.router.incidents.steps import dismiss, offer, share_alert
from services.router.incidents.storage import (
    INCIDENTS,
    MOST_LINKED,
    find_incidents,
    linked_to,
    reports_of,
)
from shared.contracts import Step
from shared.runtime.platform import Platform
from shared.store import Collection
from shared.telemetry import logger, metrics
from shared.tickets import Ticket

ALERT_LOST: Final = "alert_lost"
"""Why an offer is dismissed by rule: its emergency turned out to be something else, or none."""
UNDECIDED: Final = "undecided"
"""Why else: its emergency is over, and nobody has said in time what that means for the others."""
ALERT_OVER: Final = "alert_over"
"""What the desk is asked about: is what ended for the one over for the others too?"""
DECIDED_WITHIN: Final = timedelta(minutes=10)
"""So long the desk may ask the others: they told of nobody in danger. After it nobody has them in
hand but an alert of their own.
"""
_OVER: Final[frozenset[Outcome]] = frozenset({"ended", "resolved"})
"""How an emergency ends where there was one."""


class Outages:
    """Knows which emergencies share an alert, and looks after those until the desk decides."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._store = platform.store
        self._incidents = Collection(platform.store, INCIDENTS)
        self._emergencies = Collection(platform.store, EMERGENCIES)
        self._tasks = Collection(platform.store, FOLLOW_UPS)
        self._reminders = Reminders(platform)

    async def part_of(self, ticket: Ticket) -> str | None:
        """The id of the incident that an emergency is part of, offered now where it is the second;
        None for what has an alert of its own, or needs one: nobody was alerted to that building
        before, or somebody is in danger themselves.
        """
        policy = self._platform.policy.at(ticket.estate)
        if ticket.plan.emergency_kind not in policy.rules.incidents.kinds:
            return None
        if await self._emergencies.get(ticket.number) is not None:
            return None
        doc = await self._store.get("tickets", ticket.number, fields=("scrubbed",))
        words = str(doc.get("scrubbed") or "") if doc else ""
        if not may_share_alert(ticket, words, policy):
            return None
        there = await self._at(ticket)
        known = [i for i in there if i.status == "confirmed" and i.covers(ticket.building)]
        if known:
            return known[0].id
        alert = await self._alert_for(ticket)
        return await self._offered(alert, ticket, there) if alert is not None else None

    async def _at(self, ticket: Ticket) -> list[Incident]:
        """The open incidents of its area at its estate."""
        here = {"estate": ticket.estate, "area": ticket.plan.area, "is_open": True}
        return await find_incidents(self._store, here)

    async def _alert_for(self, ticket: Ticket) -> OutageAlert | None:
        """The alert that runs in its building; of who did not say where they are, any."""
        kind = ticket.plan.emergency_kind
        assert ticket.estate is not None
        assert kind is not None
        alerts = await outage_alerts(self._store, ticket.estate, [kind])
        near = (a for a in alerts if ticket.building in {None, a.building})
        return next((alert for alert in near if alert.number != ticket.number), None)

    async def _offered(
        self, alert: OutageAlert, ticket: Ticket, there: list[Incident]
    ) -> str | None:
        """The incident of an alert: that which is offered in its place, or a new one."""
        for incident in there:
            if incident.covers(alert.building) and incident.status == "offered":
                await self._incidents.change(
                    incident.id, lambda present, _: share_alert(present, alert.number)
                )
                return incident.id
        reports = await reports_of(self._store, (alert.number, ticket.number))
        homes = {report.known_by for report in reports if report.known_by}
        cluster = Cluster(
            reports[0].estate,
            ticket.plan.area,
            reports[0].at,
            max(1, len(homes)),
            buildings=(alert.building,) if alert.building else (),
            numbers=(alert.number, ticket.number),
        )
        step = offer(cluster, desk_at(self._platform, reports[0].estate), emergency=alert.number)
        if await self._incidents.insert(step, self._store.clock.now()):
            metrics.INCIDENTS.labels(cluster.area, "offered").inc()
            logger.info("incident_found", incident=step.value.id, households=cluster.households)
            return step.value.id
        # Another one was faster: it has the same id, or the same place.
        found = [i for i in await self._at(ticket) if i.covers(alert.building)]
        return found[0].id if found else None

    async def follow(self, incident: Incident) -> Step[Incident] | None:
        """What the end of the alert makes of an incident that nobody has decided about. None while
        the alert runs, or the desk may still say what became of the others.

        Whoever was there has seen one home. The others are over when somebody says so; until then
        the desk has a task, and without its decision each is alerted by itself, as when there was
        no outage.
        """
        if incident.status != "offered" or incident.emergency is None:
            return None
        kinds = self._platform.policy.at(incident.estate).rules.incidents.kinds
        alerts = await outage_alerts(self._store, incident.estate, kinds)
        if any(incident.covers(alert.building) for alert in alerts):
            return None
        now = self._store.clock.now()
        emergency = await self._emergencies.get(incident.emergency)
        if emergency is None or emergency.ended_at is None or emergency.outcome not in _OVER:
            return dismiss(incident, BY_RULE.id, now, reason=ALERT_LOST)
        if now < emergency.ended_at + DECIDED_WITHIN and await self._ask_desk(incident, now):
            return None
        return dismiss(incident, BY_RULE.id, now, reason=UNDECIDED)

    async def _ask_desk(self, incident: Incident, now: datetime) -> bool:
        """Have the desk ask the others, once; whether there is anybody to ask."""
        waiting = [each for each in await linked_to(self._store, incident.id) if each.is_open]
        ticket = await self._platform.tickets.get(waiting[0].number) if waiting else None
        if ticket is None:
            return False
        task = new_task(
            ticket,
            "by_hand",
            ALERT_OVER,
            mark=incident.id,
            by=BY_RULE.id,
            at=now,
            within=DECIDED_WITHIN,
        )
        await self._tasks.insert(Step(task), now)
        return True

    async def asked(self, incident: str) -> list[str]:
        """The tasks in which the desk is asked about an incident, while they are to be done."""
        numbers = [linked.number for linked in await linked_to(self._store, incident)]
        about = {"number": {"$in": numbers}, "reason": ALERT_OVER, "state": {"$in": sorted(LIVE)}}
        return [task.id for task in await self._tasks.find(about, limit=MOST_LINKED)]

    async def answer(self, tasks: list[str], by: str) -> None:
        """Somebody has decided: these tasks are done."""
        for id in tasks:
            await self._reminders.change(
                id, lambda task, now: finish(task, "not_needed", None, now, by=by)
            )
