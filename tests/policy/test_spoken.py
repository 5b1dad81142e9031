"""Times as they are told to a caller."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from shared.policy.policy import build_policy, sample_documents
from shared.codes.spoken import spoken_promise

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("due", "zh", "en"),
    [
        (datetime(2026, 11, 23, 8, 30, tzinfo=UTC), "今天 16:30 前到场", "on site by 16:30 today"),
        (datetime(2026, 11, 23, 16, tzinfo=UTC), "明天 00:00 前到场", "on site by 00:00 tomorrow"),
        (datetime(2026, 12, 1, 0, 0, tzinfo=UTC), "12月1日 08:00 前到场", "on site by 1 Dec 08:00"),
    ],
)  # fmt: skip
def test_a_promise_is_said_by_the_estate_s_clock(due: datetime, zh: str, en: str) -> None:
    assert spoken_promise("arrive", due, NOW, SHANGHAI, "zh") == zh
    assert spoken_promise("arrive", due, NOW, SHANGHAI, "en") == en


@pytest.mark.parametrize(
    ("words", "estate", "written"),
    [
        ("锦园小区三号楼", "jinyuan", "锦园小区"),
        ("我在 Jinyuan Gardens 里", "jinyuan", "Jinyuan Gardens"),
        ("ＢＩＮＪＩＡＮＧ", "binjiang", "ＢＩＮＪＩＡＮＧ"),
    ],
)
def test_the_estate_that_words_mention_is_found(words: str, estate: str, written: str) -> None:
    found = build_policy("sample", sample_documents()).group.estate_in(words)

    assert found is not None
    assert found.estate.id == estate
    assert words[found.start : found.end] == written


@pytest.mark.parametrize("words", ["", "三号楼", "锦园和滨江都停电", "İ锦园"])
def test_where_it_is_unclear_no_estate_is_found(words: str) -> None:
    assert build_policy("sample", sample_documents()).group.estate_in(words) is None
