"""The lifecycle of a ticket and its work orders: one table that everything else is derived from.

API checks, permissions, the diagram in the docs and the stateful property test read `TABLE`.
The order of its rows is the order of the story.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal


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
    FLAG = "flag"
    ACCEPT = "accept"
    DECLINE = "decline"
    TRANSFER = "transfer"
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
    WARN = "warn"
    BREACH = "breach"


Subject = Literal["ticket", "work_order"]
ALL_CLOCKS: Final = tuple(Clock)

OVER: Final = frozenset({TicketStatus.CLOSED, TicketStatus.ANSWERED, TicketStatus.CANCELLED,
                         TicketStatus.MERGED})  # fmt: skip
"""Nothing more is expected of anybody."""
OPEN: Final = frozenset(TicketStatus) - OVER
DONE: Final = frozenset({TicketStatus.RESOLVED, TicketStatus.HANDED_OVER})
"""The work is finished; the caller is to be told."""
VOID: Final = frozenset({OrderStatus.DECLINED, OrderStatus.TRANSFERRED, OrderStatus.CANCELLED})
"""Orders that no longer count towards the ticket's status."""
FINISHED: Final = frozenset({OrderStatus.RESOLVED, OrderStatus.HANDED_OVER})
UNFINISHED: Final = frozenset(OrderStatus) - VOID - FINISHED

STAFF: Final = frozenset({"agent", "dispatcher", "supervisor"})
CALLERS_SIDE: Final = STAFF | {"system", "service"}
DEPARTMENT: Final = frozenset({"department"})
ROUTER: Final = frozenset({"service"})


@dataclass(frozen=True, slots=True)
class Row:
    """One row: who may move what from where to where, what is said of it, which clocks stop.

    `to` is None where the status stays (or, for resume, returns to the state before).
    `new_round` starts the work again; `ends_orders` cancels what is unfinished.
    """

    transition: Transition
    on: Subject
    from_: frozenset[TicketStatus] | frozenset[OrderStatus]
    to: TicketStatus | OrderStatus | None
    event: str
    roles: frozenset[str]
    endpoint: str | None = None
    stops: tuple[Clock, ...] = ()
    creates: bool = False
    new_round: bool = False
    ends_orders: bool = False


def _ticket(  # the table's own shorthand, one argument a column
    transition: Transition,
    from_: Iterable[TicketStatus],
    to: TicketStatus | None,
    event: str,
    roles: frozenset[str],
    endpoint: str | None = None,
    *,
    stops: tuple[Clock, ...] = (),
    creates: bool = False,
    new_round: bool = False,
    ends_orders: bool = False,
) -> Row:
    return Row(transition, "ticket", frozenset(from_), to, event, roles, endpoint, stops,
               creates, new_round, ends_orders)  # fmt: skip


def _order(
    transition: Transition,
    from_: Iterable[OrderStatus],
    to: OrderStatus | None,
    event: str,
    roles: frozenset[str] = DEPARTMENT,
    endpoint: str | None = None,
    *,
    stops: tuple[Clock, ...] = (),
    creates: bool = False,
) -> Row:
    return Row(transition, "work_order", frozenset(from_), to, event, roles, endpoint, stops,
               creates)  # fmt: skip


_T, _S, _O = Transition, TicketStatus, OrderStatus
_UNTOUCHED = (_S.REGISTERED, _S.DISPATCHED)
_TAKEN = (_O.ACCEPTED, _O.IN_PROGRESS)
_ROUTERS_DESK = frozenset({"dispatcher", "supervisor", "service"})

