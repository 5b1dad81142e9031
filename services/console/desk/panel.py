"""What is shown beside the form while somebody calls. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from services.console.clients.names import Names
from services.console.clients.shapes.previews import Likely, Preview
from services.console.desk.faults import said_of
from services.console.desk.known import Card, card_of
from services.console.desk.matters import Matter, matter_of
from services.console.errors import FieldFault
from services.console.frame.advice import Steps, steps_of
from services.console.frame.places import place_of
from services.console.frame.times import span
from shared.contracts.times import written
from shared.policy.templates import Language

MOST_LIKELY: Final = 4
"""So many are offered: each has a digit."""


@dataclass(frozen=True, slots=True)
class Running:
    """An emergency or outage that the call may be a part of; `place` is where the emergency is."""

    id: str
    name: str
    kind_id: str
    place: str | None
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
    """Where the words name one: what a field says needs no saying."""
    no_times: bool
    """Whether times would be said if it were known where it is: without a place nobody can come."""
    emergencies: Sequence[Running]
    more_emergencies: int
    outages: Sequence[Running]
    likely: Sequence[Card]
    faults: Sequence[FieldFault]

    @property
    def joins_by_key(self) -> bool:
        """Whether what runs is offered first and by one key: not where the words tell of no danger,
        since a slip of the finger would make a dripping tap a part of a fire; nor where nobody
        knows the place.
        """
        return self.joins and self._is_danger

    @property
    def offers_first(self) -> bool:
        """Whether what runs stands above the matters."""
        return self._is_danger

    @property
    def _is_danger(self) -> bool:
        return self.kind is not None or not self.matters

    @property
    def joins(self) -> bool:
        """Whether what runs may be joined: who does it says that the place is the same."""
        return self.estate_id is not None

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
    estate, building = found.place.estate, found.place.building
    matters = [matter_of(each, text, names, now, language) for each in found.matters]
    running = found.emergencies if estate else sorted(found.emergencies, key=lambda e: e.taken)
    return Panel(
        matters=matters if estate else [replace(each, times=()) for each in matters],
        advice=steps_of(found.advice, language),
        missing=found.missing,
        estate_id=estate.id if estate else None,
        estate=names.estate(estate.id, language) if estate else None,
        offers_estate=estate is not None and estate.found_in == "words",
        building=building.id if building and building.found_in == "words" else None,
        no_times=estate is None and any(each.times for each in matters),
        emergencies=[
            Running(
                id=each.number,
                name=each.kind.in_(language),
                kind_id=each.kind_id,
                place=place_of(each.estate, each.building, names, language),
                building=each.building,
                since=written(each.since),
                lasts=span(now - each.since, language),
                taken=each.taken,
            )
            for each in running[:MOST_LIKELY]
        ],
        more_emergencies=max(0, len(running) - MOST_LIKELY),
        outages=[
            Running(
                id=each.id,
                name=names.area(each.area, language),
                kind_id="",
                place=None,
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
