"""What each act does beyond its row's own move. Pure.

Each function is named in its row of `TABLE` (`table`). It is given the ticket as the row has moved
it, and gives back the ticket as it is then and what the row's event tells of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import takewhile
from typing import Any

from shared.policy.plan import Plan
from shared.tickets import acts
from shared.tickets.clock_moves import (
    ORDER_CLOCKS,
    agree_visit,
    clocks_of,
    may_wait_until,
    pause_order,
    renew_clocks,
    resume_order,
    run_queue_clock,
    set_clock,
    start_ticket_clocks,
    visit_to_keep,
)
from shared.tickets.clocks import extend_clock, fire_clock, start_clock, start_visit
from shared.tickets.costs import Consent, Quote, needs_consent, total_of
from shared.tickets.errors import NoSuchOrder
from shared.tickets.facts import clock_facts, dispatched_facts
from shared.tickets.lifecycle import UNFINISHED, Clock, OrderStatus, Transition
from shared.tickets.model import (
    NOBODY,
    NOT_PLANNED,
    ROUTERS_REASONS,
    ExtensionWish,
    Held,
    LifecycleRules,
    Planned,
    Promise,
    Ticket,
    TimelineEntry,
    WorkOrder,
    place_of,
)
from shared.tickets.progress import told_of_progress
from shared.tickets.promises import VISIT
from shared.triage.taxonomy import Limit

Facts = Mapping[str, Any]
"""Fields of an event, besides those that every event of its subject carries."""


@dataclass(frozen=True, slots=True)
class Effect:
    """The ticket as it is then, and the facts of the row's event. `also` are transitions that the
    same act brings about, with the facts of their events.
    """

    ticket: Ticket
    facts: Facts = field(default_factory=dict)
    also: tuple[tuple[Transition, Facts], ...] = ()


def reclassify(
    ticket: Ticket, act: acts.Reclassify, now: datetime, rules: LifecycleRules
) -> Effect:
    """Another plan, with what follows of it: the queue, the outage, the clocks and the promise."""
    planned = Planned.from_plan(act.plan, at=now, by=act.by, reason=act.reason)
    about = ticket.about if act.about is None else act.about
    keeps = ticket.held is not None and ticket.held.reason in ROUTERS_REASONS
    changed = replace(
        ticket,
        estate=act.estate,
        about=about,
        owner=None if ticket.owner in about.people else ticket.owner,
        plans=(*ticket.plans, planned),
        held=ticket.held if keeps else held_by(act.plan, now, before=ticket.held),
    )
    parted = Effect(changed)
    if _is_its_own(changed) or _is_elsewhere(changed, ticket) or ticket.joins is not None:
        parted = _parted(changed, act, now, reason="reclassified")
    changed = start_ticket_clocks(parted.ticket, now, rules)
    changed = renew_clocks(changed, ticket.plan, act.plan.promised, now, rules)
    times = _times_now(changed, ticket.plan, act.plan, now)
    promises = times or _of_the_queue(changed)
    so_far = _promised_so_far(ticket)
    is_undecided = not promises and not act.plan.promised
    if is_undecided or any(so_far.get(clock) != at for clock, at in promises.items()):
        plan = replace(act.plan, promised=promises)
        promise = promise_of(plan, rules, now, by=act.by, how=act.how, told=False)
        changed = replace(changed, promised=(*ticket.promised, *promise))
    facts = {
        "departments": act.plan.departments,
        "held": changed.held.reason if changed.held else None,
        "promised": times,
    }
    return Effect(changed, facts, parted.also)


def _is_its_own(ticket: Ticket) -> bool:
    """A danger, and what is about somebody, is never part of an outage: all see that (A5.3)."""
    return ticket.is_emergency or ticket.about != NOBODY


def _is_elsewhere(after: Ticket, before: Ticket) -> bool:
    """What is about another place or area is no part of the outage it was taken for."""
    return (after.estate, after.plan.area) != (before.estate, before.plan.area)


def _times_now(ticket: Ticket, before: Planned, plan: Plan, now: datetime) -> dict[str, datetime]:
    """What a new plan promises: as long as a limit stays what it was, so does the time. At another
    place the work is given anew, with clocks of its own. What is over is not promised once more.
    """
    times = dict(plan.promised)
    goes_on = (
        order.clocks
        for order in ticket.orders
        if order.status in UNFINISHED and not order.is_elsewhere(ticket.estate)
    )
    for owner in (ticket.clocks, *goes_on):
        for clock, state in owner.items():
            stays = before.limits.get(clock) == plan.limits.get(clock)
            if stays and clock in times and state.due is not None and state.stopped_at is None:
                times[clock.value] = state.due
    return {clock: at for clock, at in times.items() if at > now}


def _of_the_queue(ticket: Ticket) -> dict[str, datetime]:
    """By when somebody looks at what still waits for a decision: that stays as it was promised."""
    queue = ticket.clocks.get(Clock.ACCEPT)
    if ticket.held is None or queue is None or queue.due is None:
        return {}
    return {Clock.ACCEPT.value: queue.due}


def _promised_so_far(ticket: Ticket) -> dict[str, datetime]:
    """By clock, what was promised last."""
    return {clock: at for promise in ticket.promised for clock, at in promise.times.items()}


def tell(ticket: Ticket, act: acts.Tell, *_: object) -> Effect:
    """Of each kind the last promise counts, so that is what the caller has heard now."""
    heard = {
        promise.how == VISIT: n
        for n, promise in enumerate(ticket.promised)
        if act.of is None or promise.how == act.of
    }
    promised = tuple(
        replace(promise, told=True)
        if n in heard.values() and (act.promised is None or promise.at in act.promised)
        else promise
        for n, promise in enumerate(ticket.promised)
    )
    return Effect(replace(ticket, promised=promised))


def own(ticket: Ticket, act: acts.Own, *_: object) -> Effect:
    """It has an owner at the desk; who was it before is remembered."""
    former = ticket.former_owners
    if ticket.owner is not None and ticket.owner not in {act.owner, *former}:
        former = (*former, ticket.owner)
    return Effect(replace(ticket, owner=act.owner, former_owners=former), {"owner": act.owner})


def flag(ticket: Ticket, *_: object) -> Effect:
    """It is marked as a risk."""
    return Effect(replace(ticket, risk=True))


def raise_level(ticket: Ticket, act: acts.Raise, *_: object) -> Effect:
    """It never comes down again."""
    raised = replace(ticket, level=max(ticket.level, act.level))
    facts = {
        "level": act.level,
        "reason": act.reason,
        "contacts": act.contacts,
        "recipients": act.recipients,
        "place_differs": act.place_differs,
    }
    return Effect(raised, facts)


def feedback(ticket: Ticket, act: acts.Feedback, *_: object) -> Effect:
    """The event tells how it was fed back."""
    return Effect(ticket, {"outcome": act.outcome})


def feedback_attempt(ticket: Ticket, *_: object) -> Effect:
    """One more attempt on record."""
    attempts = ticket.feedback_attempts + 1
    return Effect(replace(ticket, feedback_attempts=attempts), {"attempts": attempts})


def begin_round(
    ticket: Ticket, act: acts.NotSatisfied | acts.Reopen, now: datetime, rules: LifecycleRules
) -> Effect:
    """What was undecided still is: the ticket waits in the manual queue again. Who is not satisfied
    after an outage has a matter of their own.
    """
    again = replace(ticket, clocks={}, held=held_by(ticket.plan, now))
    parted = _parted(again, act, now, reason="reopened")
    fresh = start_ticket_clocks(parted.ticket, now, rules)
    return Effect(fresh, {"reason": act.reason}, parted.also)


def _parted(ticket: Ticket, act: acts.Act, now: datetime, *, reason: str) -> Effect:
    """The ticket without the outage or emergency it was a part of, if it was, on record like any
    other act.
    """
    parted = Effect(ticket)
    if ticket.incident is not None:
        facts = {"incident": ticket.incident, "reason": reason}
        own = _recorded(replace(ticket, incident=None), Transition.UNLINK, act, now, reason)
        parted = Effect(own, also=((Transition.UNLINK, facts),))
    if ticket.joins is not None:
        facts = {"joined": ticket.joins, "reason": reason}
        own = _recorded(replace(parted.ticket, joins=None), Transition.PART, act, now, reason)
        parted = Effect(own, also=(*parted.also, (Transition.PART, facts)))
    return parted


def _recorded(
    ticket: Ticket, transition: Transition, act: acts.Act, now: datetime, note: str
) -> Ticket:
    entry = TimelineEntry(now, transition, act.by, None, note)
    return replace(ticket, timeline=(*ticket.timeline, entry))


def tell_workers(ticket: Ticket, act: acts.Act, now: datetime, _: LifecycleRules) -> Effect:
    """Whoever has the work in hand, or was offered it, is to hear what the caller wants."""
    in_hand = (o for o in ticket.orders if o.round == ticket.round and o.status in UNFINISHED)
    people = (p for o in in_hand for p in ((o.assignee,) if o.assignee else o.offered_to))
    others = tuple(dict.fromkeys(person for person in people if person != act.by))
    return Effect(ticket, {"recipients": others, "at": now})


def request_cancel(
    ticket: Ticket, act: acts.RequestCancel, now: datetime, rules: LifecycleRules
) -> Effect:
    """The wish stays until the department has confirmed it."""
    return tell_workers(replace(ticket, cancel_requested=True), act, now, rules)


def merge(ticket: Ticket, act: acts.Merge, *_: object) -> Effect:
    """It is known where it goes on."""
    return Effect(replace(ticket, merged_into=act.into), {"into": act.into})


def hold(ticket: Ticket, act: acts.Hold, now: datetime, rules: LifecycleRules) -> Effect:
    """It waits in the manual queue, from the first reason on."""
    held = replace(ticket, held=ticket.held or Held(act.reason, now))
    return Effect(run_queue_clock(held, now, rules), {"reason": act.reason})


def link(ticket: Ticket, act: acts.Link, *_: object) -> Effect:
    """It is a part of that incident."""
    return Effect(replace(ticket, incident=act.incident), {"incident": act.incident})


def unlink(ticket: Ticket, act: acts.Unlink, *_: object) -> Effect:
    """A matter of its own again; it was part of an incident."""
    facts = {"incident": ticket.incident, "reason": act.reason}
    return Effect(replace(ticket, incident=None), facts)


def join(ticket: Ticket, act: acts.Join, *_: object) -> Effect:
    """It shares the alert of that emergency."""
    return Effect(replace(ticket, joins=act.joins), {"joins": act.joins})


def part(ticket: Ticket, act: acts.Part, *_: object) -> Effect:
    """A matter of its own; it had joined an emergency."""
    facts = {"joined": ticket.joins, "reason": act.reason}
    return Effect(replace(ticket, joins=None), facts)


def dispatch(ticket: Ticket, act: acts.Dispatch, now: datetime, rules: LifecycleRules) -> Effect:
    """One more work order; what only the router could not decide is decided."""
    order = _new_order(ticket, act, act.department, now, rules)
    held = ticket.held if ticket.held and ticket.held.reason not in ROUTERS_REASONS else None
    sent = replace(ticket, work_orders=(*ticket.work_orders, order), held=held)
    return Effect(sent, dispatched_facts(sent, order))


def accept(ticket: Ticket, act: acts.Accept, *_: object) -> Effect:
    """Who accepts has it: of several whom it was offered to the first, or a colleague of whom it
    was given to.
    """
    return Effect(_with(ticket, act.order, assignee=act.assignee or act.by))


def decline(ticket: Ticket, act: acts.Decline, *_: object) -> Effect:
    """The order says why."""
    return Effect(_with(ticket, act.order, reason=act.reason), {"reason": act.reason})


def transfer(ticket: Ticket, act: acts.Transfer, now: datetime, rules: LifecycleRules) -> Effect:
    """The other department's order is in the same write."""
    order = _new_order(ticket, act, act.to_department, now, rules)
    moved = _with(ticket, act.order, reason=act.reason)
    moved = replace(moved, work_orders=(*moved.work_orders, order))
    facts = {"to_department": act.to_department, "reason": act.reason}
    return Effect(moved, facts, ((Transition.DISPATCH, dispatched_facts(moved, order)),))


