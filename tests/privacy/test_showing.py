"""Masks show enough to recognise and too little to use; blind indexes find and tell nothing."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.buildings import building_of
from shared.privacy import BlindIndex, mask_name, mask_phone, mask_room, read_telephone
from shared.privacy.index import entries_in, kept, version_of

INDEX = BlindIndex(b"secret")


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("13800138000", "138****8000"),
        ("138 0013 8000", "138****8000"),
        ("138-0013-8000", "138****8000"),
        ("+86 138 0013 8000", "138****8000"),
        ("60001234", "******34"),
        ("12345", "***45"),
        ("1", "*1"),
        ("", None),
        (None, None),
    ],
)
def test_a_phone_shows_its_ends(phone: str | None, shown: str | None) -> None:
    assert mask_phone(phone) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [("王小明", "王**"), ("王", "王**"), ("Anna", "A**"), ("", None), (None, None)],
)
def test_a_name_shows_its_first_character(name: str | None, shown: str | None) -> None:
    assert mask_name(name) == shown


@pytest.mark.parametrize(
    ("room", "shown"),
    [("3-1-502", "3-…"), ("A座1801", "A-…"), ("三号楼502", "…"), ("", None), (None, None)],
)
def test_a_flat_shows_its_building(room: str | None, shown: str | None) -> None:
    assert mask_room(room) == shown


@pytest.mark.parametrize(
    ("phone", "number"),
    [
        ("13800138000", "+8613800138000"),
        ("138 0013 8000", "+8613800138000"),
        ("+86 138-0013-8000", "+8613800138000"),
        ("0086 13800138000", "+8613800138000"),
        ("１３８００１３８０００", "+8613800138000"),
        ("+49 30 123456", "+4930123456"),
        ("abc", None),
        ("", None),
        ("1", None),
        ("010-62345678转801", "+861062345678;ext=801"),
        ("010-62345678 转 801", "+861062345678;ext=801"),
        ("010-62345678轉801", "+861062345678;ext=801"),
        ("010-62345678分机：801", "+861062345678;ext=801"),
        ("010-62345678 ext 801", "+861062345678;ext=801"),
        ("010-62345678-801", "+861062345678;ext=801"),
        ("86-138-0013-8000", "+8613800138000"),
        ("400-800-8820", "+864008008820"),
        ("00000000000", None),
        ("11111111111", None),
        ("021-00000000", None),
        ("138****8000", None),
        ("138＊＊＊＊8000", None),
        ("138xxxx8000", None),
        ("110", None),
        ("12345", None),
        ("62345678", None),
        ("无", None),
    ],
)
def test_a_number_has_one_spelling_for_the_world(phone: str, number: str | None) -> None:
    found = read_telephone(phone)

    assert (found and str(found)) == number


@pytest.mark.parametrize(
    "spelling",
    ["138 0013 8000", "+86-138-0013-8000", "0086 138 0013 8000", "１３８００１３８０００"],
)
def test_a_phone_is_found_in_any_spelling(spelling: str) -> None:
    assert INDEX.phone(spelling) == INDEX.phone("13800138000") is not None


@pytest.mark.parametrize("spelling", ["3 - 1 - 502", "3#1单元502室", "3号楼1单元502", "3/1/502"])
def test_a_flat_is_found_in_any_spelling(spelling: str) -> None:
    assert INDEX.flat("jinyuan", spelling) == INDEX.flat("jinyuan", "3-1-502") is not None


def test_different_things_have_different_entries() -> None:
    entries = [
        INDEX.phone("13800138000"),
        INDEX.phone("13800138001"),
        INDEX.flat("jinyuan", "3-1-502"),
        INDEX.flat("binjiang", "3-1-502"),
        INDEX.flat("jinyuan", "31-502"),
        INDEX.entry("phone", "3-1-502"),
        BlindIndex(b"other").phone("13800138000"),
    ]

    assert len(set(entries)) == len(entries)
    assert all(entry and "138" not in entry.split(":")[0] for entry in entries)


def test_while_the_secret_is_changed_both_versions_are_known() -> None:
    first, both = BlindIndex(b"one"), BlindIndex({1: b"one", 2: b"two"})
    second = BlindIndex({2: b"two"})

    assert both.versions == (2, 1)
    assert both.phones("13800138000") == [second.phone("13800138000"), first.phone("13800138000")]
    assert both.phone("13800138000") == second.phone("13800138000")
    assert both.flats("jinyuan", "3-1-502") == [
        index.flat("jinyuan", "3-1-502") for index in (second, first)
    ]


def test_what_is_kept_is_one_entry_or_one_of_each_version() -> None:
    assert kept(phone=["1:a"], flat=["2:b", "1:b"], contact=[]) == {
        "phone": "1:a", "flat": ["2:b", "1:b"]
    }  # fmt: skip
    assert [entries_in(each) for each in (None, "1:a", ["2:a", "1:a"])] == [
        [], ["1:a"], ["2:a", "1:a"]
    ]  # fmt: skip
    assert version_of("12:abc") == 12


@pytest.mark.parametrize("nothing", [None, "", "no number"])
def test_what_is_no_number_has_no_entry(nothing: str | None) -> None:
    assert INDEX.phone(nothing) is None


@pytest.mark.parametrize(
    ("estate", "room"), [(None, "502"), ("", "502"), ("jinyuan", None), ("jinyuan", "顶楼")]
)
def test_what_is_no_flat_has_no_entry(estate: str | None, room: str | None) -> None:
    assert INDEX.flat(estate, room) is None


@pytest.mark.parametrize(
    ("words", "building"),
    [
        (("三号楼电梯坏了",), "3"),
        (("3号楼",), "3"),
        (("１２栋",), "12"),
        ((None, "5幢1单元"), "5"),
        (("building B lift",), "B"),
        (("电梯坏了", ""), None),
    ],
)
def test_the_building_may_be_kept(words: tuple[str | None, ...], building: str | None) -> None:
    assert building_of(*words) == building


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_a_mobile_number_is_what_the_library_takes_it_for(phone: str) -> None:
    """Of the commonest kind the library is not asked; it must agree all the same."""
    parsed = phonenumbers.parse(phone, "CN")

    assert phonenumbers.is_possible_number(parsed)
    spelling = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    assert str(read_telephone(phone)) == spelling
