"""What intake's API shows of a report: while it is taken down, and when it is registered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from services.intake.registration.domain import Alerting
from services.intake.registration.preview import FoundIn, Missing, PlannedMatter, Preview, Where
from shared.codes.spoken import spoken_promise
from shared.contracts import Fault
from shared.policy.plan import Undecided
from shared.policy.policy import Policy
from shared.runtime.problem_words import told_in_both
from shared.triage.taxonomy import Advice, Wording


class _Shown(BaseModel):
    model_config = ConfigDict(frozen=True)


class Span(_Shown):
    """Part of the words as sent: characters (code points) from `start` to before `end`."""

    start: int
    end: int


class OnDuty(_Shown):
    """Somebody who is on duty now."""

    id: str
    name: str


class DepartmentShown(Wording):
    """Who would get the work, lead first, and who of them is on duty there now."""

    id: str
    on_duty: list[OnDuty]


class PromiseShown(Wording):
    """A time that would be promised, and how it is said."""

    clock: str
    by: datetime


class MatterShown(Span):
    """One matter of the report, in the order in which they were told. `words` are those by which
    it was judged, `reasons` the rules.
    """

    type: str
    area: str
    urgency: str
    emergency: bool
    emergency_kind: str | None
    confidence: float
    refers_back: bool
    reasons: list[str]
    words: list[Span]
    departments: list[DepartmentShown]
    promised: list[PromiseShown]
    say: Wording | None = Field(description="what the caller may be told, of all times at once")
    undecided: list[Undecided] = Field(description="why a person would have to decide first")


class PlaceShown(_Shown):
    """An estate or a building: from a field, or found in the words, and there how it is written."""

    id: str
    found_in: FoundIn
    start: int | None
    end: int | None
    zh: str | None = None
    en: str | None = None


class PlacesShown(_Shown):
    """Where it is, as far as it is known."""

    estate: PlaceShown | None
    building: PlaceShown | None


class EmergencyShown(_Shown):
    """A running emergency of the place that a report may join (`joins`), the likeliest first."""

    number: str
    kind: Wording
    kind_id: str
    estate: str | None
    building: str | None
    since: datetime
    taken: bool


class IncidentShown(_Shown):
    """An open outage of the place."""

    id: str
    area: str
    estate: str
    buildings: list[str]
    status: str
    since: datetime
    same_area: bool = Field(description="a matter of the report is of its area")


class FaultShown(_Shown):
    """What of a field could not be read, or should be known of it."""

    field: str
    fault: str
    remedy: str
    fault_zh: str | None = None
    remedy_zh: str | None = None


class PreviewShown(_Shown):
    """What a report would become if it were registered now; nothing is kept."""

    policy: str
    matters: list[MatterShown]
    place: PlacesShown
    missing: list[Missing]
    advice: Advice | None = Field(description="of the first matter that is an emergency")
    emergencies: list[EmergencyShown]
    incidents: list[IncidentShown]
    faults: list[FaultShown]


class AppointmentShown(_Shown):
    """When the caller would have somebody come; no promise."""

    from_: datetime = Field(alias="from")
    to: datetime


class RegisteredShown(_Shown):
    """What whoever registered a request is told; what there is nothing to say of is left out."""

    number: str
    status: str
    type: str
    area: str
    department: str | None
    urgency: str
    emergency: bool
    emergency_kind: str | None
    promised: dict[str, datetime]
    held: str | None = None
    advice: str | None = None
    advice_zh: str | None = None
    advice_en: str | None = None
    advice_parts: Advice | None = None
    alerting: Alerting | None = Field(
        None,
        description=(
            "Of an emergency, what is so now. `started`: people are alerted. `delayed`: our alert "
            "could not go out yet, so ring the numbers in `call`. `unheard`: no alert so far has "
            "reached anybody, so ring them too. `acknowledged`: somebody has taken it. `ended`: it "
            "is over and this repeat alerts nobody; who needs help rings `call`. Of what joins a "
            "running emergency it is said of that one."
        ),
    )
    call: list[str] | None = Field(None, description="numbers to ring by hand")
    faults: list[FaultShown] | None = None
    reporter_ref: str | None = None
    duplicate_of: str | None = None
    joins: str | None = None
    appointment: AppointmentShown | None = None


def preview_shown(preview: Preview, now: datetime) -> PreviewShown:
    """A preview as it goes out."""
    policy = preview.policy
    areas = {each.plan.area for each in preview.matters}
    kinds = (each.plan.emergency_kind for each in preview.matters)
    first = next((kind for kind in kinds if kind is not None), None)
    return PreviewShown(
        policy=policy.version,
        matters=[_matter(each, policy, now) for each in preview.matters],
        place=PlacesShown(
            estate=_estate(preview.estate, policy), building=_place(preview.building)
        ),
        missing=list(preview.missing),
        advice=policy.taxonomy.kind(first).advice if first else None,
        emergencies=[
            EmergencyShown(
                number=each.number,
                kind=_kind(each.kind, policy),
                kind_id=each.kind,
                estate=each.estate,
                building=each.building,
                since=each.since,
                taken=each.is_taken,
            )
            for each in preview.emergencies
        ],
        incidents=[
            IncidentShown(
                id=each.id,
                area=each.area,
                estate=each.estate,
                buildings=list(each.buildings),
                status=each.status,
                since=each.since,
                same_area=each.area in areas,
            )
            for each in preview.incidents
        ],
        faults=[_fault(fault) for fault in preview.faults],
    )


def _matter(each: PlannedMatter, policy: Policy, now: datetime) -> MatterShown:
    made, found = each.plan, each.matter.found
    promised = [
        PromiseShown(clock=clock, by=due, **_said_of(clock, due, policy, now))
        for clock, due in sorted(made.promised.items(), key=lambda item: item[1])
    ]
    return MatterShown(
        start=each.matter.start,
        end=each.matter.end,
        type=made.type,
        area=made.area,
        urgency=made.urgency,
        emergency=made.is_emergency,
        emergency_kind=made.emergency_kind,
        confidence=made.confidence,
        refers_back=found.refers_back,
        reasons=list(found.reasons),
        words=_spans(each.phrases),
        departments=[_department(id, each, policy) for id in made.departments],
        promised=promised,
        say=_say(promised),
        undecided=list(made.undecided),
    )


def _said_of(clock: str, due: datetime, policy: Policy, now: datetime) -> dict[str, Any]:
    zone = policy.calendar.zone
    return {
        "zh": spoken_promise(clock, due, now, zone, "zh"),
        "en": spoken_promise(clock, due, now, zone, "en"),
    }


def _say(promised: Sequence[PromiseShown]) -> Wording | None:
    if not promised:
        return None
    zh, en = "，".join(each.zh for each in promised), ", ".join(each.en for each in promised)
    return Wording(zh=f"{zh}。", en=f"{en[0].upper()}{en[1:]}.")


def _spans(phrases: Iterable[tuple[int, int]]) -> list[Span]:
    return [Span(start=start, end=end) for start, end in phrases]


def _department(id: str, each: PlannedMatter, policy: Policy) -> DepartmentShown:
    named = policy.taxonomy.department(id)
    people = [OnDuty(id=person.id, name=person.name) for person in each.on_duty[id]]
    return DepartmentShown(id=id, zh=named.zh, en=named.en, on_duty=people)


def _estate(where: Where | None, policy: Policy) -> PlaceShown | None:
    found = policy.group.find_estate(where.id) if where else None
    names = {"zh": found.zh, "en": found.en} if found else {}
    return _place(where, **names)


def _place(where: Where | None, **names: str) -> PlaceShown | None:
    if where is None:
        return None
    return PlaceShown(
        id=where.id, found_in=where.found_in, start=where.start, end=where.end, **names
    )


def _kind(id: str, policy: Policy) -> Wording:
    """What the policy calls it; an id from an older version of the policy speaks for itself."""
    if not policy.taxonomy.has_kind(id):
        return Wording(zh=id, en=id)
    named = policy.taxonomy.kind(id)
    return Wording(zh=named.zh, en=named.en)


def _fault(fault: Fault) -> FaultShown:
    said = {"field": fault.field, "fault": fault.fault, "remedy": fault.remedy}
    return FaultShown(**told_in_both(said))
