"""Queues of the survey: what ends a ticket, since only then is there something to ask about, and
what keeps the question from its reader.
"""

from __future__ import annotations

from typing import Final

from shared.bus import event_queue
from shared.contracts import intake, notifier

TICKETS_ROUTINE: Final = event_queue(
    "survey", "tickets", "routine", intake.TicketClosed, intake.TicketAnswered
)
TICKETS_URGENT: Final = event_queue(
    "survey", "tickets", "urgent", intake.TicketClosed, intake.TicketAnswered
)

MESSAGES: Final = event_queue(
    "survey", "messages", "routine", notifier.MessageFailed, notifier.MessageUnconfirmed
)
"""Which questions reached nobody."""
ERASURES: Final = event_queue("survey", "erasures", "routine", intake.TicketPersonErased)

QUEUES: Final = (TICKETS_ROUTINE, TICKETS_URGENT, MESSAGES, ERASURES)
