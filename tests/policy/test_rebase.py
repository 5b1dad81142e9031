"""A draft carried over to a newer version keeps its changes; conflicts are named, not guessed."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.policy.versions import rebased
from tests.policy.samples import documents, thing


@pytest.mark.parametrize(
    ("base", "mine", "newer", "result"),
    [
        ({"a": 1, "b": 1}, {"a": 2, "b": 1}, {"a": 1, "b": 3}, {"a": 2, "b": 3}),
        ({"a": 1}, {"a": 2}, {"a": 2}, {"a": 2}),
        ({"a": 1, "b": 2}, {"b": 2}, {"a": 1, "b": 3}, {"b": 3}),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, {"b": 2}, {"b": 3}),
        ({}, {"a": {"x": 1}}, {"a": {"y": 2}}, {"a": {"x": 1, "y": 2}}),
        ({"a": [1]}, {"a": [1, 2]}, {"a": [1]}, {"a": [1, 2]}),
    ],
)
def test_what_only_one_side_changed_is_taken(base: Any, mine: Any, newer: Any, result: Any) -> None:
    assert rebased(base, mine, newer) == (result, [])


def test_things_with_ids_are_merged_one_by_one() -> None:
    base = [{"id": "a", "n": 1}, {"id": "b", "n": 1}, {"id": "c", "n": 1}]
    mine = [{"id": "a", "n": 2}, {"id": "b", "n": 1}, {"id": "c", "n": 1}, {"id": "d", "n": 1}]
    newer = [{"id": "e", "n": 1}, {"id": "a", "n": 1}, {"id": "c", "n": 3}]

    merged, conflicts = rebased(base, mine, newer)

    assert conflicts == []
    assert merged == [
        {"id": "e", "n": 1}, {"id": "a", "n": 2}, {"id": "c", "n": 3}, {"id": "d", "n": 1},
    ]  # fmt: skip


def test_an_order_that_was_changed_on_purpose_is_kept() -> None:
    base = documents()
    mine = documents(lambda d: d["taxonomy"]["emergency_kinds"].reverse())
    newer = documents(lambda d: thing(d, "taxonomy", "emergency_kinds", "fire").update(support=[]))

    merged, conflicts = rebased(base, mine, newer)

    assert conflicts == []
    kinds = merged["taxonomy"]["emergency_kinds"]
    assert kinds[-1] == {**kinds[-1], "id": "fire", "support": []}


@pytest.mark.parametrize(
    ("base", "mine", "newer", "paths"),
    [
        ({"a": 1}, {"a": 2}, {"a": 3}, ["a"]),
        ({"a": 1}, {}, {"a": 3}, ["a"]),
        ({"a": 1}, {"a": 2}, {}, ["a"]),
        ({"a": [1]}, {"a": [2]}, {"a": [3]}, ["a"]),
        ({"a": {"x": 1, "y": 1}}, {"a": {"x": 2, "y": 2}}, {"a": {"x": 3, "y": 3}}, ["a.x", "a.y"]),
        ({"a": [{"id": "i", "n": 1}]}, {"a": [{"id": "i", "n": 2}]}, {"a": [{"id": "i", "n": 3}]},
         ["a.i.n"]),
    ],
)  # fmt: skip
def test_what_both_sides_changed_otherwise_is_a_conflict_by_path(
    base: Any, mine: Any, newer: Any, paths: list[str]
) -> None:
    assert rebased(base, mine, newer)[1] == paths


_THINGS = st.lists(
    st.fixed_dictionaries({"id": st.sampled_from("abc"), "n": st.integers(0, 2)}),
    unique_by=lambda item: str(item["id"]),
)
_DOCUMENTS = st.dictionaries(
    st.sampled_from("xyz"), st.integers(0, 2) | st.lists(st.integers(0, 2), max_size=2) | _THINGS
)


@given(_DOCUMENTS, _DOCUMENTS)
def test_what_only_one_of_both_changed_needs_nobody(base: Any, other: Any) -> None:
    kept = copy.deepcopy((base, other))

    assert rebased(base, other, base) == (other, [])
    assert rebased(base, base, other) == (other, [])
    assert rebased(base, other, other) == (other, [])
    assert (base, other) == kept


@given(_DOCUMENTS, _DOCUMENTS, _DOCUMENTS)
def test_where_there_is_no_conflict_both_sides_find_the_same(
    base: Any, mine: Any, newer: Any
) -> None:
    merged, conflicts = rebased(base, mine, newer)
    other_way, conflicts_there = rebased(base, newer, mine)

    assert conflicts == conflicts_there
    if not conflicts:
        assert _by_id(merged) == _by_id(other_way)


def _by_id(value: Any) -> Any:
    """The same whatever the order of things, which the two sides may see differently."""
    if isinstance(value, dict):
        return {key: _by_id(inner) for key, inner in value.items()}
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return {item["id"]: item for item in value}
    return value
