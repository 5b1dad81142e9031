"""Answers to what comes over the queue, where its sender may be answered."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import orjson

from shared.bus import DEFAULT, BrokerDown, Inbound, Publisher, Reject, Unroutable
from shared.contracts import MalformedMessage
from shared.contracts.refusals import Refused
from shared.runtime.problems import problem_of
from shared.telemetry import logger, metrics
from shared.tickets import NotAllowed

REPLY_SECONDS: Final = 2.0
PROVEN: Final = 10_000
"""Addresses that are remembered; a publisher has one for each channel it reports on."""
_DIRECT: Final = re.compile(
    r"amq\.rabbitmq\.reply-to\.g[w-z0-9+/][A-Za-z0-9+/]*={0,2}\.[A-Za-z0-9+/]{22}=="
)
"""As the broker makes it: a process (of Erlang's external form, so it begins with the byte 131) and
a key of 16 bytes, both in base64."""
LONGEST_ADDRESS: Final = 255
"""Bytes of a queue's name, by the protocol."""
PARKED_BY_NAME: Final = frozenset({"malformed", "conflict"})
"""Problems that are a reason of their own among parked messages; all others are `refused`."""


class Replies:
    """Answers messages; an answer that fails is counted, never raised.

    A direct address may be of a process whose node is gone, which nobody can see in it: the broker
    ends the connection it comes over, with all that is on its way there. So the first answer to an
    address goes alone; what has taken one before goes with others, and again if these ended it.
    """

    def __init__(self, *, proven: Publisher, new: Publisher) -> None:
        self._to_proven = proven
        self._to_new = new
        self._proven: dict[str, None] = {}
        self._alone = asyncio.Lock()

    def address_of(self, message: Inbound, principal: str) -> str | None:
        """Where the sender may be answered; None for nowhere. What is refused is counted."""
        if not message.reply_to:
            return None
        if may_answer(message.reply_to, principal):
            return message.reply_to
        metrics.REPLIES.labels("refused").inc()
        logger.warning("reply_refused", principal=principal)
        return None

    async def send(self, message: Inbound, body: Mapping[str, Any], principal: str) -> bool:
        """Answer the sender where it may be answered; whether the broker has the answer."""
        target = self.address_of(message, principal)
        if target is None:
            return False
        correlation = message.correlation_id or message.message_id
        try:
            await self._deliver(target, orjson.dumps(dict(body)), correlation)
        except (BrokerDown, Unroutable) as error:
            self._proven.pop(target, None)
            metrics.REPLIES.labels("failed").inc()
            logger.warning("reply_failed", why=type(error).__name__)
            return False
        metrics.REPLIES.labels("sent").inc()
        return True

    async def _deliver(self, target: str, body: bytes, correlation: str | None) -> None:
        if target not in self._proven:
            async with self._alone:
                # Whoever waited here for the first answer to the same address goes with others.
                if target not in self._proven:
                    await _publish(self._to_new, target, body, correlation, tries=1)
                    self._remember(target)
                    return
        await _publish(self._to_proven, target, body, correlation, tries=2)

    def _remember(self, target: str) -> None:
        self._proven[target] = None
        while len(self._proven) > PROVEN:
            del self._proven[next(iter(self._proven))]

    @asynccontextmanager
    async def refusing(self, message: Inbound, principal: str) -> AsyncIterator[None]:
        """Answer what is refused within the block, and park the message with the reason."""
        try:
            yield
        except (Refused, MalformedMessage, NotAllowed) as error:
            code = problem_of(error).kind
            reason = code if code in PARKED_BY_NAME else "refused"
            answered = await self.tell(message, error, principal)
            raise Reject(reason, str(error), answered=answered) from error

    async def tell(self, message: Inbound, error: Exception, principal: str) -> bool:
        """Answer an error as HTTP would; whether the broker has the answer."""
        return await self.send(message, problem_of(error).body, principal)


async def _publish(
    publisher: Publisher, target: str, body: bytes, correlation: str | None, *, tries: int
) -> None:
    await publisher.publish(
        DEFAULT, target, body, correlation_id=correlation, tries=tries, seconds=REPLY_SECONDS
    )


def may_answer(reply_to: str, principal: str) -> bool:
    """Direct reply-to as the broker itself makes it, or a queue of the sender's own: nobody's
    answers go to somebody else.
    """
    own = f"reply.{principal.partition(':')[2] or principal}."
    is_own = reply_to.startswith(own) and len(reply_to.encode()) <= LONGEST_ADDRESS
    return is_own or _DIRECT.fullmatch(reply_to) is not None
