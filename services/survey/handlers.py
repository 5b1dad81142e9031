"""Messages in: one call each."""

from __future__ import annotations

from services.survey import queues
from services.survey.domain import Matter
from services.survey.surveying import Surveying
from shared.bus import Consumers, Delivery
from shared.contracts.intake import TicketAnswered, TicketClosed


def add_handlers(consumers: Consumers, surveying: Surveying) -> None:
    """Subscribe the survey to its queues."""

    @consumers.on_event(queues.TICKETS_ROUTINE, queues.TICKETS_URGENT)
    async def on_ticket_ended(delivery: Delivery) -> None:
        """Ask the caller how it went."""
        if isinstance(delivery.event, TicketClosed | TicketAnswered):
            await surveying.ask(Matter.from_event(delivery.event, delivery.lane, delivery.at))
