"""Who gets a message for what, once (design promise 4). Pure.

The one table of it stands at the end, one row an event; an event that is not in it reaches nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Generic, Literal, Protocol, TypeVar, get_args

from typing_extensions import override

from shared.contracts import Event
from shared.contracts.admin import (
    PolicyEvent,
    PolicyPublished,
    PolicyReminded,
    PolicyUnconfirmed,
)
from shared.contracts.incidents import (
    IncidentAnnounced,
    IncidentDueSoon,
    IncidentEvent,
    IncidentOffered,
    IncidentOverdue,
    IncidentSpread,
)
from shared.contracts.intake import (
    CallerWished,
    LinkLocked,
    ReadingAlarmRaised,
    TicketCancelRequested,
    TicketEvent,
    TicketMerged,
    TicketRegistered,
    TicketReopened,
    TicketSupplemented,
    TicketUrged,
)
from shared.contracts.notifier import CALLER, MessageUnreached, Purpose
from shared.contracts.parked import ParkedUrgent
from shared.contracts.router import (
    ClockBreached,
    ClockEvent,
    ClockWarned,
    EmergencyAlerted,
    EmergencyDowngraded,
    EmergencyEvent,
    EmergencyReplanned,
    EmergencySlowed,
    FollowUpEvent,
    FollowUpMissed,
    FollowUpOpened,
    GapFound,
    ShiftCut,
    ShiftEvent,
    ShiftOffered,
    ShiftStruck,
    ShiftTaken,
    TicketRaised,
    TicketResolved,
    WorkOrderAppointed,
    WorkOrderConsentRecorded,
    WorkOrderDispatched,
    WorkOrderEvent,
    WorkOrderExtended,
    WorkOrderExtensionAsked,
    WorkOrderExtensionRefused,
    WorkOrderNoted,
    WorkOrderQuoted,
)
from shared.contracts.survey import SurveyAsked
from shared.contracts.telephony import (
    LineContractEnding,
    LineDegraded,
    LineDown,
    LineEvent,
    LineJudged,
    LineUp,
)
from shared.identity import DESK, read_generation, with_generation
from shared.policy.duty import ANYWHERE, Duty, Person
from shared.policy.ladder import BREACH, Channel
from shared.policy.policy import Policy
from shared.triage.taxonomy import EMERGENCY

CauseKind = Literal[
    "ticket",
    "call",
    "incident",
    "campaign",
    "shift",
    "line",
    "watch",
    "publisher",
    "policy",
    "appraisal",
    "report",
    "account",
    "parked",
    "reading_alarm",
]
CAUSE_KINDS: Final[tuple[CauseKind, ...]] = get_args(CauseKind)
"""The closed list. None of it is marketing (B3.3.3), and a message without one cannot be made."""

CONFIDENTIAL: Final[Mapping[CauseKind, str]] = {"reading_alarm": "reading_alarm.see"}
"""Causes of messages that are read by those alone who may do more than read messages: whom an alarm
is about may sit at the same desk. All messages of such a cause are: also the word that one of them
reached nobody.
"""
ALARMS: Final[frozenset[Purpose]] = frozenset({"alert", "slowed"})
"""What goes by every alarm channel at once, before all others, and is told of aloud when nobody got
it."""
TOLD_AGAIN: Final = timedelta(minutes=10)
"""What cannot be handled, and comes again word for word, is told so often at most."""
CAN_WAIT: Final[frozenset[Purpose]] = frozenset(
    {
        "feedback",
        "survey",
        "reopened",
        "visit",
        "extended",
        "raised",
        "gap",
        "shift_offered",
        "shift_taken",
        "progress",
        "merged",
        "follow_up_missed",
        "wish",
        "more_time",
        "reading_alarm",
        "policy",
        "policy_reminder",
        "policy_unconfirmed",
    }
)
"""Of what is not urgent, this disturbs nobody at night. An outage's notice does not wait, nor its
changed time: whoever sits in the dark is awake. No policy can say otherwise, it names hours only.
"""
_AT_OTHER_ADDRESSES: Final = "/reach/"
BEGINS: Final = ("from", "arrive", "due")
"""Facts that say when what somebody is told of begins or ends."""
DUE_OF_TICKET: Final[Mapping[Purpose, str]] = {
    "wish": "due",
    "consent": "due",
    "quote": "due",
    "raised": "due",
    "decision": "reply",
}
"""What is about work whose time only the ticket knows, and the fact that says it: when it is to be
done, or by when more time has to be granted."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why somebody gets a message: something of the closed list, and which occurrence of it."""

    kind: CauseKind
    id: str
    occurrence: str

    def __post_init__(self) -> None:
        if self.kind not in CAUSE_KINDS or not self.id:
            raise ValueError("a message needs a cause of the closed list; advertising is none")

    @property
    def first(self) -> Cause:
        """The same, where it was told again by a new link."""
        told = read_generation(self.occurrence)[0]
        return replace(self, occurrence=told.partition(_AT_OTHER_ADDRESSES)[0])

    @property
    def generation(self) -> int:
        """Of the link by which it was told again; 0 where it was not."""
        return read_generation(self.occurrence)[1]

    def by_new_link(self, generation: int, reach: str | None = None) -> Cause:
        """The same, told again because the link of before is dead; or, to addresses of this
        `reach`, because what was told to those of before did not go out.
        """
        told = self.first.occurrence + (f"{_AT_OTHER_ADDRESSES}{reach}" if reach else "")
        return replace(self, occurrence=with_generation(told, generation))

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

    def can_wait_until(self, morning: datetime, now: datetime) -> bool:
        """Whether it may come at the end of these quiet hours; not where that is after what it
        tells of, such as a visit at night or a shift that begins before.
        """
        times = (self.facts.get(fact) for fact in BEGINS)
        return self.can_wait and not any(now < at < morning for at in times if at is not None)

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
    if purpose == "watch":
        return facts.get("severity") != "page"
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


