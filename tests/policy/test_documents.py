"""An export is read as the same documents, and what comes from outside is read with care."""

import copy
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.policy.documents import KINDS, applied, read_documents, write_documents
from shared.policy.policy import build_policy
from tests.policy.samples import Documents, documents


def small(**kinds: Any) -> Documents:
    """Documents without the lexicon, which takes long to write."""
    return {k: v for k, v in documents().items() if k != "lexicon"} | kinds


def test_the_export_of_the_sample_is_the_sample() -> None:
    sample = documents(lambda d: d.update(local={"east": {"rules": {"decline_limit": 3}}}))

    text = write_documents(sample)
    read = read_documents(text, {})

    assert read == sample
    assert write_documents(read) == text
    assert build_policy("again", read) == build_policy("again", sample)


_TRAPS = (
    "on", "off", "yes", "No", "null", "~", "1", "1.5", "1e3", "2026-10-01", "12:30", "", " x ",
    "a: b", "- a", "#", "\n", "a\n b", "=", "<<", "true", "0x1F", "é…",
)  # fmt: skip
"""Text that a reader of YAML may take for something else."""
_TEXT = st.sampled_from(_TRAPS) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20
)
_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | _TEXT
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from([*KINDS, "local"]), _VALUES))
def test_whatever_was_edited_comes_back_from_its_export_as_it_was(edited: Documents) -> None:
    text = write_documents(edited)

    assert read_documents(text, {"rules": {"left": "behind"}}) == edited
    assert write_documents(_shuffled(edited)) == text


def _shuffled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shuffled(value[key]) for key in reversed(value)}
    return [_shuffled(item) for item in value] if isinstance(value, list) else value


def test_a_complete_file_leaves_nothing_of_what_was_there() -> None:
    base = small()
    export = write_documents(small(group={"id": "g", "zh": "g", "en": "g", "estates": []}))

    assert read_documents(export, base)["group"]["estates"] == []
    overlay = export.replace("complete: true\n", "")
    assert len(read_documents(overlay, base)["group"]["estates"]) == 3


def test_an_overlay_changes_what_it_names_and_leaves_the_base_as_it_was() -> None:
    base = small()
    before = copy.deepcopy(base)

    made = applied({"rules": {"decline_limit": 9}, "local": {"east": {"rules": {}}}}, base)

    assert made == before | {
        "rules": before["rules"] | {"decline_limit": 9}, "local": {"east": {"rules": {}}},
    }  # fmt: skip
    assert base == before


@pytest.mark.parametrize(
    "text",
    [
        "a: &x [1]\nrules: *x",
        "rules: " + "[" * 60 + "]" * 60,
        "rules: {? [1] : 2}",
        "rules: [1",
        "!!python/object:os.system {}",
    ],
)
def test_what_would_grow_or_run_while_it_is_read_is_refused(text: str) -> None:
    with pytest.raises(yaml.YAMLError, match=r"line [12]"):
        read_documents(text, {})


@pytest.mark.parametrize(
    "text",
    [
        "rules: {1: 2}", "rules: !!binary aGk=", f"rules: {10**30}", 'rules: "\\0"',
        "rules: !!set {a, b}", "[1]", "7", "holidays: {}", "1: {}",
    ],
)  # fmt: skip
def test_what_no_policy_can_keep_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"keep|kinds"):
        read_documents(text, {})
