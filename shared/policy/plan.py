"""The one decision about a request: what it is, whose it is, how soon it is promised. Pure.

`plan` is total: every report gets a plan, and an emergency always gets departments, also when
its place is unknown. Only intake calls it, at registration and at each reclassification.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from shared.policy.hearing import hear
from shared.policy.policy import Policy
from shared.triage.classify import Classification, decided_calm, decided_danger
from shared.triage.ended import readings_of
from shared.triage.taxonomy import EMERGENCY, Limit

Undecided = Literal["place", "category", "faults"]
PROMISED_CLOCKS: Final = (
    "first_reply",
    "accept",
    "arrive",
    "control",
    "resolve",
)
"""Clocks that start with the registration; feed_back starts when the work is done."""

_NOTED: Final = "inquiry"
"""A type that every taxonomy has; where one is known, nothing goes by likeness."""


@dataclass(frozen=True, slots=True)
class Reported:
    """What the decision is made from: words, hints, and what could be understood of the place.

    `decided` marks that a person at the desk chose type and area, so that no doubt remains. They
    may decide about danger too: `kind` says which emergency it is, `calm` that it is none, and
    `urgency` how soon it is to be done otherwise. `found` is what words and hints were taken for,
    where somebody has asked already.
    """

    text: str
    estate: str | None
    type: str | None = None
    area: str | None = None
    faulty: bool = False
    decided: bool = False
    kind: str | None = None
    calm: bool = False
    urgency: str | None = None
    found: Classification | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What was decided, under which policy version.

    `departments` is lead first; `limits` are durations by clock, `promised` the times they mean
    for a request registered now (aware). `undecided` says why a person must look at it.
    """

    policy: str
    type: str
    area: str
    urgency: str
    emergency_kind: str | None
    departments: tuple[str, ...]
    limits: Mapping[str, Limit]
    promised: Mapping[str, datetime]
    undecided: tuple[Undecided, ...] = ()
    confidence: float = 1.0

    @property
    def is_emergency(self) -> bool:
        """Whether the emergency plan of `emergency_kind` starts at once (B3.2.3)."""
        return self.urgency == "emergency"


def plan(report: Reported, policy: Policy, now: datetime) -> Plan:
    """Decide type, area, urgency, departments and promised times of a report.

    Total: whatever is unclear is named in `undecided`. A routine request that is undecided has no
    department yet and no promise but that of the manual queue; an emergency has both at once.
    What the estate has of its own decides before what the group has.
    """
    policy = policy.at(report.estate)
    found = _found(report, policy)
    undecided = _undecided(report, found, policy)
    departments = _departments(found, policy) if found.emergency or not undecided else ()
    found_limits = policy.taxonomy.limits(found.type, found.urgency, found.emergency_kind)
    limits: dict[str, Limit] = {str(clock): limit for clock, limit in found_limits.items()}
    return Plan(
        policy=policy.version,
        type=found.type,
        area=found.area,
        urgency=found.urgency,
        emergency_kind=found.emergency_kind,
        departments=departments,
        limits=limits,
        promised=_promised(limits, policy, now) if departments else {},
        undecided=undecided,
        confidence=found.confidence,
    )


def danger_told(words: str, estate: str | None, policy: Policy, now: datetime) -> Plan | None:
    """The plan for the danger that a caller's words tell of; None where they tell of none."""
    made = plan(Reported(words, estate, decided=True), policy, now)
    return made if made.is_emergency else None


def danger_noted(words: str, estate: str | None, policy: Policy, now: datetime) -> Plan | None:
    """The plan for the danger that a note of our own people tells of; None where it tells of none.

    They do not speak as callers do: what rules tell of counts, and no likeness to examples; and
    what they say is over is over. What stands beside that is no less news. A note that says that
    something goes on is read as callers' words are.
    """
    for words_read, by_rules in readings_of(words):
        type_ = _NOTED if by_rules else None
        made = plan(Reported(words_read, estate, type=type_, decided=True), policy, now)
        if made.is_emergency:
            return made
    return None


def _found(report: Reported, policy: Policy) -> Classification:
    """What it is: as a person decided, else as the words say."""
    taxonomy = policy.taxonomy
    if report.kind is not None and taxonomy.has_kind(report.kind):
        return decided_danger(report.kind, taxonomy)
    if (
        report.kind is not None
    ):  # a policy has changed that knew it; the danger is there all the same
        return hear("", policy, type_hint=EMERGENCY, area_hint=report.area)
    found = report.found or hear(report.text, policy, type_hint=report.type, area_hint=report.area)
    if report.calm and found.emergency:
        chosen = report.area if report.area and taxonomy.has_area(report.area) else found.area
        found = decided_calm(report.type, chosen, taxonomy)
    if report.urgency is not None and not found.emergency:
        found = found.model_copy(update={"urgency": report.urgency})
    return found


def _undecided(report: Reported, found: Classification, policy: Policy) -> tuple[Undecided, ...]:
    reasons: list[Undecided] = []
    if report.estate is None:
        reasons.append("place")
    unsure = found.confidence < policy.rules.hold_below_confidence
    if unsure and not report.decided and not found.emergency:
        reasons.append("category")
    if report.faulty:
        reasons.append("faults")
    return tuple(reasons)


def _departments(found: Classification, policy: Policy) -> tuple[str, ...]:
    if found.emergency_kind is None:
        return (found.department,)
    kind = policy.taxonomy.kind(found.emergency_kind)
    return (kind.department, *kind.support)


def _promised(limits: Mapping[str, Limit], policy: Policy, now: datetime) -> dict[str, datetime]:
    return {
        clock: policy.calendar.due(now, limits[clock])
        for clock in PROMISED_CLOCKS
        if clock in limits
    }