E = TypeVar("E", bound=Event)
E_contra = TypeVar("E_contra", bound=Event, contravariant=True)


@dataclass(frozen=True, slots=True)
class Topic(Generic[E_contra]):
    """What a message is about: things of one kind, with the estate and the facts that every message
    about them has.
    """

    kind: CauseKind | Callable[[E_contra], CauseKind]
    ids: Callable[[E_contra], Iterable[str]]
    estate: Callable[[E_contra], str | None]
    facts: Callable[[E_contra], Mapping[str, Any]]

    def kind_of(self, event: E_contra) -> CauseKind:
        """What kind of thing an event is about."""
        return self.kind(event) if callable(self.kind) else self.kind


@dataclass(frozen=True, slots=True)
class Occasion(Generic[E]):
    """One row of the table: because of this event these people get a message of this purpose,
    `once` for each thing of the topic and each text that this gives. Where the row says so, only
    `when` it holds, and `not_before` a time.
    """

    event: type[E]
    purpose: Purpose
    topic: Topic[E]
    _: KW_ONLY
    to: Callable[[E], Iterable[str]]
    once: Callable[[E], str]
    facts: Callable[[E], Mapping[str, Any]] | None = None
    when: Callable[[E], bool] | None = None
    not_before: Callable[[E], datetime | None] | None = None

    def notices(self, event: E) -> tuple[Notice, ...]:
        """One for each thing and each person."""
        if self.when and not self.when(event):
            return ()
        estate, round_ = self.topic.estate(event), getattr(event, "round", 1)
        facts = {**self.topic.facts(event), **(self.facts(event) if self.facts else {})}
        later = self.not_before(event) if self.not_before else None
        once, people = self.once(event), dict.fromkeys(self.to(event))
        return tuple(
            Notice(
                Cause(self.topic.kind_of(event), id, once),
                self.purpose,
                person,
                round_,
                estate,
                facts,
                later,
            )
            for id in self.topic.ids(event)
            for person in people
        )


def recipients(event: Event) -> tuple[Notice, ...]:
    """Who gets a message because of `event`; nobody for events that are not in the table."""
    rows = _BY_EVENT.get(type(event), ())
    return tuple(notice for row in rows for notice in row.notices(event))


def answerable_for(places: Iterable[str], duty: Duty) -> tuple[str, ...]:
    """Who hears that an urgent message of a publisher at these places could not be handled: the
    desk's lead of each, where there is none the group's emergency duty.
    """
    leads = (duty.lead(place, DESK) for place in sorted(places))
    found = tuple(dict.fromkeys(lead.id for lead in leads if lead is not None))
    return found or tuple(person.id for person in duty.emergency_chain)


