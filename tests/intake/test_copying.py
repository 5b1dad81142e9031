"""What a person gets of their own data holds nothing that our staff noted for themselves."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson

from services.intake.privacy.copy import FACTS, Part, copy_of

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
INTERNAL = "业主很难缠"


def test_an_internal_note_is_not_in_the_copy() -> None:
    note = {"at": NOW, "transition": "note", "by": "li", "order": "26-1-1", "note": INTERNAL}
    ticket = {"_id": "26-1", **dict.fromkeys(FACTS, "x"), "timeline": [note], "work_orders": []}

    made = copy_of("r-1", [Part(ticket, "caller", {"name": "王女士"}, {})], [], NOW)

    assert made["tickets"][0]["data"] == {"name": "王女士"}
    assert INTERNAL not in orjson.dumps(made).decode()
