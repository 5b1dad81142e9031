"""Rules of deadlines: what fires, and who hears of it at each level of the ladder. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from services.router.people import HowBusy, desk_of, nobody_is_busy, people_at
from services.router.work_orders.domain import next_person
from shared.policy.duty import Duty
from shared.policy.ladder import BREACH
from shared.policy.policy import Policy
from shared.tickets import Clock, Steps, Ticket
from shared.tickets.acts import Breach, Fire, Transfer, Warn
from shared.tickets.clocks import RungTime, due_rung


def fire_due(
    steps: Steps,
    duty: Duty,
    policy: Policy,
    *,
    by: str,
    how_busy: HowBusy = nobody_is_busy,
) -> Steps:
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
        handed = _handed_over(steps.ticket, call, duty, how_busy) if call in steps.done else None
        if handed is not None:
            steps = steps.may(handed)
    return steps


@dataclass(frozen=True, slots=True)
class _Due:
    """A rung that is to be called now, of a clock of an order or (None) of the whole."""

    order: str | None
    clock: Clock
    rung: RungTime


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
        by=by,
        clock=due.clock,
        order=due.order,
        level=level,
        recipients=people,
        note=f"{due.clock.value}/{level}",
    )


def _handed_over(ticket: Ticket, call: Fire, duty: Duty, how_busy: HowBusy) -> Transfer | None:
    """To whom work goes that nobody accepted in time; None where it stays."""
    order = ticket.order(call.order) if call.order else None
    if order is None or call.clock is not Clock.ACCEPT or call.level < BREACH:
        return None
    return next_person(ticket, order, duty, by=call.by, how_busy=how_busy)


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
