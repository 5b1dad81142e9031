"""What is told of whoever calls: who they may be, and what they came for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from services.intake.finding.views import ListedTicket, Shown, card_of
from shared.tickets.contacts import contacts_since
from shared.tickets.model import TimelineEntry

RECENTLY: Final = timedelta(days=30)
MOST_CARDS: Final = 10
MOST_PERSONS: Final = 9
"""They are chosen by a digit."""


class KnownPersonView(Shown):
    """Somebody behind their mask, with where they live as far as that may be shown."""

    name: str | None = None
    phone: str | None = None
    room: str | None = None
    role: str | None = None
    estate: str | None = None
    building: str | None = None
    tickets: int
    last_at: datetime
    number: str
    """The ticket that they were last named in."""


class CallersView(Shown):
    """Who may be calling, the last one first; what is open and what was lately; how often they came
    in 30 days. `many`: there are more persons or tickets than are shown, as behind a switchboard.
    """

    persons: list[KnownPersonView]
    open: list[ListedTicket]
    recent: list[ListedTicket]
    contacts: int
    confidential: bool
    about_staff: bool
    many: bool


def told_of(
    docs: Sequence[Mapping[str, Any]],
    persons: Sequence[Mapping[str, Any]],
    now: datetime,
    *,
    many: bool,
) -> dict[str, Any]:
    """The answer, of the tickets of a number or a flat, the newest first."""
    since = now - RECENTLY
    open_ = [doc for doc in docs if doc.get("over_at") is None]
    recent = [doc for doc in docs if doc.get("over_at") and doc["registered_at"] >= since]
    timelines = (map(_entry, doc.get("timeline", ())) for doc in docs if not doc.get("test"))
    return {
        "persons": list(persons),
        "open": [card_of(dict(doc)) for doc in open_[:MOST_CARDS]],
        "recent": [card_of(dict(doc)) for doc in recent[:MOST_CARDS]],
        "contacts": contacts_since(since, timelines),
        "confidential": any(doc.get("confidential") for doc in docs),
        "about_staff": any(doc.get("about") for doc in docs),
        "many": many or len(open_) > MOST_CARDS or len(recent) > MOST_CARDS,
    }


def _entry(line: Mapping[str, Any]) -> TimelineEntry:
    return TimelineEntry(line["at"], line["transition"], line["by"], note=line.get("note"))
