"""What the list of emergencies shows of what the router answers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from services.console.clients.names import Names
from services.console.clients.shapes.emergencies import EmergencyRow
from services.console.frame.places import place_of
from services.console.frame.times import grouped, moment, span
from shared.contracts.times import written
from shared.policy.templates import Language

Phase = Literal["nobody", "acknowledged", "on_site", "released", "over"]
"""How far it has come: nobody has it, somebody has, is there, the people are safe, over."""


@dataclass(frozen=True, slots=True)
class EmergencyCard:
    """One emergency in the list. `phase` and the two marks have words of their own."""

    number: str
    grouped: str
    kind: str
    place: str | None
    phase: Phase
    who: str | None
    began: str
    began_at: str
    lasts: str
    is_drill: bool
    is_suspected: bool
    is_about_staff: bool

    @property
    def is_urgent(self) -> bool:
        """Whether nobody has it yet: it stands first, and is marked by sign, word and edge."""
        return self.phase == "nobody"


def cards(
    rows: Iterable[EmergencyRow],
    names: Names,
    now: datetime,
    language: Language,
    people: Mapping[str, str] = MappingProxyType({}),
) -> list[EmergencyCard]:
    """What runs first, of this what nobody has, of this what has waited longest; what is over with
    the latest first.
    """
    return [card_of(row, names, now, language, people) for row in sorted(rows, key=_place)]


def _place(row: EmergencyRow) -> tuple[int, float]:
    phase, began = phase_of(row), row.started_at.timestamp()
    if phase == "over":
        return (2, -began)
    return (0, began) if phase == "nobody" else (1, began)


def phase_of(row: EmergencyRow) -> Phase:
    """How far an emergency has come."""
    if row.ended_at is not None:
        return "over"
    if row.released_at is not None:
        return "released"
    if row.arrived_at is not None:
        return "on_site"
    return "nobody" if row.acknowledged_at is None else "acknowledged"


def card_of(
    row: EmergencyRow,
    names: Names,
    now: datetime,
    language: Language,
    people: Mapping[str, str] = MappingProxyType({}),
) -> EmergencyCard:
    """One of them; whoever has it by name, where `people` knows one."""
    who = row.acknowledged_by
    return EmergencyCard(
        number=row.number,
        grouped=grouped(row.number),
        kind=names.kind(row.kind, language),
        place=place_of(row.estate, row.building, names, language),
        phase=phase_of(row),
        who=people.get(who, who) if who else None,
        began=moment(row.started_at, now, language),
        began_at=written(row.started_at),
        lasts=span((row.ended_at or now) - row.started_at, language),
        is_drill=row.test,
        is_suspected=row.confirmed_at is None,
        is_about_staff=row.about_staff,
    )