def note(ticket: Ticket, act: acts.Note, _now: datetime, rules: LifecycleRules) -> Effect:
    """The words stay on the timeline: an event says that there are some, and for whom."""
    tell_at = told_of_progress(ticket, rules) if act.public else None
    return Effect(ticket, {"public": act.public, "tell_at": tell_at})


def appoint(ticket: Ticket, act: acts.Appoint, now: datetime, rules: LifecycleRules) -> Effect:
    """Whoever is to come is reminded before the window; it is missed at its end."""
    visit = start_visit(now, act.at - rules.appointment_notice, act.until)
    times = {"visit": act.at, Clock.APPOINTMENT.value: act.until}
    asked = replace(ticket, asked_appointment=None)
    agreed = _promised(agree_visit(asked, act.order, visit), act, VISIT, times, now)
    facts = {"at": act.at, "until": act.until, "agreed_at": _agreed_since(agreed)}
    return Effect(agreed, facts)


def _agreed_since(ticket: Ticket) -> datetime:
    """Since when the visit that counts is agreed: the same said again is no news, and one that was
    another in between is.
    """
    visits = [promise for promise in ticket.promised if promise.how == VISIT]
    same = takewhile(lambda each: each.times == visits[-1].times, reversed(visits))
    return min(each.at for each in same)


