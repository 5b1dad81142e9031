"""`/emergencies`: the list, of what is within the reader's reach."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from services.console.clients.router import EmergencyRow
from services.console.emergencies.views import cards
from services.console.frame.house import AtWork, House
from services.console.frame.paper import Paper
from services.console.frame.rail import RailEntry
from services.console.session.reader import Reader
from shared.runtime import open_to_all

PACKAGE: Final = "services.console.emergencies"
ENTRY: Final = RailEntry("emergencies", "/emergencies", "emergency.see")
REVIEW: Final = "emergency.review"


def build_emergencies_pages(house: House) -> APIRouter:
    """The page of emergencies."""
    router = APIRouter(prefix=ENTRY.path, dependencies=[open_to_all()], include_in_schema=False)
    paper = Paper(PACKAGE, house.entries)

    @router.get("")
    async def listed(visit: AtWork) -> HTMLResponse:
        """What runs, nobody-has-it first; below it what waits for this reader's review. Asked for
        by htmx it is the lists alone.
        """
        reader, language = visit.known, visit.looks.language
        running, unreviewed, names, now = await asyncio.gather(
            house.router.running_emergencies(reader.token),
            _unreviewed(house, reader),
            house.names.names(reader.token),
            house.clock.now(),
        )
        shown: dict[str, Any] = {
            "running": cards(running, names, now, language),
            "unreviewed": cards(unreviewed, names, now, language),
            "reviews": REVIEW in reader.may,
        }
        if visit.is_part:
            return paper.part(visit, "lists.html", **shown)
        return paper.page(visit, "emergencies.html", **shown)

    return router


async def _unreviewed(house: House, reader: Reader) -> list[EmergencyRow]:
    if REVIEW not in reader.may:
        return []
    return await house.router.unreviewed_emergencies(reader.token)
