"""Use case: what many report is offered to the desk as one outage."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from services.router.incidents.clusters import Cluster, Window
from services.router.incidents.incident import Incident
from services.router.incidents.steps import grow, offer
from services.router.incidents.storage import INCIDENTS, lately, reports
from services.router.people import first_or_lead, managers_of
from shared.identity import DESK
from shared.policy.policy import IncidentRules
from shared.runtime.platform import Platform
from shared.store import Collection, Taken
from shared.telemetry import logger, metrics

OVERLAP: Final = timedelta(minutes=1)
"""A request is registered at its arrival and shows once it is written: later, while the store is
away. What is seen twice counts once."""
LONGEST: Final = timedelta(hours=6)
"""How far back a start looks at most, whatever the policy says."""


class IncidentDetection:
    """Looks at what came in since the last turn. Each replica keeps the last minutes for itself;
    of several that find the same, one makes the offer.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._store = platform.store
        self._incidents = Collection(platform.store, INCIDENTS)
        self._window = Window()
        self._seen_until: datetime | None = None

    async def look(self) -> None:
        """Take in what is new, and offer what is one outage."""
        now = self._store.clock.now()
        start = now - min(self._rules(None).within, LONGEST)
        async for report in reports(self._store, self._seen_until or start, now):
            if self._rules(report.estate).tells_of_outage(report.type, report.kind):
                self._window.add(report)
        self._seen_until = now - OVERLAP
        if not any(self._window.clusters(self._rules, now)):
            return
        recent = await lately(self._store, now - LONGEST)
        for incident in recent:
            if (ended := incident.restored_at or _dismissed_at(incident)) is not None:
                self._window.forget(incident.estate, incident.area, before=ended)
        for cluster in list(self._window.clusters(self._rules, now)):
            await self._take(cluster, recent, now)

    async def _take(self, cluster: Cluster, recent: list[Incident], now: datetime) -> None:
        there = [i for i in recent if (i.estate, i.area) == (cluster.estate, cluster.area)]
        running = [i for i in there if i.status in {"offered", "confirmed"}]
        to = desk_at(self._platform, cluster.estate)
        found = await (
            self._grow(cluster, running, to) if running else self._offer(cluster, to, now)
        )
        if found is not None:
            logger.info(
                "incident_found",
                incident=found.id,
                households=cluster.households,
                status=found.status,
            )

    async def _offer(self, cluster: Cluster, to: tuple[str, ...], now: datetime) -> Incident | None:
        step = offer(cluster, to)
        if not await self._incidents.insert(step, now):
            return None
        metrics.INCIDENTS.labels(cluster.area, "offered").inc()
        return step.value

    async def _grow(
        self, cluster: Cluster, running: list[Incident], to: tuple[str, ...]
    ) -> Incident | None:
        """Where the same is out in several places, each as an incident of its own, only the rest
        is news.
        """
        first, *others = running
        but = [building for other in others for building in other.buildings]
        step = grow(first, cluster, to, but=but)
        try:
            return await self._incidents.write_over(first, step) if step is not None else None
        except Taken:  # another one is there, which the next turn sees
            return None

    def _rules(self, estate: str | None) -> IncidentRules:
        return self._platform.policy.at(estate).rules.incidents


def _dismissed_at(incident: Incident) -> datetime | None:
    return incident.decided_at if incident.status == "dismissed" else None


def desk_at(platform: Platform, estate: str) -> tuple[str, ...]:
    """Who decides at the desk: the first on duty, else whoever answers for it."""
    return tuple(person.id for person in first_or_lead(estate, DESK, platform.duty.current))


def managers_at(platform: Platform, estate: str) -> tuple[str, ...]:
    """Who manages the estate."""
    policy = platform.policy.at(estate)
    return managers_of(estate, "estate", platform.duty.current, policy)[:1]