def put_quote(ticket: Ticket, act: acts.PutQuote, now: datetime, rules: LifecycleRules) -> Effect:
    """The newest estimate counts; the owner is asked where they pay more than is free."""
    quotes = _order_of(ticket, act.order).quotes
    quote = Quote(len(quotes) + 1, act.items, act.payer, act.by, now)
    asks = needs_consent(quote, rules.free_up_to)
    facts = {
        "quote": quote.version,
        "total": quote.total,
        "payer": quote.payer,
        "needs_consent": asks,
        "recipients": act.recipients if asks else (),
    }
    return Effect(_with(ticket, act.order, quotes=(*quotes, quote)), facts)


def record_consent(
    ticket: Ticket, act: acts.RecordConsent, now: datetime, _rules: object
) -> Effect:
    """The owner's word stands beside the estimate it is about."""
    *earlier, last = _order_of(ticket, act.order).quotes
    answered = replace(last, consent=Consent(act.given, act.how, act.by, now))
    facts = {"quote": last.version, "total": last.total, "given": act.given, "how": act.how}
    return Effect(_with(ticket, act.order, quotes=(*earlier, answered)), facts)


def ask_extension(ticket: Ticket, act: acts.AskExtension, now: datetime, _rules: object) -> Effect:
    """The wish waits for a supervisor."""
    wish = ExtensionWish(act.order, act.until, act.reason, act.by, now)
    facts = {"until": act.until, "reason": act.reason, "recipients": act.recipients, "at": now}
    return Effect(replace(ticket, extension=wish), facts)


