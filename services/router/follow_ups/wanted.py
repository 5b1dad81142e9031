"""Rules of follow-up tasks: which the policy wants, and what becomes of one now. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.router.follow_ups.tasks import (
    Dropped,
    FollowUp,
    drop,
    finish,
    give,
    miss,
    new_task,
    open_task,
    put_off,
)
from services.router.follow_ups.untold import RESULT, is_untold, rung_in_vain, told_by
from shared.contracts import Step
from shared.contracts.router import FollowUpOutcome
from shared.policy.calendar import Calendar
from shared.policy.policy import Policy
from shared.policy.wanted import WITHIN, FollowUps
from shared.tickets import Clock, Ticket
from shared.tickets.lifecycle import DONE

LOOK_AGAIN: Final = timedelta(minutes=15)
"""Nobody knows when a clock goes on that stands still."""
LIMIT_NEARS: Final = "limit_nears"
LIMIT_BROKEN: Final = "limit_broken"
WATCH: Final = "watch"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a task is judged by: its ticket as it is now, the policy's rule for it, the calendar of
    its place, who of the desk sees it through, who leads the desk, whether the ticket's emergency
    has ended, whom the ticket is about, who is away, and how often a caller is rung at most.
    """

    ticket: Ticket
    rule: FollowUps | None
    calendar: Calendar
    desk: tuple[str, ...] = ()
    lead: tuple[str, ...] = ()
    is_danger_over: bool = False
    not_for: frozenset[str] = frozenset()
    away: frozenset[str] = frozenset()
    tries: int = 1


def rule_for(ticket: Ticket, policy: Policy) -> FollowUps | None:
    """The policy's rule for a ticket; `policy` is that of its estate."""
    plan = ticket.plan
    return policy.rules.follow_up(plan.type, plan.area, plan.urgency)


def wanted(ticket: Ticket, policy: Policy, now: datetime, *, by: str) -> tuple[FollowUp, ...]:
    """The tasks that the policy wants of a ticket as it is planned now; none for most.

    A share that lay before this plan was made had its task then. Of many who share an alert the one
    that was alerted is looked after.
    """
    rule = rule_for(ticket, policy)
    if rule is None or ticket.mark is not None or ticket.status in DONE or ticket.shares_alert:
        return ()
    tasks = [
        _at_share(ticket, rule, share, at, by=by)
        for share, at in _times(ticket, rule, policy.calendar)
        if at > ticket.plan.at
    ]
    if rule.every is not None:
        tasks.append(watch(ticket, rule, now + rule.every, turn=1, by=by))
    return tuple(tasks)


def watch(ticket: Ticket, rule: FollowUps, at: datetime, *, turn: int, by: str) -> FollowUp:
    """The `turn`th look at something that must not be lost sight of."""
    basis = basis_of(ticket)
    return new_task(
        ticket,
        "watch",
        WATCH,
        mark=f"{basis}/{turn}",
        by=by,
        at=at,
        within=rule.within,
        basis=basis,
        turn=turn,
    )


def recuse(task: FollowUp, seen: Seen) -> Step[FollowUp] | None:
    """Somebody whom the ticket is about was to do it: now the desk is. None where nobody was."""
    if task.person is None or task.person not in seen.not_for:
        return None
    return give(task, next(iter(seen.desk), None))


def after(task: FollowUp, seen: Seen, now: datetime) -> FollowUp | None:
    """The look that follows one that opens now; None where none does."""
    if task.why != "watch" or seen.rule is None or seen.rule.every is None:
        return None
    at, turn = now + seen.rule.every, task.turn + 1
    return watch(seen.ticket, seen.rule, at, turn=turn, by=task.asked_by)


def basis_of(ticket: Ticket) -> str:
    """Round, plan and extension: with each of them the tasks by rule are made anew."""
    return f"{ticket.round}/{len(ticket.plans)}/{ticket.extensions}"


