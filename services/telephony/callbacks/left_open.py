"""What of calls is left to be done now, as every replica sees it alike: `max by`, never summed."""

from __future__ import annotations

from typing import Final

from services.telephony.callbacks.storage import CALLBACKS, LIVE, overdue
from services.telephony.calls.storage import CALLS, undisposed
from shared.store import Store
from shared.telemetry import metrics

MOST: Final = 10_000


async def look_left_open(store: Store) -> None:
    """See what is left to be done now."""
    now = store.clock.now()
    metrics.CALLS_UNDISPOSED.show_one(await store.count(CALLS.name, undisposed(now), most=MOST))
    metrics.CALLBACKS_OPEN.show_one(await store.count(CALLBACKS.name, LIVE, most=MOST))
    metrics.CALLBACKS_OVERDUE.show_one(await store.count(CALLBACKS.name, overdue(now), most=MOST))
