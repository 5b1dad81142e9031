"""Lists keep to what the table of rights lets somebody see."""

from __future__ import annotations

from typing import Any

import pytest

from shared.identity import Principal, Role
from shared.store.reach import within_reach

WORK, PLACE, GROUP, ANYWHERE = "board.see", "survey.see", "parked.see", "text.classify"


def who(role: Role, *, places: str = "*", departments: str = "*") -> Principal:
    return Principal("somebody", role, frozenset(places.split()), frozenset(departments.split()))


GUARD = who("department", places="cuihu", departments="security")
EVERY_DEPARTMENT = who("department")
DESK = who("agent")
AT_CUIHU = who("agent", places="cuihu")
NOWHERE = who("agent", places="")
NOTHING: dict[str, Any] = {"$in": []}


@pytest.mark.parametrize(
    ("principal", "action", "asked", "query"),
    [
        (DESK, WORK, {}, {}),
        (DESK, PLACE, {}, {}),
        (DESK, WORK, {"estate": "cuihu"}, {"estate": "cuihu"}),
        (DESK, WORK, {"department": "finance"}, {"work_orders.department": "finance"}),
        (AT_CUIHU, WORK, {}, {"estate": {"$in": ["cuihu"]}}),
        (AT_CUIHU, PLACE, {"estate": "jinyuan"}, {"estate": NOTHING}),
        (AT_CUIHU, GROUP, {}, {}),
        (AT_CUIHU, ANYWHERE, {}, {}),
        (NOWHERE, PLACE, {}, {"estate": NOTHING}),
        (NOWHERE, WORK, {"estate": "cuihu"}, {"estate": NOTHING}),
        (GUARD, WORK, {}, {"estate": {"$in": ["cuihu"]},
                           "work_orders.department": {"$in": ["security"]}}),
        (GUARD, WORK, {"department": "security"}, {"estate": {"$in": ["cuihu"]},
                                                   "work_orders.department": "security"}),
        (GUARD, WORK, {"department": "finance"}, {"estate": {"$in": ["cuihu"]},
                                                  "work_orders.department": NOTHING}),
        (GUARD, PLACE, {}, {"estate": {"$in": ["cuihu"]}}),
        (who("system"), WORK, {}, {"principal": "somebody"}),
        (EVERY_DEPARTMENT, WORK, {}, {"work_orders.department": {"$exists": True}}),
    ],
)  # fmt: skip
def test_a_query_keeps_to_what_the_scope_of_the_action_allows(
    principal: Principal, action: str, asked: dict[str, str], query: dict[str, Any]
) -> None:
    found = within_reach(principal, action, **asked)

    found.pop("$nor", None)
    assert found == query


@pytest.mark.parametrize(
    ("principal", "departments"),
    [
        (GUARD, {"$in": ["security"]}),
        (EVERY_DEPARTMENT, {"$type": "string"}),
        (DESK, {"$in": ["customer_service"]}),
        (who("supervisor"), {"$in": []}),
    ],
)
def test_what_is_about_oneself_or_the_own_department_is_left_out(
    principal: Principal, departments: dict[str, Any]
) -> None:
    of_theirs = [{"about.people": "somebody"}, {"about.departments": departments}]

    assert within_reach(principal, WORK)["$nor"] == of_theirs
    assert "$nor" not in within_reach(principal, PLACE)


def test_an_action_that_the_table_does_not_know_is_a_fault_of_ours() -> None:
    with pytest.raises(KeyError):
        within_reach(DESK, "ticket.peep")
