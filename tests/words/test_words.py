"""Words are read in one way, whoever wrote them how, and each character is found again."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.words import MOST_MARKS, in_digits, legible, plain, read, says_nothing

MARKS = "\u0301" * 10_000 + "\u0323" * 10_000


@pytest.mark.parametrize(
    ("said", "read_as"),
    [
        ("電梯困人了，快來人", "电梯困人了,快来人"),
        ("冒煙著火了", "冒烟着火了"),
        ("裏面衞生間漏水", "里面卫生间漏水"),
        ("怎么了", "怎么了"),
        ("着\u200b火\u2060了\ufeff", "着火了"),
        ("着\u0336火\u0336了\u0336", "着火了"),
        ("着 火　了", "着火了"),
        ("lift 3 is stuck", "lift 3 is stuck"),
        ("３号楼：Ａ座", "3号楼:A座"),
        ("139–7890—1234−5‑6－7", "139-7890-1234-5-6-7"),
        ("café cafe\u0301", "café café"),
        ("ｶﾞｽ", "ガス"),
        ("它说‘不’", "它说'不'"),
        ("着\ufffd火\ud83c了", "着火了"),
        ("一行\n两行\t三", "一行\n两行三"),
    ],
)
def test_words_are_read_in_one_width_without_what_is_hidden_in_them(
    said: str, read_as: str
) -> None:
    assert plain(said) == read_as


@given(st.text())
def test_what_is_read_is_what_is_judged_and_each_character_was_said_somewhere(said: str) -> None:
    check(said)


@given(st.text(alphabet="a一 \u0301\u200b\uff9e３…ﷺ\u1161\u1100가\u11a8", max_size=12))
def test_also_where_characters_join_or_fall_apart(said: str) -> None:
    check(said)


def check(said: str) -> None:
    words = read(said)

    assert words.text == plain(said)
    assert len(words.text) == len(words.starts) == len(words.ends)
    assert list(words.starts) == sorted(words.starts)
    assert all(0 <= a < b <= len(said) for a, b in zip(words.starts, words.ends, strict=True))


@pytest.mark.parametrize(
    ("said", "digits", "place"),
    [
        ("电话一三九", "139", "一三九"),
        ("二栋一单元九百零三", "2栋1单元903", "二栋一单元九百零三"),
        ("住十九零七", "1907", "十九零七"),
        ("住一千八百零一室", "1801", "一千八百零一"),
        ("打一\u200b三\u200b九", "139", "一\u200b三\u200b九"),
        ("第十二栋", "12栋", "十二栋"),
        ("三百户", "3百户", "三百户"),
        ("百姓", "百姓", "百姓"),
    ],
)
def test_numbers_are_read_as_they_are_spoken_and_found_where_they_were_said(
    said: str, digits: str, place: str
) -> None:
    words = in_digits(read(said))

    at = words.text.index(digits)
    start, end = words.place(at, at + len(digits))
    assert said[start:end] == place


@pytest.mark.parametrize("blank", [None, "", " \n", "\u200b", "\u0301\u0301", "\ufffd", "\u3164"])
def test_what_holds_only_blanks_and_hidden_signs_says_nothing(blank: str | None) -> None:
    assert says_nothing(blank)


@pytest.mark.parametrize("words", ["。", "?", "啊", "1", "👍"])
def test_the_shortest_words_say_something(words: str) -> None:
    assert not says_nothing(words)


def test_what_is_shown_keeps_its_signs_but_for_ornament_and_controls() -> None:
    assert legible("３号樓\x07 …\u200d\n\t") == "３号樓 …\u200d\n\t"
    assert legible(f"a{MARKS}b") == f"a{MARKS[:MOST_MARKS]}b"
    assert legible("e\u0301\u0323") == "e\u0301\u0323"


LONG = [MARKS, "a" + MARKS, "a\u0301" * 10_000, "字 " * 10_000, "ﷺ" * 20_000, "十" * 20_000,
        "一零" * 10_000, " " * 20_000, "字" + " " * 20_000, "\u200b" * 20_000, "ㄱ" * 20_000,
        "\uff9e" * 20_000, "👨\u200d👩" * 6_000]  # fmt: skip


@pytest.mark.parametrize("said", LONG, ids=lambda said: ascii(said[:3]))
def test_the_longest_words_are_read_at_once(said: str) -> None:
    assert min(_seconds(said) for _ in range(3)) < 0.2


def _seconds(said: str) -> float:
    started = time.thread_time()
    legible(said)
    in_digits(read(said))
    return time.thread_time() - started
