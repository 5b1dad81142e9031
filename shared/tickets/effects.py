"""What each act does beyond its row's own move, and the events it says. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import singledispatch
from typing import Any, Final

from shared.contracts import Event, intake, router
from shared.policy.plan import Plan
from shared.policy.taxonomy import Limit
from shared.tickets import acts
from shared.tickets.clocks import extend_clock, fire_clock, start_clock, start_visit
from shared.tickets.costs import Consent, Quote, needs_consent, total_of
from shared.tickets.errors import NoSuchOrder
from shared.tickets.facts import clock_facts, dispatched_event, order_facts, ticket_facts
from shared.tickets.lifecycle import UNFINISHED, Clock, OrderStatus, Transition
from shared.tickets.model import (
    NOBODY,
    ROUTERS_REASONS,
    ExtensionWish,
    Held,
    LifecycleRules,
    Planned,
    Promise,
    Ticket,
    TimelineEntry,
    WorkOrder,
)
from shared.tickets.progress import told_of_progress
from shared.tickets.ticking import (
    ORDER_CLOCKS,
    agree_visit,
    clocks_of,
    pause_order,
    renew_clocks,
    resume_order,
    run_queue_clock,
    set_clock,
    start_ticket_clocks,
    visit_to_keep,
)

VISIT: Final = "visit"
"""How a promise came about that tells when somebody comes."""


@dataclass(frozen=True, slots=True)
class Applied:
    """A change that may be written: the ticket as it will be and what will be said of it."""

    ticket: Ticket
    events: tuple[Event, ...]


@singledispatch
def effect(act: acts.Act, ticket: Ticket, _now: datetime, _rules: LifecycleRules) -> Applied:
    """What an act does beyond the row's own move; most do nothing but say so."""
    kinds = {
        Transition.ANSWER: intake.TicketAnswered,
        Transition.SUPPLEMENT: intake.TicketSupplemented,
        Transition.URGE: intake.TicketUrged,
        Transition.CANCEL: intake.TicketCancelled,
    }
    kind = kinds[act.transition]
    return Applied(ticket, (kind(**ticket_facts(ticket)),))


@effect.register
def _(act: acts.OrderAct, ticket: Ticket, _now: datetime, _rules: LifecycleRules) -> Applied:
    kinds: dict[Transition, type[router.WorkOrderEvent]] = {
        Transition.START: router.WorkOrderStarted,
        Transition.ARRIVE: router.WorkOrderArrived,
        Transition.CONTROL: router.WorkOrderControlled,
    }
    return Applied(ticket, (kinds[act.transition](**order_facts(ticket, act.order)),))


@effect.register
def _(act: acts.Note, ticket: Ticket, _now: datetime, rules: LifecycleRules) -> Applied:
    """The words stay on the timeline: an event says that there are some, and for whom."""
    facts = order_facts(ticket, act.order)
    tell_at = told_of_progress(ticket, rules) if act.public else None
    return Applied(ticket, (router.WorkOrderNoted(**facts, public=act.public, tell_at=tell_at),))


@effect.register
def _(act: acts.Accept, ticket: Ticket, _now: datetime, _rules: LifecycleRules) -> Applied:
    """What was offered to several is theirs who takes it first."""
    order = ticket.order(act.order)
    nobodys = order is not None and order.assignee is None
    taken = _with(ticket, act.order, assignee=act.by) if nobodys else ticket
    return Applied(taken, (router.WorkOrderAccepted(**order_facts(taken, act.order)),))


@effect.register
def _(act: acts.Reclassify, ticket: Ticket, now: datetime, rules: LifecycleRules) -> Applied:
    planned = Planned.from_plan(act.plan, at=now, by=act.by, reason=act.reason)
    about = ticket.about if act.about is None else act.about
    keeps = ticket.held is not None and ticket.held.reason in ROUTERS_REASONS
    changed = replace(
        ticket,
        estate=act.estate,
        about=about,
        owner=None if ticket.owner in about.people else ticket.owner,
        plans=(*ticket.plans, planned),
        held=ticket.held if keeps else held_by(act.plan, now),
    )
    parted: tuple[Event, ...] = ()
    if _is_its_own(changed) or _is_elsewhere(changed, ticket):
        changed, parted = _parted(changed, act, now, reason="reclassified")
    changed = start_ticket_clocks(changed, now, rules)
    changed = renew_clocks(changed, ticket.plan, act.plan.promised, now, rules)
    times = _times_now(changed, ticket.plan, act.plan)
    if not times or times != {c: at for c, at in _promised_so_far(ticket).items() if c in times}:
        plan = replace(act.plan, promised=times)
        promise = promise_of(plan, rules, now, by=act.by, how=act.how, told=False)
        changed = replace(changed, promised=(*ticket.promised, *promise))
    return Applied(
        changed,
        (
            intake.TicketReclassified(
                **ticket_facts(changed),
                departments=act.plan.departments,
                held=changed.held.reason if changed.held else None,
                promised=times,
            ),
            *parted,
        ),
    )


