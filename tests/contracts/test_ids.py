"""How ids of people and codes are written, so that nothing personal fits into them."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from hotline.service import SERVICES
from shared.contracts import MalformedMessage
from shared.contracts.ids import RESERVED, Code, holds_number, read_person_id
from shared.policy.duty import sample_duty

CODE: TypeAdapter[str] = TypeAdapter(Code)


@pytest.mark.parametrize(
    "id", ["chen.jie", "c", "agent7", "a-b.c", "walker-privacy_officer", "x123456", "a" * 40]
)
def test_an_id_is_small_letters_digits_and_what_joins_them(id: str) -> None:
    assert read_person_id(id) == id


@pytest.mark.parametrize(
    "id",
    ["", "Chen", "7up", "chen jie", "chen..jie", "chen.", ".chen", "陈洁", "a" * 41, "a/b", "#a",
     "a\n", "a1234567", "x-138-0013-8000", "x1.2.3.4.5.6.7", *sorted(RESERVED)],
)  # fmt: skip
def test_any_other_is_refused_by_its_field_and_not_repeated(id: str) -> None:
    with pytest.raises(MalformedMessage) as caught:
        read_person_id(id, "people.0.id")

    [fault] = caught.value.faults
    assert fault.field == "people.0.id"
    assert fault.remedy
    assert "1234567" not in str(fault)
    assert "8000" not in str(fault)


def test_names_of_services_are_nobody_s() -> None:
    assert {*SERVICES} <= RESERVED


def test_all_people_of_the_sample_have_ids_that_may_be_given() -> None:
    lists = [people for lists in sample_duty()["places"].values() for people in lists.values()]

    ids = [person["id"] for people in lists for person in people]

    assert [read_person_id(id) for id in ids] == ids
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("code", ["parts", "not_ours", "phase_2", "a123456"])
def test_a_code_is_small_letters_digits_and_underscores(code: str) -> None:
    assert CODE.validate_python(code) == code


@pytest.mark.parametrize("code", ["", "Parts", "a-b", "零件", "r13978901234", "r139_7890_1234"])
def test_no_code_holds_words_or_a_number(code: str) -> None:
    with pytest.raises(ValidationError):
        CODE.validate_python(code)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a123456b7", False), ("a1234567", True), ("12-34-567", True), ("12-34-56", False)],
)
def test_seven_digits_in_a_row_are_a_number_whatever_stands_between(
    text: str, *, expected: bool
) -> None:
    assert holds_number(text) is expected
