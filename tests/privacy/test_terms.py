"""What somebody looks for is found wherever it stands, and nothing is looked for that cannot be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import MalformedMessage
from shared.privacy.terms import LONGEST, MOST_TERMS, sought_in, terms_of

SAID = "3栋一单元厨房水龍頭滴水，请来修；WiFi 坏了 〔某人〕〔号码〕"


@pytest.mark.parametrize(
    "words", ["滴水", "水龙头", "水龍頭", "3栋", "厨房 滴水", "wifi", "WIFI 坏了", "龙头滴水"]
)
def test_words_are_found_wherever_they_stand_and_however_they_are_written(words: str) -> None:
    assert set(sought_in(words)) <= set(terms_of(SAID))


@pytest.mark.parametrize("words", ["漏水", "水滴", "13栋", "某人", "号码", "厨房 漏水"])
def test_what_was_not_said_is_not_found(words: str) -> None:
    assert not set(sought_in(words)) <= set(terms_of(SAID))


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("", "holds no word"),
        ("？！ 〔某人〕", "holds no word"),
        ("灯", "“灯” is one character by itself, which is too little to look for"),
        ("坏了 灯", "“灯” is one character by itself, which is too little to look for"),
        ("".join(map(chr, range(0x4E00, 0x4E00 + 60))), "is too long"),
    ],
)
def test_what_cannot_be_looked_for_is_said(words: str, fault: str) -> None:
    with pytest.raises(MalformedMessage) as refused:
        sought_in(words)

    assert refused.value.faults[0].fault == fault


def test_a_novel_is_bounded() -> None:
    novel = "".join(map(chr, range(0x4E00, 0x6E00))) + "x" * 10_000

    found = terms_of(novel)

    assert len(found) == MOST_TERMS
    assert max(map(len, found)) <= LONGEST + 1


@given(st.text(max_size=200))
def test_any_words_are_read_alike_twice_and_bounded(text: str) -> None:
    found = terms_of(text)

    assert found == terms_of(text)
    assert len(found) == len(set(found)) <= MOST_TERMS
    assert all(found)
