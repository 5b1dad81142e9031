"""What the manual queue shows of what the router and intake answer. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from services.console.clients.names import Names
from services.console.clients.shapes.previews import DepartmentOnDuty, MatterFound, Preview
from services.console.clients.shapes.work import QueueRow, ReadingSeen, SentBack
from services.console.frame.choices import Choice, choices
from services.console.frame.marking import Piece, pieces
from services.console.frame.places import place_of
from services.console.frame.times import Due, due_of, grouped, moment, span
from shared.contracts.times import written
from shared.policy.templates import Language

MOST_READINGS: Final = 3
"""They are taken by the digits 1 to 3."""
BY_HAND: Final = frozenset({"nobody_on_duty", "declined_twice", "conflict"})
"""Why a ticket waits whose matter is clear: it is given to somebody, not sorted anew."""
URGENCIES: Final = frozenset({"urgent", "normal"})
"""What a person may say of it; an emergency is said by its kind."""
SURE: Final = 0.8
UNSURE: Final = 0.5


@dataclass(frozen=True, slots=True)
class QueueCard:
    """One ticket of the queue in the list."""

    number: str
    grouped: str
    what: str
    place: str | None
    reason: str
    waits: str
    since: str
    due: Due | None
    words: str
    is_emergency: bool
    is_urgent: bool
    has_risk: bool
    runs: bool
    is_about_staff: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the request may be: taken by its `digit`. `value` is how a form sends it."""

    digit: int
    value: str
    type: str
    area: str
    urgency: str
    kind: str | None
    departments: Sequence[str]
    sure: str


@dataclass(frozen=True, slots=True)
class Sent:
    """Somebody sent the work back, and why."""

    who: str
    department: str
    reason: str | None
    at: str | None


@dataclass(frozen=True, slots=True)
class There:
    """Who of a department is on duty at the place now."""

    department: str
    people: Sequence[str]


@dataclass(frozen=True, slots=True)
class Decision:
    """A ticket beside the list, with all by which somebody decides, and what they may do."""

    card: QueueCard
    status: str
    registered: str
    pieces: Sequence[Piece]
    proposals: Sequence[Proposal]
    declines: Sequence[Sent]
    there: Sequence[There]
    undecided: Sequence[str]
    can: frozenset[str]
    first: str
    """Which act is open from the start."""
    estate: str | None
    estates: Sequence[Choice]
    types: Sequence[Choice]
    areas: Sequence[Choice]
    urgencies: Sequence[Choice]
    kinds: Sequence[Choice]
    departments: Sequence[Choice]
    calm: Sequence[Choice]

    @property
    def may_act(self) -> bool:
        """Whether whoever reads can do something about it."""
        return bool(self.can & {"reclassify", "dispatch", "answer"})


def queue_cards(
    rows: Iterable[QueueRow], names: Names, now: datetime, language: Language
) -> list[QueueCard]:
    """In the order of the router: emergencies on top, then what has waited longest."""
    return [queue_card(row, names, now, language) for row in rows]


def queue_card(row: QueueRow, names: Names, now: datetime, language: Language) -> QueueCard:
    """One of them."""
    since = row.held.since if row.held else row.registered_at
    return QueueCard(
        number=row.number,
        grouped=grouped(row.number),
        what=_what(row, names, language),
        place=place_of(row.estate, row.building, names, language),
        reason=names.code("held_reasons", row.held.reason, language) if row.held else "",
        waits=span(now - since, language),
        since=written(since),
        due=due_of(row.due, now, language),
        words=row.scrubbed,
        is_emergency=row.emergency_kind is not None,
        is_urgent=row.urgency == "urgent",
        has_risk=row.risk,
        runs=row.emergency_runs,
        is_about_staff=row.about_staff,
    )


def still_held(row: QueueRow | None, names: Names, language: Language) -> str:
    """Why what was decided a moment ago waits for a person all the same; nothing where it does
    not.
    """
    if row is None or row.held is None:
        return ""
    reasons = dict.fromkeys((row.held.reason, *row.undecided))
    return " · ".join(names.code("held_reasons", each, language) for each in reasons)


def _what(row: QueueRow, names: Names, language: Language) -> str:
    if row.emergency_kind is not None:
        return names.kind(row.emergency_kind, language)
    return f"{names.type(row.type, language)} · {names.area(row.area, language)}"


