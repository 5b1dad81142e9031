"""What the API shows of a ticket: nothing of a person but masks."""

from __future__ import annotations

from shared.store import Doc

_HIDDEN = frozenset({"persons", "index", "outbox", "principal", "key", "open_work"})


def ticket_view(doc: Doc) -> Doc:
    """A ticket for staff: everything but the sealed persons, look-up entries and the outbox."""
    shown = {k: v for k, v in doc.items() if k not in _HIDDEN and k != "_id"}
    return {"number": doc["_id"], **shown, "has_contact": "phone" in doc.get("index", {})}


def listed_view(doc: Doc) -> Doc:
    """A ticket in a list."""
    return {"number": doc["_id"], **{k: v for k, v in doc.items() if k != "_id"}}
