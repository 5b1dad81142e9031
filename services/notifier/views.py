"""What the API shows of a message: states and words, and of the person nothing but masks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from services.notifier.messages import Attempt, Message
from shared.contracts import MalformedMessage

HIDDEN_LINK = "https://…"
"""A survey's link opens it, so it is for the caller alone."""


def message_view(message: Message) -> dict[str, Any]:
    """Facts and states."""
    return {
        "id": message.id,
        "number": message.number,
        "round": message.round,
        "estate": message.estate,
        "cause": str(message.cause),
        "purpose": message.purpose,
        "recipient": message.recipient,
        "lane": message.lane,
        "language": message.language,
        "facts": {k: v for k, v in message.facts.items() if k != "survey" and v is not None},
        "status": message.status.value,
        "reason": message.reason,
        "channel": message.channel,
        "at": message.at,
        "next_at": message.next_at,
        "ended_at": message.ended_at,
        "attempts": [_attempt_view(attempt) for attempt in message.attempts],
    }


def _attempt_view(attempt: Attempt) -> dict[str, Any]:
    return {
        "channel": attempt.channel,
        "at": attempt.at,
        "outcome": attempt.outcome,
        "code": attempt.code,
        "ended_at": attempt.ended_at,
    }


def to_cursor(message: Message) -> str:
    """Where the next page begins."""
    return f"{int(message.at.timestamp() * 1000)}.{message.id}"


def from_cursor(cursor: str) -> tuple[datetime, str]:
    """Read a cursor; raises MalformedMessage for one that is not ours."""
    at, _, id = cursor.partition(".")
    try:
        return datetime.fromtimestamp(int(at) / 1000, UTC), id
    except (ValueError, OverflowError, OSError) as error:
        raise MalformedMessage("after", "is not a cursor", "send `next` as you got it") from error
