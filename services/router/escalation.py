"""Rules of deadlines: what fires, and who hears of it at each level of the ladder. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.router.conflicts import managers_beside, others, whom_it_is_about
from services.router.domain import next_person
from shared.identity import DESK
from shared.policy.duty import ANYWHERE, MANAGEMENT, Duty
from shared.policy.ladder import BREACH, Hears
from shared.policy.policy import Policy
from shared.tickets import Clock, Steps, Ticket, WorkOrder
from shared.tickets.acts import Breach, Fire, Transfer, Warn
from shared.tickets.clocks import Rung, due_rung
from shared.tickets.lifecycle import UNFINISHED


def fire_due(steps: Steps, duty: Duty, policy: Policy, *, by: str) -> Steps:
    """Call what is due of a ticket, each rung once and in the order in which they fell due.

    The highest rung that is due of a clock is called; those below it are passed over. What nobody
    accepted in time goes to the next on duty in the same write, and the clocks of whoever lost it
    fire no more. `policy` is that of the ticket's estate.

    It ends: each turn takes a clock beyond now, and new clocks come only with work that goes to
    somebody who did not have it before.
    """
    while (due := _first_due(steps)) is not None:
        call = _call(due, steps.ticket, duty, policy, by=by)
        steps = steps.may(call)
        if call in steps.done and (handed := _handed_over(steps.ticket, call, duty)) is not None:
            steps = steps.may(handed)
    return steps


@dataclass(frozen=True, slots=True)
class _Due:
    """A rung that is to be called now, of a clock of an order or (None) of the whole."""

    order: str | None
    clock: Clock
    rung: Rung


def _first_due(steps: Steps) -> _Due | None:
    """What fell due first. Of two at once the whole's, then the order's in the order of its clocks:
    work that was not accepted moves on before whoever loses it is reminded to be there.
    """
    ladder = steps.rules.ladder
    found = (
        _Due(order, clock, rung)
        for order, clock, state, _ in steps.ticket.deadlines()
        if (rung := due_rung(state, steps.now, ladder)) is not None
    )
    return min(found, key=lambda due: due.rung.at, default=None)


def _call(due: _Due, ticket: Ticket, duty: Duty, policy: Policy, *, by: str) -> Fire:
    """The call of a rung, with whom it is told to."""
    level = due.rung.level
    people = people_at(level, ticket, due.order, duty, policy)
    if _is_followed_up(due.clock, level) and not _has_task(ticket, due.clock, level, policy):
        people = tuple(dict.fromkeys((*people, *desk_of(ticket, duty))))
    kind = Breach if level >= BREACH else Warn
    return kind(
        by=by, clock=due.clock, order=due.order, level=level, recipients=people,
        note=f"{due.clock.value}/{level}",
    )  # fmt: skip


def _handed_over(ticket: Ticket, call: Fire, duty: Duty) -> Transfer | None:
    """To whom work goes that nobody accepted in time; None where it stays."""
    order = ticket.order(call.order) if call.order else None
    if order is None or call.clock is not Clock.ACCEPT or call.level < BREACH:
        return None
    return next_person(ticket, order, duty, by=call.by)


def _is_followed_up(clock: Clock, level: int) -> bool:
    """Whether whoever sees the ticket through hears as well: of a missed visit, and as the limit of
    the whole comes near or breaks, so that they ask how it stands (A4.3).
    """
    if clock is Clock.APPOINTMENT:
        return level >= BREACH
    return clock is Clock.RESOLVE and level <= BREACH


def _has_task(ticket: Ticket, clock: Clock, level: int, policy: Policy) -> bool:
    """Whether they get a task at the same share of the limit, and the message about that: nobody
    is told twice to ask how it stands.
    """
    plan, share = ticket.plan, policy.rules.share_at(level)
    rule = policy.rules.follow_up(plan.type, plan.area, plan.urgency)
    return clock is Clock.RESOLVE and rule is not None and share in rule.shares


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
    """Who is warned: those who do the work; the desk for what only the desk can do."""
    found = [o.assignee for o in _concerned(ticket, order) if o.assignee]
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
    return tuple(person.id for place in places for person in duty.at(place, MANAGEMENT))


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
