"""An alarm goes to a person by every alarm channel at once: a message for each channel. Pure.

The first channel's message has the id that every message of its cause and person has, so that a
repeat finds it, and it names the channels beside: which there are is fixed when it is inserted,
whatever the duty list says later. The ids of the others follow from it. None of them falls back to
another channel, since the others are there; that nobody was reached is said of all of them, once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from services.notifier.messages import (
    FIRST_LOOK,
    Message,
    Status,
    is_in_vain,
    unreached,
)
from shared.contracts import Step

MISSED: Final = frozenset({Status.FAILED, Status.UNCONFIRMED, Status.UNKNOWN, Status.STOPPED})
"""How a message stands whose reader may not have it, and that goes out no more."""


def first_of_alarm(message: Message, channels: Sequence[str]) -> Message:
    """The first message of an alarm that goes by these channels."""
    first, *beside = channels
    return replace(message, channels=(first,), beside=tuple(beside))


def id_beside(first: str, channel: str) -> str:
    """The id of the message beside the first that goes by a channel."""
    return hashlib.sha256(f"{first}\n{channel}".encode()).hexdigest()[:32]


def ids_beside(message: Message) -> tuple[str, ...]:
    """The ids of all that go beside the first message of an alarm; none beside any other."""
    return tuple(id_beside(message.id, channel) for channel in message.beside)


def messages_beside(first: Message, now: datetime) -> tuple[Message, ...]:
    """The messages beside the first, as they begin, however far that one has come."""
    return tuple(
        replace(
            first,
            id=id_beside(first.id, channel),
            version=1,
            status=Status.PENDING,
            next_at=now + FIRST_LOOK,
            attempts=(),
            reason=None,
            ended_at=None,
            channels=(channel,),
            beside=(),
            first=first.id,
            unreached_at=None,
        )
        for channel in first.beside
    )


def has_missed(message: Message) -> bool:
    """Whether its reader cannot be expected to have it: it has ended so, or is tried in vain."""
    return message.status in MISSED or (message.status is Status.PENDING and is_in_vain(message))


def say_unreached(first: Message, beside: Sequence[Message], now: datetime) -> Step[Message] | None:
    """None of an alarm's messages reached its reader, so that others have to act: said once, and
    not before all there are to be are known. None where that is not so.
    """
    every = (first, *beside)
    is_whole = {message.id for message in beside} == {*ids_beside(first)}
    if first.unreached_at is not None or not is_whole or not all(map(has_missed, every)):
        return None
    said = unreached(first, _reason_of(every), by=every)
    return Step(replace(first, unreached_at=now), said)


def _reason_of(every: Sequence[Message]) -> str:
    """What they have in common; else that one may have arrived, is tried still, or was refused."""
    found = {_why(message) for message in every}
    if len(found) == 1:
        return found.pop()
    return next((why for why in ("unconfirmed", "unknown", "no_answer") if why in found), "refused")


def _why(message: Message) -> str:
    match message.status:
        case Status.UNCONFIRMED | Status.UNKNOWN:
            return message.status.value
        case Status.FAILED | Status.STOPPED:
            return message.reason or "refused"
        case _:
            return "no_answer"


def looked_at(message: Message) -> Step[Message] | None:
    """Nobody has to look at what has ended any more; None where nobody had to."""
    if message.ended_at is None or message.next_at is None:
        return None
    return Step(replace(message, next_at=None))
