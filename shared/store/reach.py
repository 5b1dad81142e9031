"""What of a list somebody may see: the part of a query that the table of rights puts into it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from shared.identity import EVERYWHERE, PERMISSIONS, Principal, Scope, own_departments
from shared.store.change import Doc
from shared.store.store import Store

DEPARTMENT_FIELD: Final = "work_orders.department"


def within_reach(
    principal: Principal, action: str, *, estate: str | None = None, department: str | None = None
) -> Doc:
    """Keep a query to what the principal may see by `action`: to its places, and for an action of
    scope `work` a department to its own work, a system to what it reported.

    One `estate` or `department` may be asked for instead of all; a foreign one holds nothing.
    """
    scope = PERMISSIONS[action].scope
    if scope not in {Scope.WORK, Scope.PLACE}:
        return {}
    at = _at_places(principal, estate)
    if scope is Scope.PLACE:
        return at
    own = {"principal": principal.id} if principal.role == "system" else {}
    return at | own | _of_departments(principal, department) | {"$nor": _about(principal)}


async def hidden(store: Store, principal: Principal, numbers: Iterable[str]) -> frozenset[str]:
    """Which of these tickets are about the principal or their department, for lists of what
    belongs to tickets (messages, surveys).
    """
    asked = sorted(set(numbers))
    query = {"_id": {"$in": asked}, "$or": _about(principal)}
    docs = await store.find("tickets", query, limit=len(asked), fields=("_id",))
    return frozenset(doc["_id"] for doc in docs)


def _about(principal: Principal) -> list[Doc]:
    """What a ticket has that is about the principal or their own department."""
    own = own_departments(principal)
    of_theirs = {"$type": "string"} if own is None else {"$in": sorted(own)}
    return [{"about.people": principal.id}, {"about.departments": of_theirs}]


def _at_places(principal: Principal, estate: str | None) -> Doc:
    if estate is not None:
        return {"estate": estate if principal.reaches(estate) else {"$in": []}}
    if EVERYWHERE in principal.places:
        return {}
    return {"estate": {"$in": sorted(principal.places)}}


def _of_departments(principal: Principal, department: str | None) -> Doc:
    if principal.role != "department":
        return {} if department is None else {DEPARTMENT_FIELD: department}
    if department is not None:
        own = principal.answers_for(department)
        return {DEPARTMENT_FIELD: department if own else {"$in": []}}
    if EVERYWHERE in principal.departments:
        return {DEPARTMENT_FIELD: {"$exists": True}}  # what no department has is the desk's
    return {DEPARTMENT_FIELD: {"$in": sorted(principal.departments)}}
