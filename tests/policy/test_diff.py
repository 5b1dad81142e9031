"""What differs between two policies is told path by path; things with ids are matched by them."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.policy.versions import Difference, differences, to_text
from tests.policy.samples import Documents, documents, thing


def test_the_same_documents_do_not_differ() -> None:
    assert differences(documents(), documents()) == []


def test_a_changed_number_and_a_changed_thing_are_told_by_path() -> None:
    after = documents(
        lambda d: d["rules"].update(decline_limit=4),
        lambda d: thing(d, "taxonomy", "areas", "parking").update(department="finance"),
        lambda d: d["group"]["estates"].insert(0, {"id": "new", "zh": "新园", "en": "New"}),
        lambda d: d["calendar"].pop("until"),
    )

    assert differences(documents(), after) == [
        ("calendar.until", "2026-12-31", None),
        ("group.estates.new", None, {"id": "new", "zh": "新园", "en": "New"}),
        ("rules.decline_limit", 2, 4),
        ("taxonomy.areas.parking.department", "security", "finance"),
    ]


def test_another_order_of_emergency_kinds_is_a_difference() -> None:
    after = documents(lambda d: d["taxonomy"]["emergency_kinds"].reverse())

    [found] = differences(documents(), after)

    assert found.path == "taxonomy.emergency_kinds.order"
    assert found.before == found.after[::-1]


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ({"a": 1}, {"a": 2}, "~ a: 1 → 2"),
        ({}, {"a": "x"}, "+ a: x"),
        ({"a": {"b": 1}}, {}, '- a: {"b":1}'),
        ({"a": [1, 2]}, {"a": [2, 3]}, "~ a:\n    - 1\n    + 3"),
        ({"a": [1, 2]}, {"a": [2, 1]}, "~ a:\n    now [2,1]"),
        ({"a": [{"id": "x", "n": 1}]}, {"a": [{"id": "x", "n": 2}]}, "~ a.x.n: 1 → 2"),
        ({"a": []}, {"a": [{"id": "x"}]}, '~ a:\n    + {"id":"x"}'),
        ({"a": 1}, {"a": True}, "~ a: 1 → true"),
    ],
)
def test_a_difference_is_read_as_text(before: Any, after: Any, text: str) -> None:
    assert to_text(differences(before, after)) == text


_THINGS = st.lists(
    st.fixed_dictionaries({"id": st.sampled_from("abcd"), "n": st.integers(0, 2)}),
    unique_by=lambda item: str(item["id"]),
)
_DOCUMENTS = st.fixed_dictionaries(
    {"things": _THINGS, "plain": st.lists(st.integers(0, 3)), "deep": st.dictionaries(
        st.sampled_from("xyz"), st.integers(0, 2) | _THINGS)},
)  # fmt: skip


@given(_DOCUMENTS, _DOCUMENTS)
def test_two_documents_differ_exactly_where_differences_are_told(
    before: Documents, after: Documents
) -> None:
    found = differences(before, after)

    assert (found == []) is (before == after)
    assert [d.path for d in found] == sorted({d.path for d in found})
    assert differences(after, before) == [Difference(p, a, b) for p, b, a in found]
    assert all(d.before != d.after or d.path.endswith("order") for d in found)


@given(_DOCUMENTS)
def test_telling_what_differs_changes_nothing(made: Documents) -> None:
    kept = copy.deepcopy(made)

    differences(made, {"things": [{"id": "a", "n": 9}]})

    assert made == kept
