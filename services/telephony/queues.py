"""Queues of telephony: what exchanges tell. A call is no emergency, its ticket may be one."""

from __future__ import annotations

from typing import Final

from shared.bus import INBOUND, QueueSpec
from shared.calls.telling import KEYS

CALLS: Final = QueueSpec(
    "telephony.calls.routine",
    "routine",
    tuple((INBOUND, key) for key in KEYS),
    prefetch=50,
    bounded=True,
)

QUEUES: Final = (CALLS,)
