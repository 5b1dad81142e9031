"""Answers to what comes over the queue, where its sender may be answered."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from shared.bus import DEFAULT, BrokerDown, Inbound, Publisher, Reject, Unroutable
from shared.contracts import MalformedMessage
from shared.contracts.refusals import Refused
from shared.runtime.problem_words import OF_A_TICKET
from shared.runtime.problems import problem_of
from shared.telemetry import logger, metrics
from shared.tickets import NotAllowed

REPLY_SECONDS: Final = 2.0
PATIENCE_SECONDS: Final = 0.5
"""So long a message is held for its answer to a new address: a good one takes milliseconds."""
MOST_WAITED_FOR: Final = 5
"""So many messages of one sender at once: a queue hands out 25, and others need the rest."""
MOST_WAITING: Final = 200
"""Answers of one sender to new addresses; each bad address takes REPLY_SECONDS."""
PROVEN: Final = 10_000
"""Addresses that are remembered; a publisher has one for each channel it reports on."""
_DIRECT: Final = re.compile(
    r"amq\.rabbitmq\.reply-to\.g[w-z0-9+/][A-Za-z0-9+/]*={0,2}\.[A-Za-z0-9+/]{22}=="
)
"""As the broker makes it: a process (of Erlang's external form, so it begins with the byte 131) and
a key of 16 bytes, both in base64."""
LONGEST_ADDRESS: Final = 255
"""Bytes of a queue's name, by the protocol."""
PARKED_AS: Final[Mapping[str, str]] = {
    "malformed": "malformed",
    "conflict": "conflict",
    "no-principal": "no_principal",
    "unrouted": "unrouted",
}
"""Problems that are a reason of their own among parked messages; all others are `refused`."""


class Replies:
    """Answers messages; an answer that fails is counted, never raised.

    A direct address may be of a process whose node is gone, which nobody can see in it: the broker
    ends the connection it comes over, with all that is on its way there. So the first answer to an
    address goes alone; what has taken one before goes with others, and again if these ended it.

    To find that out takes seconds. The messages of others do not wait for it, nor do answers to
    others for more than one of them: each sender's new addresses stand in a line of their own.
    """

    def __init__(self, *, proven: Publisher, new: Publisher) -> None:
        self._to_proven = proven
        self._to_new = new
        self._proven: dict[str, None] = {}
        self._alone = asyncio.Lock()
        self._lines: dict[str, _Line] = {}

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
        """Answer the sender where it may be answered; whether the broker is known to have the
        answer. One to a new address may still be on its way, and comes all the same.
        """
        target = self.address_of(message, principal)
        if target is None:
            return False
        answer = _Answer(
            target, orjson.dumps(dict(body)), message.correlation_id or message.message_id
        )
        if target in self._proven:
            return await self._is_sent(self._send_to_proven(answer), target)
        line = self._lines.setdefault(principal, _Line())
        if len(line.waiting) >= MOST_WAITING:
            return _failed("line_full")
        trying = asyncio.create_task(self._try(answer, line))
        line.waiting.add(trying)
        trying.add_done_callback(lambda done: self._leave(principal, line, done))
        if len(line.waiting) > MOST_WAITED_FOR:
            return False
        await asyncio.wait([trying], timeout=PATIENCE_SECONDS)
        return trying.done() and not trying.cancelled() and trying.result()

    async def run(self) -> None:
        """Until cancelled, do nothing; then give up what is still on its way."""
        try:
            await asyncio.Event().wait()
        finally:
            for line in self._lines.values():
                for trying in line.waiting:
                    trying.cancel()

    async def _try(self, answer: _Answer, line: _Line) -> bool:
        """Send an answer when its sender's earlier ones are sent, or given up."""
        async with line.turn:
            # Who stood here behind the first answer to the same address goes with others.
            if answer.target in self._proven:
                return await self._is_sent(self._send_to_proven(answer), answer.target)
            async with self._alone:
                return await self._is_sent(self._send_to_new(answer), answer.target)

    def _leave(self, principal: str, line: _Line, done: asyncio.Task[bool]) -> None:
        line.waiting.discard(done)
        if not line.waiting and self._lines.get(principal) is line:
            del self._lines[principal]

    async def _is_sent(self, sending: Awaitable[None], target: str) -> bool:
        try:
            await sending
        except (BrokerDown, Unroutable) as error:
            self._proven.pop(target, None)
            return _failed(type(error).__name__)
        metrics.REPLIES.labels("sent").inc()
        return True

    async def _send_to_proven(self, answer: _Answer) -> None:
        await _publish(self._to_proven, answer, tries=2)

    async def _send_to_new(self, answer: _Answer) -> None:
        await _publish(self._to_new, answer, tries=1)
        self._proven[answer.target] = None
        while len(self._proven) > PROVEN:
            del self._proven[next(iter(self._proven))]

    @asynccontextmanager
    async def refusing(self, message: Inbound, principal: str) -> AsyncIterator[None]:
        """Answer what is refused within the block, and park the message with the reason."""
        try:
            yield
        except (Refused, MalformedMessage, NotAllowed) as error:
            reason = PARKED_AS.get(problem_of(error).kind, "refused")
            answered = await self.tell(message, error, principal)
            raise Reject(reason, str(error), answered=answered) from error

    async def tell(self, message: Inbound, error: Exception, principal: str) -> bool:
        """Answer an error as HTTP would; whether the broker has the answer."""
        # The one thing that a message can name, and that may not be there, is a ticket.
        return await self.send(message, problem_of(error, path=OF_A_TICKET).body, principal)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What goes where; `correlation` says to its receiver what it answers."""

    target: str
    body: bytes
    correlation: str | None


@dataclass(slots=True)
class _Line:
    """A sender's answers to new addresses, which are sent one after the other."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: set[asyncio.Task[bool]] = field(default_factory=set)


async def _publish(publisher: Publisher, answer: _Answer, *, tries: int) -> None:
    await publisher.publish(
        DEFAULT,
        answer.target,
        answer.body,
        correlation_id=answer.correlation,
        tries=tries,
        seconds=REPLY_SECONDS,
    )


def _failed(why: str) -> bool:
    metrics.REPLIES.labels("failed").inc()
    logger.warning("reply_failed", why=why)
    return False


def may_answer(reply_to: str, principal: str) -> bool:
    """Direct reply-to as the broker itself makes it, or a queue of the sender's own: nobody's
    answers go to somebody else.
    """
    own = f"reply.{principal.partition(':')[2] or principal}."
    is_own = reply_to.startswith(own) and len(reply_to.encode()) <= LONGEST_ADDRESS
    return is_own or _DIRECT.fullmatch(reply_to) is not None
