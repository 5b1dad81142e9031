"""Buildings as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.buildings import building_in, building_of


@pytest.mark.parametrize(
    ("words", "id", "written"),
    [
        ("3号楼", "3", "3号楼"),
        ("三号楼电梯坏了", "3", "三号楼"),
        ("我家三栋", "3", "三栋"),
        ("3栋", "3", "3栋"),
        ("3#漏水", "3", "3#"),
        ("3#楼", "3", "3#楼"),
        ("住 6-2-1502 的", "6", "6-2-1502"),
        ("一期3栋", "1期3", "一期3栋"),
        ("二期的十二栋", "2期12", "二期的十二栋"),
        ("二十一幢2单元", "21", "二十一幢"),
        ("１２栋", "12", "１２栋"),
        ("03栋", "3", "03栋"),
        ("Ａ座大堂", "A", "Ａ座"),
        ("building B lift", "B", "building B"),
        ("phase 2, block 7", "2期7", "phase 2, block 7"),
        ("3号楼往4号楼", "3", "3号楼"),
    ],
)
def test_a_building_is_found_with_how_it_was_written(words: str, id: str, written: str) -> None:
    found = building_in(words)

    assert found is not None
    assert (found.id, words[found.start : found.end]) == (id, written)


@pytest.mark.parametrize(
    "words",
    [
        None, "", "电梯坏了", "3#电梯停了", "三楼漏水", "2026-11-23", "138-0013-8000",
        "400-820-1234", "13800138000", "住在3-502", "让个座位", "三座沙发", "第一期工程",
        "in the building a pipe",
    ],
)  # fmt: skip
def test_what_is_no_building_is_none(words: str | None) -> None:
    assert building_in(words) is None


def test_the_first_of_several_words_that_names_one_counts() -> None:
    assert building_of(None, "大堂", "5幢", "3号楼") == "5"


@given(st.text(alphabet="0123456789一二十期栋号楼#-aAB座 \u200b", max_size=60))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_whatever_is_said_the_place_lies_within_it(words: str) -> None:
    found = building_in(words)

    assert found is None or 0 <= found.start < found.end <= len(words)