def _is_its_own(ticket: Ticket) -> bool:
    """A danger, and what is about somebody, is never part of an outage: all see that (A5.3)."""
    return ticket.is_emergency or ticket.about != NOBODY


def _is_elsewhere(after: Ticket, before: Ticket) -> bool:
    """What is about another place or area is no part of the outage it was taken for."""
    return (after.estate, after.plan.area) != (before.estate, before.plan.area)


def _times_now(ticket: Ticket, before: Planned, plan: Plan) -> dict[str, datetime]:
    """What a new plan promises: as long as a limit stays what it was, so does the time."""
    times = dict(plan.promised)
    for owner in (ticket.clocks, *(o.clocks for o in ticket.orders if o.status in UNFINISHED)):
        for clock, state in owner.items():
            stays = before.limits.get(clock) == plan.limits.get(clock)
            if stays and clock in times and state.due is not None and state.stopped_at is None:
                times[clock.value] = state.due
    return times


def _promised_so_far(ticket: Ticket) -> dict[str, datetime]:
    """By clock, what was promised last."""
    return {clock: at for promise in ticket.promised for clock, at in promise.times.items()}


@effect.register
def _(act: acts.Tell, ticket: Ticket, _now: datetime, _rules: LifecycleRules) -> Applied:
    """Of each kind the last promise counts, so that is what the caller has heard now."""
    heard = {promise.how == VISIT: n for n, promise in enumerate(ticket.promised)
             if act.of is None or promise.how == act.of}  # fmt: skip
    promised = tuple(
        replace(promise, told=True) if n in heard.values() else promise
        for n, promise in enumerate(ticket.promised)
    )
    told = replace(ticket, promised=promised)
    return Applied(told, (intake.TicketTold(**ticket_facts(told)),))


@effect.register
def _(act: acts.Own, ticket: Ticket, _now: datetime, _rules: LifecycleRules) -> Applied:
    owned = replace(ticket, owner=act.owner)
    return Applied(owned, (intake.TicketOwned(**ticket_facts(owned), owner=act.owner),))


@effect.register
def _(_act: acts.Flag, ticket: Ticket, _now: datetime, _rules: LifecycleRules) -> Applied:
    flagged = replace(ticket, risk=True)
    return Applied(flagged, (intake.TicketFlagged(**ticket_facts(flagged)),))


@effect.register
def _(act: acts.Raise, ticket: Ticket, _now: datetime, _rules: LifecycleRules) -> Applied:
    raised = replace(ticket, level=max(ticket.level, act.level))
    event = router.TicketRaised(
        **ticket_facts(raised), level=act.level, reason=act.reason, contacts=act.contacts,
        recipients=act.recipients, place_differs=act.place_differs,
    )  # fmt: skip
    return Applied(raised, (event,))


@effect.register
def _(act: acts.Feedback, ticket: Ticket, _now: datetime, _rules: LifecycleRules) -> Applied:
    return Applied(ticket, (intake.TicketClosed(**ticket_facts(ticket), outcome=act.outcome),))


@effect.register
def _(_act: acts.FeedbackAttempt, ticket: Ticket, _now: datetime, _r: LifecycleRules) -> Applied:
    tried = replace(ticket, feedback_attempts=ticket.feedback_attempts + 1)
    event = intake.TicketFeedbackAttempted(**ticket_facts(tried), attempts=tried.feedback_attempts)
    return Applied(tried, (event,))


@effect.register
def _(act: acts.NotSatisfied, ticket: Ticket, now: datetime, rules: LifecycleRules) -> Applied:
    return _new_round(ticket, act, act.reason, now, rules)


