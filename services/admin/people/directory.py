"""Use case: the names behind ids, of accounts and duty lists together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from services.admin.accounts.storage import ACCOUNTS
from services.admin.people.domain import (
    Colleague,
    Lists,
    OfLists,
    Sought,
    is_there,
    lists_in,
    places_shared,
    roles_of,
)
from shared.documents import Doc
from shared.identity import EVERYWHERE, Principal
from shared.policy.duty import Duty, Person
from shared.policy.policy import Group
from shared.store import Order, Page, Store
from shared.store.paging import beyond, cursor_of

_FIELDS: Final = ("name", "role", "places", "departments", "state")
_BY_ID: Final = Order()


class Directory:
    """Tells of colleagues; who shares no place with the reader is not there at all."""

    def __init__(self, store: Store, duty: Callable[[], Duty], group: Callable[[], Group]) -> None:
        self._store = store
        self._duty = duty
        self._group = group

    async def page(
        self, sought: Sought, reader: Principal, *, after: str | None, limit: int
    ) -> Page[Colleague]:
        """At most `limit` colleagues by id, and the cursor of the next page.

        Raises MalformedMessage for a cursor that was not given out here.
        """
        start = beyond(after, _BY_ID)["_id"]["$gt"] if after is not None else ""
        at = places_shared(reader, self._group(), sought.place)
        lists = lists_in(self._duty())
        found = {*await self._with_account(sought, at, start, limit), *_listed(lists, sought, at)}
        ids = sorted(id for id in found if id > start)[: limit + 1]
        page = await self._told(ids[:limit], lists)
        more = len(ids) > limit
        return Page(page, cursor_of({"_id": ids[limit - 1]}, _BY_ID) if more else None)

    async def _with_account(
        self, sought: Sought, at: frozenset[str] | None, start: str, limit: int
    ) -> list[str]:
        query = {"$and": [{"_id": {"$gt": start}}, *_asked(sought, at)]}
        docs = await self._store.find(
            ACCOUNTS.name, query, sort=_BY_ID.sort, limit=limit + 1, fields=("_id",)
        )
        return [doc["_id"] for doc in docs]

    async def _told(self, ids: list[str], lists: Lists) -> list[Colleague]:
        query = {"_id": {"$in": ids}}
        docs = await self._store.find(ACCOUNTS.name, query, limit=len(ids), fields=_FIELDS)
        accounts = {doc["_id"]: doc for doc in docs}
        listed = self._duty()
        return [
            _colleague(id, accounts.get(id, {}), listed.person(id), lists.get(id, ())) for id in ids
        ]


def _listed(lists: Lists, sought: Sought, at: frozenset[str] | None) -> Iterator[str]:
    """Whom of the duty lists somebody asks for, and may."""
    wanted = lists if sought.ids is None else sought.ids
    return (id for id in wanted if is_there(lists.get(id, ()), sought, at))


def _asked(sought: Sought, at: frozenset[str] | None) -> list[Doc]:
    """The part of a query of accounts that keeps it to whom somebody asks for, and may."""
    asked: list[Doc] = []
    if sought.ids is not None:
        asked.append({"_id": {"$in": sorted(sought.ids)}})
    if at is not None:
        asked.append({"places": {"$in": sorted(at)}})
    if (department := sought.department) is not None:
        named = {"role": "department", "departments": {"$in": [department, EVERYWHERE]}}
        of_the_desk = {"role": {"$in": list(roles_of(department))}}
        asked.append({"$or": [named, of_the_desk]})
    return asked


def _colleague(
    id: str, account: Mapping[str, Any], listed: Person | None, lists: OfLists
) -> Colleague:
    named = account.get("name") or (listed.name if listed is not None else None)
    return Colleague(
        id=id,
        name=named,
        role=account.get("role"),
        departments=frozenset({*account.get("departments", ()), *(d for _, d in lists)}),
        places=frozenset({*account.get("places", ()), *(place for place, _ in lists)}),
        frozen=account.get("state") == "frozen",
    )
