"""What the auditor reads of each collection, as values. Pure.

The shapes are those of docs/architecture/documents.md: the auditor knows the store, no service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from shared.contracts import Lane
from shared.tickets import Ticket

TICKET_FIELDS: Final = (
    "version",
    "registered_at",
    "channel",
    "estate",
    "plans",
    "promised",
    "round",
    "mark",
    "held",
    "work_orders",
    "clocks",
    "timeline",
    "feedback_attempts",
    "cancel_requested",
    "over_at",
    "test",
    "status",
    "next_due",
    "key",
    "about",
    "extensions",
    "incident",
    "joins",
)
MESSAGE_FIELDS: Final = (
    "number",
    "purpose",
    "recipient",
    "cause.occurrence",
    "round",
    "lane",
    "status",
    "at",
    "next_at",
    "ended_at",
    "reason",
    "attempts.channel",
    "attempts.at",
    "attempts.outcome",
    "attempts.policy",
    "estate",
    "digest",
    "entries",
    "channels",
    "brake",
)
EMERGENCY_FIELDS: Final = (
    "started_at",
    "round",
    "alerts",
    "next_due",
    "acknowledged_at",
    "ended_at",
    "slowed_at",
    "superiors",
)
TASK_FIELDS: Final = ("number", "round", "state")
SURVEY_FIELDS: Final = ("number", "round", "asked_at", "answer.at", "answer.dissatisfied")


TAKEN: Final = ("accepted", "received")
"""What a provider said that took a message."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to hand a message over; `outcome` is None while it lasts, or for ever."""

    channel: str
    at: datetime
    outcome: str | None
    policy: str = ""
    """The version that it was made under."""

    @property
    def may_have_arrived(self) -> bool:
        """Whether the receiver may have the message because of this attempt."""
        return self.outcome in {None, *TAKEN, "unclear", "lost"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to one person."""

    id: str
    number: str
    purpose: str
    recipient: str
    occurrence: str
    round: int
    lane: str
    status: str
    at: datetime
    next_at: datetime | None
    ended_at: datetime | None
    reason: str | None
    attempts: tuple[Attempt, ...]
    digest: str | None = None
    """The digest that tells it."""
    entries: tuple[str, ...] = ()
    """What it tells, if it is a digest."""
    channels: tuple[str, ...] = ()
    """By each of these it goes once, where that is more than one."""
    estate: str | None = None
    brake: str | None = None
    """What holds it, or stopped it."""

    @property
    def taken_by(self) -> tuple[str, ...]:
        """The channels that took it, each once, in the order in which they did."""
        return tuple(dict.fromkeys(a.channel for a in self.attempts if a.outcome in TAKEN))

    @classmethod
    def from_doc(cls, doc: Mapping[str, Any]) -> Self:
        """Read what was projected."""
        plain = (
            "number",
            "purpose",
            "recipient",
            "round",
            "lane",
            "status",
            "at",
            "next_at",
            "ended_at",
            "reason",
        )
        return cls(
            id=doc["_id"],
            occurrence=doc["cause"]["occurrence"],
            attempts=tuple(Attempt(**attempt) for attempt in doc["attempts"]),
            digest=doc.get("digest"),
            entries=tuple(doc.get("entries", ())),
            channels=tuple(doc.get("channels", ())),
            estate=doc.get("estate"),
            brake=doc.get("brake"),
            **{field: doc[field] for field in plain},
        )


@dataclass(frozen=True, slots=True)
class Alert:
    """One call for help."""

    at: datetime
    step: int
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """The running plan of an emergency ticket."""

    round: int
    alerts: tuple[Alert, ...]
    next_due: datetime | None
    acknowledged_at: datetime | None
    ended_at: datetime | None
    slowed_at: datetime | None = None
    superiors: tuple[str, ...] = ()
    """Since when the chain is called less often, and who was told so."""

    @classmethod
    def from_doc(cls, doc: Mapping[str, Any]) -> Self:
        """Read what was projected."""
        alerts = (Alert(a["at"], a["step"], tuple(a["recipients"])) for a in doc["alerts"])
        plain = ("round", "next_due", "acknowledged_at", "ended_at")
        return cls(
            alerts=tuple(alerts),
            slowed_at=doc.get("slowed_at"),
            superiors=tuple(doc.get("superiors", ())),
            **{field: doc[field] for field in plain},
        )


@dataclass(frozen=True, slots=True)
class Survey:
    """The question about one round; `dissatisfied_at` is when a dissatisfied answer came."""

    id: str
    round: int
    asked_at: datetime
    dissatisfied_at: datetime | None

    @classmethod
    def from_doc(cls, doc: Mapping[str, Any]) -> Self:
        """Read what was projected."""
        answer = doc.get("answer") or {}
        at = answer["at"] if answer.get("dissatisfied") else None
        return cls(doc["_id"], doc["round"], doc["asked_at"], at)


@dataclass(frozen=True, slots=True)
class TellTask:
    """Somebody of the desk is to tell the result of a round by telephone."""

    round: int
    is_live: bool

    @classmethod
    def from_doc(cls, doc: Mapping[str, Any]) -> Self:
        """Read what was projected."""
        return cls(doc["round"], doc["state"] in {"planned", "open"})


@dataclass(frozen=True, slots=True)
class LateTask:
    """A follow-up task of a ticket that should have opened, or been missed, at `due`."""

    number: str
    id: str
    state: str
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """A ticket with all that other collections hold of it.

    `kept_status` and `kept_next_due` are the fields kept for indexes; `key_names` is the number
    that its reservation names, None for a ticket without a key, and `key_since` from when on: what
    was registered before had the key before.
    """

    ticket: Ticket
    kept_status: str
    kept_next_due: datetime | None
    key_names: str | None = None
    key_since: datetime | None = None
    emergency: Emergency | None = None
    messages: tuple[Message, ...] = ()
    surveys: tuple[Survey, ...] = ()
    tell_tasks: tuple[TellTask, ...] = ()

    def counts(self) -> dict[str, int]:
        """How much there is to judge beside the ticket itself."""
        clocks = (self.ticket.clocks, *(order.clocks for order in self.ticket.work_orders))
        return {
            "messages": len(self.messages),
            "surveys": len(self.surveys),
            "tasks to tell": len(self.tell_tasks),
            "emergencies": self.emergency is not None,
            "deadlines": sum(state.due is not None for each in clocks for state in each.values()),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingEvent:
    """One event in an outbox."""

    id: str
    service: str
    lane: Lane
    at: datetime
    document: str
    """`<kind>/<id>` of the document that it lies in."""
    version: int
    """That document's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """One parked message."""

    id: str
    service: str
    queue: str
    reason: str
    next_at: datetime | None
    parked_at: datetime
