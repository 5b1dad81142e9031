"""Use case: what a report would become, while it is still being taken down. Nothing is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from shared.buildings import building_in
from shared.contracts import Fault
from shared.contracts.report import TicketReport, read_partly
from shared.identity import Principal, allows
from shared.policy.duty import Duty, Person
from shared.policy.hearing import hear, hear_matters, without_place
from shared.policy.plan import Plan, Reported, plan
from shared.policy.policy import Policy
from shared.privacy import read_telephone
from shared.readers.joinable import (
    OpenIncident,
    RunningEmergency,
    open_incidents_at,
    running_emergencies_at,
)
from shared.runtime.pace import Pace
from shared.store import Store
from shared.triage.classify import Classification, decided_danger
from shared.triage.matters import Matter
from shared.triage.taxonomy import EMERGENCY, UNKNOWN_KIND

Missing = Literal["text", "estate", "building", "flat", "phone"]
FoundIn = Literal["field", "words"]
A_SECOND: Final = 5
AT_ONCE: Final = 10
"""A page asks at each pause of whoever types; a second one may be open beside it."""
AS_LONG_AS_ONE: Final = 2_000
"""So many characters cost as much as a preview does: a letter is asked for less often."""


@dataclass(frozen=True, slots=True)
class Where:
    """A place that was found, and where in the words it was named; a field names it without."""

    id: str
    found_in: FoundIn
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class PlannedMatter:
    """One matter with the plan it would get, the words by which it was judged, and who is on duty
    for each of its departments; nobody is named to whom duty lists are not shown.
    """

    matter: Matter
    plan: Plan
    phrases: Sequence[tuple[int, int]]
    on_duty: Mapping[str, Sequence[Person]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """All that can be told before anything is registered."""

    policy: Policy
    matters: Sequence[PlannedMatter]
    estate: Where | None
    building: Where | None
    missing: Sequence[Missing]
    emergencies: Sequence[RunningEmergency]
    incidents: Sequence[OpenIncident]
    faults: Sequence[Fault]


class Previews:
    """Tells what a report would become."""

    def __init__(
        self, store: Store, policy: Callable[[], Policy], duty: Callable[[], Duty]
    ) -> None:
        self._store = store
        self._policy = policy
        self._duty = duty
        self._pace = Pace(A_SECOND, AT_ONCE)

    async def of(self, raw: Mapping[str, Any], principal: Principal) -> Preview:
        """What a report would become, whatever is known of it; raises TooOften."""
        report, faults = read_partly(raw)
        self._pace.take(principal.id, 1 + len(report.text) / AS_LONG_AS_ONE)
        shift = _shift(raw, report)
        policy = self._policy()
        estate = _estate(report, policy, shift)
        building = _building(report, shift)
        at = estate.id if estate else None
        emergencies, incidents = await asyncio.gather(
            running_emergencies_at(self._store, principal, at),
            open_incidents_at(self._store, principal, at),
        )
        here = policy.at(at)
        matters = [
            self._planned(matter, report, at, here, principal, shift)
            for matter in _matters(report, here)
        ]
        kinds = {each.plan.emergency_kind for each in matters} - {None}
        named = building.id if building else None
        return Preview(
            policy=here,
            matters=matters,
            estate=estate,
            building=building,
            missing=_missing(report, estate, building),
            emergencies=sorted(
                emergencies,
                key=lambda each: (each.kind not in kinds, each.building != named, each.is_taken),
            ),
            incidents=incidents,
            faults=faults,
        )

    def _planned(
        self,
        matter: Matter,
        report: TicketReport,
        estate: str | None,
        policy: Policy,
        principal: Principal,
        shift: int,
    ) -> PlannedMatter:
        said = report.text[matter.start : matter.end]
        reported = Reported(said, estate, report.type, report.area, found=matter.found)
        made = plan(reported, policy, self._store.clock.now())
        phrases = policy.lexicon.phrases(_heard(report, matter, policy), matter.found.reasons)
        begun = matter.start + shift
        return PlannedMatter(
            Matter(begun, matter.end + shift, matter.found),
            made,
            [(start + begun, end + begun) for start, end in phrases],
            self._on_duty(made.departments, estate, principal),
        )

    def _on_duty(
        self, departments: Sequence[str], estate: str | None, principal: Principal
    ) -> Mapping[str, Sequence[Person]]:
        is_shown = allows(principal, "roster.see") and principal.reaches(estate)
        duty = self._duty()
        return {
            department: duty.on_duty(estate, department) if is_shown else ()
            for department in departments
        }


def _shift(raw: Mapping[str, Any], report: TicketReport) -> int:
    """How much later the words stand in what was sent, which may begin with blanks."""
    sent = raw.get("text")
    return max(0, sent.find(report.text)) if isinstance(sent, str) and report.text else 0


def _matters(report: TicketReport, policy: Policy) -> Sequence[Matter]:
    """What the words are about, or what whoever takes them down has decided."""
    taxonomy, kind = policy.taxonomy, report.emergency_kind
    if kind is not None and taxonomy.has_kind(kind):
        told = _told_kind(report, policy) if kind == UNKNOWN_KIND else None
        return (Matter(0, len(report.text), told or decided_danger(kind, taxonomy)),)
    type_hint = EMERGENCY if kind is not None else report.type
    if not report.text and type_hint != EMERGENCY:
        return ()
    return hear_matters(report.text, policy, type_hint=type_hint, area_hint=report.area)


def _heard(report: TicketReport, matter: Matter, policy: Policy) -> str:
    """The words by which a matter was judged, as long as they were said."""
    is_danger = matter.found.emergency
    words = report.text if is_danger else without_place(report.text, policy.group)
    return words[matter.start : matter.end]


def _told_kind(report: TicketReport, policy: Policy) -> Classification | None:
    """The emergency that the words tell of where nobody has said which; as registering does it."""
    hints = {"type_hint": EMERGENCY, "area_hint": report.area, "kind_hint": UNKNOWN_KIND}
    told = hear(report.text, policy, **hints)
    return told if told.emergency else None


def _estate(report: TicketReport, policy: Policy, shift: int) -> Where | None:
    """The estate that the fields name, as registering reads them; else the one in the words."""
    found = policy.group.find_estate(report.estate, report.address, report.location)
    if found is not None:
        return Where(found.id, "field")
    named = policy.group.estate_in(report.text)
    if named is None:
        return None
    return Where(named.estate.id, "words", named.start + shift, named.end + shift)


def _building(report: TicketReport, shift: int) -> Where | None:
    """The building of the location, else of the words, else of the caller's flat."""
    if (found := building_in(report.location)) is not None:
        return Where(found.id, "field")
    if (found := building_in(report.text)) is not None:
        return Where(found.id, "words", found.start + shift, found.end + shift)
    room = report.caller.room if report.caller else None
    if (found := building_in(room)) is not None:
        return Where(found.id, "field")
    return None


def _missing(
    report: TicketReport, estate: Where | None, building: Where | None
) -> Sequence[Missing]:
    """What is still to be asked for, the most needed first."""
    people = [person for person in (report.caller, report.on_site_contact) if person]
    known: Mapping[Missing, bool] = {
        "text": bool(report.text),
        "estate": estate is not None,
        "building": building is not None,
        "phone": any(person.phone and read_telephone(person.phone) for person in people),
        "flat": any(person.room for person in people),
    }
    return [name for name, is_known in known.items() if not is_known]
