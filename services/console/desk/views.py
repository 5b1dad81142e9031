"""What the desk shows of what the services answer. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.console.clients.desk import (
    Advice,
    Callers,
    FaultFound,
    Likely,
    MatterFound,
    OwnTask,
    Preview,
    TicketCard,
    WaitingTicket,
)
from services.console.clients.names import Names
from services.console.desk.form import field_of
from services.console.desk.saving import Outcome, Taken
from services.console.errors import FieldFault, faults_in
from services.console.frame.times import deadline, grouped, moment, span
from shared.contracts.times import written
from shared.policy.templates import Language

MOST_LIKELY: Final = 4
"""So many are offered: each has a digit."""
SURE: Final = 0.5
HALF_A_VISIT: Final = frozenset({"appointment.from", "appointment.to"})
"""What intake says of these is for whoever writes a moment out."""


@dataclass(frozen=True, slots=True)
class Time:
    """A time to be said: of which clock, and when."""

    clock: str
    when: str
    at: str


@dataclass(frozen=True, slots=True)
class Department:
    """Who would get it, and who of them is there."""

    name: str
    people: str


@dataclass(frozen=True, slots=True)
class Bit:
    """A piece of the words; `counts` where it was judged by it."""

    text: str
    counts: bool


@dataclass(frozen=True, slots=True)
class Matter:
    """One matter as it is understood."""

    start: int
    end: int
    bits: Sequence[Bit]
    type: str
    area: str
    kind: str | None
    kind_id: str | None
    urgency: str
    percent: int
    is_unsure: bool
    refers_back: bool
    departments: Sequence[Department]
    times: Sequence[Time]
    undecided: Sequence[str]

    @property
    def is_emergency(self) -> bool:
        """Whether people are alerted at once."""
        return self.kind is not None


@dataclass(frozen=True, slots=True)
class Steps:
    """What to say, to ask and to do."""

    say: str
    ask: str | None
    do: str | None


@dataclass(frozen=True, slots=True)
class Running:
    """An emergency or outage of the place that the call may be a part of."""

    id: str
    name: str
    kind_id: str
    building: str | None
    since: str
    lasts: str
    taken: bool


@dataclass(frozen=True, slots=True)
class Card:
    """A ticket in a few words."""

    number: str
    grouped: str
    name: str
    building: str | None
    state: str
    words: str
    when: str
    is_over: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """All that is known of a call while it lasts."""

    matters: Sequence[Matter]
    advice: Steps | None
    missing: Sequence[str]
    estate_id: str | None
    estate: str | None
    offers_estate: bool
    building: str | None
    emergencies: Sequence[Running]
    outages: Sequence[Running]
    likely: Sequence[Card]
    faults: Sequence[FieldFault]

    @property
    def joins_by_key(self) -> bool:
        """Whether what runs is offered first and by one key: not where the words tell of no danger,
        since a slip of the finger would make a dripping tap a part of a fire.
        """
        return self.kind is not None or not self.matters

    @property
    def kind(self) -> str | None:
        """The likeliest kind of emergency."""
        return next((each.kind_id for each in self.matters if each.kind_id), None)


def panel_of(
    text: str,
    found: Preview,
    likely: Iterable[Likely],
    names: Names,
    now: datetime,
    language: Language,
) -> Panel:
    """What is shown beside the form."""
    estate = found.place.estate
    return Panel(
        matters=[_matter(each, text, names, now, language) for each in found.matters],
        advice=steps_of(found.advice, language),
        missing=found.missing,
        estate_id=estate.id if estate else None,
        estate=names.estate(estate.id, language) if estate else None,
        offers_estate=estate is not None and estate.found_in == "words",
        building=found.place.building.id if found.place.building else None,
        emergencies=[
            Running(
                id=each.number,
                name=each.kind.in_(language),
                kind_id=each.kind_id,
                building=each.building,
                since=written(each.since),
                lasts=span(now - each.since, language),
                taken=each.taken,
            )
            for each in found.emergencies[:MOST_LIKELY]
        ],
        outages=[
            Running(
                id=each.id,
                name=names.area(each.area, language),
                kind_id="",
                building="、".join(each.buildings) or None,
                since=written(each.since),
                lasts=span(now - each.since, language),
                taken=each.status != "offered",
            )
            for each in found.incidents
            if each.same_area
        ],
        likely=[_card(each.ticket, names, now, language) for each in list(likely)[:MOST_LIKELY]],
        faults=said_of(found.faults, language),
    )


def steps_of(advice: Advice | None, language: Language) -> Steps | None:
    """Advice in the reader's language."""
    if advice is None:
        return None
    return Steps(
        say=advice.say.in_(language),
        ask=advice.ask.in_(language) if advice.ask else None,
        do=advice.do.in_(language) if advice.do else None,
    )


