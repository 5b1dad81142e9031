"""What became of a message, in the figures and in the log."""

from __future__ import annotations

from services.notifier.messages import Message, Status
from shared.telemetry import logger, metrics


def count_outcome(message: Message) -> None:
    """Count how a message stands now; nothing of a person is in it."""
    outcome = "retried" if message.status is Status.PENDING else message.status.value
    metrics.MESSAGES.labels(message.channel, outcome).inc()
    logger.info(
        "message_outcome",
        outcome=outcome,
        message=message.id,
        ticket=message.number,
        purpose=message.purpose,
        channel=message.channel,
    )
