"""What the notifier says: what became of each message to a person."""

from __future__ import annotations

from typing import ClassVar, Final, Literal

from pydantic import AwareDatetime

from shared.contracts.base import Event

ARRIVED: Final = ("received", "delivered")
"""How a message stands that has arrived, as others than the notifier read it; `delivered` is how
one was kept until receipts were asked for.
"""
CALLER: str = "caller"
"""The recipient that stands for the ticket's own caller; everyone else is an id of a duty list, or
a group chat.
"""
GROUP_CHAT: str = "chat:"
"""Before the name of a group chat where it is the recipient: no person's id holds a colon."""

Purpose = Literal[
    "receipt",
    "answered",
    "assignment",
    "warning",
    "breach",
    "alert",
    "slowed",
    "spared",
    "feedback",
    "survey",
    "reopened",
    "visit",
    "extended",
    "decision",
    "gap",
    "shift_offered",
    "shift_taken",
    "shift_struck",
    "shift_cut",
    "raised",
    "incident",
    "restoration",
    "outage",
    "digest",
    "progress",
    "follow_up",
    "follow_up_missed",
    "quote",
    "consent",
    "parked",
    "line",
    "watch",
    "wish",
    "unreached",
    "more_time",
    "reading_alarm",
    "policy",
    "policy_reminder",
    "policy_unconfirmed",
    "together",
    "link_locked",
    "merged",
    "receipts",
]


FailureReason = Literal["no_address", "no_channel", "refused", "withheld", "stopped", "past"]
"""The person left no address, no channel leads to them, a provider would not take it, the policy
has a person tell the caller of such an emergency, somebody of the desk has stopped it, or what it
tells was past before its time came."""


class MessageEvent(Event):
    """What every fact about a message carries; `number` is the ticket that caused it, or the id of
    the shift or whatever else did.

    An alert is urgent, that somebody has it is not: it must not keep the next alert waiting.
    """

    can_be_urgent: ClassVar[bool] = False

    message: str
    number: str
    round: int = 1
    recipient: str
    purpose: Purpose
    channel: str = ""


class MessageAccepted(MessageEvent):
    """A provider took it. Whether it has arrived nobody knows yet: this makes nothing told."""

    name: ClassVar[str] = "message.accepted"


class MessageReceived(MessageEvent):
    """It has arrived: a receipt says so, or the policy says of the channel that taking is enough.
    It is never enough for a caller. Of one that told a caller when somebody comes, or a later time,
    `promised` is until when.
    """

    name: ClassVar[str] = "message.received"
    promised: AwareDatetime | None = None


class MessageUnconfirmed(MessageEvent):
    """Providers took it, and no receipt came in the policy's time by any channel there is: it may
    have arrived, and nobody may count on it.
    """

    name: ClassVar[str] = "message.unconfirmed"


class MessageDelivered(MessageEvent):
    """Read, and sent no more: until receipts were asked for, this said that a provider took it."""

    name: ClassVar[str] = "message.delivered"


class MessageFailed(MessageEvent):
    """No channel took it; `reason` is one of FailureReason, or a later one."""

    name: ClassVar[str] = "message.failed"
    reason: str


class MessageUnreached(MessageEvent):
    """It did not reach somebody of the staff, or has not after several tries, so that somebody else
    has to act. `about` is the kind of thing that `number` is, `reason` one of FailureReason, or
    `no_answer` while it is still tried. `recipients` are who is to be told, where whoever reads it
    has found that out.
    """

    name: ClassVar[str] = "message.unreached"
    can_be_urgent: ClassVar[bool] = True

    about: str
    estate: str | None = None
    department: str | None = None
    reason: str
    test: bool = False
    recipients: tuple[str, ...] = ()


class MessageUnknown(MessageEvent):
    """It was being handed over when the process died; nobody can tell whether it arrived."""

    name: ClassVar[str] = "message.unknown"
