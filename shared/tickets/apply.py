"""What a transition does to a ticket: the table decides whether, this module decides what.

`apply` is pure and total over the acts of `acts`: it returns the new ticket and the events of
the change, or raises NotAllowed. `register` makes the first version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import singledispatch
from typing import Any, Final

from shared.contracts import Event, intake, router
from shared.policy.plan import Plan
from shared.policy.taxonomy import Limit
from shared.tickets import acts
from shared.tickets.clocks import (
    ClockState,
    extend_clock,
    mark_breached,
    mark_warned,
    pause_clock,
    restart_clock,
    resume_clock,
    start_clock,
    stop_clock,
)
from shared.tickets.errors import NoSuchOrder, NotAllowed
from shared.tickets.lifecycle import (
    DONE,
    ROWS,
    UNFINISHED,
    Clock,
    OrderStatus,
    Row,
    TicketStatus,
    Transition,
)
from shared.tickets.model import (
    ROUTERS_REASONS,
    Held,
    LifecycleRules,
    Planned,
    Promise,
    Ticket,
    TimelineEntry,
    WorkOrder,
)

ORDER_CLOCKS: Final = (Clock.ACCEPT, Clock.ARRIVE, Clock.CONTROL)
"""A department's own limits (OLA); the whole (SLA) is the ticket's `resolve`."""
TICKET_CLOCKS: Final = (Clock.FIRST_REPLY, Clock.RESOLVE)
"""Run from registration; `feed_back` follows when the work is done."""


@dataclass(frozen=True, slots=True)
class Applied:
    """A change that may be written: the ticket as it will be and what will be said of it."""

    ticket: Ticket
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Registration:
    """What is known of a new request besides its plan."""

    number: str
    channel: str
    estate: str | None
    by: str
    told: bool
    answered: bool = False
    test: bool = False


def register(new: Registration, plan: Plan, now: datetime, rules: LifecycleRules) -> Applied:
    """The first version of a ticket; an inquiry answered on the call is over in the same write."""
    planned = Planned.from_plan(plan, at=now, by=new.by)
    ticket = Ticket(
        number=new.number,
        version=1,
        registered_at=now,
        channel=new.channel,
        estate=new.estate,
        plans=(planned,),
        promised=_promise(plan, rules, now, by=new.by, how=new.channel, told=new.told),
        held=_held(plan, now),
        timeline=(TimelineEntry(now, Transition.REGISTER, new.by),),
        test=new.test,
    )
    ticket = _start_ticket_clocks(ticket, now, rules)
    registered = intake.TicketRegistered(
        **_facts(ticket),
        departments=plan.departments,
        held=ticket.held.reason if ticket.held else None,
        channel=new.channel,
        promised=dict(ticket.promised[-1].times) if ticket.promised else {},
    )
    if not new.answered:
        return Applied(ticket, (registered,))
    entry = TimelineEntry(now, Transition.ANSWER, new.by)
    ticket = replace(ticket, mark=TicketStatus.ANSWERED, over_at=now, held=None,
                     timeline=(*ticket.timeline, entry))  # fmt: skip
    ticket = _stop(ticket, ROWS[Transition.ANSWER], now)
    return Applied(ticket, (registered, intake.TicketAnswered(**_facts(ticket))))


def apply(ticket: Ticket, act: acts.Act, now: datetime, rules: LifecycleRules) -> Applied:
    """Carry out `act` at `now` (aware), if the table and the ticket's marks allow it.

    The result has the next version. Raises NotAllowed with the present status and who set it,
    NoSuchOrder for a work order that is not there.
    """
    row = ROWS[act.transition]
    order = _order_of(ticket, act)
    _check(ticket, order, row, act, now, rules)
    entry = TimelineEntry(now, act.transition, act.by, order.id if order else None, act.note)
    moved = replace(ticket, version=ticket.version + 1, timeline=(*ticket.timeline, entry))
    if order is not None and row.on == "work_order":
        moved = _move_order(moved, order, row, now)
    if row.on == "ticket":
        moved = _move_ticket(moved, row, now)
    applied = _effect(act, moved, now, rules)
    return _settle(ticket, applied, now, rules)


def _order_of(ticket: Ticket, act: acts.Act) -> WorkOrder | None:
    wanted = getattr(act, "order", None)
    if wanted is None:
        return None
    order = ticket.order(wanted)
    if order is None:
        raise NoSuchOrder(wanted)
    return order


def _check(
    ticket: Ticket,
    order: WorkOrder | None,
    row: Row,
    act: acts.Act,
    now: datetime,
    rules: LifecycleRules,
) -> None:
    """Raise NotAllowed unless the row's states and its own condition hold."""
    last_by = ticket.timeline[-1].by
    if row.on == "work_order" and order is not None:
        if order.round != ticket.round:
            raise NotAllowed(row.transition, status="of an earlier round", last_by=last_by)
        if order.status not in row.from_ or ticket.mark is not None:
            status = order.status if ticket.mark is None else ticket.mark
            raise NotAllowed(row.transition, status=status, last_by=last_by)
    elif not row.creates and ticket.status not in row.from_:
        raise NotAllowed(row.transition, status=ticket.status, last_by=last_by)
    elif row.creates and ticket.mark is not None:
        raise NotAllowed(row.transition, status=ticket.mark, last_by=last_by)
    condition = _CONDITIONS.get(row.transition)
    if condition and (why_not := condition(ticket, act, now, rules)):
        raise NotAllowed(row.transition, status=ticket.status, last_by=last_by, remedy=why_not)


