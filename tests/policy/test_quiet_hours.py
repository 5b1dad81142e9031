"""When nobody is disturbed by what can wait."""

from datetime import UTC, datetime, time, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest

from shared.policy.documents import read_documents
from shared.policy.policy import QuietHours, build_policy, load_documents

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


def test_the_sample_lets_people_sleep_and_the_demo_waits_for_no_morning() -> None:
    night = datetime(2026, 11, 26, 15, tzinfo=UTC)  # 23:00 in Shanghai
    text = files("hotline.demo").joinpath("policy.yaml").read_text("utf-8")

    sample = build_policy("v1", load_documents())
    demo = build_policy("v2", read_documents(text, load_documents()))

    assert sample.quiet_until(night) == datetime(2026, 11, 27, tzinfo=UTC)
    assert sample.quiet_until(night - timedelta(hours=3)) is None
    assert demo.quiet_until(night) is None
    assert demo.rules.messages_in_a_minute is None
