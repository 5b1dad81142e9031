"""Who sent a message, also when it is put into its queue again; what a repeat shares with it; and
the answer to its sender, where that may be sent.

The broker checks a `user_id` only of whoever publishes, and a replay is published by us: the
sender's name travels in a header, with a proof that only an installation's own secret makes.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

import orjson

from services.intake.queues import REPORTS_ROUTINE, REPORTS_URGENT
from shared.bus import DEFAULT, BrokerDown, Inbound, Publisher, Reject, Unroutable
from shared.bus.consumers import PRINCIPAL_HEADER
from shared.contracts import MalformedMessage
from shared.contracts.refusals import Refused
from shared.identity import UNNAMED, Principal, publisher_principal
from shared.policy.policy import Group
from shared.runtime.problems import problem_of
from shared.telemetry import logger, metrics
from shared.tickets import NotAllowed

PlacesOf = Callable[[str], frozenset[str]]
SENDER: Final = "hotline-sender"
PROOF: Final = "hotline-sender-proof"
PASSED_ON: Final = frozenset({REPORTS_URGENT.name, REPORTS_ROUTINE.name})
REPLY_SECONDS: Final = 2.0
PARKED_BY_NAME: Final = frozenset({"malformed", "conflict"})
"""Problems that are a reason of their own among parked messages; all others are `refused`."""


def name_of_external(secret: bytes, external_id: str) -> str:
    """The name of a report that repeats by its sender's own id."""
    return digest(secret, f"external:{external_id}")


def digest(secret: bytes, chosen: str) -> str:
    """The name that stands for what was chosen."""
    return hmac.new(secret, f"name:{chosen}".encode(), hashlib.sha256).hexdigest()


def vouch(secret: bytes, sender: str, body: bytes) -> dict[str, str]:
    """The headers that say who first sent this body."""
    return {SENDER: sender, PROOF: _proof(secret, sender, body)}


def sender_of(secret: bytes, message: Inbound) -> str | None:
    """The user that the broker checked, now or when the message first came; None for nobody."""
    if message.user_id:
        return message.user_id
    sender, proof = (str(message.headers.get(header, "")) for header in (SENDER, PROOF))
    proven = hmac.compare_digest(proof.encode(), _proof(secret, sender, message.body).encode())
    return sender if sender and proven else None


def publisher_of(secret: bytes, message: Inbound) -> str | None:
    """The same also of what triage has passed on, with its sender in a header of ours: to these
    queues nobody else writes.
    """
    sender = sender_of(secret, message)
    if sender is None and message.queue in PASSED_ON:
        named = str(message.headers.get(PRINCIPAL_HEADER, ""))
        sender = named.removeprefix(publisher_principal("").id) if named != UNNAMED.id else None
    return sender or None


def _proof(secret: bytes, sender: str, body: bytes) -> str:
    return hmac.new(
        secret, b"sender\0" + sender.encode() + b"\0" + body, hashlib.sha256
    ).hexdigest()


class Senders:
    """Who a sender of the queue is: a system, within the places of its keys as over HTTP. One that
    has no key reaches every place.
    """

    def __init__(self, places_of: PlacesOf, group: Callable[[], Group]) -> None:
        self._places_of = places_of
        self._group = group

    def named(self, user: str) -> Principal:
        """The system that the broker, or triage, named."""
        system = publisher_principal(user)
        places = self._places_of(user)
        return replace(system, places=places).within(self._group()) if places else system


class Replies:
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

    @asynccontextmanager
    async def refusing(self, message: Inbound, principal: str) -> AsyncIterator[None]:
        """Answer what is refused within the block, and park the message with the reason."""
        try:
            yield
        except (Refused, MalformedMessage, NotAllowed) as error:
            code = await self.tell(message, error, principal)
            reason = code if code in PARKED_BY_NAME else "refused"
            raise Reject(reason, str(error)) from error

    async def tell(self, message: Inbound, error: Exception, principal: str) -> str:
        """Answer an error as HTTP would; its code."""
        problem = problem_of(error)
        await self.send(message, problem.body, principal)
        return problem.kind


def may_answer(reply_to: str, principal: str) -> bool:
    """Direct reply-to, or a queue of the sender's own: nobody's answers go to somebody else."""
    own = f"reply.{principal.partition(':')[2] or principal}."
    return reply_to.startswith(("amq.rabbitmq.reply-to.", own))
