"""Our own lines, as telephony tells of them."""

from __future__ import annotations

from datetime import date, datetime

from services.console.clients.service import Answered


class LineCheck(Answered):
    """Somebody rang it."""

    at: datetime
    by: str
    worked: bool


class LineWork(Answered):
    """Work on it that was announced."""

    begins: datetime
    ends: datetime
    by: str


class Silence(Answered):
    """Calls that were to come since the last sign that it works; None while nobody can say."""

    on: bool
    expected: float | None = None


class LineSeen(Answered):
    """A line. `since` is None while nobody has looked at it yet."""

    id: str
    exchange: str | None = None
    number: str | None = None
    trunks: tuple[str, ...] = ()
    kind: str
    provider: str | None = None
    ring: str | None = None
    contract_until: date | None = None
    verdict: str
    why: str | None = None
    since: datetime | None = None
    heard: bool
    last_call: datetime | None = None
    silence: Silence
    checks: tuple[LineCheck, ...] = ()
    maintenance: tuple[LineWork, ...] = ()


class Lines(Answered):
    """All of them."""

    items: tuple[LineSeen, ...] = ()
