"""Queues of the router: all that asks for somebody who takes it, or who hears of it."""

from __future__ import annotations

from typing import Final

from shared.bus import event_queue
from shared.contracts import intake, notifier, router

WORK: Final = (
    intake.TicketRegistered,
    intake.TicketReclassified,
    intake.TicketReopened,
    router.WorkOrderDeclined,
)
"""What may leave a ticket without somebody who has it."""
EMERGENCY_WORK: Final = (*WORK, router.TicketUnlinked, router.TicketParted)
"""What may leave an emergency without an alert too: parted from what it was a part of, it needs
its own.
"""
COMING_BACK: Final = (
    intake.TicketSupplemented,
    intake.TicketUrged,
    intake.TicketReopened,
    intake.TicketFlagged,
)
"""What a caller comes back for, or threatens."""
_TOLD: Final = (*WORK, intake.TicketSupplemented, intake.TicketUrged, intake.TicketFlagged)
TICKETS_ROUTINE: Final = event_queue("router", "tickets", "routine", *_TOLD)
TICKETS_URGENT: Final = event_queue(
    "router",
    "tickets",
    "urgent",
    *_TOLD,
    router.TicketUnlinked,
    router.TicketParted,
    alerts=True,
)
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
MOVING_TASKS: Final = (
    intake.TicketOwned,
    router.WorkOrderExtended,
    router.TicketResolved,
    intake.TicketClosed,
    intake.TicketReopened,
    intake.TicketTold,
    intake.TicketFeedbackAttempted,
)
"""After these somebody else has a ticket's tasks, its time is another, or its result is to be told,
was, or could not be: nobody answered.
"""
NOT_TOLD: Final = (
    notifier.MessageFailed,
    notifier.MessageUnknown,
    notifier.MessageUnconfirmed,
)
"""What may leave a caller untold; what became of a message is always routine."""
FOLLOW_UPS_ROUTINE: Final = event_queue(
    "router", "follow_ups", "routine", *MOVING_TASKS, *NOT_TOLD, intake.TicketPersonErased
)
FOLLOW_UPS_URGENT: Final = event_queue("router", "follow_ups", "urgent", *MOVING_TASKS)
ERASURES: Final = event_queue("router", "erasures", "routine", intake.TicketPersonErased)

QUEUES: Final = (
    TICKETS_ROUTINE,
    TICKETS_URGENT,
    EMERGENCIES,
    FOLLOW_UPS_ROUTINE,
    FOLLOW_UPS_URGENT,
    ERASURES,
)