def refuse_extension(ticket: Ticket, _act: object, now: datetime, _rules: object) -> Effect:
    """The wish is gone, the time stays."""
    state = ticket.clocks.get(Clock.RESOLVE)
    facts = {"due": state.due if state else None, "at": now}
    return Effect(replace(ticket, extension=None), facts)


def extend(ticket: Ticket, act: acts.Extend, now: datetime, rules: LifecycleRules) -> Effect:
    """The whole has until then, and that is what is promised."""
    clocks = dict(ticket.clocks)
    clocks[Clock.RESOLVE] = extend_clock(clocks[Clock.RESOLVE], act.until, now, rules.ladder)
    times = {Clock.RESOLVE.value: act.until}
    extended = _promised(replace(ticket, clocks=clocks), act, "extension", times, now)
    extended = replace(extended, extension=None, extensions=ticket.extensions + 1)
    facts = {"until": act.until, "at": now, "asked": ticket.extension is not None}
    return Effect(extended, facts)


def suspend(ticket: Ticket, act: acts.Suspend, now: datetime, rules: LifecycleRules) -> Effect:
    """Its clocks pause, at longest for as long as the policy allows."""
    longest = now + rules.longest_pause(act.reason)
    latest = may_wait_until(ticket, act.order, now, rules) or longest
    until = act.until or min(longest, latest)
    paused = pause_order(ticket, act.order, now)
    paused = _with(paused, act.order, resume_at=until, reason=act.reason)
    return Effect(paused, {"reason": act.reason, "until": until})


def resume(ticket: Ticket, act: acts.Resume, now: datetime, rules: LifecycleRules) -> Effect:
    """Its clocks go on, from when the pause was to end."""
    resumed = resume_order(ticket, act.order, end_of_pause(ticket, act, now), rules)
    return Effect(_with(resumed, act.order, resume_at=None, reason=None))


def resolve(ticket: Ticket, act: acts.Resolve, *_: object) -> Effect:
    """What was quoted was used, unless they say otherwise."""
    quote = _order_of(ticket, act.order).quote
    used = act.used if act.used is not None else (quote.items if quote else ())
    shown = {"proof": act.proof, "place_differs": act.place_differs}
    done = _with(ticket, act.order, outcome=act.outcome, used=used, **shown)
    return Effect(done, shown | {"total": total_of(used), "payer": quote.payer if quote else None})


def hand_over(ticket: Ticket, act: acts.HandOver, *_: object) -> Effect:
    """The order says whose it is."""
    return Effect(_with(ticket, act.order, outcome=act.outcome))


def withdraw(ticket: Ticket, act: acts.Withdraw, *_: object) -> Effect:
    """The order says why, so that a later plan may give the department work again."""
    return Effect(_with(ticket, act.order, reason=NOT_PLANNED))


def fire(ticket: Ticket, act: acts.Fire, now: datetime, rules: LifecycleRules) -> Effect:
    """The rung is called; the event tells what the clock was when it fell due."""
    state = clocks_of(ticket, act.order)[act.clock]
    fired = set_clock(ticket, act, fire_clock(state, act.level, now, rules.ladder))
    return Effect(fired, clock_facts(ticket, act))


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
        place=place_of(ticket.estate),
    )


def held_by(plan: Plan | Planned, now: datetime, *, before: Held | None = None) -> Held | None:
    """Why a person must look at it first, if the plan says so. What waited `before` keeps its
    place: whoever called has waited since then.
    """
    if not plan.undecided:
        return None
    return Held(plan.undecided[0], now if before is None else before.since)


def promise_of(
    plan: Plan, rules: LifecycleRules, now: datetime, *, by: str, how: str, told: bool
) -> tuple[Promise, ...]:
    """What is promised; while undecided only that somebody will look at it."""
    times = dict(plan.promised) or {
        Clock.ACCEPT.value: rules.calendar.due(now, rules.undecided_limit)
    }
    return (Promise(now, by, how, plan.policy, times, told),)
