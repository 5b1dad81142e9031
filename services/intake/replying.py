"""Answers to whoever sent a message, where they may be answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from shared.bus import DEFAULT, BrokerDown, Inbound, Publisher, Unroutable
from shared.telemetry import logger, metrics

REPLY_SECONDS: Final = 2.0


class Replying:
    """Answers messages; an answer that fails is counted, never raised."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    async def send(self, message: Inbound, body: Mapping[str, Any], principal: str) -> None:
        """Answer the sender where it may be answered."""
        target = message.reply_to
        if not target:
            return
        if not may_answer(target, principal):
            metrics.REPLIES.labels("refused").inc()
            logger.warning("reply_refused", principal=principal)
            return
        try:
            await self._publisher.publish(
                DEFAULT,
                target,
                orjson.dumps(dict(body)),
                correlation_id=message.correlation_id or message.message_id,
                tries=1,
                seconds=REPLY_SECONDS,
            )
        except (BrokerDown, Unroutable) as error:
            metrics.REPLIES.labels("failed").inc()
            logger.warning("reply_failed", why=type(error).__name__)
        else:
            metrics.REPLIES.labels("sent").inc()


def may_answer(reply_to: str, principal: str) -> bool:
    """Direct reply-to, or a queue of the sender's own: nobody's answers go to somebody else."""
    own = f"reply.{principal.partition(':')[2] or principal}."
    return reply_to.startswith(("amq.rabbitmq.reply-to.", own))
