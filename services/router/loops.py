"""What runs by the clock: deadlines, unacknowledged alerts, rosters, tasks, the sweep, gauges."""

from __future__ import annotations

import asyncio
from typing import Final

from services.router.alerting import Alerting
from services.router.deadlines import Deadlines
from services.router.follow_ups.reminding import Reminding
from services.router.incidents.finding import Finding
from services.router.incidents.keeping import Keeping
from services.router.rosters.watching import Watching
from services.router.settings import RouterSettings
from services.router.storage import open_by_department
from services.router.workload import REFRESH_SECONDS, Workload
from shared.bus import UrgentSweep, repeat
from shared.runtime.platform import Platform
from shared.telemetry import metrics

SWEEP_SECONDS: Final = 0.25
"""An alert passes two sweeps, the notifier's too: with one look a second somebody would hear only
after two seconds more."""
GAUGE_SECONDS: Final = 15.0


class Loops:
    """The router's loops, each ending only with the service."""

    def __init__(
        self,
        platform: Platform,
        settings: RouterSettings,
        *,
        deadlines: Deadlines,
        alerting: Alerting,
        watching: Watching,
        reminding: Reminding,
        finding: Finding,
        keeping: Keeping,
        workload: Workload,
    ) -> None:
        self._platform = platform
        self._deadlines = deadlines
        self._alerting = alerting
        self._watching = watching
        self._reminding = reminding
        self._finding = finding
        self._keeping = keeping
        self._workload = workload
        self._seconds = settings.look_every.total_seconds()
        self._tasks_seconds = settings.look_at_follow_ups_every.total_seconds()
        self._incidents_seconds = settings.look_for_incidents_every.total_seconds()
        self._rosters_seconds = settings.look_at_rosters_every.total_seconds()

    async def run(self) -> None:
        """Run until cancelled."""
        sweep = UrgentSweep(self._platform.store, self._platform.consumers)
        async with asyncio.TaskGroup() as group:
            group.create_task(repeat(self._deadlines.fire_due, seconds=self._seconds))
            group.create_task(repeat(self._alerting.alert_overdue, seconds=self._seconds))
            for look in (self._finding.look, self._keeping.look):
                group.create_task(repeat(look, seconds=self._incidents_seconds))
            group.create_task(repeat(self._watching.look, seconds=self._rosters_seconds))
            group.create_task(repeat(self._reminding.look, seconds=self._tasks_seconds))
            group.create_task(repeat(self._workload.refresh, seconds=REFRESH_SECONDS))
            group.create_task(repeat(sweep.sweep, seconds=SWEEP_SECONDS))
            group.create_task(repeat(self._count_open, seconds=GAUGE_SECONDS))

    async def _count_open(self) -> None:
        metrics.TICKETS_OPEN.clear()
        for (department, urgency), n in (await open_by_department(self._platform.store)).items():
            metrics.TICKETS_OPEN.labels(department, urgency).set(n)
