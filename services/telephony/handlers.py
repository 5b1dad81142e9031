"""Messages in: one call each."""

from __future__ import annotations

from services.telephony import queues
from services.telephony.inbound.hearing import Hearing
from shared.bus import Consumers, Inbound


def add_handlers(consumers: Consumers, hearing: Hearing) -> None:
    """Subscribe telephony to its queue."""

    @consumers.on_message(queues.CALLS)
    async def on_told(message: Inbound) -> None:
        """Note what an exchange tells."""
        await hearing.take(message)
