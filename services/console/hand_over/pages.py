"""`/mine/hand-over`: which cases go to whom, each with its own answer."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, Response

from services.console.clients.shapes.cases import HandedOver
from services.console.frame.house import AtWork, House, Visit
from services.console.frame.numbers import is_number
from services.console.frame.paper import Paper
from services.console.hand_over.handing import Handing
from services.console.hand_over.views import handed, rows
from shared.runtime import open_to_all

PACKAGE: Final = "services.console.hand_over"
ROOT: Final = "/mine/hand-over"
Only = Annotated[str | None, Query(max_length=60)]
Chosen = Annotated[str, Form(max_length=200)]
Several = Annotated[list[Annotated[str, Form(max_length=60)]] | None, Form()]
MOST: Final = 200


def build_hand_over_pages(house: House) -> APIRouter:
    """The page of a shift's end."""
    router = APIRouter(prefix=ROOT, dependencies=[open_to_all()], include_in_schema=False)
    paper = Paper(PACKAGE, house.entries)
    handing = Handing(house)

    async def page(
        visit: Visit, status: int = 200, only: str | None = None, **results: Any
    ) -> HTMLResponse:
        token, language = visit.known.token, visit.looks.language
        cases, people, names = await asyncio.gather(
            house.cases.mine(token), handing.colleagues(visit.known), house.names.names(token)
        )
        return paper.page(
            visit,
            "hand_over.html",
            status,
            items=rows(cases.items, names, language),
            only=only,
            people=people,
            more=cases.next is not None,
            **(results or _nothing()),
        )

    async def answered(visit: Visit, status: int, facts: dict[str, Any]) -> Response:
        if visit.is_part:
            return paper.part(visit, "handed.html", status, **facts)
        return await page(visit, status, **facts)

    @router.get("")
    async def ask(visit: AtWork, only: Only = None) -> HTMLResponse:
        """All of one's own, each to be left out; of one that is named that alone."""
        return await page(visit, only=only if only and is_number(only) else None)

    @router.post("")
    async def hand(
        visit: AtWork, to: Chosen = "", numbers: Several = None, all: Chosen = ""
    ) -> Response:
        """Hand them over; one that stays stops no other."""
        chosen = [each for each in numbers or [] if is_number(each)][:MOST]
        if not to or not (chosen or all):
            fault = paper.t(visit)["choose_first"]
            return await answered(visit, 422, {**_nothing(), "fault": fault})
        language = visit.looks.language
        found = (
            await handing.all(visit.known, to)
            if all
            else await handing.these(visit.known, to, chosen, language)
        )
        names = await house.people.names(visit.known.token, {to}, language)
        return await answered(visit, 200, _results(found, names[to]))

    return router


def _nothing() -> dict[str, Any]:
    return {"results": None, "fault": None, "to": "", "over": 0}


def _results(found: HandedOver, to: str) -> dict[str, Any]:
    over = len(found.handed_over)
    return {"results": handed(found), "fault": None, "to": to, "over": over}