# One row a line reads as the table it is.
# fmt: off
TABLE: Final[tuple[Row, ...]] = (
    _ticket(_T.REGISTER, (), _S.REGISTERED, "ticket.registered", CALLERS_SIDE, "/v1/tickets", creates=True),
    _ticket(_T.RECLASSIFY, OPEN, None, "ticket.reclassified", STAFF, "/reclassify"),
    _ticket(_T.ANSWER, _UNTOUCHED, _S.ANSWERED, "ticket.answered", STAFF, "/answer", stops=ALL_CLOCKS, ends_orders=True),
    _ticket(_T.TELL, frozenset(_S) - {_S.MERGED}, None, "ticket.told", STAFF | {"service"}, "/tell", stops=(Clock.FIRST_REPLY,)),
    _ticket(_T.SUPPLEMENT, OPEN, None, "ticket.supplemented", CALLERS_SIDE, "/supplement"),
    _ticket(_T.URGE, OPEN, None, "ticket.urged", CALLERS_SIDE, "/urge"),
    _ticket(_T.OWN, OPEN, None, "ticket.owned", STAFF, "/own"),
    _ticket(_T.RAISE, OPEN, None, "ticket.raised", ROUTER),
    _ticket(_T.FEEDBACK, DONE, _S.CLOSED, "ticket.closed", STAFF | {"service"}, "/feedback", stops=ALL_CLOCKS),
    _ticket(_T.FEEDBACK_ATTEMPT, DONE, None, "ticket.feedback_attempted", STAFF | {"service"}, "/feedback"),
    _ticket(_T.NOT_SATISFIED, DONE, _S.REGISTERED, "ticket.reopened", STAFF | {"service"}, "/feedback", stops=ALL_CLOCKS, new_round=True),
    _ticket(_T.REOPEN, (_S.CLOSED, _S.ANSWERED), _S.REGISTERED, "ticket.reopened", CALLERS_SIDE, "/reopen", new_round=True),
    _ticket(_T.CANCEL, _UNTOUCHED, _S.CANCELLED, "ticket.cancelled", CALLERS_SIDE, "/cancel", stops=ALL_CLOCKS, ends_orders=True),
    _ticket(_T.REQUEST_CANCEL, (_S.DISPATCHED, _S.IN_PROGRESS, _S.SUSPENDED), None, "ticket.cancel_requested", CALLERS_SIDE, "/cancel"),
    _ticket(_T.MERGE, _UNTOUCHED, _S.MERGED, "ticket.merged", STAFF, "/merge", stops=ALL_CLOCKS, ends_orders=True),
    _ticket(_T.HOLD, OPEN, None, "ticket.held", ROUTER),
    _ticket(_T.LINK, OPEN, None, "ticket.linked", ROUTER),
    _ticket(_T.UNLINK, OPEN, None, "ticket.unlinked", ROUTER),
    _ticket(_T.FLAG, OPEN, None, "ticket.flagged", ROUTER),
    _order(_T.DISPATCH, (), _O.DISPATCHED, "work_order.dispatched", _ROUTERS_DESK, "/v1/manual-queue/{number}/dispatch", creates=True),
    _order(_T.ACCEPT, (_O.DISPATCHED,), _O.ACCEPTED, "work_order.accepted", endpoint="/accept", stops=(Clock.ACCEPT,)),
    _order(_T.DECLINE, (_O.DISPATCHED,), _O.DECLINED, "work_order.declined", endpoint="/decline", stops=ALL_CLOCKS),
    _order(_T.TRANSFER, UNFINISHED, _O.TRANSFERRED, "work_order.transferred", DEPARTMENT | _ROUTERS_DESK, "/transfer", stops=ALL_CLOCKS),
    _order(_T.START, (_O.ACCEPTED,), _O.IN_PROGRESS, "work_order.started", endpoint="/start", stops=(Clock.APPOINTMENT,)),
    _order(_T.ARRIVE, _TAKEN, _O.IN_PROGRESS, "work_order.arrived", endpoint="/arrive", stops=(Clock.ARRIVE, Clock.APPOINTMENT)),
    _order(_T.CONTROL, (_O.IN_PROGRESS,), None, "work_order.controlled", endpoint="/control", stops=(Clock.CONTROL,)),
    _order(_T.NOTE, UNFINISHED, None, "work_order.noted", DEPARTMENT | STAFF, "/note"),
    _order(_T.APPOINT, UNFINISHED, None, "work_order.appointed", DEPARTMENT | STAFF, "/appoint"),
    _order(_T.QUOTE, (*_TAKEN, _O.SUSPENDED), None, "work_order.quoted", endpoint="/quote"),
    _order(_T.CONSENT, (*_TAKEN, _O.SUSPENDED), None, "work_order.consent_recorded", DEPARTMENT | STAFF, "/consent"),
    _order(_T.ASK_EXTENSION, UNFINISHED, None, "work_order.extension_asked", endpoint="/extend"),
    _order(_T.EXTEND, UNFINISHED, None, "work_order.extended", frozenset({"supervisor"}), "/extend"),
    _order(_T.REFUSE_EXTENSION, UNFINISHED, None, "work_order.extension_refused", frozenset({"supervisor"}), "/extend"),
    _order(_T.SUSPEND, _TAKEN, _O.SUSPENDED, "work_order.suspended", endpoint="/suspend"),
    _order(_T.RESUME, (_O.SUSPENDED,), None, "work_order.resumed", DEPARTMENT | ROUTER, "/resume"),
    _order(_T.RESOLVE, _TAKEN, _O.RESOLVED, "work_order.resolved", endpoint="/resolve", stops=ALL_CLOCKS),
    _order(_T.HAND_OVER, _TAKEN, _O.HANDED_OVER, "work_order.handed_over", endpoint="/hand-over", stops=ALL_CLOCKS),
    _order(_T.CONFIRM_CANCEL, (*_TAKEN, _O.SUSPENDED), _O.CANCELLED, "work_order.cancelled", endpoint="/confirm-cancel", stops=ALL_CLOCKS),
    _ticket(_T.WARN, OPEN, None, "clock.warned", ROUTER),
    _ticket(_T.BREACH, OPEN, None, "clock.breached", ROUTER),
)
# fmt: on


ROWS: Final[dict[Transition, Row]] = {row.transition: row for row in TABLE}


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


def possible_from(wanted: Transition, status: str) -> list[str]:
    """What somebody may do instead of `wanted`, by the table, to a ticket or order in `status`."""
    on = ROWS[wanted].on
    return [
        row.transition.value
        for row in TABLE
        if row.on == on and row.endpoint and any(state.value == status for state in row.from_)
    ]
