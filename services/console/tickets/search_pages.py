"""`/tickets`: looked for by words and filters in the address, by caller in a body."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.console.clients.answers import Declined
from services.console.clients.shapes.persons import Callers
from services.console.clients.shapes.tickets import TicketRow
from services.console.errors import Trouble, trouble_of
from services.console.frame.house import AtWork, House, Visit
from services.console.frame.paper import Paper
from services.console.tickets.finding import (
    PERIODS,
    SORTS,
    Sought,
    chips_of,
    choices_of,
    number_in,
    person_in,
    read_search,
)
from services.console.tickets.rows import person_of, place_of, rows_of
from services.console.tickets.saying import Saying

LOOK_UP: Final = "caller.look_up"
SEE: Final = "ticket.see"
WORK: Final = "proof.add"
"""Whoever does the work finds nothing here but their own."""
OWN_WORK: Final = "/tickets?over=false&sort=due"


def add_search(  # noqa: C901 - one small function a path
    router: APIRouter, house: House, paper: Paper
) -> None:
    """Let `router` answer searches."""
    page = partial(_page, house, paper)

    @router.get("")
    async def search(request: Request, visit: AtWork) -> Response:
        """What was found. A ticket's number leads to it; a telephone number or a flat leaves the
        address at once, and is asked for in a form.
        """
        if SEE not in visit.known.may:
            raise Declined("intake", 403, {})
        sought = read_search(request.query_params.multi_items())
        # First, for one of many thousands is made of digits alone, as a telephone number is.
        if (number := number_in(sought.q)) is not None:
            return RedirectResponse(f"/tickets/{number}", 303)
        if person_in(sought.q, await _saying(house, paper, visit, {})):
            return RedirectResponse("/tickets?by=caller", 303)
        by_caller = request.query_params.get("by") == "caller"
        if sought.is_nothing and WORK in visit.known.may:
            return RedirectResponse(OWN_WORK, 303)
        if sought.is_nothing:
            return await page(visit, sought, by_caller=by_caller)
        token, now = visit.known.token, await house.clock.now()
        try:
            rows, count = await asyncio.gather(
                house.tickets.page(sought.page(now), token),
                house.tickets.count(sought.query(now), token),
            )
        except Declined as refused:
            if refused.status != 422:
                raise
            trouble = trouble_of(refused, paper.t(visit), visit.looks.language)
            return await page(visit, sought, 422, trouble=trouble)
        people = await house.people.names(
            token, _owners(rows.items) | sought.people, visit.looks.language
        )
        return await page(visit, sought, rows=rows, count=count, people=people)

    @router.post("")
    async def find(request: Request, visit: AtWork) -> Response:
        """What was typed into a search, which so stands in no address before it is known what it
        is: words and numbers lead on, and who is looked for stands in the form for that.
        """
        if SEE not in visit.known.may:
            raise Declined("intake", 403, {})
        form = await request.form(max_files=0, max_fields=200)
        sought = read_search((name, str(value)) for name, value in form.multi_items())
        if (number := number_in(sought.q)) is not None:
            return RedirectResponse(f"/tickets/{number}", 303)
        typed = person_in(sought.q, await _saying(house, paper, visit, {}))
        if typed is None:
            return RedirectResponse(sought.address(), 303)
        return await page(visit, read_search(()), by_caller=True, is_moved=True, typed=typed)

    @router.post("/callers")
    async def callers(request: Request, visit: AtWork) -> Response:
        """Who calls, by a number or a flat: masked, on record, and in no address."""
        form = await request.form(max_files=0, max_fields=10)
        said = {k: str(form.get(k, "")).strip() for k in ("phone", "estate", "flat")}
        who = {"phone": said["phone"]} if said["phone"] else {
            name: said[name] for name in ("estate", "flat") if said[name]
        }  # fmt: skip
        found: Callers | None = None
        trouble: Trouble | None = None
        try:
            found = await house.tickets.look_up(who, visit.known.token)
        except Declined as refused:
            if refused.status not in {403, 422, 429}:
                raise
            trouble = trouble_of(refused, paper.t(visit), visit.looks.language)
        people = (
            await house.people.names(
                visit.known.token, _owners([*found.open, *found.recent]), visit.looks.language
            )
            if found
            else {}
        )
        saying = await _saying(house, paper, visit, people)
        facts = {"callers": found and _callers(found, saying), "trouble": trouble}
        status = trouble.status if trouble else 200
        if visit.is_part:
            return paper.part(visit, "callers.html", status, **facts)
        return await page(visit, read_search(()), status, by_caller=True, typed=said, **facts)


async def _page(
    house: House, paper: Paper, visit: Visit, sought: Sought, status: int = 200, **facts: Any
) -> HTMLResponse:
    """The page of a search, with whatever was found or stands in its way."""
    saying = await _saying(house, paper, visit, facts.pop("people", {}))
    rows = facts.pop("rows", None)
    me = visit.known.id
    shown = {
        "sought": sought,
        "q": sought.q,
        "rows": rows_of(rows.items, saying) if rows else None,
        "next": sought.address(after=rows.next) if rows and rows.next else None,
        "count": None,
        "trouble": None,
        "callers": None,
        "by_caller": False,
        "typed": {"phone": "", "estate": "", "flat": ""} | facts.pop("typed", {}),
        "is_moved": False,
        "chips": chips_of(sought, saying, me),
        "choices": choices_of(sought, saying, me),
        "kept": list(sought.filters),
        "periods": [("", saying.t["period_any"])]
        + [(each, saying.t[f"period_{each}"]) for each in PERIODS],
        "sorts": [(each, saying.t[f"sort_{each}"]) for each in SORTS],
        "place": rows and rows.place and place_of(rows.place, saying),
        "estates": [(id, both[saying.language]) for id, both in saying.names.estates.items()],
        "looks_up": LOOK_UP in visit.known.may,
        "works": WORK in visit.known.may,
        **facts,
    }
    return paper.page(visit, "search.html", status, **shown)


async def _saying(house: House, paper: Paper, visit: Visit, people: dict[str, str]) -> Saying:
    token = visit.known.token
    names, now = await asyncio.gather(house.names.names(token), house.clock.now())
    return Saying(paper.t(visit), names, now, visit.looks.language, people)


def _owners(rows: Iterable[TicketRow]) -> set[str]:
    return {row.owner for row in rows if row.owner}


def _callers(found: Callers, saying: Saying) -> dict[str, Any]:
    def place(person: Any) -> str | None:
        row = TicketRow.model_validate({
            "number": person.number, "status": "", "registered_at": person.last_at,
            "estate": person.estate, "building": person.building,
        })  # fmt: skip
        return place_of(row, saying)

    return {
        "persons": [
            {
                "shown": person_of(each, saying),
                "place": place(each),
                "tickets": each.tickets,
                "last": saying.at(each.last_at),
                "number": each.number,
            }
            for each in found.persons
        ],
        "open": rows_of(found.open, saying),
        "recent": rows_of(found.recent, saying),
        "contacts": found.contacts,
        "many": found.many,
    }
