"""What an emergency shows: what happened, who was called and what became of it, and what its plan
says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from services.router.cards import Counted, TicketCard
from services.router.emergencies.emergency import Emergency
from services.router.emergencies.storage import EMERGENCIES
from shared.policy.policy import Policy
from shared.readers.messages import ToldOfEmergency
from shared.triage.taxonomy import Advice, EmergencyKind


class _View(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class AlertView(_View):
    """One call for help."""

    at: datetime
    step: int
    recipients: tuple[str, ...]


class CheckView(_View):
    """A step that somebody ticked off."""

    step: str
    at: datetime
    by: str


class LogView(_View):
    """What somebody wrote down while it lasted."""

    at: datetime
    by: str
    text: str


class ReviewView(_View):
    """What was learned."""

    by: str
    at: datetime
    verdict: str
    note: str | None


class AdviceView(BaseModel):
    """What to do first, and have the caller do."""

    zh: str
    en: str


class StepView(BaseModel):
    """A step of the checklist, done or not."""

    step: str
    zh: str
    en: str
    done_at: datetime | None
    done_by: str | None


class EmergencyView(BaseModel):
    """An emergency. `nobody_has_it` while it runs and nobody has acknowledged it; `words` are what
    the caller said, scrubbed; `age_seconds` is from its start until now, or its end. `advice` is in
    one line what `advice_parts` says apart: what to say, to ask and to see to.
    """

    number: str
    kind: str
    estate: str | None
    building: str | None
    type: str | None
    area: str | None
    words: str | None
    started_at: datetime
    age_seconds: int
    nobody_has_it: bool
    about_staff: bool = False
    alerts: tuple[AlertView, ...]
    next_due: datetime | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    arrived_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None
    outcome: str | None
    round: int
    plans: int
    on_site: tuple[str, ...]
    checks: tuple[CheckView, ...]
    released_at: datetime | None
    test: bool
    confirmed_at: datetime | None
    confirmed_by: str | None
    review: ReviewView | None
    outage: str | None
    alert_of: str | None
    slowed_at: datetime | None
    superiors: tuple[str, ...]
    log: tuple[LogView, ...]
    advice: AdviceView | None
    advice_parts: Advice | None
    external: tuple[str, ...]
    checklist: tuple[StepView, ...]


class EmergencyList(BaseModel):
    """Some emergencies; `next` is the cursor of the next page, `all` how many there are on all
    pages, where that is known.
    """

    items: tuple[EmergencyView, ...]
    next: str | None
    all: Counted | None


Fate = Literal["under_way", "accepted", "received", "failed", "unsure", "held"]


class ToldView(_View):
    """One message to one person: by which channel, and what became of it."""

    purpose: str
    step: int | None
    channel: str | None
    fate: Fate
    reason: str | None
    at: datetime
    ended_at: datetime | None


class CalledView(BaseModel):
    """Somebody who was called, when first, and what became of each message to them."""

    person: str
    at: datetime
    step: int
    messages: tuple[ToldView, ...]


class NextView(BaseModel):
    """Who is called next, and when, unless somebody takes it before."""

    people: tuple[str, ...]
    at: datetime


class LinkedView(TicketCard):
    """A ticket about the same: the emergency's `own`, one that `joined` it, or a part of the
    `outage` that it is the alert of.
    """

    why: Literal["own", "joined", "outage"]


class HappenedView(BaseModel):
    """One line of what happened: `what` is a code, `text` what somebody wrote."""

    at: datetime
    what: str
    people: tuple[str, ...] = ()
    text: str | None = None


class RoomView(EmergencyView):
    """An emergency with all that whoever leads it needs to see, and what they `can` do now."""

    tickets: tuple[LinkedView, ...]
    called: tuple[CalledView, ...]
    next_in_chain: NextView | None
    history: tuple[HappenedView, ...]
    can: tuple[str, ...]


def emergency_view(
    emergency: Emergency, policy: Policy, card: TicketCard | None, now: datetime
) -> EmergencyView:
    """What happened, and what the plan of this kind says at this place. In a drill nobody outside
    is rung up.
    """
    taxonomy = policy.taxonomy
    kind = taxonomy.kind(emergency.kind) if taxonomy.has_kind(emergency.kind) else None
    known: dict[str, Any] = EMERGENCIES.to_doc(emergency)
    until = emergency.ended_at or now
    return EmergencyView.model_validate(
        {
            **known,
            "number": emergency.number,
            "building": card.building if card else None,
            "type": card.type if card else None,
            "area": card.area if card else None,
            "words": card.words if card else None,
            "age_seconds": max(0, int((until - emergency.started_at).total_seconds())),
            "nobody_has_it": emergency.nobody_has_it,
            "about_staff": card is None or card.about_staff,
            "advice": {"zh": kind.first_advice, "en": kind.first_advice_en} if kind else None,
            "advice_parts": kind.advice if kind else None,
            "external": kind.external if kind and not emergency.test else (),
            "checklist": _checklist(emergency, kind) if kind else (),
        }
    )


def _checklist(emergency: Emergency, kind: EmergencyKind) -> tuple[StepView, ...]:
    done = {check.step: check for check in emergency.checks}
    return tuple(
        StepView(
            step=step.id,
            zh=step.zh,
            en=step.en,
            done_at=done[step.id].at if step.id in done else None,
            done_by=done[step.id].by if step.id in done else None,
        )
        for step in kind.checklist
    )


def called_views(emergency: Emergency, told: Sequence[ToldOfEmergency]) -> tuple[CalledView, ...]:
    """Everybody who was called, in that order, with their messages."""
    first: dict[str, tuple[datetime, int]] = {}
    for alert in emergency.alerts:
        for person in alert.recipients:
            first.setdefault(person, (alert.at, alert.step))
    for person in emergency.superiors:
        first.setdefault(person, (emergency.slowed_at or emergency.started_at, -1))
    return tuple(
        CalledView(
            person=person,
            at=at,
            step=step,
            messages=tuple(
                ToldView.model_validate(each) for each in told if each.recipient == person
            ),
        )
        for person, (at, step) in first.items()
    )


def history_of(emergency: Emergency) -> tuple[HappenedView, ...]:
    """What happened, in order."""
    return tuple(sorted(_happened(emergency), key=lambda each: each.at))


def _happened(e: Emergency) -> Iterator[HappenedView]:
    for alert in e.alerts:
        yield HappenedView(at=alert.at, what="alerted", people=alert.recipients)
    moments = (
        (e.slowed_at, "slowed", e.superiors),
        (e.confirmed_at, "confirmed", _one(e.confirmed_by)),
        (e.acknowledged_at, "acknowledged", _one(e.acknowledged_by)),
        (e.arrived_at, "arrived", e.on_site),
        (e.released_at, "released", ()),
        (e.ended_at, e.outcome or "ended", _one(e.ended_by)),
    )
    for at, what, people in moments:
        if at is not None:
            yield HappenedView(at=at, what=what, people=people)
    for check in e.checks:
        yield HappenedView(at=check.at, what=f"checked/{check.step}", people=(check.by,))
    for entry in e.log:
        yield HappenedView(at=entry.at, what="logged", people=(entry.by,), text=entry.text)
    if e.review is not None:
        yield HappenedView(
            at=e.review.at, what="reviewed", people=(e.review.by,), text=e.review.note
        )


def _one(person: str | None) -> tuple[str, ...]:
    return (person,) if person else ()
