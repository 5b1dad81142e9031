"""`/tickets` and `/tickets/{number}`: the search, and a ticket with all that may be done to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from services.console.clients.answers import Declined
from services.console.clients.tickets import Opened, Which
from services.console.errors import FieldFault, faults_in, trouble_of
from services.console.frame.house import AtWork, House, Visit
from services.console.frame.paper import Paper
from services.console.frame.rail import RailEntry
from services.console.frame.times import grouped
from services.console.tickets.acting import IN_PLACE, Acting, Said, new_key
from services.console.tickets.acts import BY_NAME, forms_of
from services.console.tickets.loading import PACKAGE, Loaded, desk_of, load
from services.console.tickets.saying import Saying
from services.console.tickets.search_pages import add_search
from services.console.tickets.views import parts_of, person_of
from shared.codes import names
from shared.runtime import open_to_all
from shared.tickets.numbers import is_number, read_number

ENTRY: Final = RailEntry("tickets", "/tickets", "ticket.see")
REVEAL: Final = "person.reveal"
SHOWN_SECONDS: Final = 60
"""So long an opened person stays on the page."""
PERSONS: Final[Mapping[str, Which]] = {"caller": "caller", "contact": "on_site_contact"}
MOST_FIELDS: Final = 40


def build_tickets_pages(  # noqa: C901 - one small function a path
    house: House,
) -> APIRouter:
    """The pages of tickets."""
    router = APIRouter(prefix=ENTRY.path, dependencies=[open_to_all()], include_in_schema=False)
    paper = Paper(PACKAGE, house.entries)
    acting = Acting(house)
    add_search(router, house, paper)

    async def loaded(number: str, visit: Visit) -> Loaded:
        reader = visit.known
        return await load(house, number, reader.token, reader.may, visit.looks.language)

    async def whole(visit: Visit, found: Loaded, status: int = 200, **more: Any) -> HTMLResponse:
        reader, ticket, saying = visit.known, found.ticket, found.saying
        desk = await desk_of(house, ticket, reader, saying.t)
        typed = more.pop("typed", None)
        opens = await _persons(house, visit, found)
        return paper.page(
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

    @router.get("/{number}")
    async def shown(number: str, visit: AtWork, done: str = "") -> Response:
        """A ticket, its whole story on one page. Asked for by htmx it is the parts alone."""
        meant = _number(number)
        if meant != number:
            return RedirectResponse(f"{ENTRY.path}/{meant}", 303)
        found = await loaded(meant, visit)
        if visit.is_part:
            parts = parts_of(found.ticket, found.told, found.saying)
            return paper.part(visit, "parts.html", parts=parts)
        return await whole(visit, found, done=done if done in BY_NAME else None)

    @router.post("/{number}/reveal")
    async def reveal(number: str, request: Request, visit: AtWork) -> Response:
        """Show one person for a minute; who opened them and when is on record and stands there."""
        meant, filled = _number(number), await _filled(request)
        which = PERSONS.get(filled.get("person", ""))
        if which is None:
            raise HTTPException(404)
        found = await loaded(meant, visit)
        try:
            opened = await house.tickets.reveal(
                meant,
                which,
                filled.get("reason", ""),
                filled.get("key") or new_key(),
                visit.known.token,
            )
        except Declined as refused:
            if refused.status not in IN_PLACE:
                raise
            said = _refusal(refused, found.saying)
            if visit.is_part:
                return _keyed(paper.part(visit, "opened.html", said.status, said=said, **_shut()))
            return await whole(visit, found, said.status, said=said, said_of="reveal")
        facts = {"person": filled["person"], **_opened(opened, visit, found.saying)}
        if visit.is_part:
            return _keyed(paper.part(visit, "opened.html", said=None, **facts))
        return await whole(visit, found, opened=facts)

    @router.post("/{number}/{name}")
    async def act(number: str, name: str, request: Request, visit: AtWork) -> Response:
        """Do something to it. What is refused leaves the form as it is, with the reason beside."""
        meant, filled = _number(number), await _filled(request)
        if name not in BY_NAME:
            raise HTTPException(404)
        language = visit.looks.language
        reader = visit.known
        saying = Saying(
            paper.t(visit), await house.names.names(reader.token), await house.clock.now(), language
        )
        said = await acting.do(meant, BY_NAME[name], filled, reader, saying)
        if not visit.is_part:
            if said.state == "done":
                return RedirectResponse(f"{ENTRY.path}/{meant}?done={name}", 303)
            found = await loaded(meant, visit)
            return await whole(
                visit, found, said.status, said=said, said_of=name, typed={name: filled}
            )
        fields = ["order", *(each.name for each in BY_NAME[name].fields)]
        answer = paper.part(
            visit, "said.html", said.status, said=said, name=name, number=meant, fields=fields
        )
        return _announced(answer, said)

    return router


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
    left = None
    if REVEAL in reader.may and persons:
        try:
            left = await house.tickets.allowance(reader.token)
        except Declined:
            left = None
    reasons = [(code, saying.code("reveal_reasons", code)) for code in names("reveal_reasons")]
    return {
        "persons": persons,
        "may_reveal": REVEAL in reader.may and bool(persons),
        "left": left,
        "reasons": reasons,
        "reveal_keys": {name: new_key() for name in persons},
        "seconds": SHOWN_SECONDS,
    }


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
