"""What lies beside a ticket, changed after its registration: one conditional write, one line in the
timeline, as every change of a ticket.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.intake.privacy.domain import Which
from services.intake.privacy.persons import ENTRY_OF
from shared.contracts import Event
from shared.privacy import scrub
from shared.store import Change, Doc


def entries_of(person: Which) -> tuple[str, ...]:
    """The fields of the blind index that lead to a person."""
    return (ENTRY_OF[person], "flat") if person == "caller" else (ENTRY_OF[person],)


def scrubbed_again(doc: Mapping[str, Any], persons: Sequence[Mapping[str, Any]]) -> Doc:
    """The plain words of a ticket when these persons are looked for in them: a note was written by
    somebody who knew them, and scrubbed by patterns alone.
    """
    words = {field: scrub(doc[field], persons) for field in ("scrubbed", "location") if doc[field]}
    notes = [
        {**entry, "note": scrub(entry["note"], persons)} if entry["note"] else entry
        for entry in doc["timeline"]
    ]
    return {**words, **_costs_again(doc, persons), "timeline": notes}


def _costs_again(doc: Mapping[str, Any], persons: Sequence[Mapping[str, Any]]) -> Doc:
    """What was quoted and used, where there is something: most work costs nobody anything."""
    orders = doc.get("work_orders", ())
    if not any(order.get("quotes") or order.get("used") for order in orders):
        return {}

    def named(items: Sequence[Mapping[str, Any]]) -> list[Doc]:
        return [{**item, "text": scrub(item["text"], persons)} for item in items]

    def again(order: Mapping[str, Any]) -> Doc:
        quotes = [{**quote, "items": named(quote["items"])} for quote in order.get("quotes", ())]
        costs = {"quotes": quotes, "used": named(order.get("used", ()))}
        return {**order, **{key: value for key, value in costs.items() if value}}

    return {"work_orders": [again(order) for order in orders]}


def change_of(
    doc: Mapping[str, Any],
    setting: Mapping[str, Any],
    said: str,
    *,
    by: str,
    now: datetime,
    events: Sequence[Event] = (),
) -> Change:
    """The next version of a ticket with other papers; `said` stands in the timeline."""
    entry = {"at": now, "transition": said, "by": by, "order": None, "note": None}
    timeline = [*setting.get("timeline", doc["timeline"]), entry]
    return Change(
        collection="tickets",
        id=doc["_id"],
        version=doc["version"] + 1,
        lane="routine",
        at=now,
        set={**setting, "timeline": timeline},
        events=events,
    )
