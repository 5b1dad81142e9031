"""`/lines`: whether callers get through, and saying that one has rung a line oneself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Path, Query
from fastapi.responses import HTMLResponse, Response

from services.console.clients.answers import Declined
from services.console.frame.acting import Acting
from services.console.frame.house import AtWork, House, Visit
from services.console.frame.paper import Paper
from services.console.frame.rail import RailEntry
from services.console.frame.times import typed_moment
from services.console.lines.live import PACKAGE
from services.console.lines.views import card_of, people_of, view_of, worst_first
from shared.runtime import open_to_all

TOPIC: Final = "lines"
ENTRY: Final = RailEntry(TOPIC, "/lines", "line.see", counts=True)
FOUND: Final[Mapping[str, bool]] = {"worked": True, "failed": False}
DID: Final = (*FOUND, "maintenance")
Line = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=60)]
Found = Annotated[str, Path(pattern=r"^(worked|failed)$")]
Typed = Annotated[str, Form(max_length=60)]
Asked = Annotated[str | None, Query(max_length=60)]


def build_line_pages(house: House) -> APIRouter:
    """The page of our own numbers."""
    router = APIRouter(prefix=ENTRY.path, dependencies=[open_to_all()], include_in_schema=False)
    paper = Paper(PACKAGE, house.entries)
    acting = Acting(house, paper)

    async def page(visit: Visit, *, opened: str | None = None, did: str | None) -> HTMLResponse:
        token, language = visit.known.token, visit.looks.language
        found, now = await asyncio.gather(house.telephony.lines(token), house.clock.now())
        beside: dict[str, Any] = {"beside": None}
        if opened is not None:
            line = next((each for each in found if each.id == opened), None)
            if line is None:
                raise Declined("telephony", 404, {})
            people = await house.people.names(token, people_of(line), language)
            beside = {
                "beside": view_of(line, people, now, language),
                "can_check": "line.check" in visit.known.may,
                "can_announce": "line.manage" in visit.known.may,
            }
        return paper.page(
            visit,
            "lines.html",
            cards=[card_of(each, now, language) for each in worst_first(found)],
            did=did if did in DID else None,
            **beside,
        )

    @router.get("")
    async def listed(visit: AtWork) -> HTMLResponse:
        """All of them, those that do not work on top."""
        return await page(visit, did=None)

    @router.get("/{line}")
    async def one(visit: AtWork, line: Line, did: Asked = None) -> HTMLResponse:
        """One of them beside the list; what was said a moment ago stands on top."""
        return await page(visit, opened=line, did=did)

    @router.post("/{line}/maintenance")
    async def announce(visit: AtWork, line: Line, begins: Typed = "", ends: Typed = "") -> Response:
        """Work on it is to come."""
        act = house.telephony.announce(
            line, typed_moment(begins), typed_moment(ends), visit.known.token
        )
        return await acting.answer(visit, act, lambda _: f"{ENTRY.path}/{line}?did=maintenance")

    @router.post("/{line}/{found}")
    async def said(visit: AtWork, line: Line, found: Found) -> Response:
        """The reader has rung it."""
        act = house.telephony.check(line, visit.known.token, worked=FOUND[found])
        return await acting.answer(visit, act, lambda _: f"{ENTRY.path}/{line}?did={found}")

    return router
