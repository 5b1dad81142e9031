"""What must hold beyond the states of a row: one small rule per transition that has one. Pure.

Each returns why it is not possible, with the way out, or None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from shared.tickets import acts
from shared.tickets.lifecycle import UNFINISHED, Clock, OrderStatus, Transition
from shared.tickets.model import LifecycleRules, Ticket
from shared.tickets.ticking import clocks_of

Condition = Callable[[Ticket, Any, datetime, LifecycleRules], str | None]


def _nobody_accepted(ticket: Ticket, *_: Any) -> str | None:
    taken = any(order.status is not OrderStatus.DISPATCHED and order.status in UNFINISHED
                for order in ticket.orders)  # fmt: skip
    return "a department has accepted it: request the cancellation" if taken else None


def _somebody_accepted(ticket: Ticket, *_: Any) -> str | None:
    return None if _nobody_accepted(ticket) else "nobody has accepted it: cancel it"


def _attempts_made(
    ticket: Ticket, act: acts.Feedback, _now: datetime, rules: LifecycleRules
) -> str | None:
    if act.outcome == "unreachable" and ticket.feedback_attempts < rules.feedback_attempts:
        missing = rules.feedback_attempts - ticket.feedback_attempts
        return f"unreachable needs {missing} more attempts on record"
    return None


def _still_in_time(
    ticket: Ticket, _act: acts.Reopen, now: datetime, rules: LifecycleRules
) -> str | None:
    over = ticket.over_at or ticket.registered_at
    if (now - over).total_seconds() > rules.reopen_within_seconds:
        return "the time for reopening is over: register a new request that names this one"
    return None


def _department_free(ticket: Ticket, act: acts.Dispatch, *_: Any) -> str | None:
    busy = any(o.department == act.department and o.status in UNFINISHED for o in ticket.orders)
    return f"{act.department} already has a work order of this round" if busy else None


def _cancel_wanted(ticket: Ticket, *_: Any) -> str | None:
    return None if ticket.cancel_requested else "nobody asked for the cancellation"


def _not_yet_fired(ticket: Ticket, act: acts.Fire, now: datetime, _rules: object) -> str | None:
    state = clocks_of(ticket, act.order).get(act.clock)
    due = state.next_due if state else None
    if state is None or due is None:
        return "this clock is not running"
    wanted = state.due if act.transition is Transition.BREACH else state.warn_at
    if wanted is None or wanted > now:
        return "this clock is not due yet"
    if act.transition is Transition.WARN and state.warned_at is not None:
        return "the warning has been given"
    return None


def _extends_forward(ticket: Ticket, act: acts.Extend, now: datetime, _rules: object) -> str | None:
    state = ticket.clocks.get(Clock.RESOLVE)
    if state is None or state.due is None:
        return "there is no limit to extend"
    ran_out = state.is_running and state.due <= now
    if state.breached_at is not None or ran_out:
        return "the limit is already broken; an extension must be asked for in time"
    return None if act.until > state.due else "the new time must be later than the present one"


CONDITIONS: Final[Mapping[Transition, Condition]] = {
    Transition.CANCEL: _nobody_accepted,
    Transition.REQUEST_CANCEL: _somebody_accepted,
    Transition.FEEDBACK: _attempts_made,
    Transition.REOPEN: _still_in_time,
    Transition.DISPATCH: _department_free,
    Transition.CONFIRM_CANCEL: _cancel_wanted,
    Transition.WARN: _not_yet_fired,
    Transition.BREACH: _not_yet_fired,
    Transition.EXTEND: _extends_forward,
}
