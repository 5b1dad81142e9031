"""`/desk`: the form, what is said beside it while somebody types, and what becomes of it."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Awaitable, Mapping
from string import ascii_lowercase
from typing import Any, Final, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from services.console.clients.answers import Declined, Unreached
from services.console.clients.shapes.persons import Callers
from services.console.clients.shapes.previews import Likely, Preview
from services.console.desk.calls import call_cards, unheard
from services.console.desk.faults import beside_fields
from services.console.desk.form import UNKNOWN, DeskForm, read_form
from services.console.desk.known import strip_of
from services.console.desk.panel import panel_of
from services.console.desk.saved import saved_of
from services.console.desk.saving import Outcome, save, tell_each
from services.console.desk.waiting import task_rows, waiting_rows
from services.console.emergencies.views import cards
from services.console.errors import trouble_of
from services.console.frame.house import AtWork, House, Visit
from services.console.frame.paper import Paper
from services.console.frame.rail import RailEntry
from shared.runtime import open_to_all
from shared.tickets.numbers import is_number

PACKAGE: Final = "services.console.desk"
ENTRY: Final = RailEntry("desk", "/desk", "ticket.register_anywhere")
MOST_WAITING: Final = 5
TAKEN: Final = "desk-taken"
"""What the page hears when its words are kept elsewhere."""
AGAIN: Final = "desk-again"
"""What the page hears when nothing is judged yet."""
_INCIDENT: Final = re.compile(r"[A-Za-z0-9_-]{1,60}", re.ASCII)
_NO_SUCH_CALL: Final = frozenset({404, 422})
T = TypeVar("T")


def build_desk_pages(house: House) -> APIRouter:
    """The page where calls are taken down."""
    router = APIRouter(prefix=ENTRY.path, dependencies=[open_to_all()], include_in_schema=False)
    paper = Paper(PACKAGE, house.entries)
    _add_page(router, house, paper)
    _add_judging(router, house, paper)
    _add_look_up(router, house, paper)
    _add_registering(router, house, paper)
    _add_ticket_acts(router, house, paper)
    return router


def _add_page(router: APIRouter, house: House, paper: Paper) -> None:
    @router.get("")
    async def desk(visit: AtWork) -> HTMLResponse:
        """An empty form, and what is going on."""
        _need(visit)
        names, going_on, calls = await asyncio.gather(
            house.names.names(visit.known.token), _going_on(house, visit), _calls(house, visit)
        )
        return paper.page(
            visit,
            "desk.html",
            names=names,
            unknown=UNKNOWN,
            key=_letters(),
            call=_letters(),
            **going_on,
            **calls,
        )

    @router.get("/now")
    async def now(visit: AtWork) -> HTMLResponse:
        """What is going on, anew."""
        _need(visit)
        return paper.part(visit, "now.html", **await _going_on(house, visit))


def _add_judging(router: APIRouter, house: House, paper: Paper) -> None:
    @router.post("/look")
    async def look(request: Request, visit: AtWork) -> Response:
        """What the form would become. Nothing is kept, and nothing of it stops whoever types: while
        intake is away the page says so where the judgement stood.
        """
        _need(visit)
        form = read_form(await request.form())
        try:
            found, likely = await _judged(house, form, visit.known.token)
        except Unreached:
            return _again(paper.part(visit, "no_panel.html"))
        except Declined as refused:
            if refused.status == 429:
                return _again(Response(status_code=204))
            if refused.status < 500:
                raise
            return _again(paper.part(visit, "no_panel.html"))
        language = visit.looks.language
        names, at = await asyncio.gather(house.names.names(visit.known.token), house.clock.now())
        panel = panel_of(form["text"], found, likely, names, at, language)
        return paper.part(visit, "panel.html", panel=panel)


def _add_look_up(router: APIRouter, house: House, paper: Paper) -> None:
    @router.post("/caller")
    async def caller(request: Request, visit: AtWork) -> Response:
        """Who calls from this number, or from this flat where the number says nothing; asked once
        it is complete, since each look-up is on record.
        """
        _need(visit)
        form = read_form(await request.form())
        sought = form.person_sought()
        if sought is None:
            return paper.part(visit, "caller.html", strip=None, trouble=None)
        token, language = visit.known.token, visit.looks.language
        try:
            found = await _known_callers(house, sought, form.flat_sought(), token)
        except (Declined, Unreached) as error:
            if isinstance(error, Declined) and error.status == 401:
                raise
            trouble = trouble_of(error, paper.t(visit), language)
            return paper.part(visit, "caller.html", strip=None, trouble=trouble)
        names, at = await asyncio.gather(house.names.names(token), house.clock.now())
        strip = None if found is None else strip_of(found, names, at, language)
        return paper.part(visit, "caller.html", strip=strip, trouble=None)


def _add_registering(router: APIRouter, house: House, paper: Paper) -> None:
    @router.post("/save")
    async def register(request: Request, visit: AtWork) -> JSONResponse:
        """Register what stands there. The answer says what is shown instead of the judgement, what
        is wrong beside which field, and which words are still in the form.
        """
        _need(visit)
        form = read_form(await request.form())
        t, language = paper.t(visit), visit.looks.language
        if form["person"] != visit.known.id:
            return _answer(409, summary=[t["other_person"]])
        if not form["key"] or (form["incident"] and not _INCIDENT.fullmatch(form["incident"])):
            return _answer(422, summary=[t["trouble_422"]])
        if (form["joins"] or form["incident"]) and not form["estate"]:
            return _answer(422, faults=[{"field": "estate", "said": t["join_needs_place"]}])
        try:
            outcome = await save(house.desk, house.router, house.tickets, form, visit.known.token)
        except Unreached as error:
            return _answer(503, summary=[t["unsure" if error.sent else "not_yet"]])
        faults, others = beside_fields(outcome, t, language)
        panel = await _saved(outcome, visit) if outcome.taken else None
        return _answer(
            200 if outcome.taken else 422,
            panel=panel,
            left=outcome.left,
            faults=faults,
            summary=others,
            numbers=[each.registered.number for each in outcome.taken],
        )

    async def _saved(outcome: Outcome, visit: Visit) -> str:
        names, at = await asyncio.gather(house.names.names(visit.known.token), house.clock.now())
        saved = [saved_of(each, names, at, visit.looks.language) for each in outcome.taken]
        part = paper.part(visit, "saved.html", saved=saved, key=_letters())
        return bytes(part.body).decode()


def _add_ticket_acts(router: APIRouter, house: House, paper: Paper) -> None:
    @router.post("/told")
    async def told(request: Request, visit: AtWork) -> HTMLResponse:
        """The caller was told what was promised of these."""
        _need(visit)
        sent = await request.form()
        said, key = str(sent.get("numbers", "")), str(sent.get("key", ""))
        numbers = [each for each in said.split(",")[:50] if is_number(each)]
        done, refused = await tell_each(numbers, key, house.tickets, visit.known.token)
        t, language = paper.t(visit), visit.looks.language
        return paper.part(
            visit,
            "told.html",
            told=done,
            refused=[(number, trouble_of(error, t, language)) for number, error in refused],
        )

    @router.post("/supplement")
    async def supplement(request: Request, visit: AtWork) -> HTMLResponse:
        """The words are added to a ticket that is there already, and none is made."""
        _need(visit)
        sent = await request.form()
        number, form = str(sent.get("number", "")), read_form(sent)
        if not is_number(number):
            raise Declined("intake", 404, {})
        said, token = {"note": form["text"]}, visit.known.token
        await house.tickets.act(number, "supplement", said, token, form["key"])
        answer = paper.part(visit, "supplemented.html", number=number)
        answer.headers["HX-Trigger"] = TAKEN
        return answer


def _need(visit: Visit) -> None:
    if ENTRY.needs not in visit.known.may:
        raise Declined("intake", 403, {})


def _again(answer: Response) -> Response:
    """The page asks once more a little later, or the last words would stay unjudged."""
    answer.headers["HX-Trigger"] = AGAIN
    return answer


def _letters() -> str:
    """A name that nobody else gives; without digits, which might be somebody's number."""
    return "".join(secrets.choice(ascii_lowercase) for _ in range(24))


