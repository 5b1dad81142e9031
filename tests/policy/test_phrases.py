"""By which words a text was judged, and where it says them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.triage.classify import classify
from shared.triage.lexicon import load_sample_lexicon
from shared.triage.taxonomy import load_sample_taxonomy

LEXICON = load_sample_lexicon()


def deciding(text: str) -> list[str]:
    reasons = classify(text, load_sample_taxonomy(), LEXICON).reasons
    return [text[start:end] for start, end in LEXICON.phrases(text, reasons)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("楼上漏水，我家顶上湿了一大片", ["漏水"]),
        ("３号楼　电梯里困了兩个人！", ["电梯", "困了"]),
        ("The tap is dripping. How much is the fee?", ["How much", "fee"]),
        ("", []),
        ("嗯", []),
        ("İİ 漏水", []),
    ],
)
def test_the_deciding_words_are_found_where_they_were_said(text: str, words: list[str]) -> None:
    assert deciding(text) == words


def test_a_reason_that_no_rule_gives_points_nowhere() -> None:
    assert LEXICON.phrases("漏水", ["history", "decided", "area.moon.far"]) == ()


@given(st.text(alphabet="漏水发票電梯困人。，\u200b ｅ\u0301İﬀa", max_size=200))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_the_places_lie_within_the_text_and_apart(text: str) -> None:
    places = LEXICON.phrases(text, classify(text, load_sample_taxonomy(), LEXICON).reasons)

    edges = [edge for place in places for edge in place]
    assert edges == sorted(edges)
    assert all(0 <= start < end <= len(text) for start, end in places)
