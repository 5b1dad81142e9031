"""Who gets a message for what, once (design promise 4). Pure.

`recipients` is the one table of it: an event that is not in it reaches nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal, get_args

from typing_extensions import override

from shared.contracts import Event
from shared.contracts.incidents import (
    IncidentAnnounced,
    IncidentDueSoon,
    IncidentEvent,
    IncidentOffered,
    IncidentOverdue,
    IncidentSpread,
)
from shared.contracts.intake import TicketEvent, TicketRegistered, TicketReopened
from shared.contracts.notifier import CALLER, Purpose
from shared.contracts.parked import ParkedUrgent
from shared.contracts.router import (
    ClockBreached,
    ClockEvent,
    ClockWarned,
    EmergencyAlerted,
    FollowUpEvent,
    FollowUpMissed,
    FollowUpOpened,
    GapFound,
    ShiftEvent,
    ShiftOffered,
    ShiftStruck,
    ShiftTaken,
    TicketRaised,
    TicketResolved,
    WorkOrderAppointed,
    WorkOrderConsentRecorded,
    WorkOrderDispatched,
    WorkOrderExtended,
    WorkOrderExtensionAsked,
    WorkOrderNoted,
    WorkOrderQuoted,
)
from shared.contracts.survey import SurveyAsked
from shared.identity import DESK
from shared.policy.duty import ANYWHERE, Duty
from shared.policy.ladder import BREACH, Channel
from shared.policy.policy import Policy
from shared.policy.taxonomy import EMERGENCY

CauseKind = Literal[
    "ticket", "call", "incident", "campaign", "shift", "line", "publisher", "policy", "appraisal",
    "report", "account", "parked",
]  # fmt: skip
CAUSE_KINDS: Final[tuple[CauseKind, ...]] = get_args(CauseKind)
"""The closed list. None of it is marketing (B3.3.3), and a message without one cannot be made."""

TOLD_AGAIN: Final = timedelta(minutes=10)
"""What cannot be handled, and comes again word for word, is told so often at most."""
CAN_WAIT: Final[frozenset[Purpose]] = frozenset(
    {"feedback", "survey", "reopened", "visit", "extended", "raised", "gap", "shift_offered",
     "shift_taken", "outage", "progress", "follow_up_missed"}
)  # fmt: skip
"""Of what is not urgent, this disturbs nobody at night."""

NOTIFYING: Final[tuple[type[Event], ...]] = (
    TicketRegistered,
    WorkOrderDispatched,
    ClockWarned,
    ClockBreached,
    EmergencyAlerted,
    TicketResolved,
    TicketReopened,
    WorkOrderAppointed,
    WorkOrderExtended,
    WorkOrderExtensionAsked,
    SurveyAsked,
    TicketRaised,
    GapFound,
    ShiftOffered,
    ShiftTaken,
    ShiftStruck,
    IncidentOffered,
    IncidentSpread,
    IncidentAnnounced,
    IncidentDueSoon,
    IncidentOverdue,
    WorkOrderNoted,
    FollowUpOpened,
    FollowUpMissed,
    WorkOrderQuoted,
    WorkOrderConsentRecorded,
    ParkedUrgent,
)
"""The events that `recipients` answers with somebody; the queues are bound to these."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why somebody gets a message: something of the closed list, and which occurrence of it."""

    kind: CauseKind
    id: str
    occurrence: str

    def __post_init__(self) -> None:
        if self.kind not in CAUSE_KINDS or not self.id:
            raise ValueError("a message needs a cause of the closed list; advertising is none")

    @override
    def __str__(self) -> str:
        """Read as `ticket/26-00017/round/1`."""
        return f"{self.kind}/{self.id}/{self.occurrence}"


