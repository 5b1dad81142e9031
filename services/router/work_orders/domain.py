"""Rules of the router: who gets the work, and who is alerted. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from services.router.people import HowBusy, choose_person, nobody_is_busy, others, whom_it_is_about
from shared.policy.duty import Duty, Person
from shared.policy.policy import Policy
from shared.tickets import OrderStatus, Ticket, WorkOrder
from shared.tickets.acts import (
    Act,
    Appoint,
    Dispatch,
    Hold,
    OrderAct,
    PutQuote,
    RecordConsent,
    Transfer,
    Withdraw,
)
from shared.tickets.lifecycle import UNFINISHED
from shared.tickets.model import HeldReason

NOT_ACCEPTED: Final = "not_accepted"
ABOUT_THEM: Final = "about_them"
OTHER_PLACE: Final = "other_place"
"""Why work went to another of the same department."""


def work_to_give(
    ticket: Ticket, duty: Duty, policy: Policy, *, by: str, how_busy: HowBusy = nobody_is_busy
) -> list[Act]:
    """What is missing for every department of the last plan to have its work order, and for nobody
    to have one of a matter that is about them.

    Declined as often as the policy allows, with nobody on duty, or about the department itself, a
    person decides. What was given at another place goes to whoever has it here.
    """
    if ticket.mark is not None:
        return []
    given = [*_for_departments(ticket, duty, policy, by=by, how_busy=how_busy)]
    given += _withdrawn(ticket, given, by=by)
    given += _from_elsewhere(ticket, given, duty, by=by, how_busy=how_busy)
    moved = _orders_taken_by(given)
    theirs = [o for o in _in_their_hands(ticket, duty) if o.id not in moved]
    passed_on = (_to_another(o, ticket, duty, by=by, how_busy=how_busy) for o in theirs)
    return _held_once(ticket, [*given, *passed_on])


def _for_departments(
    ticket: Ticket, duty: Duty, policy: Policy, *, by: str, how_busy: HowBusy
) -> Iterator[Act]:
    """What each department of the plan gets, and whoever it was passed on to and sent it back, or
    why a person has to decide.
    """
    leftover = _no_longer_planned(ticket)
    for department in dict.fromkeys((*ticket.plan.departments, *ticket.without_work)):
        if department in ticket.about.departments:
            # Also when they have it already: they see it no more, and a person passes it on.
            if _is_undecided(ticket, department):
                yield Hold(by=by, reason="conflict")
            continue
        if department not in ticket.without_work:
            continue
        declined = [o for o in ticket.orders if o.department == department and _declined(o)]
        if len(declined) >= policy.rules.decline_limit:
            yield Hold(by=by, reason="declined_twice")
            continue
        person = _next_of(department, ticket, duty, how_busy)
        if person is None:
            yield Hold(by=by, reason=_why_nobody(ticket, department, duty))
        elif leftover:
            yield _moved(leftover.pop(), department, person, by=by, reason="reclassified")
        elif policy.taxonomy.is_pool(department) and not ticket.is_emergency:
            yield _offered(ticket, department, duty, by=by)
        else:
            yield Dispatch(by=by, department=department, assignee=person.id)


def _next_of(department: str, ticket: Ticket, duty: Duty, how_busy: HowBusy) -> Person | None:
    """Who gets it in a department: one who has not had it, else one who did not accept it in time,
    but nobody who declined it.
    """
    theirs = [o for o in ticket.orders if o.department == department]
    declined = {o.assignee for o in theirs if o.assignee and _declined(o)}
    missed = {o.assignee for o in theirs if o.assignee and o.reason == NOT_ACCEPTED}
    for not_again in (declined | missed, declined):
        person = choose_person(duty, ticket, department, how_busy=how_busy, not_again=not_again)
        if person is not None:
            return person
    return None


def _withdrawn(ticket: Ticket, given: Sequence[Act], *, by: str) -> list[Act]:
    """Once each department of the plan has its order, whom it does not name is not asked any more,
    unless they have taken it.
    """
    waits = not ticket.plan.departments or any(isinstance(act, Hold) for act in given)
    moved = {act.order for act in given if isinstance(act, Transfer)}
    spare = [] if waits else _no_longer_planned(ticket)
    return [
        Withdraw(by=by, order=order.id)
        for order in spare
        if order.id not in moved and order.status is OrderStatus.DISPATCHED
    ]


def _from_elsewhere(
    ticket: Ticket,
    given: Sequence[Act],
    duty: Duty,
    *,
    by: str,
    how_busy: HowBusy,
) -> list[Act]:
    """Work that was given for another place is taken back, and given to whom the department has
    here, to whom it may be no news; with nobody there a person decides.
    """
    moved, acts = _orders_taken_by(given), list[Act]()
    for order in ticket.orders:
        planned = order.department in {*ticket.plan.departments} - {*ticket.about.departments}
        if order.id in moved or not planned or not order.is_elsewhere(ticket.estate):
            continue
        person = _next_of(order.department, ticket, duty, how_busy)
        if person is None:
            acts.append(Hold(by=by, reason=_why_nobody(ticket, order.department, duty)))
        elif order.assignee is None and not ticket.is_emergency:
            acts.append(Withdraw(by=by, order=order.id))
            acts.append(_offered(ticket, order.department, duty, by=by))
        else:
            acts.append(_moved(order, order.department, person, by=by, reason=OTHER_PLACE))
    return acts


def who_goes_on(
    ticket: Ticket, duty: Duty, policy: Policy
) -> tuple[frozenset[str], frozenset[str]]:
    """Who has work of the ticket once its last plan is given out, and who has some until then."""
    given = work_to_give(ticket, duty, policy, by="")
    moved = _orders_taken_by(given)
    had = [order for order in ticket.orders if order.is_unfinished]
    fresh = (act.assignee for act in given if isinstance(act, Dispatch | Transfer))
    # Who has accepted for what it is not, and has not begun, is told so all the same.
    spare = {o.id for o in _no_longer_planned(ticket) if o.status is OrderStatus.ACCEPTED}
    keep = (order.assignee for order in had if order.id not in moved | spare)
    return (
        frozenset(person for person in (*keep, *fresh) if person),
        frozenset(order.assignee for order in had if order.assignee),
    )


def _orders_taken_by(given: Sequence[Act]) -> set[str]:
    return {act.order for act in given if isinstance(act, Transfer | Withdraw)}


def _is_undecided(ticket: Ticket, department: str) -> bool:
    """Whether a person has to say who does the work of a department that the matter is about: they
    have it, or the desk has given it to nobody in their place.
    """
    own = any(o.department == department and o.status in UNFINISHED for o in ticket.orders)
    return own or not ticket.has_stand_in


def _why_nobody(ticket: Ticket, department: str, duty: Duty) -> HeldReason:
    there = duty.on_duty(ticket.estate, department)
    return "conflict" if there and not others(there, ticket, duty) else "nobody_on_duty"


def _in_their_hands(ticket: Ticket, duty: Duty) -> list[WorkOrder]:
    """Unfinished orders of somebody who turned out to be whom the matter is about; what is their
    whole department's is a person's to pass on.
    """
    not_for = whom_it_is_about(ticket, duty)
    return [
        order
        for order in ticket.orders
        if order.status in UNFINISHED
        and order.assignee in not_for
        and order.department not in ticket.about.departments
    ]


def _to_another(order: WorkOrder, ticket: Ticket, duty: Duty, *, by: str, how_busy: HowBusy) -> Act:
    """To the next on duty of the same department, else a person decides."""
    declined = (o.assignee for o in ticket.orders if _declined(o) and o.assignee)
    person = choose_person(duty, ticket, order.department, not_again=declined, how_busy=how_busy)
    if person is None:
        return Hold(by=by, reason="conflict")
    return _moved(order, order.department, person, by=by, reason=ABOUT_THEM)


def _offered(ticket: Ticket, department: str, duty: Duty, *, by: str) -> Dispatch:
    """To everybody on duty at once: whoever accepts first has it."""
    people = others(duty.on_duty(ticket.estate, department), ticket, duty)
    asked = tuple(person.id for person in people)
    return Dispatch(by=by, department=department, assignee=None, offered_to=asked)


def next_person(
    ticket: Ticket,
    order: WorkOrder,
    duty: Duty,
    *,
    by: str,
    how_busy: HowBusy = nobody_is_busy,
) -> Transfer | None:
    """Who has not accepted in time loses the work to the next on duty; None when there is nobody
    else, or when it is an emergency, whose chain calls more people without taking it from anybody.
    """
    if ticket.is_emergency:
        return None
    tried = {o.assignee for o in ticket.orders if o.department == order.department and o.assignee}
    person = choose_person(duty, ticket, order.department, not_again=tried, how_busy=how_busy)
    if person is None:
        return None
    return _moved(order, order.department, person, by=by, reason=NOT_ACCEPTED)


def _moved(order: WorkOrder, department: str, person: Person, *, by: str, reason: str) -> Transfer:
    return Transfer(
        by=by, order=order.id, to_department=department, assignee=person.id, reason=reason
    )


def _declined(order: WorkOrder) -> bool:
    return order.status is OrderStatus.DECLINED


def _no_longer_planned(ticket: Ticket) -> list[WorkOrder]:
    """Unfinished orders of departments that the last plan does not name, unless given by hand."""
    moved = {
        o.department
        for o in ticket.orders
        if o.status is OrderStatus.TRANSFERRED
        and o.reason not in {NOT_ACCEPTED, ABOUT_THEM, OTHER_PLACE}
    }
    return [
        order
        for order in ticket.orders
        if order.status in UNFINISHED
        and len(ticket.plans) > 1
        and order.department not in {*ticket.plan.departments, *moved}
        and not order.decided
    ]


def _held_once(ticket: Ticket, wanted: Sequence[Act]) -> list[Act]:
    """Hold once, and a ticket that already waits for a person keeps its reason. Behind all others,
    since what is dispatched ends a hold.
    """
    acts = [act for act in wanted if not isinstance(act, Hold)]
    holds = [act for act in wanted if isinstance(act, Hold)]
    waits = ticket.held is not None and not any(isinstance(act, Dispatch) for act in acts)
    return acts if waits else [*acts, *holds[:1]]


def as_asked(ticket: Ticket, given: Sequence[Act], now: datetime, *, by: str) -> list[Act]:
    """`given`, which gives out the work of a ticket, and the visit that the caller asked for in the
    report, with the first of its orders. What is over by then, and a danger, waits for no visit.
    """
    asked = ticket.asked_appointment
    is_first = not ticket.orders and any(isinstance(act, Dispatch) for act in given)
    if asked is None or not is_first or ticket.is_emergency or asked.to <= now:
        return list(given)
    order = f"{ticket.number}-{len(ticket.work_orders) + 1}"
    return [*given, Appoint(by=by, order=order, at=asked.from_, until=asked.to)]


def is_said(act: OrderAct, order: WorkOrder) -> bool:
    """Whether this is how it stands already: a quote that is sent twice must not undo the consent
    that was given in between.
    """
    quote = order.quote
    if quote is None or order.status not in UNFINISHED:
        return False
    if isinstance(act, PutQuote):
        return (quote.items, quote.payer) == (act.items, act.payer)
    consent = quote.consent
    if not isinstance(act, RecordConsent) or consent is None or act.quote != quote.version:
        return False
    return (consent.given, consent.how, consent.by) == (act.given, act.how, act.by)


def was_done(act: OrderAct, ticket: Ticket) -> bool:
    """Whether this very wish is on record: its form was sent again, because its answer was lost.
    Other words under the same key are another wish.
    """
    asked = (act.form_key, act.transition, act.order, act.by, act.note)
    return act.form_key is not None and any(
        (e.form_key, e.transition, e.order, e.by, e.note) == asked for e in ticket.timeline
    )