def others_for(
    person: str,
    estate: str | None,
    department: str | None,
    duty: Duty,
    may_hear: Callable[[Person], bool],
) -> tuple[str, ...]:
    """Who acts because a message did not reach somebody: the lead of the department whose work it
    is, else of their own lists; where nobody of these can be told (`may_hear`) the desk's lead
    there, then the group's emergency duty.
    """
    lists = [(estate, department)] if department else duty.lists_of(person)
    theirs = [duty.lead(place, named) for place, named in lists]
    for leads in (theirs, [duty.lead(estate, DESK)], duty.emergency_chain):
        found = [lead for lead in leads if lead is not None and lead.id != person]
        if told := tuple(dict.fromkeys(lead.id for lead in found if may_hear(lead))):
            return told
    return ()


def _caller(_event: Event) -> tuple[str, ...]:
    return (CALLER,)


def _assignee(event: WorkOrderEvent) -> tuple[str, ...]:
    return (event.assignee,) if event.assignee else ()


class _Naming(Protocol):
    @property
    def recipients(self) -> tuple[str, ...]: ...


def _named(event: _Naming) -> tuple[str, ...]:
    """Whom the publisher found on the duty list."""
    return event.recipients


def _in_round(event: TicketEvent) -> str:
    return f"round/{event.round}"


def _at(moment: datetime | None) -> str:
    return f"{moment.timestamp():.0f}" if moment else ""


def _is_alone(event: WorkOrderDispatched | ClockEvent) -> bool:
    """Who has the incident or emergency that it is a part of hears of that one's own time."""
    return event.incident is None and event.joins is None


def _clock(event: ClockWarned | ClockBreached) -> str:
    """A clock that was started anew may run out again, so its end is part of the occurrence."""
    owner = event.work_order or _in_round(event)
    return f"clock/{owner}/{event.clock}/{event.level}/{_at(event.due)}"


def _clock_facts(event: ClockWarned | ClockBreached) -> dict[str, Any]:
    """Who has the work (`assignee`) is sent the link to it; all others hear of it without one."""
    theirs = {"assignee": event.assignee} if event.work_order and event.assignee else {}
    return {
        "clock": event.clock,
        "due": event.due,
        "department": event.department,
        "level": event.level,
        **theirs,
    }


def _task(event: FollowUpEvent) -> str:
    return f"follow_up/{event.follow_up}"


def _task_facts(event: FollowUpEvent) -> dict[str, Any]:
    """Who is to ring gets the link to the call (`task`); all others do their tasks elsewhere."""
    rings = {"task": event.follow_up} if event.why == "tell" else {}
    return {"reason": event.reason, "due": event.due, **rings}


def _consent(event: WorkOrderConsentRecorded) -> str:
    return "agreed" if event.given else "refused"


def _anew(once: str, at: datetime | None) -> str:
    """The same asked for, or decided, at another time is news; events of before name no time."""
    return f"{once}/{_at(at)}" if at else once


def _decided(event: WorkOrderExtended | WorkOrderExtensionRefused, until: datetime | None) -> str:
    return _anew(f"{event.name}/{event.work_order}/{_at(until)}", event.at)


def _more(*, asked: bool) -> str:
    return "time_given" if asked else "time_longer"


def _wish(event: CallerWished) -> str:
    return f"{event.name}/{event.round}/{_at(event.at)}"


def _raised_facts(event: TicketRaised) -> dict[str, Any]:
    reason = f"{event.reason}_elsewhere" if event.place_differs else event.reason
    return {"level": event.level, "reason": reason, "contacts": event.contacts}


def _revision(event: ShiftEvent) -> str:
    return f"revision/{event.revision}"


def _cry(event: ParkedUrgent) -> str:
    """The same cry an hour later is news; a redelivery is not."""
    told = int(event.at.timestamp() / TOLD_AGAIN.total_seconds()) if event.at else 0
    return f"urgent/{told}"


def _cry_facts(event: ParkedUrgent) -> dict[str, Any]:
    return {
        "reason": event.reason,
        "sender": event.publisher,
        "ticket": event.number,
        "urgency": EMERGENCY,
    }


def _line_facts(state: str) -> Callable[[LineJudged], dict[str, Any]]:
    """A line's state, and why, as one reason."""
    return lambda event: {
        "reason": f"line_{state}_{event.why}" if event.why else f"line_{state}",
        "from": event.at,
    }


def _about(event: MessageUnreached) -> CauseKind:
    return next((kind for kind in CAUSE_KINDS if kind == event.about), "ticket")


def _unreached_facts(event: MessageUnreached) -> dict[str, Any]:
    drill = {"test": True} if event.test else {}
    urgent = {"urgency": EMERGENCY} if event.purpose in ALARMS else {}
    return {
        "person": event.recipient,
        "department": event.department,
        "reason": f"unreached_{event.reason}",
        **urgent,
        **drill,
    }