def decision(
    row: QueueRow,
    judged: Preview | None,
    names: Names,
    now: datetime,
    language: Language,
    people: Mapping[str, str] = MappingProxyType({}),
) -> Decision:
    """What is shown beside the list; `judged` is how its words are read now, where that is told,
    `people` names who sent it back.
    """
    matters = judged.matters if judged else []
    can = frozenset(row.can)
    reason = row.held.reason if row.held else ""
    first = "dispatch" if reason in BY_HAND and "dispatch" in can else "reclassify"
    found = judged.place.estate.id if judged and judged.place.estate else None
    return Decision(
        card=queue_card(row, names, now, language),
        status=names.code("ticket_statuses", row.status, language),
        registered=moment(row.registered_at, now, language),
        pieces=list(pieces(row.scrubbed, [each for m in matters for each in m.words])),
        proposals=proposals(row.readings, matters, names, language),
        declines=[_sent(each, names, people, now, language) for each in row.declines],
        there=[
            There(names.department(each.id, language), [one.name for one in each.on_duty])
            for each in _once(matters)
        ],
        undecided=[names.code("held_reasons", each, language) for each in row.undecided],
        can=can,
        first=first,
        estate=row.estate or found,
        estates=choices(names.estates, language),
        types=choices(names.types, language),
        areas=choices(names.areas, language),
        urgencies=[each for each in choices(names.urgencies, language) if each.value in URGENCIES],
        kinds=choices(names.kinds, language),
        departments=choices(names.departments, language),
        calm=choices(_some(names, ("no_danger", "misheard", "misreported", "other")), language),
    )


def _some(names: Names, codes: Iterable[str]) -> dict[str, dict[str, str]]:
    known = names.codes.get("reasons", {})
    return {code: known.get(code, {}) for code in codes}


def proposals(
    readings: Iterable[ReadingSeen],
    matters: Iterable[MatterFound],
    names: Names,
    language: Language,
) -> list[Proposal]:
    """The readings that are kept, and then how the words are read now, each once."""
    found: dict[str, ReadingSeen | MatterFound] = {}
    every: list[ReadingSeen | MatterFound] = [*readings, *matters]
    for each in every:
        found.setdefault(value_of(each), each)
    shown = list(found.items())[:MOST_READINGS]
    return [_proposal(at, *each, names, language) for at, each in enumerate(shown, start=1)]


def value_of(reading: ReadingSeen | MatterFound) -> str:
    """A reading as a form sends it."""
    kind = reading.emergency_kind or ""
    return f"{reading.type}|{reading.area}|{reading.urgency}|{kind}"


def _proposal(
    digit: int, value: str, reading: ReadingSeen | MatterFound, names: Names, language: Language
) -> Proposal:
    ids = (
        [each.id for each in reading.departments]
        if isinstance(reading, MatterFound)
        else reading.departments
    )
    kind = reading.emergency_kind
    return Proposal(
        digit=digit,
        value=value,
        type=names.type(reading.type, language),
        area=names.area(reading.area, language),
        urgency=names.urgency(reading.urgency, language),
        kind=names.kind(kind, language) if kind else None,
        departments=[names.department(id, language) for id in ids],
        sure=_sure(reading.confidence),
    )


def _sure(confidence: float) -> str:
    """How sure the words are, as a code with words of its own."""
    if confidence >= SURE:
        return "sure"
    return "likely" if confidence >= UNSURE else "unsure"


def who_declined(row: QueueRow | None) -> set[str]:
    """Everybody who sent a ticket back."""
    return {who for each in (row.declines if row else ()) if (who := each.by or each.assignee)}


def _sent(
    each: SentBack, names: Names, people: Mapping[str, str], now: datetime, language: Language
) -> Sent:
    who = each.by or each.assignee or ""
    return Sent(
        who=people.get(who, who),
        department=names.department(each.department, language),
        reason=_reason(each.reason, names, language),
        at=moment(each.at, now, language) if each.at else None,
    )


def _reason(code: str | None, names: Names, language: Language) -> str | None:
    if code is None:
        return None
    said = names.code("decline_reasons", code, language)
    return said if said != code else names.code("reasons", code, language)


def _once(matters: Iterable[MatterFound]) -> list[DepartmentOnDuty]:
    return list({each.id: each for m in matters for each in m.departments}.values())


def body_of(form: dict[str, str]) -> dict[str, object]:
    """What a form of deciding says, as intake's `reclassify` takes it: a reading that was taken, or
    what was chosen field by field; what is left open stays as it was.
    """
    body: dict[str, object] = {}
    if reading := form.get("reading"):
        parts = (*reading.split("|"), "", "", "")[:4]
        fields = ("type", "area", "urgency", "emergency_kind")
        body = {name: part for name, part in zip(fields, parts, strict=True) if part}
    else:
        body = {
            name: form[name]
            for name in ("type", "area", "urgency", "emergency_kind")
            if form.get(name)
        }
        if form.get("reason"):
            body |= {"no_danger": True, "reason": form["reason"]}
    if body.get("urgency") not in URGENCIES:
        body.pop("urgency", None)
    body |= {name: form[name] for name in ("estate", "note") if form.get(name)}
    return body
