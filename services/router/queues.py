"""Queues of the router: whatever may leave a ticket without somebody who has it."""

from __future__ import annotations

from typing import Final

from shared.bus import event_queue
from shared.contracts import intake, router

_WORK = (
    intake.TicketRegistered,
    intake.TicketReclassified,
    intake.TicketReopened,
    router.WorkOrderDeclined,
)
TICKETS_ROUTINE: Final = event_queue("router", "tickets", "routine", *_WORK)
TICKETS_URGENT: Final = event_queue("router", "tickets", "urgent", *_WORK)
EMERGENCIES: Final = event_queue(
    "router",
    "emergencies",
    "urgent",
    router.WorkOrderAccepted,
    router.WorkOrderArrived,
    router.TicketResolved,
    intake.TicketCancelled,
)
"""What is done to an emergency's work orders moves its plan."""