@dataclass(frozen=True, slots=True)
class Notice:
    """One person is to be told one thing, `not_before` a time where there is one. `facts` are codes
    and times, nothing personal.
    """

    cause: Cause
    purpose: Purpose
    recipient: str
    round: int = 1
    estate: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    not_before: datetime | None = None

    @property
    def id(self) -> str:
        """The same for every repeat of (cause, person, purpose)."""
        parts = "\n".join((str(self.cause), self.recipient, self.purpose))
        return hashlib.sha256(parts.encode()).hexdigest()[:32]

    @property
    def can_wait(self) -> bool:
        """Whether it may come after the quiet hours."""
        return can_wait(self.purpose, self.facts)

    @property
    def number(self) -> str:
        """The ticket that this is about, or whatever else caused it."""
        return self.cause.id


def can_wait(purpose: Purpose, facts: Mapping[str, Any]) -> bool:
    """Whether what somebody is told may come after the quiet hours: nothing that is urgent, nothing
    that somebody on duty needs for the work in hand.
    """
    if facts.get("urgency") in {"emergency", "urgent"}:
        return False
    return purpose in CAN_WAIT or (purpose == "breach" and facts.get("level", BREACH) > BREACH)


def is_for_digest(event: Event, now: datetime, *, after: timedelta) -> bool:
    """Whether it is a deadline that fell due so long ago, because nothing ran, that its reader
    hears of it in one digest with all others. An emergency's is told by itself, at once.
    """
    if not isinstance(event, ClockEvent) or event.urgency == EMERGENCY:
        return False
    return event.fell_due is not None and now - event.fell_due >= after


def channels_of(notice: Notice, policy: Policy) -> tuple[Channel, ...]:
    """By which channels somebody is told, where the ladder names some for this rung."""
    if notice.purpose != "breach":
        return ()
    return policy.at(notice.estate).rules.channels_at(notice.facts.get("level", BREACH))


