"""What runs by the clock: everybody's looks, the urgent sweep, gauges."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from services.router.emergencies.storage import count_running
from services.router.work_orders.storage import open_work, waiting_by_reason
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
        now, policy = store.clock.now(), self._platform.policy
        work = await open_work(store, now)
        departments = [department.id for department in policy.taxonomy.departments]
        none = dict.fromkeys(departments, 0)
        metrics.TICKETS_OPEN.show({(of, urgency): n for (of, urgency), n in work.open.items()})
        metrics.TICKETS_OVERDUE.show({(d,): n for d, n in {**none, **work.overdue}.items()})
        estates = dict.fromkeys((estate.id for estate in policy.group.estates), 0)
        for gauge, found in (
            (metrics.ESTATE_OPEN, work.open_at),
            (metrics.ESTATE_OVERDUE, work.overdue_at),
        ):
            gauge.show({(estate,): n for estate, n in {**estates, **found}.items()})
        taken, untaken = await count_running(store)
        metrics.EMERGENCIES_OPEN.show({("yes",): taken, ("no",): untaken})
        waiting = await waiting_by_reason(store)
        metrics.MANUAL_QUEUE.show({(each.reason,): each.count for each in waiting})
        metrics.MANUAL_QUEUE_OLDEST.show(
            {(each.reason,): (now - each.since).total_seconds() for each in waiting}
        )
        left = policy.days_known(now)
        metrics.CALENDAR_DAYS.show_one(NEVER_ENDS if left is None else left)
