"""The page of a ticket as one reader gets it, and what its forms send."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from services.console.frame.house import House, Visit
from services.console.frame.paper import Paper
from services.console.frame.times import grouped
from services.console.tickets.acting import new_key
from services.console.tickets.forms import forms_of
from services.console.tickets.loading import Loaded, desk_of, load
from services.console.tickets.persons import persons_of
from services.console.tickets.saying import Saying
from services.console.tickets.views import parts_of
from shared.tickets.numbers import is_number, read_number

MOST_FIELDS: Final = 40


class Sheets:
    """The page of a ticket, as one reader gets it."""

    def __init__(self, house: House, paper: Paper) -> None:
        self.house = house
        self.paper = paper

    async def loaded(self, number: str, visit: Visit) -> Loaded:
        """The ticket with what stands beside it."""
        reader = visit.known
        return await load(self.house, number, reader.token, reader.may, visit.looks.language)

    async def plain(self, visit: Visit) -> Saying:
        """How things are told, without the names of people."""
        names, now = await asyncio.gather(
            self.house.names.names(visit.known.token), self.house.clock.now()
        )
        return Saying(self.paper.t(visit), names, now, visit.looks.language)

    async def whole(
        self, visit: Visit, found: Loaded, status: int = 200, **more: Any
    ) -> HTMLResponse:
        """All of the page; `more` is what it says of an act, or what was typed."""
        reader, ticket, saying = visit.known, found.ticket, found.saying
        typed = more.pop("typed", None)
        desk, opens = await asyncio.gather(
            desk_of(self.house, ticket, reader, saying.t), persons_of(self.house, visit, found)
        )
        return self.paper.page(
            visit,
            "ticket.html",
            status,
            number=ticket.number,
            grouped=grouped(ticket.number),
            parts=parts_of(ticket, found.told, saying),
            forms=forms_of(ticket, reader.may, desk, new_key(), saying, typed),
            joined=ticket.joins or found.told.related.emergency,
            is_confidential=bool(ticket.confidential),
            **{"said": None, "said_of": None, "done": None, "opened": None, **opens, **more},
        )


def number_of(typed: str) -> str:
    """The number of a ticket as it may stand in a path; raises 404 for what cannot be one."""
    number = read_number(typed)
    if not is_number(number):
        raise HTTPException(404)
    return number


async def filled_in(request: Request) -> dict[str, str]:
    """What a form says, by its fields."""
    form = await request.form(max_files=0, max_fields=MOST_FIELDS)
    return {name: value for name, value in form.items() if isinstance(value, str)}