@effect.register
def _(act: acts.Reopen, ticket: Ticket, now: datetime, rules: LifecycleRules) -> Applied:
    return _new_round(ticket, act, act.reason, now, rules)


def _new_round(
    ticket: Ticket, act: acts.Act, reason: str, now: datetime, rules: LifecycleRules
) -> Applied:
    """What was undecided still is: the ticket waits in the manual queue again. Who is not satisfied
    after an outage has a matter of their own.
    """
    again = replace(ticket, clocks={}, held=held_by(ticket.plan, now))
    again, parted = _parted(again, act, now, reason="reopened")
    fresh = start_ticket_clocks(again, now, rules)
    return Applied(fresh, (intake.TicketReopened(**ticket_facts(fresh), reason=reason), *parted))


def _parted(
    ticket: Ticket, act: acts.Act, now: datetime, *, reason: str
) -> tuple[Ticket, tuple[Event, ...]]:
    """The ticket without the outage it was a part of, if it was, on record like any other act."""
    if ticket.incident is None:
        return ticket, ()
    entry = TimelineEntry(now, Transition.UNLINK, act.by, None, reason)
    parted = _unlinked(ticket, reason)
    own = replace(parted.ticket, timeline=(*ticket.timeline, entry))
    return own, parted.events


def _unlinked(ticket: Ticket, reason: str) -> Applied:
    """A matter of its own again; it was part of an incident."""
    assert ticket.incident is not None, "whoever calls this has seen it"
    facts = ticket_facts(ticket)
    event = router.TicketUnlinked(**facts, incident=ticket.incident, reason=reason)
    return Applied(replace(ticket, incident=None), (event,))


@effect.register
def _(_act: acts.RequestCancel, ticket: Ticket, _now: datetime, _r: LifecycleRules) -> Applied:
    asked = replace(ticket, cancel_requested=True)
    return Applied(asked, (intake.TicketCancelRequested(**ticket_facts(asked)),))


@effect.register
def _(act: acts.Merge, ticket: Ticket, _now: datetime, _rules: LifecycleRules) -> Applied:
    return Applied(ticket, (intake.TicketMerged(**ticket_facts(ticket), into=act.into),))


@effect.register
def _(act: acts.Hold, ticket: Ticket, now: datetime, rules: LifecycleRules) -> Applied:
    held = replace(ticket, held=ticket.held or Held(act.reason, now))
    held = run_queue_clock(held, now, rules)
    return Applied(held, (router.TicketHeld(**ticket_facts(held), reason=act.reason),))


@effect.register
def _(act: acts.Link, ticket: Ticket, _now: datetime, _rules: LifecycleRules) -> Applied:
    linked = replace(ticket, incident=act.incident)
    return Applied(linked, (router.TicketLinked(**ticket_facts(linked), incident=act.incident),))


@effect.register
def _(act: acts.Unlink, ticket: Ticket, _now: datetime, _rules: LifecycleRules) -> Applied:
    return _unlinked(ticket, act.reason)


@effect.register
def _(act: acts.Dispatch, ticket: Ticket, now: datetime, rules: LifecycleRules) -> Applied:
    order = _new_order(ticket, act, act.department, now, rules)
    held = ticket.held if ticket.held and ticket.held.reason not in ROUTERS_REASONS else None
    sent = replace(ticket, work_orders=(*ticket.work_orders, order), held=held)
    return Applied(sent, (dispatched_event(sent, order),))


@effect.register
def _(act: acts.Decline, ticket: Ticket, _now: datetime, _rules: LifecycleRules) -> Applied:
    declined = _with(ticket, act.order, reason=act.reason)
    facts = order_facts(declined, act.order)
    return Applied(declined, (router.WorkOrderDeclined(**facts, reason=act.reason),))


@effect.register
def _(act: acts.Transfer, ticket: Ticket, now: datetime, rules: LifecycleRules) -> Applied:
    order = _new_order(ticket, act, act.to_department, now, rules)
    moved = _with(ticket, act.order, reason=act.reason)
    moved = replace(moved, work_orders=(*moved.work_orders, order))
    event = router.WorkOrderTransferred(
        **order_facts(ticket, act.order), to_department=act.to_department, reason=act.reason
    )
    return Applied(moved, (event, dispatched_event(moved, order)))


