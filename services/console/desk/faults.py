"""What is wrong, beside the field of the form that it is in. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from services.console.clients.shapes.previews import FaultFound
from services.console.desk.form import field_of
from services.console.desk.saving import Outcome
from services.console.errors import FieldFault, faults_in
from services.console.frame.times import grouped
from shared.policy.templates import Language

HALF_A_VISIT: Final = frozenset({"appointment.from", "appointment.to"})
"""What intake says of these is for whoever writes a moment out."""


def said_of(faults: Iterable[FaultFound], language: Language) -> list[FieldFault]:
    """Faults by the fields of the form; what is in none of them has none."""
    found = faults_in({"faults": [each.model_dump() for each in faults]}, language)
    return [replace(each, field=field_of(each.field) or "") for each in found]


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
