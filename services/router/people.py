"""Whom a ticket is given to, who is alerted, who is warned, who hears of a broken limit, and
who is never asked because it is about them. Pure.

Everybody who chooses people for a ticket asks here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from shared.contracts import MalformedMessage
from shared.identity import DESK
from shared.policy.duty import ANYWHERE, MANAGEMENT, Duty, Person
from shared.policy.ladder import BREACH, Hears
from shared.policy.policy import Policy
from shared.tickets import Ticket, WorkOrder
from shared.tickets.lifecycle import UNFINISHED

HowBusy = Callable[[str], int]
"""How much somebody has in hand beyond what leaves them free; nothing for whoever is free."""


def nobody_is_busy(_person: str) -> int:
    """Where nobody counts."""
    return 0


def require_listed(person: str, duty: Duty, field: str) -> None:
    """Raise MalformedMessage naming the field for who is on no duty list: others never hear of what
    they are given.
    """
    if duty.person(person) is None:
        raise MalformedMessage(field, "is nobody on a duty list", "send the id of somebody who is")


def require_there(person: str, duty: Duty, field: str) -> None:
    """The same for who is away at present: nobody does what they are given."""
    require_listed(person, duty, field)
    if duty.is_away(person):
        raise MalformedMessage(
            field, "is away: on leave, or their account is frozen", "send the id of who is there"
        )


def choose_person(
    duty: Duty,
    ticket: Ticket,
    department: str,
    *,
    not_again: Iterable[str] = (),
    how_busy: HowBusy = nobody_is_busy,
) -> Person | None:
    """The first on duty of the department who can do work of this area and is free; where nobody
    is, the least busy of them; where nobody can do it, whoever is there. Nobody who has declined
    this round, and nobody whom the matter is about.

    An emergency that finds nobody goes to the group's chain: somebody always has it.
    """
    declined = frozenset(not_again)
    people = others(duty.on_duty(ticket.estate, department), ticket, duty)
    if ticket.is_emergency:
        people = (*people, *help_from_outside(ticket, duty))
    there = [person for person in people if person.id not in declined]
    fit = [person for person in there if person.is_fit_for(ticket.plan.area)] or there
    return min(fit, key=lambda person: how_busy(person.id), default=None)


def people_to_alert(ticket: Ticket, duty: Duty) -> tuple[str, ...]:
    """Who is alerted at the same moment: the first of each department of the plan, in a gap of its
    roster the one who answers for it; nobody whom the matter is about, and nobody of a department
    it is about.

    Without anybody of theirs, the first of the group's chain, or who manages the estate.
    """
    firsts = (
        others(duty.on_duty(ticket.estate, department), ticket, duty)[:1]
        or others(_lead(ticket.estate, department, duty), ticket, duty)
        for department in ticket.plan.departments
    )
    found = tuple(dict.fromkeys(person.id for first in firsts for person in first))
    return found or tuple(person.id for person in help_from_outside(ticket, duty)[:1])


def first_or_lead(estate: str | None, department: str, duty: Duty) -> tuple[Person, ...]:
    """Whoever is first on duty; in a gap of the roster who answers for the department."""
    return duty.on_duty(estate, department)[:1] or _lead(estate, department, duty)


def _lead(estate: str | None, department: str, duty: Duty) -> tuple[Person, ...]:
    lead = duty.lead(estate, department)
    return (lead,) if lead is not None else ()


def next_in_chain(ticket: Ticket, duty: Duty, called: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Who is alerted after those `called` so far, alert by alert: the chain in order without those
    whom the matter is about, and round again until somebody answers.

    Alerts to others, such as when the place is found out, take nobody's turn.
    """
    chain = [person.id for person in help_from_outside(ticket, duty)]
    turns = sum(bool(people) and {*people} <= {*chain} for people in called)
    return (chain[turns % len(chain)],) if chain else ()


def rounds_called(ticket: Ticket, duty: Duty, called: Iterable[tuple[str, ...]]) -> int:
    """How often the whole chain was called since somebody else was: then it begins anew."""
    chain = {person.id for person in help_from_outside(ticket, duty)}
    turns = 0
    for people in called:
        turns = turns + 1 if chain.issuperset(people) else 0
    return turns // max(1, len(chain))


def superiors_of(
    ticket: Ticket, duty: Duty, policy: Policy, called: Iterable[tuple[str, ...]]
) -> tuple[str, ...]:
    """Who sees to it that somebody answers, when the whole chain was `called` in vain: whoever
    manages the estate or, above it, the next whose telephone did not ring yet; where all of theirs
    did, the first of them all the same.
    """
    managers = managers_of(ticket.estate, "estate", duty, policy)
    found = _but_those_it_is_about(ticket, duty, managers)
    rung = {person for people in called for person in people}
    fresh = tuple(person for person in found if person not in rung)
    return fresh[:1] or found[:1] or desk_lead(ticket, duty)


