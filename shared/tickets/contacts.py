"""How often a caller has come about something."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from shared.tickets.lifecycle import Transition
from shared.tickets.model import BY_SERVICE, TimelineEntry

CONTACTS: Final = frozenset(
    {Transition.REGISTER, Transition.SUPPLEMENT, Transition.URGE, Transition.REOPEN}
)
"""What a caller comes for; that we rang them up is no contact of theirs."""


def contacts_since(since: datetime, timelines: Iterable[Iterable[TimelineEntry]]) -> int:
    """How often the caller of these timelines has come since then, the first time included."""
    return sum(
        _is_contact(entry) and entry.at >= since for timeline in timelines for entry in timeline
    )


def _is_contact(entry: TimelineEntry) -> bool:
    """Our services are no caller, and a supplement without words, as there were, adds nothing."""
    said_nothing = entry.transition == Transition.SUPPLEMENT and not entry.note
    return entry.transition in CONTACTS and not said_nothing and not entry.by.startswith(BY_SERVICE)
