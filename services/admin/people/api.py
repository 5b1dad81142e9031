"""`/v1/people`: HTTP in, one call."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from pydantic import BaseModel

from services.admin.people.directory import Directory
from services.admin.people.domain import Colleague, Sought
from shared.contracts import MalformedMessage
from shared.identity import Role
from shared.runtime import Actor, NoStore, Routes, may

MOST: Final = 200
LONGEST: Final = 12_000
"""Room for as many ids as there may be, with what an address adds to them."""
Id = Annotated[str | None, Query(max_length=60)]


class ColleagueView(BaseModel):
    """Somebody of the staff: never a number, an address or a mail. `role` is null for who stands
    on a duty list alone; `frozen` for who has left.
    """

    id: str
    name: str | None
    role: Role | None
    departments: list[str]
    places: list[str]
    frozen: bool


class ColleaguePage(BaseModel):
    """A page and the cursor of the next one, if there is one."""

    items: list[ColleagueView]
    next: str | None


def build_people_api(directory: Directory) -> Routes:
    """Names of colleagues."""
    router = Routes("/v1/people", tags=["people"], route_class=NoStore)

    @router.get("", dependencies=[may("colleague.see")])
    async def listed(
        actor: Actor,
        ids: Annotated[str | None, Query(max_length=LONGEST)] = None,
        place: Id = None,
        department: Id = None,
        after: Annotated[str | None, Query(max_length=200)] = None,
        limit: Annotated[int, Query(ge=1, le=MOST)] = MOST,
    ) -> ColleaguePage:
        """Colleagues by id: of these `ids` (with commas between), at a `place`, of a `department`.
        Whoever shares no place with the reader is not there, like whom nobody knows.
        """
        sought = Sought(_read(ids), place, department)
        found = await directory.page(sought, actor, after=after, limit=limit)
        return ColleaguePage(items=[view(each) for each in found.items], next=found.next)

    return router


def _read(ids: str | None) -> frozenset[str] | None:
    if ids is None:
        return None
    found = frozenset(id for each in ids.split(",") if (id := each.strip()))
    if len(found) > MOST:
        raise MalformedMessage(
            "ids", f"names more than {MOST} people", "ask for some of them at a time"
        )
    return found


def view(colleague: Colleague) -> ColleagueView:
    """What is shown of somebody."""
    return ColleagueView(
        id=colleague.id,
        name=colleague.name,
        role=colleague.role,
        departments=sorted(colleague.departments),
        places=sorted(colleague.places),
        frozen=colleague.frozen,
    )
