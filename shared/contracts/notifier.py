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
]


FailureReason = Literal["no_address", "no_channel", "refused"]
"""The person left no address, no channel leads to them, or a provider would not take it."""


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


class MessageUnknown(MessageEvent):
    """It was being handed over when the process died; nobody can tell whether it arrived."""

    name: ClassVar[str] = "message.unknown"
