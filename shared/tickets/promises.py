"""Which of the promises to a caller still stand. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from shared.tickets.lifecycle import Clock
from shared.tickets.model import Promise, Ticket

VISIT: Final = "visit"
"""How a promise comes about that somebody is there between two times; all others are of limits."""


def standing(ticket: Ticket) -> tuple[Promise, ...]:
    """Of each kind the last promise, in the order in which they were made: it takes the place of
    what was promised before.
    """
    last = {(promise.how == VISIT): n for n, promise in enumerate(ticket.promised)}
    return tuple(ticket.promised[n] for n in sorted(last.values()))


def until(promise: Promise) -> datetime | None:
    """Until when somebody comes, or all is done; None where it promises neither."""
    return promise.times.get(Clock.APPOINTMENT if promise.how == VISIT else Clock.RESOLVE)
