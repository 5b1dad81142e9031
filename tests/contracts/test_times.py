"""Times are written in one way, by hand as by pydantic."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Final

import orjson
import pytest
from pydantic import AwareDatetime, TypeAdapter

from shared.contracts.times import written

ROOT: Final = Path(__file__).parents[2]
PARTS: Final = ("services", "shared", "hotline")
KEPT: Final = {
    "shared/audit/anchors.py": "what is signed stays as it was",
    "shared/audit/chain.py": "what is signed stays as it was",
    "shared/contracts/base.py": "what a digest is made of stays as it was",
    "shared/contracts/times.py": "the one way",
    "services/telephony/exchange/translate_recording.py": "to the microsecond",
}
"""Where a time is written in another way, and why."""
AT: Final = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "at", [AT, AT + timedelta(milliseconds=5), AT.astimezone(timezone(timedelta(hours=8)))]
)
def test_a_time_written_by_hand_looks_like_that_of_a_model(at: datetime) -> None:
    adapter = TypeAdapter(AwareDatetime)

    assert written(at) == orjson.loads(adapter.dump_json(at.astimezone(UTC)))
    assert written(at).endswith("Z")
    assert datetime.fromisoformat(written(at)) == at


def test_nothing_else_writes_times_by_hand() -> None:
    """Days have no zone, and a page's attributes are read by its script alone."""
    found = {
        str(path.relative_to(ROOT))
        for part in PARTS
        for path in (ROOT / part).rglob("*.py")
        if re.search(r"(?<!date\(\))\.isoformat\(", path.read_text("utf-8"))
    }

    assert found == set(KEPT)
