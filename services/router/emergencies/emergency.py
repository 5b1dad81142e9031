"""A running emergency as a value: who was alerted, who has it, what falls due. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from shared.contracts import Step
from shared.contracts.router import (
    EmergencyAcknowledged,
    EmergencyAlerted,
    EmergencyArrived,
    EmergencyDowngraded,
    EmergencyEnded,
    EmergencyReleased,
    EmergencyReplanned,
    EmergencySlowed,
    EmergencyStarted,
)

Outcome = Literal["ended", "resolved", "withdrawn", "false_alarm", "downgraded", "joined"]
"""How an emergency ended: by somebody on site, with its work, by the desk, as none at all, as
something less, or as the same as another one.
"""
JOINED: Final = "joined"


@dataclass(frozen=True, slots=True)
class Alert:
    """One call for help: step 0 goes to several at once, later steps to the chain."""

    at: datetime
    step: int
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """A step of the checklist that somebody has ticked off."""

    step: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class LogEntry:
    """What somebody wrote down while it lasted, or of it; `text` is scrubbed."""

    at: datetime
    by: str
    text: str


MOST_LOGGED: Final = 500
"""A document holds only so much; what is beyond belongs into the review."""
SAID_TWICE: Final = timedelta(seconds=30)
"""The same words of the same person within this are one entry: a form was sent twice."""
Verdict = Literal["handled_well", "late", "plan_at_fault", "plan_not_followed"]
"""What a review finds."""


@dataclass(frozen=True, slots=True)
class Review:
    """What somebody who answers for it learned afterwards; `note` is scrubbed."""

    by: str
    at: datetime
    verdict: Verdict
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Emergency:
    """One emergency ticket's plan as it runs; its number is the ticket's.

    `round` and `plans` (how many plans the ticket had) say what of the ticket it answers. `on_site`
    are the people who said that they are there, `test` marks a drill. What a machine reports is
    suspected until a person confirms it; it is acted on all the same. `outage` names what of many
    may be reported: while this runs, others who report just that share its alert. Since `slowed_at`
    the chain is called less often, and the `superiors` were told that nobody answers.
    """

    number: str
    version: int
    kind: str
    estate: str | None
    started_at: datetime
    alerts: tuple[Alert, ...]
    next_due: datetime | None
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    arrived_at: datetime | None = None
    ended_at: datetime | None = None
    round: int = 1
    plans: int = 1
    on_site: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    released_at: datetime | None = None
    outcome: Outcome | None = None
    ended_by: str | None = None
    test: bool = False
    confirmed_at: datetime | None = None
    confirmed_by: str | None = None
    review: Review | None = None
    outage: str | None = None
    slowed_at: datetime | None = None
    superiors: tuple[str, ...] = ()
    log: tuple[LogEntry, ...] = ()

    @property
    def nobody_has_it(self) -> bool:
        """Whether it runs and nobody has said that they have it."""
        return self.ended_at is None and self.acknowledged_at is None

    @property
    def log_is_full(self) -> bool:
        """Whether nothing more can be written down."""
        return len(self.log) >= MOST_LOGGED

    @property
    def calls(self) -> tuple[Alert, ...]:
        """The alerts since it began, or began again."""
        return tuple(alert for alert in self.alerts if alert.at >= self.started_at)

    def has_called(self, person: str) -> bool:
        """Whether somebody was alerted, now or before it began again, or told of its delay."""
        called = any(person in alert.recipients for alert in self.alerts)
        return called or person in self.superiors


def start(
    number: str,
    kind: str,
    estate: str | None,
    recipients: tuple[str, ...],
    now: datetime,
    within: timedelta,
    *,
    round: int = 1,
    plans: int = 1,
    test: bool = False,
    confirmed_by: str | None = None,
    outage: str | None = None,
) -> Step[Emergency]:
    """The plan begins: everybody concerned is alerted at once, and `within` that time somebody
    must have acknowledged it."""
    emergency = Emergency(
        number,
        1,
        kind,
        estate,
        now,
        (Alert(now, 0, recipients),),
        now + within,
        round=round,
        plans=plans,
        test=test,
        confirmed_by=confirmed_by,
        confirmed_at=now if confirmed_by else None,
        outage=outage,
    )
    facts = _facts(emergency) | {"recipients": recipients}
    return Step(emergency, (EmergencyStarted(**facts), EmergencyAlerted(**facts, step=0)))


def begin_again(
    emergency: Emergency,
    kind: str,
    estate: str | None,
    recipients: tuple[str, ...],
    now: datetime,
    within: timedelta,
    *,
    round: int,
    plans: int,
) -> Step[Emergency] | None:
    """The ticket was reopened, or is an emergency after all: help is called as at first. None when
    that is no news, which a repeat never is."""
    is_over = emergency.ended_at is not None
    # What shared another alert and does not any more has none that counts.
    is_alone = is_over and emergency.outcome == JOINED
    is_news = round > emergency.round or is_alone or (is_over and plans > emergency.plans)
    if not is_news:
        return None
    step = len(emergency.alerts)
    anew = replace(
        emergency,
        kind=kind,
        estate=estate,
        started_at=now,
        alerts=(*emergency.alerts, Alert(now, step, recipients)),
        next_due=now + within,
        acknowledged_by=None,
        acknowledged_at=None,
        arrived_at=None,
        ended_at=None,
        on_site=(),
        checks=(),
        released_at=None,
        outcome=None,
        ended_by=None,
        review=None,
        outage=None,
        slowed_at=None,
        round=round,
        plans=plans,
    )
    facts = _facts(anew) | {"recipients": recipients}
    return Step(anew, (EmergencyStarted(**facts), EmergencyAlerted(**facts, step=step)))


def alert_next(
    emergency: Emergency,
    recipients: tuple[str, ...],
    now: datetime,
    within: timedelta,
    *,
    superiors: tuple[str, ...] | None = None,
) -> Step[Emergency] | None:
    """Nobody has acknowledged in time: the next in the chain. None when that is not so any more.

    With `superiors` the whole chain was called in vain for so long that it slows down: they hear of
    it, once.
    """
    if emergency.next_due is None or emergency.next_due > now:
        return None
    step = len(emergency.alerts)
    alerted = replace(
        emergency,
        alerts=(*emergency.alerts, Alert(now, step, recipients)),
        next_due=now + within,
    )
    event = EmergencyAlerted(**_facts(alerted), recipients=recipients, step=step)
    if superiors is None or emergency.slowed_at is not None:
        return Step(alerted, (event,))
    slowed = replace(alerted, slowed_at=now, superiors=superiors)
    said = EmergencySlowed(
        **_facts(slowed), recipients=superiors, step=step, next_at=slowed.next_due
    )
    return Step(slowed, (event, said))


def replan(
    emergency: Emergency,
    kind: str,
    estate: str | None,
    recipients: tuple[str, ...],
    now: datetime,
    within: timedelta,
    *,
    plans: int = 1,
    chain: Collection[str] = (),
    at_work: Collection[str] = (),
    had_work: Collection[str] = (),
) -> Step[Emergency] | None:
    """The ticket's last plan is of another kind, or names another place. None where the plan is
    known, or a later one is.

    Whom it concerns now is alerted: of another kind all `recipients`, also those who were called to
    the first, at another place those who were not called yet. Somebody of these has to acknowledge
    it anew, also with somebody on site. Who was called, or `had_work`, and is not needed any more
    is told so; that is nobody of the `chain`, which goes on, nobody who is there, and nobody who is
    `at_work` by the last plan.
    """
    if emergency.ended_at is not None or plans < emergency.plans:
        return None
    is_other, is_elsewhere = kind != emergency.kind, estate != emergency.estate
    replanned = replace(emergency, kind=kind, estate=estate, plans=plans)
    if not is_other and not is_elsewhere:
        return Step(replanned, ()) if plans > emergency.plans else None
    replanned = replace(replanned, outage=None)
    called = tuple(dict.fromkeys(p for alert in emergency.calls for p in alert.recipients))
    going_on = tuple(p for p in called if p in chain or p in emergency.on_site)
    if is_other:
        asked = tuple(dict.fromkeys((*recipients, *going_on)))
        replanned = replace(replanned, released_at=None)  # safe from what it was taken for
    else:
        asked = tuple(person for person in recipients if person not in called)
    concerned = dict.fromkeys((*called, *sorted(had_work)))
    spared = tuple(
        p for p in concerned if p not in {*recipients, *chain, *emergency.on_site, *at_work}
    )
    step = len(emergency.alerts)
    if asked or emergency.acknowledged_by in spared:
        # Also with somebody on site: they came to something else, or are not those it takes now.
        is_waited_for = bool(asked) or emergency.arrived_at is None
        next_due = now + within if is_waited_for else None
        replanned = replace(
            replanned, next_due=next_due, acknowledged_by=None, acknowledged_at=None
        )
    if asked:
        alerts = (*emergency.alerts, Alert(now, step, asked))
        replanned = replace(replanned, alerts=alerts, slowed_at=None)
    facts = _facts(replanned) | {"step": step}
    return Step(
        replanned,
        (
            EmergencyReplanned(
                **facts,
                before=emergency.kind,
                recipients=spared,
                elsewhere=is_elsewhere,
                estate_before=emergency.estate,
            ),
            *((EmergencyAlerted(**facts, recipients=asked),) if asked else ()),
        ),
    )


def recuse(
    emergency: Emergency,
    not_for: frozenset[str],
    recipients: tuple[str, ...],
    now: datetime,
    within: timedelta,
) -> Step[Emergency] | None:
    """It turned out whom it is about: that they have it, are there or called people safe does not
    stand, and whoever of the `recipients` was not alerted is. None where nothing of it was theirs.
    """
    if emergency.ended_at is not None:
        return None
    called = {person for alert in emergency.calls for person in alert.recipients}
    on_site = tuple(person for person in emergency.on_site if person not in not_for)
    is_lost = emergency.acknowledged_by in not_for
    without = _without(emergency, on_site, is_lost=is_lost)
    has_it = without.acknowledged_at is not None or bool(on_site)
    # Where somebody else has it, nobody more is called; nor again when it was done before.
    is_short = bool(called & not_for) and not has_it
    fresh = tuple(p for p in recipients if p not in called) if is_short else ()
    if not (fresh or is_lost or on_site != emergency.on_site):
        return None
    next_due = emergency.next_due if has_it else (now + within if fresh else now)
    if not fresh:
        return Step(replace(without, next_due=next_due), ())
    step = len(emergency.alerts)
    alerts = (*emergency.alerts, Alert(now, step, fresh))
    alerted = replace(without, alerts=alerts, next_due=next_due, slowed_at=None)
    event = EmergencyAlerted(**_facts(alerted), recipients=fresh, step=step)
    return Step(alerted, (event,))


def _without(emergency: Emergency, on_site: tuple[str, ...], *, is_lost: bool) -> Emergency:
    """With these people on site alone: where nobody is left, nobody was there to say anything."""
    if emergency.on_site and not on_site:
        emergency = replace(emergency, arrived_at=None, released_at=None)
    if is_lost:
        emergency = replace(emergency, acknowledged_by=None, acknowledged_at=None)
    return replace(emergency, on_site=on_site)


def acknowledge(emergency: Emergency, by: str, now: datetime) -> Step[Emergency] | None:
    """Somebody has it; None when somebody had it before."""
    if emergency.acknowledged_at is not None or emergency.ended_at is not None:
        return None
    taken = replace(emergency, acknowledged_by=by, acknowledged_at=now, next_due=None)
    return Step(taken, (EmergencyAcknowledged(**_facts(taken), by=by),))


def arrive(
    emergency: Emergency, by: str, now: datetime, *, has_it: bool = True
) -> Step[Emergency] | None:
    """Somebody is on site; None when that is known or it is over. It is said of the first alone.

    Whoever came has it, unless they came to what it was taken for before: then the chain goes on.
    """
    if emergency.ended_at is not None or by in emergency.on_site:
        return None
    there = replace(
        emergency,
        arrived_at=emergency.arrived_at or now,
        on_site=(*emergency.on_site, by),
        next_due=None if has_it else emergency.next_due,
    )
    is_first = emergency.arrived_at is None
    return Step(there, (EmergencyArrived(**_facts(there)),) if is_first else ())


def tick_off(emergency: Emergency, step: str, by: str, now: datetime) -> Step[Emergency] | None:
    """A step of the checklist is done; None when it was, or it is over."""
    if emergency.ended_at is not None or any(check.step == step for check in emergency.checks):
        return None
    return Step(replace(emergency, checks=(*emergency.checks, Check(step, now, by))), ())


def confirm(emergency: Emergency, by: str, now: datetime) -> Step[Emergency] | None:
    """A person says that it is one; None when that is known or it is over."""
    if emergency.confirmed_at is not None or emergency.ended_at is not None:
        return None
    return Step(replace(emergency, confirmed_at=now, confirmed_by=by), ())


def write_down(emergency: Emergency, by: str, text: str, now: datetime) -> Step[Emergency] | None:
    """Somebody writes down what happens; None when it was just said, or there is no more room."""
    said = any(
        (entry.by, entry.text) == (by, text) and now - entry.at < SAID_TWICE
        for entry in emergency.log
    )
    if said or emergency.log_is_full:
        return None
    return Step(replace(emergency, log=(*emergency.log, LogEntry(now, by, text))), ())


def release(emergency: Emergency, now: datetime) -> Step[Emergency] | None:
    """The people in danger are safe; None when that is known or it is over."""
    if emergency.released_at is not None or emergency.ended_at is not None:
        return None
    safe = replace(emergency, released_at=now)
    return Step(safe, (EmergencyReleased(**_facts(safe)),))


def downgrade(
    emergency: Emergency, now: datetime, *, plans: int = 1, reason: str = "reclassified"
) -> Step[Emergency] | None:
    """It turned out to be no emergency: nobody else is called, and who was and is not there yet is
    told. None when it is over anyway, or a later plan says otherwise.
    """
    if emergency.ended_at is not None or plans < emergency.plans:
        return None
    over = replace(emergency, ended_at=now, next_due=None, plans=plans, outcome="downgraded")
    called = [person for alert in emergency.calls for person in alert.recipients]
    if emergency.slowed_at is not None:
        called += emergency.superiors
    spared = tuple(person for person in dict.fromkeys(called) if person not in emergency.on_site)
    facts = _facts(over) | {"step": len(emergency.alerts), "recipients": spared}
    return Step(over, (EmergencyDowngraded(**facts, reason=reason),))


def share(
    emergency: Emergency, now: datetime, *, going_there: Collection[str] = ()
) -> Step[Emergency] | None:
    """It is the same as another one, which goes on: nobody more is called to this one. Who was and
    is not there is told so, but nobody who is to go to the other one. None when it is over anyway.
    """
    if emergency.ended_at is not None:
        return None
    over = replace(emergency, ended_at=now, next_due=None, outcome=JOINED)
    called = dict.fromkeys(person for alert in emergency.calls for person in alert.recipients)
    spared = tuple(p for p in called if p not in {*emergency.on_site, *going_there})
    facts = _facts(over) | {"step": len(emergency.alerts), "recipients": spared}
    return Step(over, (EmergencyDowngraded(**facts, reason=JOINED),))


def end(
    emergency: Emergency,
    outcome: Outcome,
    now: datetime,
    *,
    by: str | None = None,
    reason: str | None = None,
) -> Step[Emergency] | None:
    """It is over, and how; None when it was."""
    if emergency.ended_at is not None:
        return None
    over = replace(emergency, ended_at=now, next_due=None, outcome=outcome, ended_by=by)
    event = EmergencyEnded(**_facts(over), outcome=outcome, reason=reason)
    return Step(over, (event,))


def review(
    emergency: Emergency, by: str, verdict: Verdict, note: str | None, now: datetime
) -> Step[Emergency] | None:
    """What was learned; None while it runs, or when that was said before."""
    if emergency.ended_at is None or emergency.review is not None:
        return None
    return Step(replace(emergency, review=Review(by, now, verdict, note)), ())


def _facts(emergency: Emergency) -> dict[str, Any]:
    return {
        "number": emergency.number,
        "kind": emergency.kind,
        "estate": emergency.estate,
        "test": emergency.test,
    }
