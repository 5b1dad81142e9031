"""Messages in: one call each."""

from __future__ import annotations

from services.survey import queues
from services.survey.domain import Matter
from services.survey.surveys import Surveying
from shared.bus import Consumers, Delivery
from shared.contracts.intake import TicketAnswered, TicketClosed, TicketPersonErased
from shared.contracts.notifier import CALLER, MessageFailed, MessageUnconfirmed


def add_handlers(consumers: Consumers, surveying: Surveying) -> None:
    """Subscribe the survey to its queues."""

    @consumers.on_event(queues.TICKETS_ROUTINE, queues.TICKETS_URGENT)
    async def on_ticket_ended(delivery: Delivery) -> None:
        """Ask the caller how it went."""
        if isinstance(delivery.event, TicketClosed | TicketAnswered):
            await surveying.ask(Matter.from_event(delivery.event, delivery.lane, delivery.at))

    @consumers.on_event(queues.MESSAGES)
    async def on_message_failed(delivery: Delivery) -> None:
        """Note that the question reached nobody, or that nobody may count on it."""
        match delivery.event:
            case MessageFailed(purpose="survey", reason=reason) as event:
                await surveying.note_unreached(event, reason)
            case MessageUnconfirmed(purpose="survey") as event:
                await surveying.note_unreached(event, "unconfirmed")
            case _:
                pass

    @consumers.on_event(queues.ERASURES)
    async def on_person_erased(delivery: Delivery) -> None:
        """Forget what an erased caller wrote in their own words."""
        event = delivery.event
        if isinstance(event, TicketPersonErased) and event.person == CALLER:
            await surveying.forget(event.number)
