"""Refusals of these use cases, as whoever asked is told them."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from shared.runtime import Problem


def over_limit(wait: timedelta) -> Problem:
    """Too many were opened; it says when the next may be."""
    return Problem(
        429,
        "too-many-reveals",
        "You have opened as many persons as your role may",
        detail="wait, or let somebody else of your desk open this one",
        retry_after=max(1, math.ceil(wait.total_seconds())),
    )


def used_key() -> Problem:
    """The key stands for another wish."""
    return Problem(
        422,
        "conflict",
        "This Idempotency-Key was used for another reveal",
        detail="send a key of its own with each reveal",
    )


def nobody_there() -> Problem:
    """The ticket is theirs to see and has no such person."""
    return Problem(
        404,
        "no-such-person",
        "This ticket has no such person",
        detail="nobody was named, or what was known of them has been erased",
    )


def cannot_be_opened() -> Problem:
    """The key that sealed it is gone, on purpose or not."""
    return Problem(
        410,
        "cannot-be-opened",
        "What is sealed here cannot be opened any more",
        detail="the key of its estate was destroyed, or the data are damaged; the rest of the "
        "ticket is as it was",
    )


def own_alarm() -> Problem:
    """Nobody judges themselves."""
    return Problem(403, "own-alarm", "This alarm is about you; somebody else answers it")


def answered_already(by: str, at: datetime) -> Problem:
    """The first answer counts."""
    return Problem(
        409,
        "already-answered",
        "Somebody has answered this alarm",
        set_by=by,
        at=at.isoformat(),
    )