def _answer(
    status: int,
    *,
    panel: str | None = None,
    left: str = "",
    faults: list[dict[str, str]] | None = None,
    summary: list[str] | None = None,
    numbers: list[str] | None = None,
) -> JSONResponse:
    told = {
        "panel": panel,
        "left": left,
        "faults": faults or [],
        "summary": summary or [],
        "numbers": numbers or [],
    }
    return JSONResponse(told, status)


async def _judged(house: House, form: DeskForm, token: str) -> tuple[Preview, list[Likely]]:
    """What it would become and what may be reported already: at once where the place is typed, one
    after the other where only the words tell it.
    """
    report = form.report()
    if form["estate"]:
        found, likely = await asyncio.gather(
            house.desk.preview(report, token), _similar(house, form, form["estate"], token)
        )
        return found, likely
    found = await house.desk.preview(report, token)
    place = found.place.estate
    return found, await _similar(house, form, place.id, token) if place else []


async def _similar(house: House, form: DeskForm, estate: str, token: str) -> list[Likely]:
    """Nothing where it cannot be told: the judgement counts without."""
    if not form["text"].strip():
        return []
    sketch = {"estate": estate, "text": form["text"]}
    try:
        return await house.desk.similar(sketch, token)
    except (Declined, Unreached):
        return []


