"""The name of a place tells where it is, and not what is broken."""

from __future__ import annotations

import pytest

from shared.policy.hearing import hear, hear_matters, without_place
from tests.support.tickets import MONDAY, plan_of, policy

TAP = "My kitchen tap has been dripping in building 3 of Jinyuan Gardens"


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("a tap in Jinyuan Gardens, 3-1-502", "a tap in xxxxxxx xxxxxxx, 3-1-502"),
        ("锦园花园3号楼水管漏水，锦园花园的", "某某某某3号楼水管漏水，某某某某的"),
        ("binjiangs tap", "binjiangs tap"),
        ("the gardens of somebody else", "the gardens of somebody else"),
        ("锦园和滨江都停水", "锦园和滨江都停水"),
    ],
)
def test_the_estate_is_not_heard_and_all_else_is(said: str, heard: str) -> None:
    assert without_place(said, policy().group) == heard
    assert len(heard) == len(said)


def test_a_tap_in_gardens_is_no_matter_of_the_garden() -> None:
    assert hear(TAP, policy()).area == "plumbing"
    assert [matter.found.area for matter in hear_matters(TAP, policy())] == ["plumbing"]
    assert plan_of(TAP, MONDAY).area == "plumbing"


def test_a_garden_is_one_all_the_same() -> None:
    said = "The lawn in Jinyuan Gardens has not been mown, the trees need pruning"

    assert hear(said, policy()).area == "greening"


def test_no_name_hides_a_danger() -> None:
    for said in ("Fire in Jinyuan Gardens, smoke everywhere", "锦园花园着火了，快来人"):
        assert hear(said, policy()).emergency
        assert hear_matters(said, policy())[0].found.emergency
