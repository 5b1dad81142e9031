"""Rules of the router: who gets the work, and who is alerted. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from shared.policy.duty import Duty, Person
from shared.policy.policy import Policy
from shared.tickets import OrderStatus, Ticket, WorkOrder
from shared.tickets.acts import Act, Dispatch, Hold, OrderAct, PutQuote, RecordConsent, Transfer
from shared.tickets.lifecycle import UNFINISHED

NOT_ACCEPTED: Final = "not_accepted"
"""Why work went to the next on duty of the same department."""
IsBusy = Callable[[str], bool]
"""Whether somebody has so much in hand that others come first."""


def nobody_is_busy(_person: str) -> bool:
    """Where nobody counts."""
    return False


def choose_person(
    duty: Duty,
    ticket: Ticket,
    department: str,
    *,
    not_again: Iterable[str] = (),
    is_busy: IsBusy = nobody_is_busy,
) -> Person | None:
    """The first on duty of the department who can do work of this area and is not busy; failing
    these, who is busy; failing that, whoever is there. Nobody who has declined this round, and
    nobody whom the matter is about.

    An emergency that finds nobody goes to the group's chain: somebody always has it.
    """
    declined = {*not_again, *ticket.about.people}
    people = duty.on_duty(ticket.estate, department)
    if ticket.is_emergency:
        people = (*people, *duty.emergency_chain)
    there = [person for person in people if person.id not in declined]
    fit = [person for person in there if person.is_fit_for(ticket.plan.area)] or there
    free = [person for person in fit if not is_busy(person.id)] or fit
    return free[0] if free else None


def work_to_give(
    ticket: Ticket, duty: Duty, policy: Policy, *, by: str, is_busy: IsBusy = nobody_is_busy
) -> list[Act]:
    """What is missing for every department of the last plan to have its work order.

    Declined as often as the policy allows, or with nobody on duty, a person decides.
    """
    if ticket.mark is not None:
        return []
    acts: list[Act] = []
    leftover = _no_longer_planned(ticket)
    for department in ticket.plan.departments:
        if department in ticket.about.departments and not ticket.is_emergency:
            # Also when they have it already: they see it no more, and a person passes it on.
            acts += _hold(ticket, Hold(by=by, reason="conflict"), acts)
            continue
        if any(o.department == department and not _declined(o) for o in ticket.orders):
            continue
        declined = [o for o in ticket.orders if o.department == department and _declined(o)]
        if len(declined) >= policy.rules.decline_limit:
            acts += _hold(ticket, Hold(by=by, reason="declined_twice"), acts)
            continue
        person = choose_person(
            duty, ticket, department, is_busy=is_busy,
            not_again=(o.assignee for o in declined if o.assignee),
        )  # fmt: skip
        if person is None:
            acts += _hold(ticket, Hold(by=by, reason="nobody_on_duty"), acts)
        elif leftover:
            acts.append(_moved(leftover.pop(), department, person, by=by, reason="reclassified"))
        elif policy.taxonomy.is_pool(department) and not ticket.is_emergency:
            acts.append(_offered(ticket, department, duty, by=by))
        else:
            acts.append(Dispatch(by=by, department=department, assignee=person.id))
    return acts


def _offered(ticket: Ticket, department: str, duty: Duty, *, by: str) -> Dispatch:
    """To everybody on duty at once: whoever accepts first has it."""
    people = (person.id for person in duty.on_duty(ticket.estate, department))
    asked = tuple(person for person in people if person not in ticket.about.people)
    return Dispatch(by=by, department=department, assignee=None, offered_to=asked)


def next_person(ticket: Ticket, order: WorkOrder, duty: Duty, *, by: str) -> Transfer | None:
    """Who has not accepted in time loses the work to the next on duty; None when there is nobody
    else, or when it is an emergency, whose chain calls more people without taking it from anybody.
    """
    if ticket.is_emergency:
        return None
    tried = {o.assignee for o in ticket.orders if o.department == order.department and o.assignee}
    person = choose_person(duty, ticket, order.department, not_again=tried)
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
        if o.status is OrderStatus.TRANSFERRED and o.reason != NOT_ACCEPTED
    }
    return [
        order
        for order in ticket.orders
        if order.status in UNFINISHED
        and len(ticket.plans) > 1
        and order.department not in {*ticket.plan.departments, *moved}
        and not order.decided
    ]


def _hold(ticket: Ticket, hold: Hold, acts: Sequence[Act]) -> list[Act]:
    """Hold once: a ticket that already waits for a person keeps its reason."""
    if ticket.held is not None or any(isinstance(act, Hold) for act in acts):
        return []
    return [hold]


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


def people_to_alert(ticket: Ticket, duty: Duty) -> tuple[str, ...]:
    """Who is alerted at the same moment: the first of each department of the plan, in a gap of its
    roster the one who answers for it.

    Without anybody of theirs, the head of the group's chain.
    """
    firsts = (first_or_lead(ticket.estate, d, duty) for d in ticket.plan.departments)
    found = tuple(dict.fromkeys(person.id for first in firsts for person in first))
    return found or tuple(person.id for person in duty.emergency_chain[:1])


def first_or_lead(estate: str | None, department: str, duty: Duty) -> tuple[Person, ...]:
    """Whoever is first on duty; in a gap of the roster who answers for the department."""
    lead = duty.lead(estate, department)
    return duty.on_duty(estate, department)[:1] or ((lead,) if lead is not None else ())


def next_in_chain(duty: Duty, step: int) -> tuple[str, ...]:
    """Who is alerted at `step` (from 1): the chain in order, and round again until somebody
    answers."""
    chain = duty.emergency_chain
    return (chain[(step - 1) % len(chain)].id,) if chain else ()