async def _known(asked: Awaitable[T]) -> T | None:
    """None where nobody answers: the desk works without."""
    try:
        return await asked
    except (Declined, Unreached) as error:
        if isinstance(error, Declined) and error.status == 401:
            raise
        return None


async def _known_callers(
    house: House, sought: Mapping[str, str], flat: Mapping[str, str] | None, token: str
) -> Callers | None:
    """Who calls, by the flat where the number says nothing. None where a call cannot be looked up:
    one that is forgotten, or an intake of before that knows no calls.
    """
    found = None
    try:
        found = await house.tickets.look_up(sought, token)
    except Declined as refused:
        if "call" not in sought or refused.status not in _NO_SUCH_CALL:
            raise
    if flat is not None and flat != sought and (found is None or not found.persons):
        return await house.tickets.look_up(flat, token)
    return found


async def _calls(house: House, visit: Visit) -> Mapping[str, Any]:
    """What is at the reader's telephones, as far as telephony says so."""
    own, at = await asyncio.gather(
        _known(house.telephony.own(visit.known.token)), house.clock.now()
    )
    cards = None if own is None else call_cards(own, at, visit.looks.language)
    return {"own_calls": cards, "away": [] if own is None else unheard(own)}


async def _going_on(house: House, visit: Visit) -> Mapping[str, Any]:
    """What nobody has taken, what waits for a person, and one's own tasks."""
    reader, language = visit.known, visit.looks.language
    running, waiting, tasks, names, at = await asyncio.gather(
        _known(house.router.running_emergencies(reader.token)),
        _known(house.router.manual_queue(reader.token, limit=MOST_WAITING)),
        _known(house.router.tasks(reader.token, mine=True, limit=MOST_WAITING)),
        house.names.names(reader.token),
        house.clock.now(),
    )
    return {
        "running": None if running is None else cards(running, names, at, language),
        "waiting": None if waiting is None else waiting_rows(waiting.items, names, at, language),
        "waiting_count": waiting.all.count if waiting else 0,
        "tasks": None if tasks is None else task_rows(tasks.items, names, at, language),
        "tasks_count": tasks.all.count if tasks else 0,
    }
