"""Queues of the survey: what ends a ticket, since only then is there something to ask about."""

from __future__ import annotations

from typing import Final

from shared.bus import event_queue
from shared.contracts import intake

TICKETS_ROUTINE: Final = event_queue(
    "survey", "tickets", "routine", intake.TicketClosed, intake.TicketAnswered
)
TICKETS_URGENT: Final = event_queue(
    "survey", "tickets", "urgent", intake.TicketClosed, intake.TicketAnswered
)

ERASURES: Final = event_queue("survey", "erasures", "routine", intake.TicketPersonErased)