def _matter(
    found: MatterFound, text: str, names: Names, now: datetime, language: Language
) -> Matter:
    return Matter(
        start=found.start,
        end=found.end,
        bits=bits_of(text, found),
        type=names.type(found.type, language),
        area=names.area(found.area, language),
        kind=names.kind(found.emergency_kind, language) if found.emergency_kind else None,
        kind_id=found.emergency_kind,
        urgency=found.urgency,
        percent=round(found.confidence * 100),
        is_unsure=found.confidence < SURE or bool(found.undecided),
        refers_back=found.refers_back,
        departments=[
            Department(
                each.in_(language),
                ("、" if language == "zh" else ", ").join(one.name for one in each.on_duty),
            )
            for each in found.departments
        ],
        times=[
            Time(
                names.code("clocks", each.clock, language),
                deadline(each.by, now, language),
                str(each.by),
            )
            for each in found.promised
        ],
        undecided=[names.code("held_reasons", each, language) for each in found.undecided],
    )


def bits_of(text: str, found: MatterFound) -> list[Bit]:
    """The words of one matter, with those marked by which it was judged."""
    bits: list[Bit] = []
    at = found.start
    for each in sorted(found.words, key=lambda said: said.start):
        start, end = max(each.start, at), min(each.end, found.end)
        if start >= end:
            continue
        bits += [Bit(text[at:start], counts=False), Bit(text[start:end], counts=True)]
        at = end
    bits.append(Bit(text[at : found.end], counts=False))
    return [bit for bit in bits if bit.text]


