"""What is shown beside the form while somebody calls. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.console.clients.names import Names
from services.console.clients.shapes.previews import Likely, Preview
from services.console.desk.faults import said_of
from services.console.desk.known import Card, card_of
from services.console.desk.matters import Matter, Steps, matter_of, steps_of
from services.console.errors import FieldFault
from services.console.frame.times import span
from shared.contracts.times import written
from shared.policy.templates import Language

MOST_LIKELY: Final = 4
"""So many are offered: each has a digit."""


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
        matters=[matter_of(each, text, names, now, language) for each in found.matters],
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
        likely=[card_of(each.ticket, names, now, language) for each in list(likely)[:MOST_LIKELY]],
        faults=said_of(found.faults, language),
    )
