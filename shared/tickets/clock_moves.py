"""The clocks of a ticket as it moves: which start, stop, pause and go on. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from shared.policy.ladder import BREACH
from shared.tickets import acts
from shared.tickets.clocks import (
    ClockState,
    extend_clock,
    may_pause_until,
    pause_clock,
    restart_clock,
    resume_clock,
    start_clock,
    start_visit,
    stop_clock,
)
from shared.tickets.errors import NoSuchOrder
from shared.tickets.lifecycle import UNFINISHED, VOID, Clock, OrderStatus
from shared.tickets.model import LifecycleRules, Planned, Ticket

ORDER_CLOCKS: Final = (Clock.ACCEPT, Clock.ARRIVE, Clock.CONTROL)
"""A department's own limits (OLA); the whole (SLA) is the ticket's `resolve`."""


TICKET_CLOCKS: Final = (Clock.FIRST_REPLY, Clock.RESOLVE)
"""Run from registration; `feed_back` follows when the work is done."""


def stop_clocks(ticket: Ticket, stops: Collection[Clock], now: datetime) -> Ticket:
    """End those of the whole's clocks."""
    clocks = {c: stop_clock(s, now) if c in stops else s for c, s in ticket.clocks.items()}
    return replace(ticket, clocks=clocks)


def stop_queue_clock(ticket: Ticket, now: datetime) -> Ticket:
    """The ticket's own accept clock is the manual queue's."""
    if Clock.ACCEPT not in ticket.clocks:
        return ticket
    stopped = stop_clock(ticket.clocks[Clock.ACCEPT], now)
    return replace(ticket, clocks={**ticket.clocks, Clock.ACCEPT: stopped})


def change_clocks(ticket: Ticket, change: Callable[[ClockState], ClockState]) -> Ticket:
    """Pause or resume the whole's clocks."""
    return replace(ticket, clocks={c: change(s) for c, s in ticket.clocks.items()})


def start_feed_back(ticket: Ticket, now: datetime, rules: LifecycleRules) -> Ticket:
    """The work is done: from now on the caller waits to hear of it (A4.4)."""
    clocks = {c: stop_clock(s, now) if c is Clock.RESOLVE else s for c, s in ticket.clocks.items()}
    limit = ticket.plan.limits.get(Clock.FEED_BACK)
    clocks[Clock.FEED_BACK] = start_clock(limit, now, rules.calendar, rules.ladder)
    return replace(ticket, clocks=clocks)


def start_ticket_clocks(ticket: Ticket, now: datetime, rules: LifecycleRules) -> Ticket:
    """The whole's clocks by the present plan; those that run already keep their start."""
    clocks = dict(ticket.clocks)
    for clock in TICKET_CLOCKS:
        limit = ticket.plan.limits.get(clock)
        fresh = start_clock(limit, _begun(clocks, clock, now), rules.calendar, rules.ladder)
        if clock not in clocks or _still_simple(clocks[clock]):
            clocks[clock] = fresh
    return run_queue_clock(replace(ticket, clocks=clocks), now, rules)


def renew_clocks(
    ticket: Ticket,
    before: Planned,
    promised: Mapping[str, datetime],
    now: datetime,
    rules: LifecycleRules,
) -> Ticket:
    """Where a new plan has another limit, time counts until what is promised now, for the whole
    and for the work that is under way; what is broken stays broken.
    """
    limits = ticket.plan.limits
    changed = {
        Clock(clock): at
        for clock, at in promised.items()
        if before.limits.get(clock) is not None and before.limits[clock] != limits.get(clock)
    }

    def renewed(clocks: Mapping[Clock, ClockState]) -> dict[Clock, ClockState]:
        return {
            clock: extend_clock(state, changed[clock], now, rules.ladder)
            if clock in changed and _can_be_renewed(state)
            else state
            for clock, state in clocks.items()
        }

    ticket = replace(ticket, clocks=renewed(ticket.clocks))
    for order in ticket.orders:
        if order.status in UNFINISHED:
            more = {
                clock: start_clock(limits[clock], now, rules.calendar, rules.ladder)
                for clock in ORDER_CLOCKS
                if clock in limits and clock not in order.clocks
            }
            if order.status is OrderStatus.SUSPENDED:
                more = {clock: pause_clock(state, now) for clock, state in more.items()}
            ticket = ticket.with_order(replace(order, clocks=renewed(order.clocks) | more))
    return ticket


def _can_be_renewed(state: ClockState) -> bool:
    return state.due is not None and state.stopped_at is None and state.breached_at is None


def go_on(ticket: Ticket, now: datetime, rules: LifecycleRules) -> Ticket:
    """Another department was given work after the last had finished: its limit goes on."""
    clocks = dict(ticket.clocks)
    clocks[Clock.FEED_BACK] = stop_clock(clocks[Clock.FEED_BACK], now)
    clocks[Clock.RESOLVE] = restart_clock(clocks[Clock.RESOLVE], now, rules.calendar, rules.ladder)
    return replace(ticket, clocks=clocks)


