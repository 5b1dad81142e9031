"""A miss is told as one, and what was dropped is not."""

from __future__ import annotations

import pytest

from bench.scrubber import FORMS, grouped, is_left, look, spoken, wide


@pytest.mark.parametrize(
    ("value", "clean", "left"),
    [
        ("13800138000", "打〔号码〕找我", False),
        ("13800138000", "打13800138000找我", True),
        ("13800138000", "打〔号码〕38000找我", True),
        ("138 0013 8000", "打138-0013-8000找我", True),
        ("１３８００１３８０００", "打13800138000", True),
        ("周雨桐", "〔某人〕家漏水", False),
        ("周", "老周家又吵了", True),
    ],
)
def test_what_can_still_be_read_is_missed(value: str, clean: str, *, left: bool) -> None:
    assert is_left(value, clean) is left


def test_values_are_written_as_people_write_them() -> None:
    assert spoken("13800", "幺") == "幺三八零零"
    assert wide("A1") == "Ａ１"
    assert grouped("13800138000", "-") == "138-0013-8000"


def test_what_the_scrubber_promises_is_not_missed() -> None:
    """Promise 9 names these forms; whoever loses one of them sees it here."""
    promised = ("name after 我叫", "name before 先生", "name before 女士", "phone in digits",
                "phone with spaces", "phone in full-width digits", "phone in numerals",
                "flat as numbers", "flat with 室", "plate", "identity number")  # fmt: skip

    found = look({form: FORMS[form] for form in promised})

    assert {each.form: each.missed for each in found if each.missed} == {}


def test_a_form_that_is_missed_shows_with_its_words() -> None:
    [found] = look({"made up": ("口令是{}", ("芝麻开门", "13800138000"))})

    assert (found.tried, found.missed) == (2, ("口令是芝麻开门",))
