"""Use case: what many report is offered to the desk as one outage."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from services.router.domain import first_or_lead
from services.router.escalation import managers_of
from services.router.incidents.clusters import Cluster, Window
from services.router.incidents.incident import Incident, Step
from services.router.incidents.steps import grow, offer
from services.router.incidents.storage import IncidentBook
from shared.identity import DESK
from shared.policy.policy import IncidentRules
from shared.runtime.platform import Platform
from shared.telemetry import logger, metrics

OVERLAP: Final = timedelta(minutes=1)
"""A request is registered at its arrival and shows once it is written: later, while the store is
away. What is seen twice counts once."""
LONGEST: Final = timedelta(hours=6)
"""How far back a start looks at most, whatever the policy says."""


class Finding:
    """Looks at what came in since the last turn. Each replica keeps the last minutes for itself;
    of several that find the same, one makes the offer.
    """

    def __init__(self, platform: Platform, book: IncidentBook) -> None:
        self._platform = platform
        self._book = book
        self._window = Window()
        self._seen_until: datetime | None = None

    async def look(self) -> None:
        """Take in what is new, and offer what is one outage."""
        now = self._platform.store.clock.now()
        start = now - min(self._rules(None).within, LONGEST)
        async for report in self._book.reports(self._seen_until or start, now):
            self._window.add(report)
        self._seen_until = now - OVERLAP
        if not any(self._window.clusters(self._rules, now)):
            return
        lately = await self._book.lately(now - LONGEST)
        for incident in lately:
            if (ended := incident.restored_at or _dismissed_at(incident)) is not None:
                self._window.forget(incident.estate, incident.area, before=ended)
        for cluster in list(self._window.clusters(self._rules, now)):
            await self._take(cluster, lately, now)

    async def _take(self, cluster: Cluster, lately: list[Incident], now: datetime) -> None:
        there = [i for i in lately if (i.estate, i.area) == (cluster.estate, cluster.area)]
        running = [i for i in there if i.status in {"offered", "confirmed"}]
        to = desk_at(self._platform, cluster.estate)
        step = _grown(cluster, running, to) if running else offer(cluster, to)
        if step is None or not await self._book.put(step, now):
            return
        incident = step.incident
        if not running:
            metrics.INCIDENTS.labels(incident.area, "offered").inc()
        logger.info("incident_found", incident=incident.id, households=cluster.households,
                    status=incident.status)  # fmt: skip

    def _rules(self, estate: str | None) -> IncidentRules:
        return self._platform.policy.at(estate).rules.incidents


def _grown(cluster: Cluster, running: list[Incident], to: tuple[str, ...]) -> Step | None:
    """Where the same is out in several places, each as an incident of its own, only the rest is
    news.
    """
    first, *others = running
    return grow(first, cluster, to, but=[b for other in others for b in other.buildings])


def _dismissed_at(incident: Incident) -> datetime | None:
    return incident.decided_at if incident.status == "dismissed" else None


def desk_at(platform: Platform, estate: str) -> tuple[str, ...]:
    """Who decides at the desk: the first on duty, else whoever answers for it."""
    return tuple(person.id for person in first_or_lead(estate, DESK, platform.duty.current))


def managers_at(platform: Platform, estate: str) -> tuple[str, ...]:
    """Who manages the estate."""
    policy = platform.policy.at(estate)
    return managers_of(estate, "estate", platform.duty.current, policy)[:1]
