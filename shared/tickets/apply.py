"""Carries out what the table says: an act's row decides whether, and what becomes of the ticket.

`apply` is pure and total over the acts of `acts`: it returns the new ticket and the events of
the change, or raises NotAllowed. `register` makes the first version.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from shared.contracts import Event, router
from shared.policy.plan import Plan
from shared.tickets import acts
from shared.tickets.clock_moves import (
    change_clocks,
    go_on,
    start_feed_back,
    start_ticket_clocks,
    stop_clocks,
    stop_queue_clock,
)
from shared.tickets.clocks import pause_clock, resume_clock, stop_clock
from shared.tickets.effects import Effect, Facts, end_of_pause, held_by, promise_of
from shared.tickets.errors import NoSuchOrder, NotAllowed
from shared.tickets.facts import order_facts, ticket_facts
from shared.tickets.lifecycle import (
    DONE,
    UNFINISHED,
    OrderStatus,
    TicketStatus,
    Transition,
)
from shared.tickets.model import LifecycleRules, Planned, Ticket, TimelineEntry, WorkOrder
from shared.tickets.table import ROWS, Row

BY_TIME: Final = "service:router"
"""By whom what falls due is done, whichever service notices it first."""


@dataclass(frozen=True, slots=True)
class Applied:
    """A change that may be written: the ticket as it will be and what will be said of it."""

    ticket: Ticket
    events: tuple[Event, ...]


def register(new: acts.Registration, plan: Plan, now: datetime, rules: LifecycleRules) -> Applied:
    """The first version of a ticket; an inquiry answered on the call is over in the same write."""
    planned = Planned.from_plan(plan, at=now, by=new.by)
    ticket = Ticket(
        number=new.number,
        version=1,
        registered_at=now,
        channel=new.channel,
        estate=new.estate,
        plans=(planned,),
        promised=promise_of(plan, rules, now, by=new.by, how=new.channel, told=new.told),
        held=held_by(plan, now),
        timeline=(TimelineEntry(now, Transition.REGISTER, new.by, note=new.note),),
        owner=None if new.owner in new.about.people else new.owner,
        test=new.test,
        about=new.about,
        repeat_of=new.repeat_of,
        risk=new.risk,
        principal=new.by,
        joins=new.joins,
        asked_appointment=new.asked_appointment,
    )
    ticket = start_ticket_clocks(ticket, now, rules)
    facts = {
        "departments": plan.departments,
        "held": ticket.held.reason if ticket.held else None,
        "channel": new.channel,
        "promised": dict(ticket.promised[-1].times) if ticket.promised else {},
        "joins": new.joins,
        "owner": ticket.owner,
        "call": new.call,
    }
    registered = _said(Transition.REGISTER, ticket, facts)
    flagged = (_said(Transition.FLAG, ticket),) if new.risk else ()
    if not new.answered:
        return Applied(ticket, (registered, *flagged))
    entry = TimelineEntry(now, Transition.ANSWER, new.by)
    ticket = replace(
        ticket,
        mark=TicketStatus.ANSWERED,
        over_at=now,
        held=None,
        timeline=(*ticket.timeline, entry),
    )
    ticket = stop_clocks(ticket, ROWS[Transition.ANSWER].stops, now)
    return Applied(ticket, (registered, *flagged, _said(Transition.ANSWER, ticket)))


def apply(ticket: Ticket, act: acts.Act, now: datetime, rules: LifecycleRules) -> Applied:
    """Carry out `act` at `now` (aware), if the table and the ticket's marks allow it.

    The result has the next version. Raises NotAllowed with the present status and who set it,
    NoSuchOrder for a work order that is not there.
    """
    row = ROWS[act.transition]
    order = _order_of(ticket, act)
    _check(ticket, order, row, act, now, rules)
    entry = _entry(act, order, now)
    moved = replace(ticket, version=ticket.version + 1, timeline=(*ticket.timeline, entry))
    if order is not None and row.on == "work_order":
        moved = _move_order(moved, order, row, now)
    if row.on == "ticket":
        moved = _move_ticket(moved, row, now)
    effect = row.effect(moved, act, now, rules) if row.effect else Effect(moved)
    applied = Applied(effect.ticket, _events(act, effect))
    return _settle(ticket, applied, now, rules, resumed_at=end_of_pause(ticket, act, now))


def _events(act: acts.Act, effect: Effect) -> tuple[Event, ...]:
    """The event of the row, then those of what happens by the same act."""
    order = order_facts(effect.ticket, act.order) if isinstance(act, acts.OrderAct) else {}
    said = ((act.transition, {**order, **effect.facts}), *effect.also)
    return tuple(_said(transition, effect.ticket, facts) for transition, facts in said)


def _said(transition: Transition, ticket: Ticket, facts: Facts | None = None) -> Event:
    """The event that the table names for it."""
    return ROWS[transition].says(**{**ticket_facts(ticket), **(facts or {})})


def _entry(act: acts.Act, order: WorkOrder | None, now: datetime) -> TimelineEntry:
    public = isinstance(act, acts.Note) and act.public
    named = order.id if order else None
    return TimelineEntry(now, act.transition, act.by, named, act.note, public, act.form_key)


def overdue(ticket: Ticket, now: datetime) -> list[acts.Act]:
    """What time alone has brought about: pauses that are over. Nobody's act comes before these."""
    if ticket.mark is not None:
        return []
    over = [(o.resume_at, o.id) for o in ticket.orders if o.resume_at and o.resume_at <= now]
    return [acts.Resume(by=BY_TIME, order=order) for _, order in sorted(over)]


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
    row: Row[Any],
    act: acts.Act,
    now: datetime,
    rules: LifecycleRules,
) -> None:
    """Raise NotAllowed unless the row's states and its own condition hold."""
    last_by = ticket.timeline[-1].by
    if (status := out_of_turn(ticket, order, row)) is not None:
        raise NotAllowed(row.transition, status=status, last_by=last_by)
    if row.condition and (why_not := row.condition(ticket, act, now, rules)):
        raise NotAllowed(row.transition, status=ticket.status, last_by=last_by, remedy=why_not)


