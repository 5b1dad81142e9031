"""`/tickets` and `/tickets/{number}`: the search, and a ticket with all that may be done to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from services.console.clients.answers import Declined, Unreached
from services.console.clients.shapes.persons import Allowance, Opened
from services.console.clients.shapes.whole import TicketSeen
from services.console.clients.tickets import Which
from services.console.errors import FieldFault, faults_in, trouble_of
from services.console.frame.house import AtWork, House, Visit
from services.console.frame.paper import Paper
from services.console.frame.rail import RailEntry
from services.console.frame.times import grouped
from services.console.session.reader import Reader
from services.console.tickets.acting import IN_PLACE, Acting, Said, new_key
from services.console.tickets.acts import BY_NAME
from services.console.tickets.forms import forms_of
from services.console.tickets.loading import PACKAGE, Loaded, desk_of, load
from services.console.tickets.rows import person_of
from services.console.tickets.saying import Saying
from services.console.tickets.search_pages import add_search
from services.console.tickets.views import parts_of
from shared.codes import names
from shared.identity import EVERYWHERE
from shared.runtime import open_to_all
from shared.tickets.numbers import is_number, read_number

ENTRY: Final = RailEntry("tickets", "/tickets", "ticket.see")
REVEAL: Final = "person.reveal"
DESK: Final = "ticket.register_anywhere"
AT_WORK: Final = frozenset({"accepted", "in_progress", "suspended"})
"""How far an order has come while its department may open who called."""
SHOWN_SECONDS: Final = 60
"""So long an opened person stays on the page."""
PERSONS: Final[Mapping[str, Which]] = {"caller": "caller", "contact": "on_site_contact"}
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
            desk_of(self.house, ticket, reader, saying.t), _persons(self.house, visit, found)
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


def build_tickets_pages(house: House) -> APIRouter:
    """The pages of tickets."""
    router = APIRouter(prefix=ENTRY.path, dependencies=[open_to_all()], include_in_schema=False)
    paper = Paper(PACKAGE, house.entries)
    sheets, acting = Sheets(house, paper), Acting(house)
    add_search(router, house, paper)

    @router.get("/{number}")
    async def shown(number: str, visit: AtWork, done: str = "") -> Response:
        """A ticket, its whole story on one page. Asked for by htmx it is the parts alone."""
        meant = _number(number)
        if meant != number:
            return RedirectResponse(f"{ENTRY.path}/{meant}", 303)
        found = await sheets.loaded(meant, visit)
        if visit.is_part:
            parts = parts_of(found.ticket, found.told, found.saying)
            return paper.part(visit, "parts.html", parts=parts)
        return await sheets.whole(visit, found, done=done if done in BY_NAME else None)

    _add_reveal(router, sheets)

    @router.post("/{number}/{name}")
    async def act(number: str, name: str, request: Request, visit: AtWork) -> Response:
        """Do something to it. What is refused leaves the form as it is, with the reason beside."""
        meant, filled = _number(number), await _filled(request)
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


def _add_reveal(router: APIRouter, sheets: Sheets) -> None:
    """Opening persons."""

    @router.post("/{number}/reveal")
    async def reveal(number: str, request: Request, visit: AtWork) -> Response:
        """Show one person for a minute; who opened them and when is on record and stands there."""
        meant, filled = _number(number), await _filled(request)
        which = PERSONS.get(filled.get("person", ""))
        if which is None:
            raise HTTPException(404)
        saying = await sheets.plain(visit)
        key = filled.get("key") or new_key()
        try:
            opened = await sheets.house.tickets.reveal(
                meant, which, filled.get("reason", ""), key, visit.known.token
            )
        except Declined as refused:
            if refused.status not in IN_PLACE:
                raise
            said = _refusal(refused, saying)
            if visit.is_part:
                return _keyed(
                    sheets.paper.part(visit, "opened.html", said.status, said=said, **_shut())
                )
            found = await sheets.loaded(meant, visit)
            return await sheets.whole(visit, found, said.status, said=said, said_of="reveal")
        facts = {"person": filled["person"], **_opened(opened, visit, saying)}
        if visit.is_part:
            return _keyed(sheets.paper.part(visit, "opened.html", said=None, **facts))
        return await sheets.whole(visit, await sheets.loaded(meant, visit), opened=facts)


def _number(typed: str) -> str:
    """The number of a ticket as it may stand in a path; raises 404 for what cannot be one."""
    number = read_number(typed)
    if not is_number(number):
        raise HTTPException(404)
    return number


async def _filled(request: Request) -> dict[str, str]:
    form = await request.form(max_files=0, max_fields=MOST_FIELDS)
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _refusal(refused: Declined, saying: Saying) -> Said:
    trouble = trouble_of(refused, saying.t, saying.language)
    faults: tuple[FieldFault, ...] = tuple(faults_in(refused.problem, saying.language))
    return Said(
        "refused", trouble.title, trouble.detail, faults, wait=trouble.wait, status=refused.status
    )


async def _persons(house: House, visit: Visit, found: Loaded) -> dict[str, Any]:
    """Who called, masked, and how they may be opened."""
    reader, ticket, saying = visit.known, found.ticket, found.saying
    persons = {
        name: shown
        for name, person in (("caller", ticket.caller), ("contact", ticket.contact))
        if (shown := person_of(person, saying)) is not None
    }
    left: Allowance | None = None
    may_reveal = bool(persons) and _may_open(reader, ticket)
    if may_reveal:
        with suppress(Declined, Unreached):
            left = await house.tickets.allowance(reader.token)
    reasons = [(code, saying.code("reveal_reasons", code)) for code in names("reveal_reasons")]
    return {
        "persons": persons,
        "may_reveal": may_reveal,
        "left": left,
        "reasons": reasons,
        "reveal_keys": {name: new_key() for name in persons},
        "seconds": SHOWN_SECONDS,
    }


def _may_open(reader: Reader, ticket: TicketSeen) -> bool:
    """Whether intake would open a person of it: for the desk, and for who is at work on it."""
    if REVEAL not in reader.may or DESK in reader.may:
        return REVEAL in reader.may
    theirs = (
        order
        for order in ticket.work_orders
        if order.department in reader.departments or EVERYWHERE in reader.departments
    )
    return not ticket.confidential and any(order.status in AT_WORK for order in theirs)


def _shut() -> dict[str, Any]:
    return {"shown": {}, "left": None, "by": "", "at": "", "repeated": False, "seconds": 0}


def _opened(opened: Opened, visit: Visit, saying: Saying) -> dict[str, Any]:
    shown = {"name": opened.name, "phone": opened.phone, "room": opened.room}
    return {
        "shown": {name: value for name, value in shown.items() if value},
        "left": opened,
        "by": visit.known.name,
        "at": saying.at(opened.opened_at),
        "repeated": opened.repeated,
        "seconds": SHOWN_SECONDS,
    }


def _keyed(answer: HTMLResponse) -> HTMLResponse:
    answer.headers["HX-Trigger"] = json.dumps({"hotline:opened": {"key": new_key()}})
    return answer


def _announced(answer: HTMLResponse, said: Said) -> HTMLResponse:
    """Let the page know: what was taken is no draft any more, what was refused may be old."""
    if said.state == "done":
        answer.headers["HX-Trigger"] = json.dumps({"hotline:taken": {"key": new_key()}})
    elif said.status == 409:
        answer.headers["HX-Trigger"] = "hotline:stale"
    return answer
