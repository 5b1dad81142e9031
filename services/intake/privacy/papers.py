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
    return {**words, "timeline": notes}


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