def _card(ticket: TicketCard, names: Names, now: datetime, language: Language) -> Card:
    return Card(
        number=ticket.number,
        grouped=grouped(ticket.number),
        name=names.area(ticket.area or "", language),
        building=ticket.building,
        state=names.code("ticket_statuses", ticket.status, language),
        words=ticket.words or "",
        when=moment(ticket.registered_at, now, language),
        is_over=ticket.over_at is not None,
    )


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody behind their mask."""

    name: str | None
    phone: str | None
    room: str | None
    role: str | None
    estate: str | None
    last: str


@dataclass(frozen=True, slots=True)
class Strip:
    """Who calls, as far as that is known."""

    persons: Sequence[Person]
    open: Sequence[Card]
    recent: Sequence[Card]
    contacts: int
    confidential: bool
    about_staff: bool
    many: bool


def strip_of(found: Callers, names: Names, now: datetime, language: Language) -> Strip:
    """Who may be calling, behind their masks."""
    return Strip(
        persons=[
            Person(
                name=each.name,
                phone=each.phone,
                room=each.room,
                role=names.code("caller_roles", each.role, language) if each.role else None,
                estate=names.estate(each.estate, language),
                last=moment(each.last_at, now, language),
            )
            for each in found.persons
        ],
        open=[_card(each, names, now, language) for each in found.open],
        recent=[_card(each, names, now, language) for each in found.recent],
        contacts=found.contacts,
        confidential=found.confidential,
        about_staff=found.about_staff,
        many=found.many,
    )


@dataclass(frozen=True, slots=True)
class Saved:
    """One that is registered."""

    number: str
    grouped: str
    name: str
    kind: str | None
    department: str | None
    times: Sequence[Time]
    held: str | None
    advice: Steps | None
    alerting: str | None
    call: Sequence[str]
    joins: str | None
    room: str | None
    duplicate_of: str | None
    is_new: bool
    outside: bool
    faults: Sequence[FieldFault]

    @property
    def is_emergency(self) -> bool:
        """Whether people are alerted."""
        return self.kind is not None


def saved_of(taken: Taken, names: Names, now: datetime, language: Language) -> Saved:
    """What is told of a ticket that was registered, and what to tell the caller."""
    made = taken.registered
    promised = sorted(made.promised.items(), key=lambda item: item[1])
    return Saved(
        number=made.number,
        grouped=grouped(made.number),
        name=f"{names.type(made.type, language)} · {names.area(made.area, language)}",
        kind=names.kind(made.emergency_kind, language) if made.emergency_kind else None,
        department=names.department(made.department, language) if made.department else None,
        times=[
            Time(
                names.code("clocks", clock.removesuffix("_by"), language),
                deadline(at, now, language),
                written(at),
            )
            for clock, at in promised
        ],
        held=names.code("held_reasons", made.held, language) if made.held else None,
        advice=steps_of(made.advice_parts, language),
        alerting=made.alerting,
        call=made.call or (),
        joins=grouped(made.joins) if made.joins else None,
        room=(made.joins or made.number) if made.emergency else None,
        duplicate_of=grouped(made.duplicate_of) if made.duplicate_of else None,
        is_new=taken.is_new,
        outside=taken.outside,
        faults=said_of(made.faults, language),
    )


def said_of(faults: Iterable[FaultFound], language: Language) -> list[FieldFault]:
    """Faults by the fields of the form."""
    return faults_in({"faults": [each.model_dump() for each in faults]}, language)


def beside_fields(
    outcome: Outcome, t: Mapping[str, str], language: Language
) -> tuple[list[dict[str, str]], list[str]]:
    """What is wrong, by field of the form; and what belongs to none of them."""
    by_field: dict[str, str] = {}
    others: list[str] = []
    for each in outcome.refused:
        problem = each.why.problem
        faults = [] if each.why.kind == "conflict" else faults_in(problem, language)
        for fault in faults:
            said = " · ".join(filter(None, (fault.fault, fault.remedy)))
            if fault.field in HALF_A_VISIT:
                said = t["visit_whole"]
            name = field_of(fault.field)
            if name is None:
                others.append(said)
            else:
                by_field.setdefault(name, said)
        if each.why.kind == "conflict":
            others.append(f"{t['conflict']} {grouped(str(problem.get('number', '')))}")
        elif not faults:
            chinese = problem.get("title_zh") if language == "zh" else None
            others.append(str(chinese or problem.get("title") or t["trouble_declined"]))
    return [{"field": name, "said": said} for name, said in by_field.items()], others


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """Something that waits, in the column of what is going on now."""

    id: str
    number: str
    grouped: str
    name: str
    place: str
    words: str
    due: str | None
    due_at: str | None


def waiting_rows(
    tickets: Iterable[WaitingTicket], names: Names, now: datetime, language: Language
) -> list[WaitingLine]:
    """The oldest of the manual queue."""
    return [
        WaitingLine(
            id=f"queue-{each.number}",
            number=each.number,
            grouped=grouped(each.number),
            name=names.code("held_reasons", each.held.reason, language) if each.held else "",
            place=names.estate(each.estate, language) or "",
            words=each.scrubbed,
            due=deadline(each.due, now, language) if each.due else None,
            due_at=written(each.due) if each.due else None,
        )
        for each in tickets
    ]


def task_rows(
    tasks: Iterable[OwnTask], names: Names, now: datetime, language: Language
) -> list[WaitingLine]:
    """One's own follow-ups that are due first."""
    return [
        WaitingLine(
            id=f"task-{each.id}",
            number=each.number,
            grouped=grouped(each.number),
            name=names.code("follow_up_reasons", each.reason, language),
            place=names.estate(each.estate, language) or "",
            words=each.words or "",
            due=deadline(each.due_at, now, language),
            due_at=written(each.due_at),
        )
        for each in tasks
    ]
