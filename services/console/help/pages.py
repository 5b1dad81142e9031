"""`/help`: which keys there are."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.console.frame.house import AtWork, House
from services.console.frame.paper import Paper
from services.console.frame.rail import rail_of
from services.console.keys import keys_for, of_page
from shared.runtime import open_to_all

PACKAGE: Final = "services.console.help"


def build_help_pages(house: House) -> APIRouter:
    """The page of help."""
    router = APIRouter(prefix="/help", dependencies=[open_to_all()], include_in_schema=False)
    paper = Paper(PACKAGE, house.entries)

    @router.get("")
    async def keys(request: Request, visit: AtWork) -> HTMLResponse:
        """Every key that does something for the reader, where it counts and what it does; those of
        the page they come from first.
        """
        may, singles = visit.known.may, visit.looks.single_keys
        rail = rail_of(house.entries, may, visit.path)
        known = keys_for(may, singles=singles, has_rail=bool(rail))
        here = of_page(known, urlsplit(request.headers.get("referer", "")).path)
        others = [key for key in known if key not in here]
        return paper.page(visit, "help.html", here=here, others=others, singles=singles)

    return router
