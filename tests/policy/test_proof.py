"""Of which work a photo is wanted."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from shared.policy.checks import check_policy
from shared.policy.policy import Policy, build_policy
from tests.policy.samples import documents


def policy(*wanted: dict[str, Any], **local: Any) -> Policy:
    made = documents()
    made["rules"]["proof_for"] = list(wanted)
    if local:
        made["local"] = local
    return build_policy("p", made)


def test_the_sample_wants_none() -> None:
    assert not build_policy("p", documents()).rules.wants_proof("repair", "elevator", "urgent")


@pytest.mark.parametrize(
    ("wanted", "work", "expected"),
    [
        ({"types": ["repair"]}, ("repair", "plumbing", "normal"), True),
        ({"types": ["repair"]}, ("complaint", "plumbing", "normal"), False),
        ({"types": ["repair"], "areas": ["elevator"]}, ("repair", "elevator", "normal"), True),
        ({"types": ["repair"], "areas": ["elevator"]}, ("repair", "plumbing", "normal"), False),
        ({"areas": ["elevator"], "urgencies": ["urgent"]}, ("repair", "elevator", "urgent"), True),
        ({"areas": ["elevator"], "urgencies": ["urgent"]}, ("repair", "elevator", "normal"), False),
        # Nobody looks for a camera before a danger may end.
        ({"areas": ["elevator"]}, ("emergency", "elevator", "emergency"), False),
        ({"areas": ["elevator"]}, ("repair", "elevator", "emergency"), False),
    ],
)
def test_all_that_a_wish_names_must_fit(
    wanted: dict[str, Any],
    work: tuple[str, str, str],
    expected: bool,  # noqa: FBT001 - a table of cases
) -> None:
    assert policy(wanted).rules.wants_proof(*work) is expected


def test_of_several_wishes_one_is_enough() -> None:
    rules = policy({"areas": ["elevator"]}, {"urgencies": ["urgent"]}).rules

    assert rules.wants_proof("repair", "plumbing", "urgent")
    assert not rules.wants_proof("repair", "plumbing", "normal")


def test_a_place_may_want_otherwise() -> None:
    layer = {"jinyuan": {"rules": {"proof_for": [{"types": ["repair"]}]}}}
    made = policy({"areas": ["elevator"]}, **layer)

    assert made.at("jinyuan").rules.wants_proof("repair", "plumbing", "normal")
    assert not made.at("binjiang").rules.wants_proof("repair", "plumbing", "normal")
    assert made.at("binjiang").rules.wants_proof("repair", "elevator", "normal")


@pytest.mark.parametrize(
    "wanted", [{}, {"types": ["repairs"]}, {"urgencies": ["emergency"]}, {"kinds": ["fire"]}]
)
def test_a_wish_that_names_nothing_or_what_is_not_there_is_refused(wanted: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="proof_for"):
        policy(wanted)


def test_an_area_that_is_not_there_is_found_before_it_counts() -> None:
    made = documents()
    made["rules"]["proof_for"] = [{"areas": ["elevator"]}, {"areas": ["elevators"]}]

    faults = [fault.field for fault in check_policy(made)]

    assert faults == ["rules.proof_for.1.areas"]
