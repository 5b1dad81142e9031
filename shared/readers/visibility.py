"""What of a list somebody may see: the part of a query that the table of rights puts into it.

What is not for them is left out by the query itself: so it is in no count, takes nobody's place on
a page, and no cursor names it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from pymongo import ASCENDING, IndexModel

from shared.documents import Doc
from shared.identity import EVERYWHERE, PERMISSIONS, Principal, Scope, own_departments
from shared.store.store import Store

DEPARTMENT_FIELD: Final = "work_orders.department"
HIDING: Final = "$nor"
ABOUT_INDEXES: Final = (
    # Of tickets that are about nobody, which most are, there is nothing in them.
    IndexModel([("about.people", ASCENDING)], name="about_people", sparse=True),
    IndexModel([("about.departments", ASCENDING)], name="about_departments", sparse=True),
)


def within_reach(
    principal: Principal,
    action: str,
    *,
    estate: str | None = None,
    department: str | None = None,
    estates: Collection[str] = (),
    departments: Collection[str] = (),
) -> Doc:
    """Keep a query of tickets to what the principal may see by `action`: to its places, for an
    action of scope `work` a department to its own work and a system to what it reported, and
    nobody to what is about them.

    One `estate` or `department`, or several, may be asked for instead of all; a foreign one holds
    nothing.
    """
    places = [*estates, *([] if estate is None else [estate])]
    wanted = [*departments, *([] if department is None else [department])]
    scope = PERMISSIONS[action].scope
    if scope not in {Scope.WORK, Scope.PLACE}:
        return not_about(principal)
    found = _at(principal, places) | not_about(principal)
    if scope is Scope.PLACE:
        return found
    own = {"principal": principal.id} if principal.role == "system" else {}
    return found | own | _of_departments(principal, wanted)


def at_places(principal: Principal, estate: str | None = None) -> Doc:
    """Keep a query to the principal's places, or to one `estate`; a foreign one holds nothing."""
    return _at(principal, [] if estate is None else [estate])


def _at(principal: Principal, estates: Sequence[str]) -> Doc:
    """At these estates, as far as they are within reach; at all places where none is named."""
    if estates:
        return {"estate": _any_of(filter(principal.reaches, estates))}
    if EVERYWHERE in principal.places:
        return {}
    return {"estate": {"$in": sorted(principal.places)}}


async def belonging_within_reach(
    store: Store,
    principal: Principal,
    action: str,
    *,
    estate: str | None = None,
    names: Iterable[str] = ("number",),
) -> Doc:
    """The same for what belongs to tickets and keeps their numbers in the fields `names`: messages,
    surveys, tasks, emergencies. Whom a ticket is about, the ticket alone says, as it is now; for an
    action of scope `work` it also says whose work it is, and is asked.
    """
    is_bound = PERMISSIONS[action].scope in {Scope.WORK, Scope.PLACE}
    at = at_places(principal, estate) if is_bound else {}
    # At every place: a ticket may have moved since, and what belongs to it stayed.
    theirs = await store.everything("tickets", only_about(principal), fields=("_id",))
    hidden = [doc["_id"] for doc in theirs]
    return at | ({"$nor": [{name: {"$in": hidden}} for name in names]} if hidden else {})


def not_about(principal: Principal) -> Doc:
    """Keep a query of tickets to what is not about the principal or their own department."""
    return {HIDING: _about(principal)}


def only_about(principal: Principal) -> Doc:
    """What is left out by this: for counts of what is shown."""
    return {"$or": _about(principal)}


def apart(within: Doc) -> tuple[Doc, Doc]:
    """What is within reach, as `within_reach` tells it, without a look at whom a ticket is about;
    and what of it is left out since it is about the principal. An index answers the first by
    itself, where for the whole every ticket is opened to see that it is about nobody.
    """
    reached = {name: part for name, part in within.items() if name != HIDING}
    return reached, reached | {"$or": within[HIDING]}


async def hidden(store: Store, principal: Principal, numbers: Iterable[str]) -> frozenset[str]:
    """Which of these tickets are about the principal or their department, for one thing of a
    ticket that is asked for by name; a list asks `belonging_within_reach`.
    """
    asked = sorted(set(numbers))
    query = {"_id": {"$in": asked}, **only_about(principal)}
    docs = await store.find("tickets", query, limit=len(asked), fields=("_id",))
    return frozenset(doc["_id"] for doc in docs)


def _about(principal: Principal) -> list[Doc]:
    """What a ticket has that is about the principal or their own department."""
    own = own_departments(principal)
    of_theirs = {"$type": "string"} if own is None else {"$in": sorted(own)}
    return [{"about.people": principal.id}, {"about.departments": of_theirs}]


def _of_departments(principal: Principal, departments: Sequence[str]) -> Doc:
    if principal.role != "department":
        return {DEPARTMENT_FIELD: _any_of(departments)} if departments else {}
    if departments:
        return {DEPARTMENT_FIELD: _any_of(filter(principal.answers_for, departments))}
    if EVERYWHERE in principal.departments:
        return {DEPARTMENT_FIELD: {"$exists": True}}  # what no department has is the desk's
    return {DEPARTMENT_FIELD: {"$in": sorted(principal.departments)}}


def _any_of(ids: Iterable[str]) -> str | Doc:
    """One of these; a single one by itself, for the index gives it in order."""
    wanted = sorted({*ids})
    return wanted[0] if len(wanted) == 1 else {"$in": wanted}
