"""Messages in: one call each."""

from __future__ import annotations

from services.notifier import queues
from services.notifier.notifying import Notifying
from shared.bus import Consumers, Delivery


def add_handlers(consumers: Consumers, notifying: Notifying) -> None:
    """Subscribe the notifier to its queues."""

    @consumers.on_event(queues.MESSAGES_ROUTINE, queues.MESSAGES_URGENT)
    async def on_event(delivery: Delivery) -> None:
        """Tell whom it concerns."""
        await notifying.notify(delivery.event, delivery.lane)
