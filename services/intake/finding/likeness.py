"""How like each other two requests are, by what is kept of them in plain. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

Why = Literal["building", "area", "words"]
MOST: Final = 5
FEW_WORDS: Final = 0.2
MANY_WORDS: Final = 0.5
"""Shares of the shorter one's terms that both have; a polite phrase alone is a fifth."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a matter, as far as it is known."""

    building: str | None
    area: str | None
    terms: frozenset[str]


@dataclass(frozen=True, slots=True)
class Like:
    """A ticket that is like it: why, and how much."""

    number: str
    why: tuple[Why, ...]
    score: float
    is_open: bool
    registered_at: datetime

    @property
    def rank(self) -> tuple[bool, float, datetime]:
        """What comes first: open ones, the likest, the newest."""
        return self.is_open, self.score, self.registered_at


def likest(told: Told, docs: Iterable[Mapping[str, Any]]) -> list[Like]:
    """The tickets that may be about the same, MOST at most."""
    found = (like for doc in docs if (like := likeness(told, doc)) is not None)
    return sorted(found, key=lambda like: like.rank, reverse=True)[:MOST]


def likeness(told: Told, doc: Mapping[str, Any]) -> Like | None:
    """How like a ticket is; None where it is not. In another building it is another matter; with
    the same building or area it needs the other one too, or words that say so.
    """
    building = doc.get("building")
    if told.building and building and told.building != building:
        return None
    same_building = bool(told.building) and told.building == building
    same_area = bool(told.area) and told.area == doc.get("area")
    share = shared_part(told.terms, doc.get("terms") or ())
    is_like = (
        share >= MANY_WORDS
        or (same_area and same_building)
        or (same_area and share >= FEW_WORDS)
        or (same_building and share >= FEW_WORDS)
    )
    if not is_like:
        return None
    by: list[tuple[bool, Why]] = [
        (same_building, "building"),
        (same_area, "area"),
        (share >= FEW_WORDS, "words"),
    ]
    return Like(
        number=doc["_id"],
        why=tuple(why for holds, why in by if holds),
        score=same_building + same_area + 2 * share,
        is_open=doc.get("over_at") is None,
        registered_at=doc["registered_at"],
    )


def shared_part(terms: Collection[str], others: Collection[str]) -> float:
    """How much of the shorter one the other holds; of too few terms nothing is said."""
    shorter = min(len(terms), len(others))
    return len({*terms} & {*others}) / shorter if shorter > 1 else 0.0