@effect.register
def _(act: acts.Appoint, ticket: Ticket, now: datetime, rules: LifecycleRules) -> Applied:
    """Whoever is to come is reminded before the window; it is missed at its end."""
    visit = start_visit(now, act.at - rules.appointment_notice, act.until)
    times = {"visit": act.at, Clock.APPOINTMENT.value: act.until}
    agreed = _promised(agree_visit(ticket, act.order, visit), act, VISIT, times, now)
    facts = order_facts(agreed, act.order)
    return Applied(agreed, (router.WorkOrderAppointed(**facts, at=act.at, until=act.until),))


@effect.register
def _(act: acts.AskExtension, ticket: Ticket, now: datetime, _rules: LifecycleRules) -> Applied:
    wish = ExtensionWish(act.order, act.until, act.reason, act.by, now)
    asked = replace(ticket, extension=wish)
    facts = order_facts(asked, act.order)
    event = router.WorkOrderExtensionAsked(
        **facts, until=act.until, reason=act.reason, recipients=act.recipients
    )
    return Applied(asked, (event,))


@effect.register
def _(act: acts.RefuseExtension, ticket: Ticket, _now: datetime, _rules: LifecycleRules) -> Applied:
    refused = replace(ticket, extension=None)
    return Applied(refused, (router.WorkOrderExtensionRefused(**order_facts(refused, act.order)),))


@effect.register
def _(act: acts.Extend, ticket: Ticket, now: datetime, rules: LifecycleRules) -> Applied:
    clocks = dict(ticket.clocks)
    clocks[Clock.RESOLVE] = extend_clock(clocks[Clock.RESOLVE], act.until, now, rules.ladder)
    times = {Clock.RESOLVE.value: act.until}
    extended = _promised(replace(ticket, clocks=clocks), act, "extension", times, now)
    extended = replace(extended, extension=None, extensions=ticket.extensions + 1)
    facts = order_facts(extended, act.order)
    return Applied(extended, (router.WorkOrderExtended(**facts, until=act.until),))


@effect.register
def _(act: acts.Suspend, ticket: Ticket, now: datetime, rules: LifecycleRules) -> Applied:
    until = act.until or now + rules.longest_pause(act.reason)
    paused = pause_order(ticket, act.order, now)
    paused = _with(paused, act.order, resume_at=until, reason=act.reason)
    event = router.WorkOrderSuspended(
        **order_facts(paused, act.order), reason=act.reason, until=until
    )
    return Applied(paused, (event,))


@effect.register
def _(act: acts.Resume, ticket: Ticket, now: datetime, rules: LifecycleRules) -> Applied:
    resumed = resume_order(ticket, act.order, end_of_pause(ticket, act, now), rules)
    resumed = _with(resumed, act.order, resume_at=None, reason=None)
    return Applied(resumed, (router.WorkOrderResumed(**order_facts(resumed, act.order)),))


@effect.register
def _(act: acts.PutQuote, ticket: Ticket, now: datetime, rules: LifecycleRules) -> Applied:
    quotes = _order_of(ticket, act.order).quotes
    quote = Quote(len(quotes) + 1, act.items, act.payer, act.by, now)
    quoted = _with(ticket, act.order, quotes=(*quotes, quote))
    asks = needs_consent(quote, rules.free_up_to)
    event = router.WorkOrderQuoted(
        **order_facts(quoted, act.order), quote=quote.version, total=quote.total,
        payer=quote.payer, needs_consent=asks, recipients=act.recipients if asks else (),
    )  # fmt: skip
    return Applied(quoted, (event,))


@effect.register
def _(act: acts.RecordConsent, ticket: Ticket, now: datetime, _rules: LifecycleRules) -> Applied:
    *earlier, last = _order_of(ticket, act.order).quotes
    answered = replace(last, consent=Consent(act.given, act.how, act.by, now))
    heard = _with(ticket, act.order, quotes=(*earlier, answered))
    event = router.WorkOrderConsentRecorded(
        **order_facts(heard, act.order), quote=last.version, total=last.total, given=act.given,
        how=act.how,
    )  # fmt: skip
    return Applied(heard, (event,))