def recipients(  # noqa: C901, PLR0911, PLR0912 - one row an event
    event: Event,
) -> tuple[Notice, ...]:
    """Who gets a message because of `event`; nobody for events that are not in this table."""
    match event:
        case TicketRegistered():
            return (_to_caller(event, "receipt", _times(event.promised, reply="first_reply")),)
        case TicketResolved():
            return (_to_caller(event, "feedback"),)
        case TicketReopened():
            return (_to_caller(event, "reopened"),)
        case SurveyAsked(survey=survey, number=number, round=round_):
            cause = Cause("ticket", number, f"survey/{survey}")
            return (Notice(cause, "survey", CALLER, round_, None, {"survey": survey}),)
        case WorkOrderDispatched(incident=str()) | ClockEvent(incident=str()):
            return ()  # they have the incident, and hear of its own time
        case WorkOrderDispatched():
            facts = _times(event.due, reply="accept") | {"department": event.department}
            people = (event.assignee,) if event.assignee else event.recipients
            return _to_staff(event, "assignment", f"work_order/{event.work_order}",
                             people, facts)  # fmt: skip
        case WorkOrderAppointed(at=at, until=datetime() as until):
            occurrence = f"visit/{event.work_order}/{until.timestamp():.0f}"
            return (_to_caller(event, "visit", {"arrive": at, "due": until}, occurrence),)
        case WorkOrderExtended(until=until):
            occurrence = f"extended/{event.round}/{until.timestamp():.0f}"
            return (_to_caller(event, "extended", {"due": until}, occurrence),)
        case WorkOrderExtensionAsked(until=until, reason=reason):
            facts = {"due": until, "reason": reason, "department": event.department}
            occurrence = f"extension/{event.work_order}/{until.timestamp():.0f}"
            return _to_staff(event, "decision", occurrence, event.recipients, facts)
        case WorkOrderNoted(public=True, tell_at=datetime() as at):
            occurrence = f"progress/{event.round}/{at.timestamp():.0f}"
            return (replace(_to_caller(event, "progress", None, occurrence), not_before=at),)
        case WorkOrderQuoted(quote=quote, total=total, payer="owner"):
            facts = {"total": total, "department": event.department}
            occurrence = f"quote/{event.work_order}/{quote}"
            return _to_staff(event, "quote", occurrence, event.recipients, facts)
        case WorkOrderConsentRecorded(quote=quote, total=total) if event.how != "on_site":
            facts = {"total": total, "reason": "agreed" if event.given else "refused"}
            people = (event.assignee,) if event.assignee else ()
            occurrence = f"consent/{event.work_order}/{quote}/{facts['reason']}"
            return _to_staff(event, "consent", occurrence, people, facts)
        case ClockWarned(level=level):
            return _about_clock(event, "warning", level=level)
        case ClockBreached(level=level):
            return _about_clock(event, "breach", level=level)
        case EmergencyAlerted():
            return _alerts(event)
        case TicketRaised(level=level, reason=reason, contacts=contacts):
            occurrence = f"raised/{event.round}/{reason}/{contacts}"
            said = f"{reason}_elsewhere" if event.place_differs else reason
            facts = {"level": level, "reason": said, "contacts": contacts}
            return _to_staff(event, "raised", occurrence, event.recipients, facts)
        case FollowUpOpened():
            return _about_task(event, "follow_up")
        case FollowUpMissed():
            return _about_task(event, "follow_up_missed")
        case GapFound(missing=missing, gaps=gaps, near=near):
            cause = Cause("shift", f"{event.place}/{event.department}",
                          f"gap/{event.revision}/{'near' if near else 'found'}")  # fmt: skip
            return _of_roster(event, "gap", cause, {"missing": missing, "gaps": gaps})
        case ShiftOffered():
            return _of_roster(event, "shift_offered", _of_shift(event))
        case ShiftTaken():
            return _of_roster(event, "shift_taken", _of_shift(event))
        case ShiftStruck(reason=reason):
            return _of_roster(event, "shift_struck", _of_shift(event), {"reason": reason})
        case IncidentEvent():
            return _about_incident(event)
        case ParkedUrgent(parked=parked):
            # The same cry an hour later is news; a redelivery is not.
            told = int(event.at.timestamp() / TOLD_AGAIN.total_seconds()) if event.at else 0
            cause = Cause("parked", parked, f"urgent/{told}")
            facts = {"reason": event.reason, "sender": event.publisher, "ticket": event.number,
                     "urgency": EMERGENCY}  # fmt: skip
            return tuple(Notice(cause, "parked", person, facts=facts)
                         for person in dict.fromkeys(event.recipients))  # fmt: skip
        case _:
            return ()


def answerable_for(places: Iterable[str], duty: Duty) -> tuple[str, ...]:
    """Who hears that an urgent message of a publisher at these places could not be handled: the
    desk's lead of each, where there is none the group's emergency duty.
    """
    leads = (duty.lead(place, DESK) for place in sorted(places))
    found = tuple(dict.fromkeys(lead.id for lead in leads if lead is not None))
    return found or tuple(person.id for person in duty.emergency_chain)


def _to_caller(
    event: TicketEvent,
    purpose: Purpose,
    facts: dict[str, Any] | None = None,
    occurrence: str | None = None,
) -> Notice:
    cause = Cause("ticket", event.number, occurrence or f"round/{event.round}")
    return Notice(cause, purpose, CALLER, event.round, event.estate, _of(event) | (facts or {}))


def _to_staff(
    event: TicketEvent,
    purpose: Purpose,
    occurrence: str,
    people: Iterable[str],
    facts: dict[str, Any],
) -> tuple[Notice, ...]:
    cause = Cause("ticket", event.number, occurrence)
    return tuple(
        Notice(cause, purpose, person, event.round, event.estate, _of(event) | facts)
        for person in dict.fromkeys(people)
    )


def _about_clock(event: ClockEvent, purpose: Purpose, *, level: int) -> tuple[Notice, ...]:
    """A clock that was started anew may run out again, so its end is part of the occurrence."""
    owner = event.work_order or f"round/{event.round}"
    occurrence = f"clock/{owner}/{event.clock}/{level}/{event.due.timestamp():.0f}"
    facts = {"clock": event.clock, "due": event.due, "department": event.department, "level": level}
    return _to_staff(event, purpose, occurrence, event.recipients, facts)


