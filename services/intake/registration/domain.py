"""Rules of intake: keys, advice, and what a registered request answers. Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

import orjson

from shared.contracts import Fault
from shared.contracts.report import Caller, TicketReport
from shared.contracts.times import written
from shared.policy.policy import Policy
from shared.privacy import read_telephone
from shared.tickets import NOBODY, About, Ticket
from shared.tickets.model import AskedVisit
from shared.triage.classify import Classification
from shared.triage.taxonomy import Advice, Taxonomy

Alerting = Literal["started", "delayed", "unheard", "acknowledged", "ended"]
"""What is so now of an emergency's alert: people are called, cannot be called yet, no call has
reached anybody, somebody has taken it, it is over.
"""
RING_BY_HAND: Final[frozenset[Alerting]] = frozenset({"delayed", "unheard", "ended"})
"""Where our alert brings nobody at this moment."""

WITHHELD: Final = "withheld_phone"
"""Of a sealed caller: the number that they let nobody see. Nothing shows it or finds by it."""


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """What makes a repeat a repeat: keyed digests of who said it under which name, and of what."""

    id: str
    body: str


def idempotency_key(
    secret: bytes, principal: str, name: str | None, raw: Mapping[str, Any]
) -> IdempotencyKey | None:
    """The key of a report, or None when its sender gave it no name to repeat by."""
    if not name:
        return None
    canonical = orjson.dumps(dict(raw), option=orjson.OPT_SORT_KEYS)
    return IdempotencyKey(
        _digest(secret, b"key", f"{principal}\n{name}".encode()),
        _digest(secret, b"body", canonical),
    )


def _digest(secret: bytes, purpose: bytes, value: bytes) -> str:
    return hmac.new(secret, purpose + b"\0" + value, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One report as it arrived: what it says, what its words were taken for, whom we know of those
    it is about, the running emergency that it joins, its faults, and how a repeat is recognised.
    """

    report: TicketReport
    found: Classification
    raw: Mapping[str, Any]
    faults: tuple[Fault, ...] = ()
    name: str | None = None
    language: str = "zh"
    about: About = NOBODY
    joins: Ticket | None = None
    rang: str | None = None
    withheld: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What whoever reported is told: no person in it, and the promised times (B4.1)."""

    number: str
    status: str
    type: str
    area: str
    department: str | None
    urgency: str
    emergency: bool
    emergency_kind: str | None
    promised: Mapping[str, datetime]
    held: str | None = None
    advice: str | None = None
    advice_zh: str | None = None
    advice_en: str | None = None
    advice_parts: Advice | None = None
    alerting: Alerting | None = None
    call: Sequence[str] = ()
    faults: Sequence[Fault] = field(default_factory=tuple)
    reporter_ref: str | None = None
    duplicate_of: str | None = None
    joins: str | None = None
    appointment: AskedVisit | None = None

    def to_json(self) -> dict[str, Any]:
        """As it goes out: empty fields are left out."""
        plain = {
            "number": self.number,
            "status": self.status,
            "type": self.type,
            "area": self.area,
            "department": self.department,
            "urgency": self.urgency,
            "emergency": self.emergency,
            "emergency_kind": self.emergency_kind,
            "promised": {f"{clock}_by": written(at) for clock, at in self.promised.items()},
            "held": self.held,
            "advice": self.advice,
            "advice_zh": self.advice_zh,
            "advice_en": self.advice_en,
            "advice_parts": self.advice_parts and self.advice_parts.model_dump(exclude_none=True),
            "alerting": self.alerting,
            "call": list(self.call) or None,
            "faults": [_fault_to_json(f) for f in self.faults] or None,
            "reporter_ref": self.reporter_ref,
            "duplicate_of": self.duplicate_of,
            "joins": self.joins,
            "appointment": self.appointment and _visit_to_json(self.appointment),
        }
        return {k: v for k, v in plain.items() if v is not None or k not in _LEFT_OUT}


_LEFT_OUT: Final = frozenset(
    {
        "held",
        "advice",
        "advice_zh",
        "advice_en",
        "advice_parts",
        "alerting",
        "call",
        "faults",
        "reporter_ref",
        "duplicate_of",
        "joins",
        "appointment",
    }
)
"""Fields of an answer that it lacks where there is nothing to say."""


def _fault_to_json(fault: Fault) -> dict[str, str]:
    return {"field": fault.field, "fault": fault.fault, "remedy": fault.remedy}


def _visit_to_json(asked: AskedVisit) -> dict[str, str]:
    return {"from": written(asked.from_), "to": written(asked.to)}


def answer_for(
    ticket: Ticket,
    policy: Policy,
    *,
    language: str,
    faults: Sequence[Fault] = (),
    reporter_ref: str | None = None,
    alerting: Alerting | None = None,
    duplicate_of: str | None = None,
) -> Answer:
    """The answer for a ticket as it stands. Where nobody is being alerted (`alerting`), because the
    broker is away, no alert arrives or the emergency has ended, it says whom to ring.
    """
    plan = ticket.plan
    return Answer(
        number=ticket.number,
        status=ticket.status.value,
        type=plan.type,
        area=plan.area,
        department=plan.departments[0] if plan.departments else None,
        urgency=plan.urgency,
        emergency=ticket.is_emergency,
        emergency_kind=plan.emergency_kind,
        promised=ticket.promised[-1].times if ticket.promised else {},
        held=ticket.held.reason if ticket.held else None,
        advice=advice_for(policy, plan.emergency_kind, language),
        advice_zh=advice_for(policy, plan.emergency_kind, "zh"),
        advice_en=advice_for(policy, plan.emergency_kind, "en"),
        advice_parts=advice_parts(policy, plan.emergency_kind),
        alerting=alerting,
        call=numbers_to_ring(policy, plan.emergency_kind) if alerting in RING_BY_HAND else (),
        faults=tuple(faults),
        reporter_ref=reporter_ref,
        duplicate_of=duplicate_of,
        joins=ticket.joins,
        appointment=ticket.asked_appointment,
    )


NOT_SAID: Final = Fault("estate", "is not said", "a person will ask for it")
NOBODY_TO_ASK: Final = Fault(
    "estate", "is not said", "there is no number to call back either: nobody can ask for it"
)


def notices(report: TicketReport, *, estate: str | None, taxonomy: Taxonomy) -> tuple[Fault, ...]:
    """What did not keep a request from being taken, but whoever sent it should know."""
    found = []
    if report.area and not taxonomy.has_area(report.area):
        found.append(
            Fault("area", "is no area of the policy", "we went by the words; see the taxonomy")
        )
    named = report.estate or report.address or report.device
    if report.emergency_kind and not taxonomy.has_kind(report.emergency_kind):
        found.append(
            Fault(
                "emergency_kind",
                "is no kind of the policy",
                "we went by the words; see the taxonomy",
            )
        )
    if estate is None and named:
        found.append(
            Fault("estate", "is no place of this group that we know", "a person will look at it")
        )
    if estate is None and not named:
        found.append(NOBODY_TO_ASK if _is_unreachable(report) else NOT_SAID)
    found += _uncallable("caller", report.caller)
    found += _uncallable("on_site_contact", report.on_site_contact)
    if report.attachments:
        found.append(
            Fault("attachments", "are kept as named, not fetched", "say in the text what they show")
        )
    if report.due_by is not None:
        found.append(
            Fault("due_by", "is kept, and changes none of our times", "see promised for those")
        )
    return tuple(found)


def _is_unreachable(report: TicketReport) -> bool:
    """Whether whoever rang left no number: they cannot be asked anything later."""
    people = (report.caller, report.on_site_contact)
    return report.channel == "phone" and not any(has_contact(person) for person in people)


def _uncallable(field: str, person: Caller | None) -> list[Fault]:
    if person is None or not person.phone or read_telephone(person.phone):
        return []
    remedy = "send it with its area code, or as +86…"
    return [Fault(f"{field}.phone", "is not a number that can be called", remedy)]


def advice_for(policy: Policy, kind: str | None, language: str) -> str | None:
    """What to read aloud to the caller of an emergency."""
    if kind is None:
        return None
    found = policy.taxonomy.kind(kind)
    return found.first_advice_en if language == "en" else found.first_advice


def advice_parts(policy: Policy, kind: str | None) -> Advice | None:
    """The same in three parts: what to say, to ask and to do."""
    return None if kind is None else policy.taxonomy.kind(kind).advice


def numbers_to_ring(policy: Policy, kind: str | None) -> tuple[str, ...]:
    """Whom to ring by hand while our own alert is delayed."""
    outside = policy.taxonomy.kind(kind).external if kind else ()
    return (*policy.rules.desk_numbers, *outside)


def persons_of(report: TicketReport) -> list[dict[str, Any]]:
    """The persons a report names, as plain fields."""
    people = (report.caller, report.on_site_contact)
    return [person.model_dump(exclude_none=True) for person in people if person is not None]


def has_contact(caller: Caller | None) -> bool:
    """Whether the caller can be told anything later."""
    return caller is not None and bool(caller.phone)