@effect.register
def _(act: acts.Resolve, ticket: Ticket, _now: datetime, _rules: LifecycleRules) -> Applied:
    """What was quoted was used, unless they say otherwise."""
    quote = _order_of(ticket, act.order).quote
    used = act.used if act.used is not None else (quote.items if quote else ())
    shown = {"proof": act.proof, "place_differs": act.place_differs}
    done = _with(ticket, act.order, outcome=act.outcome, used=used, **shown)
    event = router.WorkOrderResolved(
        **order_facts(done, act.order),
        **shown,
        total=total_of(used),
        payer=quote.payer if quote else None,
    )
    return Applied(done, (event,))


@effect.register
def _(act: acts.HandOver, ticket: Ticket, _now: datetime, _rules: LifecycleRules) -> Applied:
    handed = _with(ticket, act.order, outcome=act.outcome)
    return Applied(handed, (router.WorkOrderHandedOver(**order_facts(handed, act.order)),))


def end_of_pause(ticket: Ticket, act: acts.Act, now: datetime) -> datetime:
    """Since when time counts again: a pause ends when it was to end, though it be noticed later."""
    order = ticket.order(act.order) if isinstance(act, acts.Resume) else None
    return min(now, order.resume_at) if order and order.resume_at else now


def _with(ticket: Ticket, order: str, **changed: Any) -> Ticket:
    return ticket.with_order(replace(_order_of(ticket, order), **changed))


def _order_of(ticket: Ticket, order: str) -> WorkOrder:
    found = ticket.order(order)
    if found is None:
        raise NoSuchOrder(order)
    return found


def _promised(
    ticket: Ticket, act: acts.Act, how: str, times: Mapping[str, datetime], now: datetime
) -> Ticket:
    """What was promised before stays on record."""
    promise = Promise(now, act.by, how, ticket.plan.policy, times, told=False)
    return replace(ticket, promised=(*ticket.promised, promise))


@effect.register
def _(act: acts.ConfirmCancel, ticket: Ticket, _now: datetime, _r: LifecycleRules) -> Applied:
    return Applied(ticket, (router.WorkOrderCancelled(**order_facts(ticket, act.order)),))


@effect.register
def _(act: acts.Warn, ticket: Ticket, now: datetime, rules: LifecycleRules) -> Applied:
    fired = _fired(ticket, act, now, rules)
    return Applied(fired, (router.ClockWarned(**clock_facts(ticket, act), level=act.level),))


@effect.register
def _(act: acts.Breach, ticket: Ticket, now: datetime, rules: LifecycleRules) -> Applied:
    fired = _fired(ticket, act, now, rules)
    return Applied(fired, (router.ClockBreached(**clock_facts(ticket, act), level=act.level),))


def _fired(ticket: Ticket, act: acts.Fire, now: datetime, rules: LifecycleRules) -> Ticket:
    state = clocks_of(ticket, act.order)[act.clock]
    return set_clock(ticket, act, fire_clock(state, act.level, now, rules.ladder))


def _new_order(
    ticket: Ticket,
    act: acts.Dispatch | acts.Transfer,
    department: str,
    now: datetime,
    rules: LifecycleRules,
) -> WorkOrder:
    limits: Mapping[str, Limit] = ticket.plan.limits
    clocks = {
        clock: start_clock(limits.get(clock), now, rules.calendar, rules.ladder)
        for clock in ORDER_CLOCKS
        if clock is Clock.ACCEPT or clock in limits
    }
    if (visit := visit_to_keep(ticket, department, now)) is not None:
        clocks[Clock.APPOINTMENT] = visit
    return WorkOrder(
        id=f"{ticket.number}-{len(ticket.work_orders) + 1}",
        round=ticket.round,
        department=department,
        status=OrderStatus.DISPATCHED,
        assignee=act.assignee,
        clocks=clocks,
        decided=act.decided,
        offered_to=act.offered_to if isinstance(act, acts.Dispatch) else (),
    )


def held_by(plan: Plan | Planned, now: datetime) -> Held | None:
    """Why a person must look at it first, if the plan says so."""
    return Held(plan.undecided[0], now) if plan.undecided else None


def promise_of(
    plan: Plan, rules: LifecycleRules, now: datetime, *, by: str, how: str, told: bool
) -> tuple[Promise, ...]:
    """What is promised; while undecided only that somebody will look at it."""
    times = dict(plan.promised) or {
        Clock.ACCEPT.value: rules.calendar.due(now, rules.undecided_limit)
    }
    return (Promise(now, by, how, plan.policy, times, told),)
