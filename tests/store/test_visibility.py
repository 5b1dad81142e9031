"""Lists keep to what the table of rights lets somebody see."""

from __future__ import annotations

from typing import Any

import pytest

from shared.identity import Principal, Role
from shared.readers.visibility import ABOUT_INDEXES, belonging_within_reach, within_reach
from shared.store import Store
from tests.support.questions import questions
from tests.support.servers import Corner

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
    assert within_reach(principal, PLACE)["$nor"] == of_theirs


def test_an_action_that_the_table_does_not_know_is_a_fault_of_ours() -> None:
    with pytest.raises(KeyError):
        within_reach(DESK, "ticket.peep")


async def put(store: Store, number: str, **about: list[str]) -> None:
    """A ticket, and a message that belongs to it."""
    named = {"people": [], "departments": [], **about} if about else None
    await store.insert_once("tickets", {"_id": number, "estate": "cuihu", "about": named})
    await store.insert_once("messages", {"_id": f"m-{number}", "number": number, "estate": "cuihu"})


async def test_what_belongs_to_a_ticket_about_oneself_is_left_out_by_the_query(
    store: Store,
) -> None:
    await put(store, "T1", people=["somebody"])
    await put(store, "T2", departments=["customer_service"])
    await put(store, "T3", people=["somebody-else"], departments=["security"])
    await put(store, "T4")

    shown = []
    for principal in (AT_CUIHU, who_manages()):
        query = await belonging_within_reach(store, principal, "message.see")
        shown.append([doc["number"] for doc in await store.find("messages", query, limit=9)])

    assert shown == [["T3", "T4"], ["T2", "T3", "T4"]]


def who_manages() -> Principal:
    return who("manager", places="cuihu")


async def test_a_digest_is_left_out_when_one_of_its_lines_is(store: Store) -> None:
    await put(store, "T1", people=["somebody"])
    digest = {"_id": "d", "number": "2026-11-30", "facts": {"lines": [{"number": "T1"}]}}
    await store.insert_once("messages", digest)

    names = ("number", "facts.lines.number")
    query = await belonging_within_reach(store, DESK, "message.see", names=names)

    assert await store.find("messages", query, limit=9) == []


async def test_whom_tickets_are_about_is_found_by_an_index(store: Store, corner: Corner) -> None:
    await store.documents("tickets").create_indexes(list(ABOUT_INDEXES))
    await put(store, "T1", people=["somebody"])
    with questions(corner.mongo_url, corner.database) as record:
        for principal in (DESK, GUARD, EVERY_DEPARTMENT, who_manages()):
            await belonging_within_reach(store, principal, "message.see")
        plans = {q.plan for q in record.asked() if q.collection == "tickets"}

    assert plans
    assert not [plan for plan in plans if "COLLSCAN" in plan]
