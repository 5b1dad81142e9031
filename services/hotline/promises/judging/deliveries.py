"""Whether people got their messages once: the store's own word, and the receivers' where known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from services.hotline.promises.facts import Message
from services.hotline.promises.findings import Finding
from services.hotline.promises.kinds import (
    DIGEST_ODD,
    GOT_UNSAID,
    SAID_UNSENT,
    TOLD_AGAIN,
    TOLD_TWICE,
    UNKNOWN,
)

SEEN_CHANNELS: Final = frozenset({"mail", "webhook"})
"""Channels whose receivers can be asked; the sandbox sends nothing."""


def judge_delivery(message: Message, received: int | None) -> Iterator[Finding]:
    """`received` is how often its receiver got it; None when nobody asked the receivers."""
    about = f"{message.purpose} of {message.number}"
    by_channel = Counter(a.channel for a in message.attempts if a.outcome == "accepted")
    accepted, once = by_channel.total(), max(1, len(message.channels))
    again = bool(message.channels) and max(by_channel.values(), default=0) > 1
    times = accepted if received is None else max(accepted, received)
    if times > once or again:
        known = accepted > once or again
        explained = message.lane == "urgent" and not known and times <= possible(message)
        kind = TOLD_AGAIN if explained else TOLD_TWICE
        yield Finding(kind, message.id, f"{about}, {times} times")
    if message.status == "unknown":
        yield Finding(UNKNOWN, message.id, f"{about}, {tried_at(message)}")
    if received is not None:
        yield from _compare(message, received, about)


def possible(message: Message) -> int:
    """How many attempts may have reached the receiver."""
    return sum(attempt.may_have_arrived for attempt in message.attempts)


def tried_at(message: Message) -> str:
    """The last attempt's channel and time."""
    last = message.attempts[-1] if message.attempts else None
    return f"by {last.channel} at {last.at:%F %T}Z" if last else "never tried"


def _compare(message: Message, received: int, about: str) -> Iterator[Finding]:
    if received and message.status not in {"delivered", "unknown"}:
        yield Finding(GOT_UNSAID, message.id, f"{about}, {message.status}")
    channels = {a.channel for a in message.attempts if a.outcome == "accepted"}
    if not received and message.status == "delivered" and channels and channels <= SEEN_CHANNELS:
        yield Finding(SAID_UNSENT, message.id, f"{about}, {tried_at(message)}")


def judge_digest(digest: Message, told: Sequence[Message]) -> Iterator[Finding]:
    """A digest that went out tells messages that name it, all to its own reader."""
    missing = set(digest.entries) - {message.id for message in told}
    for id in sorted(missing):
        yield Finding(DIGEST_ODD, id, f"told by {digest.id}, and there is no such message")
    for message in told:
        if (message.digest, message.recipient) != (digest.id, digest.recipient):
            yield Finding(DIGEST_ODD, message.id, f"told by {digest.id}, names {message.digest}")


def judge_folded(message: Message, digests: dict[str, set[str]]) -> Iterator[Finding]:
    """What is folded is told by the digest that it names; `digests` are the entries of each."""
    if message.id not in digests.get(message.digest or "", set()):
        yield Finding(DIGEST_ODD, message.id, f"names {message.digest}, which does not tell it")


def judge_strangers(ids: Iterable[str]) -> Iterator[Finding]:
    """What receivers got and the store has never heard of."""
    for id in ids:
        yield Finding(GOT_UNSAID, id, "no such message")
