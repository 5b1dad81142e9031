"""`/tickets` and `/tickets/{number}`: the search, and a ticket with all that may be done to it."""

from __future__ import annotations

import json
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from services.console.frame.house import AtWork, House
from services.console.frame.paper import Paper
from services.console.frame.rail import RailEntry
from services.console.tickets.acting import Acting, Said, new_key
from services.console.tickets.acts import BY_NAME
from services.console.tickets.loading import PACKAGE
from services.console.tickets.reveal_pages import add_reveal
from services.console.tickets.search_pages import add_search
from services.console.tickets.sheets import Sheets, filled_in, number_of
from services.console.tickets.views import parts_of
from shared.runtime import open_to_all

ENTRY: Final = RailEntry("tickets", "/tickets", "ticket.see")
WORK: Final = RailEntry("work", "/tickets", "proof.add")
"""Whoever does the work finds there what they and their department have."""


def build_tickets_pages(house: House) -> APIRouter:
    """The pages of tickets."""
    router = APIRouter(prefix=ENTRY.path, dependencies=[open_to_all()], include_in_schema=False)
    paper = Paper(PACKAGE, house.entries)
    sheets, acting = Sheets(house, paper), Acting(house)
    add_search(router, house, paper)

    @router.get("/{number}")
    async def shown(number: str, visit: AtWork, done: str = "") -> Response:
        """A ticket, its whole story on one page. Asked for by htmx it is the parts alone."""
        meant = number_of(number)
        if meant != number:
            return RedirectResponse(f"{ENTRY.path}/{meant}", 303)
        found = await sheets.loaded(meant, visit)
        if visit.is_part:
            parts = parts_of(found.ticket, found.told, found.saying)
            return paper.part(visit, "parts.html", parts=parts)
        return await sheets.whole(visit, found, done=done if done in BY_NAME else None)

    add_reveal(router, sheets)

    @router.post("/{number}/{name}")
    async def act(number: str, name: str, request: Request, visit: AtWork) -> Response:
        """Do something to it. What is refused leaves the form as it is, with the reason beside."""
        meant, filled = number_of(number), await filled_in(request)
        if name not in BY_NAME:
            raise HTTPException(404)
        reader, saying = visit.known, await sheets.plain(visit)
        said = await acting.do(meant, BY_NAME[name], filled, reader, saying)
        if not visit.is_part:
            if said.state == "done":
                return RedirectResponse(f"{ENTRY.path}/{meant}?done={name}", 303)
            found = await sheets.loaded(meant, visit)
            return await sheets.whole(
                visit, found, said.status, said=said, said_of=name, typed={name: filled}
            )
        order = ["order"] if BY_NAME[name].of == "order" else []
        fields = [*order, *(each.name for each in BY_NAME[name].fields)]
        answer = paper.part(
            visit, "said.html", said.status, said=said, name=name, number=meant, fields=fields
        )
        return _announced(answer, said)

    return router


def _announced(answer: HTMLResponse, said: Said) -> HTMLResponse:
    """Let the page know: what was taken is no draft any more, what was refused may be old."""
    if said.state == "done":
        answer.headers["HX-Trigger"] = json.dumps({"hotline:taken": {"key": new_key()}})
    elif said.status == 409:
        answer.headers["HX-Trigger"] = "hotline:stale"
    return answer
