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
from services.console.hand_over.views import handed, rows, task_rows
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

    async def left(visit: Visit, gone: frozenset[str] = frozenset()) -> dict[str, Any]:
        """What the reader has, without what is `gone` a moment ago."""
        token, language = visit.known.token, visit.looks.language
        cases, tasks, names, now = await asyncio.gather(
            house.cases.mine(token),
            handing.tasks(visit.known),
            house.names.names(token),
            house.clock.now(),
        )
        own = {each.number for each in cases.items}
        return {
            "items": rows(cases.items, names, now, language),
            "tasks": task_rows(tasks or [], own, gone - own, names, now, language),
            "tasks_are_known": tasks is not None,
            "more": cases.next is not None,
        }

    async def page(
        visit: Visit, status: int = 200, only: str | None = None, **results: Any
    ) -> HTMLResponse:
        facts = results or _nothing()
        mark = paper.t(visit)["is_on_duty"]
        has, people = await asyncio.gather(
            left(visit, facts["gone"]), handing.colleagues(visit.known, mark)
        )
        facts = {"swap": False, "only": only, "people": people, **has, **facts}
        return paper.page(visit, "hand_over.html", status, **facts)

    async def answered(visit: Visit, status: int, facts: dict[str, Any]) -> Response:
        if not visit.is_part:
            return await page(visit, status, **facts)
        has = await left(visit, facts["gone"]) if facts["fault"] is None else {}
        facts = {"swap": True, "only": None, **has, **facts}
        return paper.part(visit, "handed.html", status, **facts)

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
    return {"results": None, "fault": None, "to": "", "over": 0, "gone": frozenset()}


def _results(found: HandedOver, to: str) -> dict[str, Any]:
    gone = frozenset(found.handed_over)
    return {"results": handed(found), "fault": None, "to": to, "over": len(gone), "gone": gone}
