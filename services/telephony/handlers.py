"""Messages in: one call each."""

from __future__ import annotations

from services.telephony import queues
from services.telephony.calls.erasing import Erasing
from services.telephony.calls.linking import Linking
from services.telephony.inbound.hearing import Hearing
from shared.bus import Consumers, Delivery, Inbound
from shared.contracts.intake import TicketPersonErased, TicketRegistered


def add_handlers(
    consumers: Consumers, hearing: Hearing, linking: Linking, erasing: Erasing
) -> None:
    """Subscribe telephony to its queues."""

    @consumers.on_message(queues.CALLS)
    async def on_told(message: Inbound) -> None:
        """Note what an exchange tells."""
        await hearing.take(message)

    @consumers.on_event(queues.TICKETS_ROUTINE, queues.TICKETS_URGENT)
    async def on_registered(delivery: Delivery) -> None:
        """Note which ticket came of a call."""
        if isinstance(delivery.event, TicketRegistered):
            await linking.link(delivery.event)

    @consumers.on_event(queues.ERASURES)
    async def on_person_erased(delivery: Delivery) -> None:
        """Forget who rang with the caller of the ticket."""
        if isinstance(delivery.event, TicketPersonErased):
            await erasing.erase(delivery.event)