def look(task: FollowUp, seen: Seen, now: datetime) -> Step[FollowUp] | None:
    """What time and the ticket's way have brought about; None when nothing has."""
    if not task.is_live:
        return None
    told = told_by(seen.ticket, task.round, task.reason) if task.why == "tell" else None
    if told is not None:
        outcome: FollowUpOutcome = "fed_back" if task.reason in RESULT else "told_owner"
        return finish(task, outcome, None, now, by=told)
    if (why := why_drop(task, seen, now)) is not None:
        return drop(task, why, now)
    if task.why == "tell" and (vain := rung_in_vain(task, seen.ticket, seen.tries)) is not None:
        words = task.call.words if task.call else None
        return finish(task, "no_answer", words, now, by=vain.by)
    if task.state == "planned":
        return _open_in_time(task, seen, now)
    return miss(task, seen.lead, now) if task.due_at <= now and task.missed_at is None else None


def why_drop(task: FollowUp, seen: Seen, now: datetime) -> Dropped | None:
    """Why nobody has to do it any more; None while somebody has."""
    if seen.ticket.mark is not None:
        return "over"
    if task.why == "tell":
        return None if is_untold(seen.ticket, task.round, task.reason) else _why_not_told(seen)
    return _why_drop_by_rule(task, seen, now) if task.is_by_rule else None


def _why_not_told(seen: Seen) -> Dropped:
    """Why it is nobody's to tell any more: the result is told instead, or it was overtaken."""
    return "work_done" if seen.ticket.status in DONE else "work_goes_on"


def _why_drop_by_rule(task: FollowUp, seen: Seen, now: datetime) -> Dropped | None:
    ticket = seen.ticket
    if ticket.round != task.round or ticket.status in DONE:
        return "work_done"
    if task.why == "watch" and seen.is_danger_over:
        return "danger_over"
    if task.state == "planned" and not _still_wanted(task, seen):
        return "planned_anew"
    if task.state == "planned" and _passed_over(task, seen, now):
        return "passed_over"
    return None


def _still_wanted(task: FollowUp, seen: Seen) -> bool:
    rule = seen.rule
    if rule is None or task.basis != basis_of(seen.ticket):
        return False
    return rule.every is not None if task.why == "watch" else task.share in rule.shares


def _passed_over(task: FollowUp, seen: Seen, now: datetime) -> bool:
    """After an outage the highest share alone is worth a look."""
    if task.share is None or seen.rule is None:
        return False
    times = _times(seen.ticket, seen.rule, seen.calendar)
    return any(share > task.share and at <= now for share, at in times)


def _open_in_time(task: FollowUp, seen: Seen, now: datetime) -> Step[FollowUp] | None:
    at = _opens_at(task, seen, now)
    if at > now:
        return put_off(task, at) if at != task.opens_at else None
    person = task.person if task.person not in seen.not_for | seen.away else None
    person = person or next(iter(seen.desk), None)
    within = seen.rule.within if task.is_by_rule and seen.rule else task.due_at - task.opens_at
    return open_task(task, person, within, now, estate=seen.ticket.estate)


def _opens_at(task: FollowUp, seen: Seen, now: datetime) -> datetime:
    """Pauses and extensions move the limit, and its shares with it."""
    if task.share is None or seen.rule is None:
        return task.opens_at
    clock = seen.ticket.clocks.get(Clock.RESOLVE)
    if clock is None or not clock.is_running:
        return now + LOOK_AGAIN
    times = dict(_times(seen.ticket, seen.rule, seen.calendar))
    return times.get(task.share, task.opens_at)


def _at_share(ticket: Ticket, rule: FollowUps, share: float, at: datetime, *, by: str) -> FollowUp:
    basis = basis_of(ticket)
    reason = LIMIT_BROKEN if share == 1 else LIMIT_NEARS
    return new_task(
        ticket,
        "share",
        reason,
        mark=f"{basis}/{share:g}",
        by=by,
        at=at,
        within=rule.within,
        basis=basis,
        share=share,
    )


def _times(ticket: Ticket, rule: FollowUps, calendar: Calendar) -> Iterator[tuple[float, datetime]]:
    """Each share of the limit of the whole with its time; none where there is no limit."""
    clock = ticket.clocks.get(Clock.RESOLVE)
    if clock is not None and clock.due is not None:
        for share in rule.shares:
            yield share, calendar.part(clock.counted_since, clock.due, share, clock.scale)


def time_for(rule: FollowUps | None) -> timedelta:
    """How long somebody has for a task that was made by hand."""
    return rule.within if rule is not None else WITHIN
