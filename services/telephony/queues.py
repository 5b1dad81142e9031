"""Queues of telephony: what exchanges tell, and which tickets come of it. A call is no emergency,
its ticket may be one.
"""

from __future__ import annotations

from typing import Final

from shared.bus import INBOUND, QueueSpec, event_queue
from shared.calls.telling import KEYS
from shared.contracts import intake

CALLS: Final = QueueSpec(
    "telephony.calls.routine",
    "routine",
    tuple((INBOUND, key) for key in KEYS),
    prefetch=50,
    bounded=True,
)
TICKETS_ROUTINE: Final = event_queue("telephony", "tickets", "routine", intake.TicketRegistered)
TICKETS_URGENT: Final = event_queue("telephony", "tickets", "urgent", intake.TicketRegistered)
ERASURES: Final = event_queue("telephony", "erasures", "routine", intake.TicketPersonErased)

QUEUES: Final = (CALLS, TICKETS_ROUTINE, TICKETS_URGENT, ERASURES)
