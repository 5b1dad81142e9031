"""When nobody is disturbed by what can wait."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from shared.policy.policy import QuietHours

SHANGHAI = ZoneInfo("Asia/Shanghai")
NIGHT = QuietHours(start=time(21), end=time(8))
NOON = QuietHours(start=time(12), end=time(14))


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        (NIGHT, "2026-11-26T12:59", None),
        (NIGHT, "2026-11-26T13:00", "2026-11-27T00:00"),
        (NIGHT, "2026-11-26T17:00", "2026-11-27T00:00"),
        (NIGHT, "2026-11-26T23:59", "2026-11-27T00:00"),
        (NIGHT, "2026-11-27T00:00", None),
        (NOON, "2026-11-26T04:00", "2026-11-26T06:00"),
        (NOON, "2026-11-26T06:00", None),
    ],
)
def test_quiet_hours_end_in_the_places_own_time(
    hours: QuietHours, now: str, until: str | None
) -> None:
    """The times of the table are UTC; the hours are Shanghai's."""
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)

    over = hours.until(moment, SHANGHAI)

    assert over == (datetime.fromisoformat(until).replace(tzinfo=UTC) if until else None)