def _about_task(event: FollowUpEvent, purpose: Purpose) -> tuple[Notice, ...]:
    facts = {"reason": event.reason, "due": event.due}
    return _to_staff(event, purpose, f"follow_up/{event.follow_up}", event.recipients, facts)


def _alerts(event: EmergencyAlerted) -> tuple[Notice, ...]:
    cause = Cause("ticket", event.number, f"emergency/{event.step}")
    facts = {"kind": event.kind, "urgency": "emergency", "step": event.step, **_drill(event)}
    return tuple(
        Notice(cause, "alert", person, 1, event.estate, facts)
        for person in dict.fromkeys(event.recipients)
    )


def _of_shift(event: ShiftEvent) -> Cause:
    return Cause("shift", event.shift, f"revision/{event.revision}")


def _of_roster(
    event: GapFound | ShiftEvent,
    purpose: Purpose,
    cause: Cause,
    more: Mapping[str, Any] | None = None,
) -> tuple[Notice, ...]:
    estate = None if event.place == ANYWHERE else event.place
    times = {"department": event.department, "from": event.begins, "due": event.ends}
    facts = {**times, **(more or {})}
    return tuple(
        Notice(cause, purpose, person, estate=estate, facts=facts)
        for person in dict.fromkeys(event.recipients)
    )


def _about_incident(event: IncidentEvent) -> tuple[Notice, ...]:
    """The desk decides and keeps the time; the callers hear what is announced."""
    match event:
        case IncidentOffered(households=households):
            return _of_incident(event, "incident", "offered", {"households": households})
        case IncidentSpread(beyond=beyond):
            where = {"building": _listed(beyond)}
            return _of_incident(event, "incident", f"spread/{event.revision}", where)
        case IncidentDueSoon(restore_by=due) | IncidentOverdue(restore_by=due):
            level = BREACH if isinstance(event, IncidentOverdue) else 0
            occurrence = f"restoration/{due.timestamp():.0f}/{level}"
            return _of_incident(event, "restoration", occurrence, {"due": due, "level": level})
        case IncidentAnnounced(notice=notice, numbers=numbers, restore_by=due):
            occurrence = f"incident/{event.incident}/{notice}"
            facts = {"area": event.area, "due": due}
            return tuple(
                Notice(
                    Cause("ticket", number, occurrence), "outage", CALLER, 1, event.estate, facts
                )
                for number in numbers
            )
        case _:
            return ()


def _of_incident(
    event: IncidentEvent, purpose: Purpose, occurrence: str, more: Mapping[str, Any]
) -> tuple[Notice, ...]:
    cause = Cause("incident", event.incident, occurrence)
    facts = {"area": event.area, "building": _listed(event.buildings), **more}
    return tuple(
        Notice(cause, purpose, person, estate=event.estate, facts=facts)
        for person in dict.fromkeys(event.recipients)
    )


def _listed(buildings: Iterable[str]) -> str:
    return ", ".join(buildings)


def _of(event: TicketEvent) -> dict[str, Any]:
    return {
        "type": event.type,
        "area": event.area,
        "urgency": event.urgency,
        "kind": event.emergency_kind,
        **_drill(event),
    }


def _drill(event: TicketEvent | EmergencyAlerted) -> dict[str, Any]:
    """Marked where it is one, so that all other messages stay as they are."""
    return {"test": True} if event.test else {}


def _times(by_clock: Mapping[str, datetime], *, reply: str) -> dict[str, Any]:
    """The times worth telling: when it is done, when somebody comes, when somebody gets back.

    While a request is undecided its promise is only that somebody looks at it (`accept`).
    """
    return {
        "due": by_clock.get("resolve") or by_clock.get("control"),
        "arrive": by_clock.get("arrive"),
        "reply": by_clock.get(reply) or by_clock.get("accept"),
    }
