"""What the API shows of a message: states and words, and of the person nothing but masks."""

from __future__ import annotations

from typing import Any

from services.notifier.messages import Attempt, Message

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
        "channels": list(message.channels),
        "digest": message.digest,
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
