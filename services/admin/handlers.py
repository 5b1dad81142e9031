"""Messages in: one call each."""

from __future__ import annotations

from services.admin import queues
from services.admin.privacy.requests import Requesting
from shared.bus import Consumers, Delivery
from shared.contracts.intake import PrivacyRequestCarriedOut


def add_handlers(consumers: Consumers, requesting: Requesting) -> None:
    """Subscribe to what became of granted requests."""

    @consumers.on_event(queues.PRIVACY_REQUESTS)
    async def on_carried_out(delivery: Delivery) -> None:
        """End the request that intake carried out."""
        if isinstance(delivery.event, PrivacyRequestCarriedOut):
            await requesting.conclude(delivery.event)