def _locked_facts(event: LinkLocked) -> dict[str, Any]:
    return {"person": event.person, **({"test": True} if event.test else {})}


def _ticket_facts(event: TicketEvent) -> dict[str, Any]:
    return {
        "type": event.type,
        "area": event.area,
        "urgency": event.urgency,
        "kind": event.emergency_kind,
        **_drill(event),
    }


def _drill(event: TicketEvent | EmergencyEvent) -> dict[str, Any]:
    """Marked where it is one, so that all other messages stay as they are."""
    return {"test": True} if event.test else {}


def _emergency_facts(event: EmergencyEvent) -> dict[str, Any]:
    return {"kind": event.kind, "urgency": EMERGENCY, **_drill(event)}


def _called_to(event: EmergencyReplanned) -> str | None:
    """Where they were called to: of where it is instead, others hear."""
    return event.estate_before if event.elsewhere else event.estate


def _called_to_facts(event: EmergencyReplanned) -> dict[str, Any]:
    facts = _emergency_facts(event)
    return facts | {"kind": event.before, "reason": "elsewhere"} if event.elsewhere else facts


def _spared(event: EmergencyReplanned | EmergencyDowngraded) -> str:
    """Who was called again since may be spared again."""
    return f"spared/{event.step}"


def _roster_facts(event: GapFound | ShiftEvent) -> dict[str, Any]:
    return {"department": event.department, "from": event.begins, "due": event.ends}


def _roster_estate(event: GapFound | ShiftEvent) -> str | None:
    return None if event.place == ANYWHERE else event.place


def _incident_facts(event: IncidentEvent) -> dict[str, Any]:
    return {"area": event.area, "building": ", ".join(event.buildings)}


def _times(by_clock: Mapping[str, datetime], *, reply: str) -> dict[str, Any]:
    """The times worth telling: when it is done, when somebody comes, when somebody gets back.

    While a request is undecided its promise is only that somebody looks at it (`accept`).
    """
    return {
        "due": by_clock.get("resolve") or by_clock.get("control"),
        "arrive": by_clock.get("arrive"),
        "reply": by_clock.get(reply) or by_clock.get("accept"),
    }


_TICKET: Final[Topic[TicketEvent]] = Topic(
    "ticket", lambda e: (e.number,), lambda e: e.estate, _ticket_facts
)
_EMERGENCY: Final[Topic[EmergencyEvent]] = Topic(
    "ticket", lambda e: (e.number,), lambda e: e.estate, _emergency_facts
)
_CALLED_TO: Final[Topic[EmergencyReplanned]] = Topic(
    "ticket", lambda e: (e.number,), _called_to, _called_to_facts
)
_SURVEY: Final[Topic[SurveyAsked]] = Topic(
    "ticket", lambda e: (e.number,), lambda _: None, lambda e: {"survey": e.survey}
)
_SHIFT: Final[Topic[ShiftEvent]] = Topic(
    "shift", lambda e: (e.shift,), _roster_estate, _roster_facts
)
_GAP: Final[Topic[GapFound]] = Topic(
    "shift", lambda e: (f"{e.place}/{e.department}",), _roster_estate, _roster_facts
)
_INCIDENT: Final[Topic[IncidentEvent]] = Topic(
    "incident", lambda e: (e.incident,), lambda e: e.estate, _incident_facts
)
_HOUSEHOLDS: Final[Topic[IncidentAnnounced]] = Topic(
    "ticket", lambda e: e.numbers, lambda e: e.estate, lambda e: {"area": e.area}
)
_UNREACHED: Final[Topic[MessageUnreached]] = Topic(
    _about, lambda e: (e.number,), lambda e: e.estate, _unreached_facts
)
_READING_ALARM: Final[Topic[ReadingAlarmRaised]] = Topic(
    "reading_alarm",
    lambda e: (e.alarm,),
    lambda e: e.estate,
    lambda e: {"person": e.reader, "reason": f"sign_{e.sign}", "ticket": e.number},
)
_POLICY: Final[Topic[PolicyEvent]] = Topic(
    "policy", lambda e: (e.policy,), lambda _: None, lambda e: {"from": e.begins}
)
_LOCKED: Final[Topic[LinkLocked]] = Topic(
    "ticket", lambda e: (e.number,), lambda e: e.estate, _locked_facts
)
_LINE: Final[Topic[LineEvent]] = Topic("line", lambda e: (e.line,), lambda _: None, lambda _: {})
_PARKED: Final[Topic[ParkedUrgent]] = Topic(
    "parked", lambda e: (e.parked,), lambda _: None, _cry_facts
)

