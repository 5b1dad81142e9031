"""Callers whom nobody answered, as telephony tells of them."""

from __future__ import annotations

from datetime import datetime

from services.console.clients.service import Answered
from services.console.clients.shapes.common import Counted


class Attempt(Answered):
    """Somebody rang the caller."""

    by: str
    at: datetime
    heard: str


class CallBackSeen(Answered):
    """Somebody whom nobody answered."""

    call: str
    count: int
    line: str
    caller: str | None = None
    unseen: bool = False
    since: datetime
    last_at: datetime
    due_at: datetime
    state: str
    why_not: str | None = None
    attempts: tuple[Attempt, ...] = ()
    claimed_by: str | None = None
    claimed_at: datetime | None = None
    ended_at: datetime | None = None


class CallBacks(Answered):
    """A page of those to be rung back."""

    items: tuple[CallBackSeen, ...] = ()
    next: str | None = None
    all: Counted
