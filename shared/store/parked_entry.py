"""One message that could not be handled, and what is kept and said of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from shared.contracts import Envelope
from shared.contracts.parked import ParkedUrgent
from shared.documents import Doc
from shared.store.group_commit import MARK

PARKED_KIND: Final = "parked"
KEPT: Final = timedelta(days=90)
"""A dead letter that nobody has sent again in a quarter of a year ends by itself."""
KEPT_ANSWERED: Final = timedelta(days=7)
"""What its sender has been told of is kept for whoever asks about it."""
TOO_MANY: Final = "too_many"
"""The reason of the one entry that stands for all others of a sender's pile."""
OF_ITS_SENDER: Final = frozenset({"malformed", "conflict", "refused", "no_principal", "unrouted"})
"""Reasons that a sender alone brings about, as often as it likes. All others are, or may be, a
fault of ours: then our entry may be all that there is of an emergency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedMessage:
    """One message as it came; where `sealed`, headers and id are sealed together with the body.

    `fingerprint` is the same for the same delivery, so that parking it twice makes one entry.
    """

    queue: str
    fingerprint: str
    message_id: str
    reason: str
    detail: str
    attempts: int
    headers: Mapping[str, Any]
    body: bytes
    sealed: bool
    next_at: datetime | None
    content_type: str | None = None
    routing_key: str = ""
    principal: str | None = None
    alerts: bool = False
    answered: bool = False
    cut: bool = False
    """Only the beginning of its body is kept, so it cannot be sent again."""

    @property
    def is_from_outside(self) -> bool:
        """Whether a stranger sent it, who may send as much as they like."""
        return self.sealed

    @property
    def is_dead(self) -> bool:
        """Whether it is never tried again by itself."""
        return self.next_at is None

    @property
    def must_be_told(self) -> bool:
        """Whether somebody hears of it at once: because of it nobody may have been called to an
        emergency, and no later attempt will see to that.
        """
        return self.alerts and self.is_dead

    @property
    def is_bounded(self) -> bool:
        """Whether only so many of its pile are kept whole."""
        return pile_of(self) is not None and (self.answered or self.reason in OF_ITS_SENDER)

    @property
    def number(self) -> str | None:
        """The ticket that an event of ours is about; None for what comes from outside."""
        kind, _, rest = self.message_id.partition("/")
        return rest.partition("/")[0] if kind in {"ticket", "emergency"} else None


def pile_of(message: ParkedMessage) -> str | None:
    """Among which dead letters of its sender a message lies: what its sender was told of, what it
    alone is to blame for, what we may be. None of one pile takes the place of another's.
    """
    if not (message.is_from_outside and message.is_dead) or message.reason == TOO_MANY:
        return None
    of_sender = "refused" if message.reason in OF_ITS_SENDER else "failed"
    return f"{'answered' if message.answered else of_sender}/{message.principal or ''}"


def others_of(message: ParkedMessage) -> ParkedMessage:
    """What stands for all messages of a sender's pile that are not kept whole, or not told by
    themselves.
    """
    kept = "kept whole or told one by one; ask the sender"
    told = "told one by one; each is kept, so look at the others"
    return replace(
        message,
        fingerprint=f"{TOO_MANY}\n{pile_of(message)}",
        reason=TOO_MANY,
        detail=f"more of this sender than are {kept if message.is_bounded else told}",
        headers={},
        body=b"",
        routing_key="",
        cut=False,
    )


def entry_id(queue: str, message_id: str, fingerprint: str) -> str:
    """The same for every delivery of one message to one queue."""
    parts = (queue, message_id, fingerprint)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def entry_of(message: ParkedMessage, service: str, now: datetime) -> Doc:
    """The message as a service keeps it from now on."""
    return {
        MARK: service,
        "version": _millis(now),
        "service": service,
        "queue": message.queue,
        "message_id": message.message_id,
        "reason": message.reason,
        "detail": message.detail[:500],
        "attempts": message.attempts,
        "headers": dict(message.headers),
        "body": message.body,
        "bytes": len(message.body),
        "pile": pile_of(message),
        "sealed": message.sealed,
        "content_type": message.content_type,
        "routing_key": message.routing_key,
        "principal": message.principal,
        "next_at": message.next_at,
        "parked_at": now,
        "answered": message.answered,
        **({"cut": True} if message.cut else {}),
        "ends_at": now + (KEPT_ANSWERED if message.answered else KEPT),
    }


def cry_of(message: ParkedMessage, id: str, service: str, now: datetime) -> Envelope:
    """The event of what waits for a person though it may be urgent."""
    event = ParkedUrgent(
        parked=id,
        service=service,
        queue=message.queue,
        reason=message.reason,
        publisher=message.principal,
        number=message.number,
        at=now,
    )
    return Envelope.seal(
        event,
        id=f"{PARKED_KIND}/{id}/{_millis(now)}/0",
        subject=id,
        lane="urgent",
        source=f"/hotline/{service}",
        time=now,
    )


def _millis(at: datetime) -> int:
    """A version of an entry: it is parked anew by its time, and each time may be told."""
    return int(at.timestamp() * 1000)