# It reads as the table it is. It has no declared type, so that mypy checks what a row asks of its
# event against the event's own class.
# fmt: off
_TABLE: Final = (
    Occasion(TicketRegistered, "receipt", _TICKET, to=_caller, once=_in_round,
             facts=lambda e: _times(e.promised, reply="first_reply")),
    Occasion(WorkOrderDispatched, "assignment", _TICKET, when=_is_alone,
             to=lambda e: _assignee(e) or e.recipients, once=lambda e: f"work_order/{e.work_order}",
             facts=lambda e: _times(e.due, reply="accept") | {"department": e.department}),
    Occasion(ClockWarned, "warning", _TICKET, when=_is_alone, to=_named, once=_clock,
             facts=_clock_facts),
    Occasion(ClockBreached, "breach", _TICKET, when=_is_alone, to=_named, once=_clock,
             facts=_clock_facts),
    Occasion(EmergencyAlerted, "alert", _EMERGENCY, to=_named,
             once=lambda e: f"emergency/{e.step}", facts=lambda e: {"step": e.step}),
    Occasion(EmergencySlowed, "slowed", _EMERGENCY, to=_named,
             once=lambda e: f"slowed/{e.step}", facts=lambda e: {"due": e.next_at}),
    Occasion(EmergencyReplanned, "spared", _CALLED_TO, to=_named, once=_spared),
    Occasion(EmergencyDowngraded, "spared", _EMERGENCY, to=_named, once=_spared),
    Occasion(TicketResolved, "feedback", _TICKET, to=_caller, once=_in_round),
    Occasion(TicketReopened, "reopened", _TICKET, to=_caller, once=_in_round),
    Occasion(WorkOrderAppointed, "visit", _TICKET, when=lambda e: e.until is not None,
             to=_caller, once=lambda e: _anew(f"visit/{e.work_order}/{_at(e.until)}", e.agreed_at),
             facts=lambda e: {"arrive": e.at, "due": e.until}),
    Occasion(WorkOrderExtended, "extended", _TICKET, to=_caller,
             once=lambda e: f"extended/{e.round}/{_at(e.until)}", facts=lambda e: {"due": e.until}),
    Occasion(WorkOrderExtensionAsked, "decision", _TICKET, to=_named,
             once=lambda e: _anew(f"extension/{e.work_order}/{_at(e.until)}", e.at),
             facts=lambda e: {"due": e.until, "reason": e.reason, "department": e.department}),
    Occasion(WorkOrderExtended, "more_time", _TICKET, to=_assignee,
             once=lambda e: _decided(e, e.until),
             facts=lambda e: {"due": e.until, "reason": _more(asked=e.asked)}),
    Occasion(WorkOrderExtensionRefused, "more_time", _TICKET, to=_assignee,
             once=lambda e: _decided(e, e.due),
             facts=lambda e: {"due": e.due, "reason": "time_refused"}),
    Occasion(SurveyAsked, "survey", _SURVEY, to=_caller, once=lambda e: f"survey/{e.survey}"),
    Occasion(TicketRaised, "raised", _TICKET, to=_named,
             once=lambda e: f"raised/{e.round}/{e.reason}/{e.contacts}", facts=_raised_facts),
    Occasion(GapFound, "gap", _GAP, to=_named,
             once=lambda e: f"gap/{e.revision}/{'near' if e.near else 'found'}",
             facts=lambda e: {"missing": e.missing, "gaps": e.gaps}),
    Occasion(ShiftOffered, "shift_offered", _SHIFT, to=_named, once=_revision),
    Occasion(ShiftTaken, "shift_taken", _SHIFT, to=_named, once=_revision),
    Occasion(ShiftCut, "shift_cut", _SHIFT, to=_named, once=_revision),
    Occasion(ShiftStruck, "shift_struck", _SHIFT, to=_named, once=_revision,
             facts=lambda e: {"reason": e.reason}),
    Occasion(IncidentOffered, "incident", _INCIDENT, to=_named, once=lambda _: "offered",
             facts=lambda e: {"households": e.households}),
    Occasion(IncidentSpread, "incident", _INCIDENT, to=_named,
             once=lambda e: f"spread/{e.revision}",
             facts=lambda e: {"building": ", ".join(e.beyond)}),
    Occasion(IncidentAnnounced, "outage", _HOUSEHOLDS, to=_caller,
             once=lambda e: f"incident/{e.incident}/{e.notice}",
             facts=lambda e: {"due": e.restore_by}),
    Occasion(IncidentDueSoon, "restoration", _INCIDENT, to=_named,
             once=lambda e: f"restoration/{_at(e.restore_by)}/0",
             facts=lambda e: {"due": e.restore_by, "level": 0}),
    Occasion(IncidentOverdue, "restoration", _INCIDENT, to=_named,
             once=lambda e: f"restoration/{_at(e.restore_by)}/{BREACH}",
             facts=lambda e: {"due": e.restore_by, "level": BREACH}),
    Occasion(WorkOrderNoted, "progress", _TICKET, when=lambda e: e.public and e.tell_at is not None,
             to=_caller, once=lambda e: f"progress/{e.round}/{_at(e.tell_at)}",
             not_before=lambda e: e.tell_at),
    Occasion(FollowUpOpened, "follow_up", _TICKET, to=_named, once=_task, facts=_task_facts),
    Occasion(FollowUpMissed, "follow_up_missed", _TICKET, to=_named, once=_task, facts=_task_facts),
    Occasion(WorkOrderQuoted, "quote", _TICKET, when=lambda e: e.payer == "owner",
             to=_named, once=lambda e: f"quote/{e.work_order}/{e.quote}",
             facts=lambda e: {"total": e.total, "department": e.department}),
    Occasion(WorkOrderConsentRecorded, "consent", _TICKET, when=lambda e: e.how != "on_site",
             to=_assignee, once=lambda e: f"consent/{e.work_order}/{e.quote}/{_consent(e)}",
             facts=lambda e: {"total": e.total, "reason": _consent(e)}),
    Occasion(TicketUrged, "wish", _TICKET, to=_named, once=_wish,
             facts=lambda _: {"reason": "urged"}),
    Occasion(TicketSupplemented, "wish", _TICKET, to=_named, once=_wish,
             facts=lambda _: {"reason": "supplemented"}),
    Occasion(TicketCancelRequested, "wish", _TICKET, to=_named, once=_wish,
             facts=lambda _: {"reason": "cancel_wanted"}),
    Occasion(ParkedUrgent, "parked", _PARKED, to=_named, once=_cry),
    Occasion(LineDown, "line", _LINE, to=_named, once=lambda e: f"down/{_at(e.at)}",
             facts=_line_facts("down")),
    Occasion(LineDegraded, "line", _LINE, to=_named, once=lambda e: f"degraded/{_at(e.at)}",
             facts=_line_facts("degraded")),
    Occasion(LineUp, "line", _LINE, to=_named, once=lambda e: f"up/{_at(e.at)}",
             facts=_line_facts("up")),
    Occasion(LineContractEnding, "line", _LINE, to=_named,
             once=lambda e: f"contract/{e.until}/{e.days}",
             facts=lambda e: {"reason": f"line_contract_{e.days}", "count": str(e.until)}),
    Occasion(MessageUnreached, "unreached", _UNREACHED, to=_named,
             once=lambda e: f"unreached/{e.recipient}/{e.round}"),
    Occasion(PolicyPublished, "policy", _POLICY, to=_named, once=lambda _: "published"),
    Occasion(PolicyReminded, "policy_reminder", _POLICY, to=_named, once=lambda _: "reminded"),
    Occasion(PolicyUnconfirmed, "policy_unconfirmed", _POLICY, to=_named,
             once=lambda _: "unconfirmed",
             facts=lambda e: {"person": ", ".join(e.missing), "count": len(e.missing)}),
    Occasion(ReadingAlarmRaised, "reading_alarm", _READING_ALARM, to=_named,
             once=lambda _: "raised"),
    Occasion(TicketMerged, "merged", _TICKET, to=_caller, once=_in_round,
             facts=lambda e: {"ticket": e.into}),
    Occasion(LinkLocked, "link_locked", _LOCKED, to=_named,
             once=lambda e: f"link/{e.link}/locked"),
)
# fmt: on
_BY_EVENT: Final[dict[type[Event], tuple[Occasion[Any], ...]]] = {
    event: tuple(row for row in _TABLE if row.event is event)
    for event in dict.fromkeys(row.event for row in _TABLE)
}
NOTIFYING: Final = tuple(_BY_EVENT)
"""The events because of which somebody may get a message; the queues are bound to these."""
