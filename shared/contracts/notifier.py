"""What the notifier says: what became of each message to a person."""

from __future__ import annotations

from typing import ClassVar, Literal

from shared.contracts.base import Event

CALLER: str = "caller"
"""The recipient that stands for the ticket's own caller; everyone else is an id of a duty list."""

Purpose = Literal[
    "receipt",
    "answered",
    "assignment",
    "warning",
    "breach",
    "alert",
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
    "wish",
    "unreached",
]


FailureReason = Literal["no_address", "no_channel", "refused", "withheld"]
"""The person left no address, no channel leads to them, a provider would not take it, or the policy
has a person tell the caller of such an emergency."""


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


class MessageDelivered(MessageEvent):
    """The provider took it."""

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
