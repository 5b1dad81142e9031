"""The words of the lifecycle: statuses, clocks, and the verbs of its table (`table`). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final


class TicketStatus(StrEnum):
    """Derived from the ticket's own mark and this round's work orders, never set by hand."""

    REGISTERED = "registered"
    DISPATCHED = "dispatched"
    IN_PROGRESS = "in_progress"
    SUSPENDED = "suspended"
    RESOLVED = "resolved"
    HANDED_OVER = "handed_over"
    CLOSED = "closed"
    ANSWERED = "answered"
    CANCELLED = "cancelled"
    MERGED = "merged"


class OrderStatus(StrEnum):
    """Where one department's work stands."""

    DISPATCHED = "dispatched"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    SUSPENDED = "suspended"
    RESOLVED = "resolved"
    HANDED_OVER = "handed_over"
    DECLINED = "declined"
    TRANSFERRED = "transferred"
    CANCELLED = "cancelled"


class Clock(StrEnum):
    """What is measured; a limit makes it due."""

    ACCEPT = "accept"
    FIRST_REPLY = "first_reply"
    ARRIVE = "arrive"
    RESOLVE = "resolve"
    CONTROL = "control"
    FEED_BACK = "feed_back"
    APPOINTMENT = "appointment"


class Transition(StrEnum):
    """The verbs of the table."""

    REGISTER = "register"
    RECLASSIFY = "reclassify"
    ANSWER = "answer"
    TELL = "tell"
    SUPPLEMENT = "supplement"
    URGE = "urge"
    OWN = "own"
    RAISE = "raise"
    FEEDBACK = "feedback"
    FEEDBACK_ATTEMPT = "feedback_attempt"
    NOT_SATISFIED = "not_satisfied"
    REOPEN = "reopen"
    CANCEL = "cancel"
    REQUEST_CANCEL = "request_cancel"
    MERGE = "merge"
    DISPATCH = "dispatch"
    HOLD = "hold"
    LINK = "link"
    UNLINK = "unlink"
    JOIN = "join"
    PART = "part"
    FLAG = "flag"
    ACCEPT = "accept"
    DECLINE = "decline"
    TRANSFER = "transfer"
    SET_OUT = "set_out"
    START = "start"
    ARRIVE = "arrive"
    CONTROL = "control"
    NOTE = "note"
    APPOINT = "appoint"
    QUOTE = "quote"
    CONSENT = "consent"
    ASK_EXTENSION = "ask_extension"
    EXTEND = "extend"
    REFUSE_EXTENSION = "refuse_extension"
    SUSPEND = "suspend"
    RESUME = "resume"
    RESOLVE = "resolve"
    HAND_OVER = "hand_over"
    CONFIRM_CANCEL = "confirm_cancel"
    WITHDRAW = "withdraw"
    WARN = "warn"
    BREACH = "breach"


ALL_CLOCKS: Final = tuple(Clock)

OVER: Final = frozenset(
    {TicketStatus.CLOSED, TicketStatus.ANSWERED, TicketStatus.CANCELLED, TicketStatus.MERGED}
)
"""Nothing more is expected of anybody."""
FOR_GOOD: Final = frozenset({TicketStatus.CANCELLED, TicketStatus.MERGED})
"""Over in a way from which there is no way back."""
OPEN: Final = frozenset(TicketStatus) - OVER
DONE: Final = frozenset({TicketStatus.RESOLVED, TicketStatus.HANDED_OVER})
"""The work is finished; the caller is to be told."""
VOID: Final = frozenset({OrderStatus.DECLINED, OrderStatus.TRANSFERRED, OrderStatus.CANCELLED})
"""Orders that no longer count towards the ticket's status."""
FINISHED: Final = frozenset({OrderStatus.RESOLVED, OrderStatus.HANDED_OVER})
UNFINISHED: Final = frozenset(OrderStatus) - VOID - FINISHED


def derive_status(mark: TicketStatus | None, orders: Iterable[OrderStatus]) -> TicketStatus:
    """The ticket's status from its own mark and the orders of the present round."""
    if mark is not None:
        return mark
    counting = [order for order in orders if order not in VOID]
    unfinished = [order for order in counting if order in UNFINISHED]
    if not counting:
        return TicketStatus.REGISTERED
    if OrderStatus.IN_PROGRESS in unfinished:
        return TicketStatus.IN_PROGRESS
    if unfinished and all(order is OrderStatus.SUSPENDED for order in unfinished):
        return TicketStatus.SUSPENDED
    if unfinished:
        return TicketStatus.DISPATCHED
    return TicketStatus.RESOLVED if OrderStatus.RESOLVED in counting else TicketStatus.HANDED_OVER
