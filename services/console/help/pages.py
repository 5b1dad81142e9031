"""`/help`: which keys there are."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from services.console.frame.house import AtWork, House
from services.console.frame.paper import Paper
from services.console.keys import KEYS
from shared.runtime import open_to_all

PACKAGE: Final = "services.console.help"


def build_help_pages(house: House) -> APIRouter:
    """The page of help."""
    router = APIRouter(prefix="/help", dependencies=[open_to_all()], include_in_schema=False)
    paper = Paper(PACKAGE, house.entries)

    @router.get("")
    async def keys(visit: AtWork) -> HTMLResponse:
        """Every key, where it counts and what it does."""
        return paper.page(visit, "help.html", keys=KEYS)

    return router
