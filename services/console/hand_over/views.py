"""What the page of handing over shows. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.console.clients.names import Names
from services.console.clients.shapes.cases import Case, HandedOver
from services.console.frame.places import place_of
from services.console.frame.times import grouped
from shared.policy.templates import Language


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case that may go over."""

    number: str
    grouped: str
    what: str
    place: str | None
    status: str


def rows(cases: Iterable[Case], names: Names, language: Language) -> list[CaseRow]:
    """One's own, the newest first."""
    return [
        CaseRow(
            number=case.number,
            grouped=grouped(case.number),
            what=f"{names.type(case.type, language)} · {names.area(case.area, language)}",
            place=place_of(case.estate, case.building, names, language),
            status=names.code("ticket_statuses", case.status, language),
        )
        for case in cases
    ]


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of one case that was to be handed over; `why` it stays, where it does."""

    number: str
    grouped: str
    why: str | None


def handed(found: HandedOver) -> list[Handed]:
    """Each with its answer, what stays first."""
    left = [Handed(each.number, grouped(each.number), each.why) for each in found.left]
    return left + [Handed(number, grouped(number), None) for number in found.handed_over]
