"""`/v1/cases`: who sees tickets through at the desk; handed over between shifts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Query
from pydantic import BaseModel

from services.intake.desk.actions import DeskActions
from services.intake.finding.views import CasePage, listed_view
from shared.contracts.ids import NamedId
from shared.contracts.refusals import NotNow, NotThere
from shared.identity import Principal, allows
from shared.readers.people import KnownPeople
from shared.readers.ticket_lists import NEWEST
from shared.readers.visibility import within_reach
from shared.runtime import Actor, Body, Routes, may
from shared.store import Doc, Listing, Page, Store
from shared.tickets import NotAllowed
from shared.tickets.acts import Own

AT_ONCE: Final = 200
"""Handed over in one request; whoever has more sends it again."""
CASE_FIELDS: Final = (
    "status",
    "estate",
    "building",
    "type",
    "area",
    "urgency",
    "level",
    "next_due",
    "due",
    "owner",
    "registered_at",
    "scrubbed",
    "extension",
    "cancel_requested",
    "feedback_attempts",
    "place_differs",
)


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What went to somebody else, and by number why the others stay; whether that `is_all`."""

    numbers: Sequence[str]
    left: Mapping[str, str]
    is_all: bool


class Cases:
    """What somebody at the desk has to see through."""

    def __init__(self, store: Store, desk_actions: DeskActions, known_people: KnownPeople) -> None:
        self._store = store
        self._desk_actions = desk_actions
        self._known_people = known_people

    async def of(
        self, principal: Principal, owner: str, *, after: str | None, limit: int
    ) -> Page[Doc]:
        """Somebody's open tickets within reach, the newest first, from the cursor on."""
        listing = Listing(
            filters={"owner": owner, "over_at": None},
            within=within_reach(principal, "ticket.see"),
            order=NEWEST,
        )
        return await self._store.page(
            "tickets", listing, after=after, limit=limit, fields=CASE_FIELDS
        )

    async def hand_over(self, principal: Principal, owner: str, to: str) -> HandedOver:
        """Let somebody else see all of somebody's open tickets through, `AT_ONCE` at most. Other
        people's only by who supervises. Twice changes nothing. Raises MalformedMessage for who is
        not of the desk, or has left.
        """
        if owner != principal.id and not allows(principal, "case.hand_over"):
            raise NotThere
        if owner == to:
            raise NotNow("same-owner", "They have these cases", "name somebody else")
        if to != principal.id:
            await self._known_people.require_of_desk(to, "to")
        handed: list[str] = []
        left: dict[str, str] = {}
        after: str | None = None
        # What stays with its owner is looked past, or it would hide what is older.
        while (wanted := AT_ONCE - len(handed)) > 0:
            found = await self.of(principal, owner, after=after, limit=wanted)
            for doc in found.items:
                why = await self._give(doc["_id"], principal, to)
                if why is None:
                    handed.append(doc["_id"])
                else:
                    left[doc["_id"]] = why
            after = found.next
            if after is None:
                break
        return HandedOver(handed, left, is_all=after is None)

    async def _give(self, number: str, principal: Principal, to: str) -> str | None:
        """Let somebody see one ticket through; why not, where that is so."""
        try:
            await self._desk_actions.act(number, principal, Own(by=principal.id, owner=to))
        except NotAllowed as error:
            return error.remedy or f"it is {error.status} by now"
        return None


class HandOverBody(Body):
    """To whom; `owner` is whose cases they are, one's own when nobody is named."""

    to: NamedId
    owner: NamedId | None = None


class LeftView(BaseModel):
    """What stays with its owner, and why."""

    number: str
    why: str


class HandedOverView(BaseModel):
    """What went over, what did not, and whether there is more to send."""

    handed_over: list[str]
    left: list[LeftView]
    more: bool


def build_cases_api(cases: Cases) -> Routes:
    """`/v1/cases`."""
    router = Routes("/v1/cases", tags=["cases"])

    @router.get("", dependencies=[may("case.see")], response_model_exclude_unset=True)
    async def listed(
        actor: Actor,
        owner: Annotated[str | None, Query(max_length=60)] = None,
        after: Annotated[str | None, Query(max_length=200)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> CasePage:
        """The open tickets that somebody sees through, one's own when nobody is named."""
        found = await cases.of(actor, owner or actor.id, after=after, limit=limit)
        items = [listed_view(doc, actor) for doc in found.items]
        return CasePage.model_validate({"items": items, "next": found.next})

    @router.post("/hand-over", dependencies=[may("case.see")])
    async def hand_over(actor: Actor, body: HandOverBody) -> HandedOverView:
        """Let somebody else see them through, 200 at once; where there are `more`, sent again the
        rest. `left` says which stay with their owner, and why.
        """
        found = await cases.hand_over(actor, body.owner or actor.id, body.to)
        left = [{"number": number, "why": why} for number, why in found.left.items()]
        return HandedOverView.model_validate(
            {"handed_over": found.numbers, "left": left, "more": not found.is_all}
        )

    return router