_Condition = Callable[[Ticket, Any, datetime, LifecycleRules], str | None]


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
    state = _clocks_of(ticket, act.order).get(act.clock)
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


_CONDITIONS: Final[Mapping[Transition, _Condition]] = {
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


def _move_order(ticket: Ticket, order: WorkOrder, row: Row, now: datetime) -> Ticket:
    status = row.to if isinstance(row.to, OrderStatus) else order.status
    before = order.status if row.transition is Transition.SUSPEND else order.before
    if row.transition is Transition.RESUME:
        status, before = order.before or OrderStatus.ACCEPTED, None
    clocks = {c: stop_clock(s, now) if c in row.stops else s for c, s in order.clocks.items()}
    return ticket.with_order(replace(order, status=status, before=before, clocks=clocks))


def _move_ticket(ticket: Ticket, row: Row, now: datetime) -> Ticket:
    if row.new_round:
        ticket = replace(ticket, mark=None, over_at=None, held=None, feedback_attempts=0,
                         cancel_requested=False)  # fmt: skip
    elif isinstance(row.to, TicketStatus):
        ticket = replace(ticket, mark=row.to, over_at=now, held=None)
    if row.ends_orders:
        ticket = _cancel_orders(ticket, ticket.orders, now)
    ticket = _stop(ticket, row, now)
    return replace(ticket, round=ticket.round + 1) if row.new_round else ticket


def _cancel_orders(ticket: Ticket, orders: Iterable[WorkOrder], now: datetime) -> Ticket:
    for order in orders:
        if order.status in UNFINISHED:
            clocks = {c: stop_clock(s, now) for c, s in order.clocks.items()}
            ticket = ticket.with_order(replace(order, status=OrderStatus.CANCELLED, clocks=clocks))
    return ticket


def _stop(ticket: Ticket, row: Row, now: datetime) -> Ticket:
    clocks = {c: stop_clock(s, now) if c in row.stops else s for c, s in ticket.clocks.items()}
    return replace(ticket, clocks=clocks)


@singledispatch
def _effect(act: acts.Act, ticket: Ticket, _now: datetime, _rules: LifecycleRules) -> Applied:
    """What an act does beyond the row's own move; most do nothing but say so."""
    kinds = {
        Transition.ANSWER: intake.TicketAnswered,
        Transition.SUPPLEMENT: intake.TicketSupplemented,
        Transition.URGE: intake.TicketUrged,
        Transition.CANCEL: intake.TicketCancelled,
    }
    kind = kinds[act.transition]
    return Applied(ticket, (kind(**_facts(ticket)),))


@_effect.register
def _(act: acts.OrderAct, ticket: Ticket, _now: datetime, _rules: LifecycleRules) -> Applied:
    kinds: dict[Transition, type[router.WorkOrderEvent]] = {
        Transition.ACCEPT: router.WorkOrderAccepted,
        Transition.START: router.WorkOrderStarted,
        Transition.ARRIVE: router.WorkOrderArrived,
        Transition.CONTROL: router.WorkOrderControlled,
        Transition.NOTE: router.WorkOrderNoted,
    }
    return Applied(ticket, (kinds[act.transition](**_order_facts(ticket, act.order)),))


@_effect.register
def _(act: acts.Reclassify, ticket: Ticket, now: datetime, rules: LifecycleRules) -> Applied:
    planned = Planned.from_plan(act.plan, at=now, by=act.by)
    keeps = ticket.held is not None and ticket.held.reason in ROUTERS_REASONS
    changed = replace(
        ticket,
        estate=act.estate,
        plans=(*ticket.plans, planned),
        promised=(
            *ticket.promised,
            *_promise(act.plan, rules, now, by=act.by, how=act.how, told=False),
        ),
        held=ticket.held if keeps else _held(act.plan, now),
    )
    changed = _start_ticket_clocks(changed, now, rules)
    return Applied(
        changed,
        (
            intake.TicketReclassified(
                **_facts(changed),
                departments=act.plan.departments,
                held=changed.held.reason if changed.held else None,
                promised=dict(act.plan.promised),
            ),
        ),
    )


@_effect.register
def _(_act: acts.Tell, ticket: Ticket, _now: datetime, _rules: LifecycleRules) -> Applied:
    """The last promise counts, so that is what the caller has heard now."""
    *earlier, last = ticket.promised
    told = replace(ticket, promised=(*earlier, replace(last, told=True)))
    return Applied(told, (intake.TicketTold(**_facts(told)),))


@_effect.register
def _(act: acts.Feedback, ticket: Ticket, _now: datetime, _rules: LifecycleRules) -> Applied:
    return Applied(ticket, (intake.TicketClosed(**_facts(ticket), outcome=act.outcome),))


@_effect.register
def _(_act: acts.FeedbackAttempt, ticket: Ticket, _now: datetime, _r: LifecycleRules) -> Applied:
    tried = replace(ticket, feedback_attempts=ticket.feedback_attempts + 1)
    event = intake.TicketFeedbackAttempted(**_facts(tried), attempts=tried.feedback_attempts)
    return Applied(tried, (event,))


@_effect.register
def _(_act: acts.NotSatisfied, ticket: Ticket, now: datetime, rules: LifecycleRules) -> Applied:
    return _new_round(ticket, "not_satisfied", now, rules)


@_effect.register
def _(act: acts.Reopen, ticket: Ticket, now: datetime, rules: LifecycleRules) -> Applied:
    return _new_round(ticket, act.reason, now, rules)


def _new_round(ticket: Ticket, reason: str, now: datetime, rules: LifecycleRules) -> Applied:
    """What was undecided still is: the ticket waits in the manual queue again."""
    again = replace(ticket, clocks={}, held=_held(ticket.plan, now))
    fresh = _start_ticket_clocks(again, now, rules)
    return Applied(fresh, (intake.TicketReopened(**_facts(fresh), reason=reason),))


@_effect.register
def _(_act: acts.RequestCancel, ticket: Ticket, _now: datetime, _r: LifecycleRules) -> Applied:
    asked = replace(ticket, cancel_requested=True)
    return Applied(asked, (intake.TicketCancelRequested(**_facts(asked)),))


@_effect.register
def _(act: acts.Merge, ticket: Ticket, _now: datetime, _rules: LifecycleRules) -> Applied:
    return Applied(ticket, (intake.TicketMerged(**_facts(ticket), into=act.into),))


@_effect.register
def _(act: acts.Hold, ticket: Ticket, now: datetime, rules: LifecycleRules) -> Applied:
    held = replace(ticket, held=ticket.held or Held(act.reason, now))
    held = _run_undecided_clock(held, now, rules)
    return Applied(held, (router.TicketHeld(**_facts(held), reason=act.reason),))


@_effect.register
def _(act: acts.Dispatch, ticket: Ticket, now: datetime, rules: LifecycleRules) -> Applied:
    order = _new_order(ticket, act.department, act.assignee, now, rules)
    held = ticket.held if ticket.held and ticket.held.reason not in ROUTERS_REASONS else None
    sent = replace(ticket, work_orders=(*ticket.work_orders, order), held=held)
    return Applied(sent, (_dispatched(sent, order),))


@_effect.register
def _(act: acts.Decline, ticket: Ticket, _now: datetime, _rules: LifecycleRules) -> Applied:
    facts = _order_facts(ticket, act.order)
    return Applied(ticket, (router.WorkOrderDeclined(**facts, reason=act.reason),))


@_effect.register
def _(act: acts.Transfer, ticket: Ticket, now: datetime, rules: LifecycleRules) -> Applied:
    order = _new_order(ticket, act.to_department, act.assignee, now, rules)
    moved = replace(ticket, work_orders=(*ticket.work_orders, order))
    event = router.WorkOrderTransferred(
        **_order_facts(ticket, act.order), to_department=act.to_department, reason=act.reason
    )
    return Applied(moved, (event, _dispatched(moved, order)))


@_effect.register
def _(act: acts.Appoint, ticket: Ticket, _now: datetime, _rules: LifecycleRules) -> Applied:
    facts = _order_facts(ticket, act.order)
    return Applied(ticket, (router.WorkOrderAppointed(**facts, at=act.at),))


@_effect.register
def _(act: acts.Extend, ticket: Ticket, now: datetime, rules: LifecycleRules) -> Applied:
    clocks = dict(ticket.clocks)
    longer = extend_clock(clocks[Clock.RESOLVE], act.until, now, rules.warn_at_share)
    clocks[Clock.RESOLVE] = longer
    promise = Promise(now, act.by, "extension", ticket.plan.policy,
                      {Clock.RESOLVE.value: act.until}, told=False)  # fmt: skip
    extended = replace(ticket, clocks=clocks, promised=(*ticket.promised, promise))
    facts = _order_facts(extended, act.order)
    return Applied(extended, (router.WorkOrderExtended(**facts, until=act.until),))


@_effect.register
def _(act: acts.Suspend, ticket: Ticket, now: datetime, _rules: LifecycleRules) -> Applied:
    paused = _each_order_clock(ticket, act.order, lambda state: pause_clock(state, now))
    event = router.WorkOrderSuspended(
        **_order_facts(paused, act.order), reason=act.reason, until=act.until
    )
    return Applied(paused, (event,))


@_effect.register
def _(act: acts.Resume, ticket: Ticket, now: datetime, rules: LifecycleRules) -> Applied:
    resumed = _each_order_clock(
        ticket,
        act.order,
        lambda state: resume_clock(state, now, rules.calendar, rules.warn_at_share),
    )
    return Applied(resumed, (router.WorkOrderResumed(**_order_facts(resumed, act.order)),))


@_effect.register
def _(act: acts.Resolve, ticket: Ticket, _now: datetime, _rules: LifecycleRules) -> Applied:
    return _finished(ticket, act.order, act.outcome, router.WorkOrderResolved)


@_effect.register
def _(act: acts.HandOver, ticket: Ticket, _now: datetime, _rules: LifecycleRules) -> Applied:
    return _finished(ticket, act.order, act.outcome, router.WorkOrderHandedOver)


def _finished(
    ticket: Ticket, order: str, outcome: str, kind: type[router.WorkOrderEvent]
) -> Applied:
    found = ticket.order(order)
    if found is None:
        raise NoSuchOrder(order)
    done = ticket.with_order(replace(found, outcome=outcome))
    return Applied(done, (kind(**_order_facts(done, order)),))


@_effect.register
def _(act: acts.ConfirmCancel, ticket: Ticket, _now: datetime, _r: LifecycleRules) -> Applied:
    return Applied(ticket, (router.WorkOrderCancelled(**_order_facts(ticket, act.order)),))


@_effect.register
def _(act: acts.Warn, ticket: Ticket, now: datetime, _rules: LifecycleRules) -> Applied:
    fired = _set_clock(ticket, act, mark_warned(_clocks_of(ticket, act.order)[act.clock], now))
    return Applied(fired, (router.ClockWarned(**_clock_facts(fired, act)),))


@_effect.register
def _(act: acts.Breach, ticket: Ticket, now: datetime, _rules: LifecycleRules) -> Applied:
    fired = _set_clock(ticket, act, mark_breached(_clocks_of(ticket, act.order)[act.clock], now))
    facts = _clock_facts(fired, act)
    return Applied(fired, (router.ClockBreached(**facts, level=act.level),))


def _settle(before: Ticket, applied: Applied, now: datetime, rules: LifecycleRules) -> Applied:
    """What follows from the new status: the whole pauses and resumes with its orders, ends with
    the last of them, and a request that nobody waits for any more is cancelled.
    """
    ticket, events = applied.ticket, applied.events
    if ticket.mark is None and ticket.cancel_requested and _nothing_left(ticket):
        ticket = replace(ticket, mark=TicketStatus.CANCELLED, over_at=now, held=None)
        ticket = _stop(ticket, ROWS[Transition.CANCEL], now)
        return Applied(ticket, (*events, intake.TicketCancelled(**_facts(ticket))))
    if ticket.held is None:
        ticket = _stop_queue_clock(ticket, now)
    was, status = before.status, ticket.status
    if status == was:
        return Applied(ticket, events)
    if status is TicketStatus.SUSPENDED:
        ticket = _whole(ticket, lambda state: pause_clock(state, now))
    if was is TicketStatus.SUSPENDED:
        ticket = _whole(ticket, lambda s: resume_clock(s, now, rules.calendar, rules.warn_at_share))
    if was in DONE and ticket.mark is None and ticket.round == before.round:
        ticket = _more_to_do(ticket, now, rules)
    if status in DONE:
        ticket = _start_feed_back(ticket, now, rules)
        outcome = next((o.outcome for o in reversed(ticket.orders) if o.outcome), "") or ""
        events = (*events, router.TicketResolved(**_facts(ticket), outcome=outcome))
    if status is not TicketStatus.REGISTERED:
        ticket = _stop_queue_clock(ticket, now)
    return Applied(ticket, events)


def _stop_queue_clock(ticket: Ticket, now: datetime) -> Ticket:
    """The ticket's own accept clock is the manual queue's."""
    if Clock.ACCEPT not in ticket.clocks:
        return ticket
    stopped = stop_clock(ticket.clocks[Clock.ACCEPT], now)
    return replace(ticket, clocks={**ticket.clocks, Clock.ACCEPT: stopped})


def _nothing_left(ticket: Ticket) -> bool:
    return not any(o.status in UNFINISHED for o in ticket.orders) and (
        ticket.status is TicketStatus.REGISTERED
    )


def _whole(ticket: Ticket, change: Callable[[ClockState], ClockState]) -> Ticket:
    return replace(ticket, clocks={c: change(s) for c, s in ticket.clocks.items()})


def _more_to_do(ticket: Ticket, now: datetime, rules: LifecycleRules) -> Ticket:
    """Another department was given work after the last had finished: its limit goes on."""
    clocks = dict(ticket.clocks)
    clocks[Clock.FEED_BACK] = stop_clock(clocks[Clock.FEED_BACK], now)
    clocks[Clock.RESOLVE] = restart_clock(
        clocks[Clock.RESOLVE], now, rules.calendar, rules.warn_at_share
    )
    return replace(ticket, clocks=clocks)


def _start_feed_back(ticket: Ticket, now: datetime, rules: LifecycleRules) -> Ticket:
    clocks = {c: stop_clock(s, now) if c is Clock.RESOLVE else s for c, s in ticket.clocks.items()}
    limit = ticket.plan.limits.get(Clock.FEED_BACK)
    clocks[Clock.FEED_BACK] = start_clock(limit, now, rules.calendar, rules.warn_at_share)
    return replace(ticket, clocks=clocks)


def _start_ticket_clocks(ticket: Ticket, now: datetime, rules: LifecycleRules) -> Ticket:
    """The whole's clocks by the present plan; those that run already keep their start."""
    clocks = dict(ticket.clocks)
    for clock in TICKET_CLOCKS:
        limit = ticket.plan.limits.get(clock)
        fresh = start_clock(limit, _begun(clocks, clock, now), rules.calendar, rules.warn_at_share)
        if clock not in clocks or _still_simple(clocks[clock]):
            clocks[clock] = fresh
    return _run_undecided_clock(replace(ticket, clocks=clocks), now, rules)


def _begun(clocks: Mapping[Clock, ClockState], clock: Clock, now: datetime) -> datetime:
    return clocks[clock].segments[0].start if clock in clocks else now


def _still_simple(state: ClockState) -> bool:
    """Neither stopped, paused nor fired: the only state in which a new limit may replace it."""
    return state.stopped_at is None and len(state.segments) == 1 and state.warned_at is None


def _run_undecided_clock(ticket: Ticket, now: datetime, rules: LifecycleRules) -> Ticket:
    """While nobody has it, the ticket's own accept clock runs with the manual queue's limit."""
    clocks = dict(ticket.clocks)
    running = clocks.get(Clock.ACCEPT)
    if ticket.held is not None and (running is None or running.stopped_at is not None):
        clocks[Clock.ACCEPT] = start_clock(
            rules.undecided_limit, now, rules.calendar, rules.warn_at_share
        )
    elif ticket.held is None and running is not None:
        clocks[Clock.ACCEPT] = stop_clock(running, now)
    return replace(ticket, clocks=clocks)


def _new_order(
    ticket: Ticket, department: str, assignee: str | None, now: datetime, rules: LifecycleRules
) -> WorkOrder:
    limits: Mapping[str, Limit] = ticket.plan.limits
    clocks = {
        clock: start_clock(limits.get(clock), now, rules.calendar, rules.warn_at_share)
        for clock in ORDER_CLOCKS
        if clock is Clock.ACCEPT or clock in limits
    }
    return WorkOrder(
        id=f"{ticket.number}-{len(ticket.work_orders) + 1}",
        round=ticket.round,
        department=department,
        status=OrderStatus.DISPATCHED,
        assignee=assignee,
        clocks=clocks,
    )


def _held(plan: Plan | Planned, now: datetime) -> Held | None:
    return Held(plan.undecided[0], now) if plan.undecided else None


def _promise(
    plan: Plan, rules: LifecycleRules, now: datetime, *, by: str, how: str, told: bool
) -> tuple[Promise, ...]:
    """What is promised; while undecided only that somebody will look at it."""
    times = dict(plan.promised) or {
        Clock.ACCEPT.value: rules.calendar.due(now, rules.undecided_limit)
    }
    return (Promise(now, by, how, plan.policy, times, told),)


def _each_order_clock(
    ticket: Ticket, order: str, change: Callable[[ClockState], ClockState]
) -> Ticket:
    found = ticket.order(order)
    if found is None:
        raise NoSuchOrder(order)
    return ticket.with_order(replace(found, clocks={c: change(s) for c, s in found.clocks.items()}))


def _clocks_of(ticket: Ticket, order: str | None) -> Mapping[Clock, ClockState]:
    if order is None:
        return ticket.clocks
    found = ticket.order(order)
    return found.clocks if found and found.round == ticket.round else {}


def _set_clock(ticket: Ticket, act: acts.Fire, state: ClockState) -> Ticket:
    if act.order is None:
        return replace(ticket, clocks={**ticket.clocks, act.clock: state})
    return _each_order_clock(
        ticket, act.order, lambda s: state if s is _clocks_of(ticket, act.order)[act.clock] else s
    )


def _facts(ticket: Ticket) -> dict[str, Any]:
    plan = ticket.plan
    return {
        "number": ticket.number, "round": ticket.round, "estate": ticket.estate,
        "type": plan.type, "area": plan.area, "urgency": plan.urgency,
        "emergency_kind": plan.emergency_kind,
    }  # fmt: skip


def _order_facts(ticket: Ticket, order: str) -> dict[str, Any]:
    found = ticket.order(order)
    if found is None:
        raise NoSuchOrder(order)
    return _facts(ticket) | {
        "work_order": found.id, "department": found.department, "assignee": found.assignee,
    }  # fmt: skip


def _dispatched(ticket: Ticket, order: WorkOrder) -> Event:
    due = {clock.value: state.due for clock, state in order.clocks.items() if state.due}
    return router.WorkOrderDispatched(**_order_facts(ticket, order.id), due=due)


def _clock_facts(ticket: Ticket, act: acts.Fire) -> dict[str, Any]:
    state = _clocks_of(ticket, act.order)[act.clock]
    order = ticket.order(act.order) if act.order else None
    return _facts(ticket) | {
        "clock": act.clock.value, "due": state.due, "recipients": act.recipients,
        "work_order": act.order, "department": order.department if order else None,
    }  # fmt: skip
