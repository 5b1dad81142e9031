"""`/emergencies`: the list, of what is within the reader's reach; and the room of each."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from services.console.clients.shapes.emergencies import EmergencyRow
from services.console.emergencies.live import PACKAGE, named
from services.console.emergencies.rooms import BUTTONS, Room, people_in, room_of
from services.console.frame.acting import Acting
from services.console.frame.house import AtWork, House, Visit
from services.console.frame.numbers import Number, is_number
from services.console.frame.paper import Paper
from services.console.frame.rail import RailEntry
from services.console.session.reader import Reader
from shared.runtime import open_to_all

ENTRY: Final = RailEntry("emergencies", "/emergencies", "emergency.see", counts=True)
REVIEW: Final = "emergency.review"
SORT: Final = "ticket.reclassify"
Cursor = Annotated[str | None, Query(max_length=400)]
Chosen = Annotated[str, Form(max_length=200)]
Text = Annotated[str, Form(max_length=4_000)]


def build_emergencies_pages(house: House) -> APIRouter:
    """The pages of emergencies."""
    router = APIRouter(prefix=ENTRY.path, dependencies=[open_to_all()], include_in_schema=False)
    paper = Paper(PACKAGE, house.entries)

    @router.get("")
    async def listed(visit: AtWork) -> HTMLResponse:
        """What runs, nobody-has-it first; below it what waits for this reader's review. Asked for
        by htmx it is the lists alone.
        """
        reader, language = visit.known, visit.looks.language
        running, unreviewed = await asyncio.gather(
            house.router.running_emergencies(reader.token), _unreviewed(house, reader)
        )
        shown: dict[str, Any] = {
            "running": await named(house, reader.token, running, language),
            "unreviewed": await named(house, reader.token, unreviewed, language),
            "reviews": REVIEW in reader.may,
        }
        if visit.is_part:
            return paper.part(visit, "lists.html", **shown)
        return paper.page(visit, "emergencies.html", **shown)

    @router.get("/over")
    async def over(visit: AtWork, after: Cursor = None) -> HTMLResponse:
        """Those that are over, the latest first."""
        token = visit.known.token
        found = await house.router.over_emergencies(token, after)
        shown = await named(house, token, found.items, visit.looks.language)
        return paper.page(visit, "over.html", over=shown, more=found.next)

    _add_room(router, house, paper)
    return router


def _add_room(  # noqa: C901 - one small function a path
    router: APIRouter, house: House, paper: Paper
) -> None:
    acting = Acting(house, paper)

    async def loaded(visit: Visit, number: str) -> Room:
        token = visit.known.token
        found, names, now = await asyncio.gather(
            house.router.emergency(token, number), house.names.names(token), house.clock.now()
        )
        people = await house.people.names(token, people_in(found), visit.looks.language)
        return room_of(found, names, people, now, visit.looks.language)

    @router.get("/{number}")
    async def room(visit: AtWork, number: Number) -> HTMLResponse:
        """All of one; asked for by a script it is what changes, without what is typed in."""
        facts = {"room": await loaded(visit, number), "sorts": SORT in visit.known.may}
        if visit.is_part:
            return paper.part(visit, "room_parts.html", 200, **facts)
        return paper.page(visit, "room.html", 200, **facts)

    async def act(visit: Visit, number: str, name: str, **body: Any) -> Response:
        """Carry out an act; it leads back to the room, which shows what it changed."""
        done = house.router.act_in_emergency(visit.known.token, number, name, body)
        return await acting.answer(visit, done, lambda _: f"{ENTRY.path}/{number}")

    @router.post("/{number}/check")
    async def check(visit: AtWork, number: Number, step: Chosen = "") -> Response:
        """A step of the checklist is done."""
        return await act(visit, number, "check", step=step)

    @router.post("/{number}/log")
    async def log(visit: AtWork, number: Number, text: Text = "") -> Response:
        """Write down what happens."""
        return await act(visit, number, "log", text=text.strip())

    @router.post("/{number}/false-alarm")
    async def false_alarm(visit: AtWork, number: Number, reason: Chosen = "") -> Response:
        """It never was one."""
        return await act(visit, number, "false-alarm", reason=reason)

    @router.post("/{number}/part")
    async def part(
        visit: AtWork, number: Number, ticket: Chosen = "", reason: Chosen = ""
    ) -> Response:
        """A ticket is another matter after all."""
        if not is_number(ticket):
            raise HTTPException(404)
        return await act(visit, number, "part", ticket=ticket, reason=reason)

    @router.post("/{number}/review")
    async def review(
        visit: AtWork, number: Number, verdict: Chosen = "", note: Text = ""
    ) -> Response:
        """What was learned of it."""
        said = {"note": note.strip()} if note.strip() else {}
        return await act(visit, number, "review", verdict=verdict, **said)

    @router.post("/{number}/{name}")
    async def simple(visit: AtWork, number: Number, name: str) -> Response:
        """What needs no word: I have it, I am there, it is one, they are safe, it is over."""
        if name not in BUTTONS:
            raise HTTPException(404)
        return await act(visit, number, name)


async def _unreviewed(house: House, reader: Reader) -> list[EmergencyRow]:
    if REVIEW not in reader.may:
        return []
    return await house.router.unreviewed_emergencies(reader.token)
