"""The group's own service level: which definition, within what time, for which share."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from shared.calls.load import ServiceLevel
from shared.policy.policy import ServiceLevelGoal


def test_its_definitions_are_those_of_calls() -> None:
    named = get_args(ServiceLevelGoal.model_fields["definition"].annotation)
    assert {*named} == {each.value for each in ServiceLevel}


def test_a_policy_that_names_none_means_80_percent_reached_within_20_s() -> None:
    goal = ServiceLevelGoal()
    assert (goal.definition, goal.within_s, goal.share) == ("reached", 20, 0.8)


@pytest.mark.parametrize(
    "wrong",
    [
        {"definition": "quick"}, {"within": "PT0S"}, {"within": "PT11M"}, {"within": "PT1.5S"},
        {"share": 0}, {"share": 1}, {"share": 80}, {"within_s": 20},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_goal_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ServiceLevelGoal.model_validate(wrong)


def test_its_time_is_in_whole_seconds() -> None:
    assert ServiceLevelGoal(within=timedelta(minutes=1)).within_s == 60