def _begun(clocks: Mapping[Clock, ClockState], clock: Clock, now: datetime) -> datetime:
    return clocks[clock].segments[0].start if clock in clocks else now


def _still_simple(state: ClockState) -> bool:
    """Neither stopped, paused nor fired: the only state in which a new limit may replace it."""
    return state.stopped_at is None and len(state.segments) == 1 and not state.fired


def run_queue_clock(ticket: Ticket, now: datetime, rules: LifecycleRules) -> Ticket:
    """While nobody has it, the ticket's own accept clock runs with the manual queue's limit."""
    clocks = dict(ticket.clocks)
    running = clocks.get(Clock.ACCEPT)
    if ticket.held is not None and (running is None or running.stopped_at is not None):
        clocks[Clock.ACCEPT] = start_clock(rules.undecided_limit, now, rules.calendar, rules.ladder)
    elif ticket.held is None and running is not None:
        clocks[Clock.ACCEPT] = stop_clock(running, now)
    return replace(ticket, clocks=clocks)


def pause_order(ticket: Ticket, order: str, now: datetime) -> Ticket:
    """Its time does not count from `now`; a visit that was agreed is still agreed."""
    return _change_working_clocks(ticket, order, lambda state: pause_clock(state, now))


def may_wait_until(
    ticket: Ticket, order: str, now: datetime, rules: LifecycleRules
) -> datetime | None:
    """Until when the work of an order may wait from `now` on, for all the pauses that there were
    since the whole was given its time; None where no limit of it, or of the whole, runs.
    """
    whole = ticket.clocks.get(Clock.RESOLVE)
    since = whole.extended_at if whole is not None else None
    own = clocks_of(ticket, order).items()
    clocks = (*ticket.clocks.values(), *(s for c, s in own if c is not Clock.APPOINTMENT))
    return min(
        (
            may_pause_until(state, now, rules.calendar, rules.longest_pauses, since=since)
            for state in clocks
            if state.due is not None and state.stopped_at is None
        ),
        default=None,
    )


def resume_order(ticket: Ticket, order: str, now: datetime, rules: LifecycleRules) -> Ticket:
    """Its time counts again."""
    return _change_working_clocks(
        ticket, order, lambda state: resume_clock(state, now, rules.calendar, rules.ladder)
    )


def _change_working_clocks(
    ticket: Ticket, order: str, change: Callable[[ClockState], ClockState]
) -> Ticket:
    clocks = clocks_of(ticket, order)
    visit = clocks.get(Clock.APPOINTMENT)
    return change_order_clocks(ticket, order, lambda s: s if s is visit else change(s))


def agree_visit(ticket: Ticket, order: str, visit: ClockState) -> Ticket:
    """The visit takes the place of one that was agreed before; raises NoSuchOrder."""
    found = ticket.order(order)
    if found is None:
        raise NoSuchOrder(order)
    return ticket.with_order(replace(found, clocks={**found.clocks, Clock.APPOINTMENT: visit}))


def visit_to_keep(ticket: Ticket, department: str, now: datetime) -> ClockState | None:
    """The visit that the department's last order of this round was to make: whoever has the work
    now makes it.
    """
    void = [o for o in ticket.orders if o.department == department and o.status in VOID]
    visit = void[-1].clocks.get(Clock.APPOINTMENT) if void else None
    if visit is None or visit.due is None or visit.due <= now:
        return None
    if void[-1].status is OrderStatus.TRANSFERRED and visit.stopped_at != now:
        return None  # it was kept before the work went on
    warns = visit.next is not None and visit.next.level < BREACH
    return start_visit(now, visit.next.at if visit.next and warns else now, visit.due)


def change_order_clocks(
    ticket: Ticket, order: str, change: Callable[[ClockState], ClockState]
) -> Ticket:
    """Pause or resume one order's clocks; raises NoSuchOrder."""
    found = ticket.order(order)
    if found is None:
        raise NoSuchOrder(order)
    return ticket.with_order(replace(found, clocks={c: change(s) for c, s in found.clocks.items()}))


def clocks_of(ticket: Ticket, order: str | None) -> Mapping[Clock, ClockState]:
    """The clocks of an order of this round, or (None) the whole's."""
    if order is None:
        return ticket.clocks
    found = ticket.order(order)
    return found.clocks if found and found.round == ticket.round else {}


def set_clock(ticket: Ticket, act: acts.Fire, state: ClockState) -> Ticket:
    """Put the state of the clock that fires in its place."""
    if act.order is None:
        return replace(ticket, clocks={**ticket.clocks, act.clock: state})
    return change_order_clocks(
        ticket, act.order, lambda s: state if s is clocks_of(ticket, act.order)[act.clock] else s
    )