def people_at(
    level: int, ticket: Ticket, order: str | None, duty: Duty, policy: Policy
) -> tuple[str, ...]:
    """Who hears of a limit at a level: before it is broken whoever does the work, then the leads,
    then whom the ladder names.
    """
    if level < BREACH:
        return workers_of(ticket, order, duty)
    rung = policy.rules.rung_at(level)
    return heard_by(rung.to if rung is not None else "lead", ticket, order, duty, policy)


def heard_by(
    to: Hears, ticket: Ticket, order: str | None, duty: Duty, policy: Policy
) -> tuple[str, ...]:
    """Who stands there for a ticket: the leads of its departments, or one who manages the place."""
    if to == "lead":
        return leads_of(ticket, order, duty)
    found = _but_those_it_is_about(ticket, duty, managers_of(ticket.estate, to, duty, policy))
    return found[:1] or desk_lead(ticket, duty)


def workers_of(ticket: Ticket, order: str | None, duty: Duty) -> tuple[str, ...]:
    """Who is warned: those who do the work; the desk for what only the desk can do, and where who
    has the work is away.
    """
    found = [
        o.assignee for o in _concerned(ticket, order) if o.assignee and not duty.is_away(o.assignee)
    ]
    return _but_those_it_is_about(ticket, duty, found) or desk_of(ticket, duty)


def leads_of(ticket: Ticket, order: str | None, duty: Duty) -> tuple[str, ...]:
    """The lead of each department concerned, else the desk's lead."""
    leads = (duty.lead(ticket.estate, o.department) for o in _concerned(ticket, order))
    found = [lead.id for lead in leads if lead is not None]
    return _but_those_it_is_about(ticket, duty, found) or desk_lead(ticket, duty)


def managers_of(estate: str | None, to: Hears, duty: Duty, policy: Policy) -> tuple[str, ...]:
    """Whoever manages the place of that kind around the estate, then those above."""
    above = policy.group.above(estate)
    around: dict[Hears, list[str | None]] = {
        "estate": [estate, *(place.id for place in above)],
        "company": [place.id for place in above],
        "region": [place.id for place in above if place.kind == "region"],
    }
    places = (*around.get(to, []), ANYWHERE)
    return tuple(person.id for place in places for person in duty.answering(place, MANAGEMENT))


def _but_those_it_is_about(ticket: Ticket, duty: Duty, people: Iterable[str]) -> tuple[str, ...]:
    not_for = whom_it_is_about(ticket, duty)
    return tuple(person for person in dict.fromkeys(people) if person not in not_for)


def _concerned(ticket: Ticket, order: str | None) -> Iterator[WorkOrder]:
    for found in ticket.orders:
        its_own = found.id == order or (order is None and found.status in UNFINISHED)
        if its_own and found.department not in ticket.about.departments:
            yield found


def desk_of(ticket: Ticket, duty: Duty) -> tuple[str, ...]:
    """Who at the desk sees the ticket through: its owner while on duty, else the first of the desk
    who is, else the desk's lead.
    """
    there = [person.id for person in duty.on_duty(ticket.estate, DESK)]
    owner = [person for person in there if person == ticket.owner]
    for people in (owner, there):
        if found := _but_those_it_is_about(ticket, duty, people):
            return found[:1]
    return desk_lead(ticket, duty)


def desk_lead(ticket: Ticket, duty: Duty) -> tuple[str, ...]:
    """Who hears of what only the desk can decide; where that is about the desk or its lead, who
    manages the estate.
    """
    lead = duty.lead(ticket.estate, DESK)
    if lead is None:
        return ()
    beside = others((lead,), ticket, duty) or managers_beside(ticket, duty)
    return tuple(person.id for person in beside[:1])


def whom_it_is_about(ticket: Ticket, duty: Duty) -> frozenset[str]:
    """The people that the ticket names, and all who stand on a list of a department it names.

    At whatever place they stand: rights go by the department alone, so that somebody of it would
    be called for what they may not open.
    """
    return frozenset(ticket.about.people) | duty.of_departments(ticket.about.departments)


def others(people: Iterable[Person], ticket: Ticket, duty: Duty) -> tuple[Person, ...]:
    """These people without those whom the ticket is about, in their order."""
    not_for = whom_it_is_about(ticket, duty)
    return tuple(person for person in people if person.id not in not_for)


def help_from_outside(ticket: Ticket, duty: Duty) -> tuple[Person, ...]:
    """Who is called to an emergency when the departments have nobody: the group's chain; where it
    is about all of that, whoever manages the estate, then the group.
    """
    return others(duty.emergency_chain, ticket, duty) or managers_beside(ticket, duty)


def managers_beside(ticket: Ticket, duty: Duty) -> tuple[Person, ...]:
    """Whoever manages the estate, then the group, unless it is about them."""
    places = (ticket.estate, ANYWHERE)
    managers = (person for place in places for person in duty.answering(place, MANAGEMENT))
    return others(managers, ticket, duty)
