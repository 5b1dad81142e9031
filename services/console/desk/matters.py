"""One matter of a call as it is understood: what it is, who gets it, and by when. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.console.clients.names import Names
from services.console.clients.shapes.previews import MatterFound
from services.console.frame.marking import Piece, pieces
from services.console.frame.times import deadline
from shared.policy.templates import Language

SURE: Final = 0.5


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
class Matter:
    """One matter as it is understood."""

    start: int
    end: int
    pieces: Sequence[Piece]
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


def matter_of(
    found: MatterFound, text: str, names: Names, now: datetime, language: Language
) -> Matter:
    """A matter in the reader's language."""
    return Matter(
        start=found.start,
        end=found.end,
        pieces=list(pieces(text, found.words, found.start, found.end)),
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
