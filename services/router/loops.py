"""What runs by the clock: everybody's looks, the urgent sweep, gauges."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from services.router.emergencies.storage import count_running
from services.router.work_orders.storage import open_by_department, waiting_by_reason
from shared.bus import UrgentSweep, run_every
from shared.runtime.platform import Platform
from shared.telemetry import metrics

SWEEP_EVERY: Final = timedelta(milliseconds=250)
"""An alert passes two sweeps, the notifier's too: with one look a second somebody would hear only
after two seconds more."""
GAUGE_EVERY: Final = timedelta(seconds=15)

Look = Callable[[], Awaitable[Any]]
"""One turn of something that looks again and again."""


NEVER_ENDS: Final = 100_000
"""Days: what stands where no calendar ends."""


class Loops:
    """The router's loops, each ending only with the service: what looks for work of its own, by how
    often it does.
    """

    def __init__(self, platform: Platform, looks: Mapping[Look, timedelta]) -> None:
        self._platform = platform
        sweep = UrgentSweep(platform.store, platform.consumers)
        self._looks = {**looks, sweep.sweep: SWEEP_EVERY, self._count_open: GAUGE_EVERY}

    async def run(self) -> None:
        """Run until cancelled."""
        async with asyncio.TaskGroup() as group:
            for look, every in self._looks.items():
                group.create_task(run_every(look, seconds=every.total_seconds()))

    async def _count_open(self) -> None:
        store = self._platform.store
        metrics.TICKETS_OPEN.clear()
        for (department, urgency), n in (await open_by_department(store)).items():
            metrics.TICKETS_OPEN.labels(department, urgency).set(n)
        taken, untaken = await count_running(store)
        metrics.EMERGENCIES_OPEN.labels("yes").set(taken)
        metrics.EMERGENCIES_OPEN.labels("no").set(untaken)
        metrics.MANUAL_QUEUE.clear()
        metrics.MANUAL_QUEUE_OLDEST.clear()
        for waiting in await waiting_by_reason(store):
            age = store.clock.now() - waiting.since
            metrics.MANUAL_QUEUE.labels(waiting.reason).set(waiting.count)
            metrics.MANUAL_QUEUE_OLDEST.labels(waiting.reason).set(age.total_seconds())
        left = self._platform.policy.days_known(store.clock.now())
        metrics.CALENDAR_DAYS.set(NEVER_ENDS if left is None else left)