def out_of_turn(ticket: Ticket, order: WorkOrder | None, row: Row[Any]) -> str | None:
    """The state in which the row's states forbid it; None where they allow it."""
    if row.on == "work_order" and order is not None:
        if order.round != ticket.round:
            return "of an earlier round"
        if order.status not in row.from_ or ticket.mark is not None:
            return order.status if ticket.mark is None else ticket.mark
    elif not row.creates and ticket.status not in row.from_:
        return ticket.status
    elif row.creates and ticket.mark is not None:
        return ticket.mark
    return None


def _move_order(ticket: Ticket, order: WorkOrder, row: Row[Any], now: datetime) -> Ticket:
    status = row.to if isinstance(row.to, OrderStatus) else order.status
    waits = status is OrderStatus.SUSPENDED or row.transition is Transition.RESUME
    before = order.status if row.transition is Transition.SUSPEND else order.before
    if row.transition is Transition.RESUME:
        status, before = order.before or OrderStatus.ACCEPTED, None
    clocks = {c: stop_clock(s, now) if c in row.stops else s for c, s in order.clocks.items()}
    return ticket.with_order(
        replace(
            order,
            status=status,
            before=before,
            clocks=clocks,
            resume_at=order.resume_at if waits else None,
        )
    )


def _move_ticket(ticket: Ticket, row: Row[Any], now: datetime) -> Ticket:
    if row.new_round:
        ticket = replace(
            ticket,
            mark=None,
            over_at=None,
            held=None,
            feedback_attempts=0,
            cancel_requested=False,
            extension=None,
            extensions=0,
        )
    elif isinstance(row.to, TicketStatus):
        ticket = replace(ticket, mark=row.to, over_at=now, held=None)
    if row.ends_orders:
        ticket = _cancel_orders(ticket, ticket.orders, now)
    ticket = stop_clocks(ticket, row.stops, now)
    return replace(ticket, round=ticket.round + 1) if row.new_round else ticket


def _cancel_orders(ticket: Ticket, orders: Iterable[WorkOrder], now: datetime) -> Ticket:
    for order in orders:
        if order.status in UNFINISHED:
            clocks = {c: stop_clock(s, now) for c, s in order.clocks.items()}
            over = replace(order, status=OrderStatus.CANCELLED, clocks=clocks, resume_at=None)
            ticket = ticket.with_order(over)
    return ticket


def _settle(
    before: Ticket,
    applied: Applied,
    now: datetime,
    rules: LifecycleRules,
    *,
    resumed_at: datetime,
) -> Applied:
    """What follows from the new status: the whole pauses and resumes with its orders, ends with
    the last of them, and a request that nobody waits for any more is cancelled.
    """
    ticket, events = applied.ticket, applied.events
    if ticket.mark is None and ticket.cancel_requested and _nothing_left(ticket):
        ticket = replace(ticket, mark=TicketStatus.CANCELLED, over_at=now, held=None)
        ticket = stop_clocks(ticket, ROWS[Transition.CANCEL].stops, now)
        return Applied(ticket, (*events, _said(Transition.CANCEL, ticket)))
    if ticket.held is None:
        ticket = stop_queue_clock(ticket, now)
    was, status = before.status, ticket.status
    if status == was:
        return Applied(ticket, events)
    if status is TicketStatus.SUSPENDED:
        ticket = change_clocks(ticket, lambda state: pause_clock(state, now))
    if was is TicketStatus.SUSPENDED:
        ticket = change_clocks(
            ticket, lambda s: resume_clock(s, resumed_at, rules.calendar, rules.ladder)
        )
    if was in DONE and ticket.mark is None and ticket.round == before.round:
        ticket = go_on(ticket, now, rules)
    if status in DONE:
        ticket = start_feed_back(ticket, now, rules)
        outcome = next((o.outcome for o in reversed(ticket.orders) if o.outcome), "") or ""
        events = (*events, router.TicketResolved(**ticket_facts(ticket), outcome=outcome))
    if status is not TicketStatus.REGISTERED:
        ticket = stop_queue_clock(ticket, now)
    return Applied(ticket, events)


def _nothing_left(ticket: Ticket) -> bool:
    return not any(o.status in UNFINISHED for o in ticket.orders) and (
        ticket.status is TicketStatus.REGISTERED
    )
