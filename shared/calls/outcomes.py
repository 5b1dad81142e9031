"""What became of a call: exactly one of a closed list."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from shared.calls.facts import EndedBy, Left


class Outcome(StrEnum):
    """Every offered call that has ended has one of these; their sum is what was offered."""

    ANSWERED = "answered"
    """An agent spoke with the caller, whatever came of the call later."""
    ABANDONED = "abandoned"
    """The caller hung up in a queue."""
    ABANDONED_GREETING = "abandoned_greeting"
    """The caller hung up before any queue."""
    CALLBACK_ASKED = "callback_asked"
    TIMED_OUT = "timed_out"
    """The exchange let go of a caller who had waited as long as it lets anybody."""
    BLOCKED = "blocked"
    """The exchange let nobody wait: full, nobody at work, no such number."""
    CLOSED = "closed"
    SCREENED = "screened"
    LOST = "lost"
    """The exchange died, or the call's end went unheard, before anybody answered."""
    NOT_REACHED = "not_reached"
    """Of outgoing calls only."""


_OF_LEAVING: Final = {
    Left.CALLBACK: Outcome.CALLBACK_ASKED,
    Left.CLOSED: Outcome.CLOSED,
    Left.SCREENED: Outcome.SCREENED,
    Left.TIMED_OUT: Outcome.TIMED_OUT,
    Left.LET_GO: Outcome.TIMED_OUT,
    Left.FULL: Outcome.BLOCKED,
    Left.EMPTY: Outcome.BLOCKED,
}


def outcome_of(
    *,
    answered: bool,
    left: Left | None,
    queued: bool,
    ended_by: EndedBy | None,
    unheard: bool,
) -> Outcome:
    """Of a call that has ended. `left`: how it got out of the last queue that it was in, if told.

    A caller who was let go and hangs up before the exchange does has not abandoned.
    """
    if answered:
        return Outcome.ANSWERED
    if left is not None:
        return _OF_LEAVING[left]
    if unheard:
        return Outcome.LOST
    if ended_by is EndedBy.CALLER:
        return Outcome.ABANDONED if queued else Outcome.ABANDONED_GREETING
    return Outcome.TIMED_OUT if queued else Outcome.BLOCKED
