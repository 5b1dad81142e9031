"""A running emergency as a value: who was alerted, who has it, what falls due. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from shared.contracts import Event
from shared.contracts.router import (
    EmergencyAcknowledged,
    EmergencyAlerted,
    EmergencyArrived,
    EmergencyDowngraded,
    EmergencyEnded,
    EmergencyStarted,
)


@dataclass(frozen=True, slots=True)
class Alert:
    """One call for help: step 0 goes to several at once, later steps to the chain."""

    at: datetime
    step: int
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Emergency:
    """One emergency ticket's plan as it runs; its number is the ticket's.

    `round` and `plans` (how many plans the ticket had) say what of the ticket it answers.
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

    @property
    def calls(self) -> int:
        """How many alerts there were since it began, or began again."""
        return sum(alert.at >= self.started_at for alert in self.alerts)


@dataclass(frozen=True, slots=True)
class Step:
    """A change of an emergency and what is said of it."""

    emergency: Emergency
    events: tuple[Event, ...]


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
) -> Step:
    """The plan begins: everybody concerned is alerted at once, and `within` that time somebody
    must have acknowledged it."""
    emergency = Emergency(
        number, 1, kind, estate, now, (Alert(now, 0, recipients),), now + within,
        round=round, plans=plans,
    )  # fmt: skip
    facts = {"number": number, "kind": kind, "estate": estate, "recipients": recipients}
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
) -> Step | None:
    """The ticket was reopened, or is an emergency after all: help is called as at first. None when
    that is no news, which a repeat never is."""
    is_news = round > emergency.round or (
        emergency.ended_at is not None and plans > emergency.plans
    )
    if not is_news:
        return None
    step = len(emergency.alerts)
    anew = _next(
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
        round=round,
        plans=plans,
    )
    facts = _facts(anew) | {"recipients": recipients}
    return Step(anew, (EmergencyStarted(**facts), EmergencyAlerted(**facts, step=step)))


def alert_next(
    emergency: Emergency, recipients: tuple[str, ...], now: datetime, within: timedelta
) -> Step | None:
    """Nobody has acknowledged in time: the next in the chain. None when that is not so any more."""
    if emergency.next_due is None or emergency.next_due > now:
        return None
    step = len(emergency.alerts)
    alerted = _next(
        emergency,
        alerts=(*emergency.alerts, Alert(now, step, recipients)),
        next_due=now + within,
    )
    event = EmergencyAlerted(**_facts(alerted), recipients=recipients, step=step)
    return Step(alerted, (event,))


def relocate(
    emergency: Emergency,
    estate: str | None,
    recipients: tuple[str, ...],
    now: datetime,
    within: timedelta,
    *,
    plans: int = 1,
) -> Step | None:
    """The place is known now (or is another one): its own people are alerted as well, unless they
    were already. Somebody of theirs has to acknowledge it anew. None when nothing changed."""
    if emergency.ended_at is not None or plans < emergency.plans:
        return None
    if estate == emergency.estate:
        return Step(_next(emergency, plans=plans), ()) if plans > emergency.plans else None
    alerted = {person for alert in emergency.alerts for person in alert.recipients}
    fresh = tuple(person for person in recipients if person not in alerted)
    moved = replace(emergency, estate=estate, plans=plans)
    if not fresh:
        return Step(_next(moved), ())
    step = len(emergency.alerts)
    there = _next(
        moved,
        alerts=(*emergency.alerts, Alert(now, step, fresh)),
        next_due=now + within if emergency.arrived_at is None else None,
        acknowledged_by=None,
        acknowledged_at=None,
    )
    event = EmergencyAlerted(**_facts(there), recipients=fresh, step=step)
    return Step(there, (event,))


def acknowledge(emergency: Emergency, by: str, now: datetime) -> Step | None:
    """Somebody has it; None when somebody had it before."""
    if emergency.acknowledged_at is not None or emergency.ended_at is not None:
        return None
    taken = _next(emergency, acknowledged_by=by, acknowledged_at=now, next_due=None)
    return Step(taken, (EmergencyAcknowledged(**_facts(taken), by=by),))


def arrive(emergency: Emergency, now: datetime) -> Step | None:
    """Somebody is on site; None when that is known or it is over."""
    if emergency.arrived_at is not None or emergency.ended_at is not None:
        return None
    there = _next(emergency, arrived_at=now, next_due=None)
    return Step(there, (EmergencyArrived(**_facts(there)),))


def downgrade(emergency: Emergency, now: datetime, *, plans: int = 1) -> Step | None:
    """It turned out to be no emergency: nobody else is called. None when it is over anyway, or a
    later plan says otherwise."""
    if emergency.ended_at is not None or plans < emergency.plans:
        return None
    over = _next(emergency, ended_at=now, next_due=None, plans=plans)
    return Step(over, (EmergencyDowngraded(**_facts(over), reason="reclassified"),))


def end(emergency: Emergency, now: datetime) -> Step | None:
    """It is over; None when it was."""
    if emergency.ended_at is not None:
        return None
    over = _next(emergency, ended_at=now, next_due=None)
    return Step(over, (EmergencyEnded(**_facts(over)),))


def _next(emergency: Emergency, **changes: object) -> Emergency:
    return replace(emergency, version=emergency.version + 1, **changes)  # type: ignore[arg-type]


def _facts(emergency: Emergency) -> dict[str, Any]:
    return {"number": emergency.number, "kind": emergency.kind, "estate": emergency.estate}
