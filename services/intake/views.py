"""What the API shows of a ticket: nothing of a person but masks."""

from __future__ import annotations

from typing import Final

from shared.identity import Principal
from shared.store import Doc

_HIDDEN: Final = frozenset(
    {"persons", "index", "outbox", "principal", "key", "open_work", "legal_holds", "repeat_of"}
)
_IDENTITY: Final = frozenset({"caller_role", "language", "channel", "location", "has_contact"})
"""What tells something of who called, though nothing by which to reach them."""


def ticket_view(doc: Doc, principal: Principal) -> Doc:
    """A ticket for staff: everything but the sealed persons, look-up entries and the outbox."""
    shown = {k: v for k, v in doc.items() if k not in _HIDDEN and k != "_id"}
    shown |= {"has_contact": "phone" in doc.get("index", {})}
    return {"number": doc["_id"], **_without_identity(shown, principal)}


def listed_view(doc: Doc, principal: Principal) -> Doc:
    """A ticket in a list."""
    shown = {k: v for k, v in doc.items() if k != "_id"}
    return {"number": doc["_id"], **_without_identity(shown, principal)}


def _without_identity(shown: Doc, principal: Principal) -> Doc:
    """Of who asked for confidence the departments hear nothing at all."""
    if principal.role != "department" or not shown.get("confidential"):
        return shown
    return {k: v for k, v in shown.items() if k not in _IDENTITY}
