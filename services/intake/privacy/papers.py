"""What lies beside a ticket in its document: sealed persons, where to find them, scrubbed words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from services.intake.privacy.domain import Which
from services.intake.privacy.persons import ENTRY_OF
from shared.documents import Doc, Shape
from shared.privacy import scrub
from shared.privacy.index import Kept
from shared.privacy.terms import terms_of
from shared.store import CollectionSpec
from shared.tickets.model import TimelineEntry


class PaperChange(StrEnum):
    """How the timeline names what was done to the papers. No rows of the table: nothing moved."""

    ERASED = "person_erased"
    CORRECTED = "person_corrected"
    HELD = "legal_hold"
    LET_GO = "legal_hold_lifted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """The papers of one ticket. A change of them is a version of the ticket, with its line in the
    timeline, as every change of it.
    """

    number: str
    version: int
    estate: str | None
    persons: Mapping[Which, bytes]
    index: Mapping[str, Kept]
    scrubbed: str
    location: str | None = None
    timeline: tuple[TimelineEntry, ...] = ()
    work_orders: tuple[Mapping[str, Any], ...] = ()
    legal_holds: tuple[Mapping[str, Any], ...] = ()

    def noted(self, said: PaperChange, *, by: str, now: datetime) -> Papers:
        """With a line that says what was done to them."""
        return replace(self, timeline=(*self.timeline, TimelineEntry(now, said, by)))


PAPERS: Final = CollectionSpec(
    name="tickets",
    kind="ticket",
    shape=Shape(
        value=Papers,
        key="number",
        lean={Papers: ("legal_holds",), TimelineEntry: ("public", "form_key")},
        beside=lambda papers: {"terms": terms_of(papers.scrubbed)},
    ),
    alerts=True,
)


def entries_of(person: Which) -> tuple[str, ...]:
    """The fields of the blind index that lead to a person."""
    return (ENTRY_OF[person], "flat", "surname") if person == "caller" else (ENTRY_OF[person],)


def scrubbed_again(papers: Papers, persons: Sequence[Mapping[str, Any]]) -> Papers:
    """The plain words of a ticket when these persons are looked for in them: a note was written by
    somebody who knew them, and scrubbed by patterns alone.
    """
    notes = tuple(
        replace(entry, note=scrub(entry.note, persons)) if entry.note else entry
        for entry in papers.timeline
    )
    return replace(
        papers,
        scrubbed=scrub(papers.scrubbed, persons),
        location=scrub(papers.location, persons) if papers.location else papers.location,
        timeline=notes,
        work_orders=tuple(_costs_again(order, persons) for order in papers.work_orders),
    )


def _costs_again(order: Mapping[str, Any], persons: Sequence[Mapping[str, Any]]) -> Doc:
    """What was quoted and used, where there is something: most work costs nobody anything."""

    def named(items: Sequence[Mapping[str, Any]]) -> list[Doc]:
        return [{**item, "text": scrub(item["text"], persons)} for item in items]

    quotes = [{**quote, "items": named(quote["items"])} for quote in order.get("quotes", ())]
    costs = {"quotes": quotes, "used": named(order.get("used", ()))}
    return {**order, **{key: value for key, value in costs.items() if value}}
