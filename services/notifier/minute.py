"""More than so many messages to one of the staff within a minute become one. Pure.

What went to a person by itself within the last minute is one document, and each message that is
about to go asks for a turn there: so however many are sent at once, by however many replicas, only
so many go. The first that gets no turn says when the others leave with it as one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from services.notifier.domain import ALARMS, CONFIDENTIAL
from services.notifier.group_chats import is_group_chat
from services.notifier.messages import TOGETHER, Message, Status
from shared.contracts import Step
from shared.contracts.notifier import CALLER, Purpose

SPAN: Final = timedelta(minutes=1)
ONE: Final[frozenset[Purpose]] = frozenset({"digest", TOGETHER, "spared", *ALARMS})
"""What is one message of many already, or of an emergency: these ask for no turn."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One message that went by itself; of what leaves together, when it will."""

    message: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """The last minute of one person of the staff. `leaves_at` is when what waits leaves as one."""

    id: str
    version: int = 0
    sent: tuple[Sent, ...] = ()
    leaves_at: datetime | None = None

    def wait_of(self, message: str) -> datetime | None:
        """Until when a message that has asked for its turn waits; None where it goes by itself."""
        return None if any(each.message == message for each in self.sent) else self.leaves_at


def asks_for_turn(message: Message) -> bool:
    """Whether a message may have to wait for others: the first try of what is not urgent, to one of
    the staff. Never a caller's, nor a group chat's, nor what the ladder sends by several channels,
    nor what is not for everybody who reads messages: what tells several is.
    """
    return (
        message.lane == "routine"
        and message.purpose not in ONE
        and message.cause.kind not in CONFIDENTIAL
        and message.recipient != CALLER
        and not is_group_chat(message.recipient)
        and not message.channels
        and not message.attempts
    )


def take_turn(minute: Minute, message: str, now: datetime, *, most: int) -> Step[Minute] | None:
    """Let one more go by itself, or wait for the others; None where it is known which."""
    recent = tuple(each for each in minute.sent if now - each.at < SPAN)
    has_turn = any(each.message == message for each in recent)
    others_wait = minute.leaves_at is not None and now < minute.leaves_at
    if has_turn or others_wait:
        return None
    if len(recent) < most:
        sent = (*recent, Sent(message, now))
        return Step(replace(minute, sent=sent, leaves_at=None))
    # What leaves together is one of the next minute's, so that three more do not go beside it.
    leaves_at = now + SPAN
    return Step(replace(minute, sent=(*recent, Sent(TOGETHER, leaves_at)), leaves_at=leaves_at))


def wait_for_others(message: Message, until: datetime) -> Step[Message]:
    """It has no turn: it leaves together with others."""
    return Step(replace(message, status=Status.QUEUED, next_at=until))
