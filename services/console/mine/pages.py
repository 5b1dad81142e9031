"""`/mine`: what somebody at the desk sees through, with calls and follow-ups."""

from __future__ import annotations

import asyncio
import secrets
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Path, Query
from fastapi.responses import HTMLResponse, Response

from services.console.frame.acting import Acting, Done
from services.console.frame.choices import Choice
from services.console.frame.house import AtWork, House, Visit
from services.console.frame.numbers import Number
from services.console.frame.paper import Paper
from services.console.frame.rail import RailEntry
from services.console.frame.times import moment, typed_moment
from services.console.mine.live import PACKAGE, own_cases, own_tasks, unanswered
from services.console.mine.views import (
    OUTCOMES,
    body_of_call,
    call_view,
    feedback_view,
    groups,
    item_of_task,
)
from shared.runtime import open_to_all

ENTRY: Final = RailEntry("mine", "/mine", "case.see", counts=True)
REVEAL: Final = "person.reveal"
KEY_BYTES: Final = 9
ACTS: Final = frozenset({"call", "task", "feedback"})
Id = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
Asked = Annotated[str | None, Query(max_length=60)]
Chosen = Annotated[str, Form(max_length=200)]
Text = Annotated[str, Form(max_length=4_000)]


class _Lists:
    """The page with its lists, and what is opened beside them."""

    def __init__(self, house: House, paper: Paper) -> None:
        self._house = house
        self.paper = paper

    async def page(
        self, visit: Visit, panel: str | None = None, done: Done | None = None, **beside: Any
    ) -> HTMLResponse:
        token, language = visit.known.token, visit.looks.language
        cases, names, now, nobodys = await asyncio.gather(
            own_cases(self._house, token),
            self._house.names.names(token),
            self._house.clock.now(),
            unanswered(self._house, token),
        )
        tasks, people = await own_tasks(self._house, token, cases, language)
        has = cases.items if cases else []
        found = groups(tasks, has, names, now, language, people, nobodys)
        return self.paper.page(
            visit,
            "mine.html",
            groups=found,
            more=bool(cases and cases.next),
            is_partial=None if cases else self.paper.t(visit)["partly_intake"],
            panel=panel,
            done=done,
            **beside,
        )


def build_mine_pages(house: House) -> APIRouter:
    """The pages of one's own cases."""
    router = APIRouter(prefix=ENTRY.path, dependencies=[open_to_all()], include_in_schema=False)
    lists = _Lists(house, Paper(PACKAGE, house.entries))
    acting = Acting(house, lists.paper)

    @router.get("")
    async def listed(visit: AtWork, done: Asked = None, did: Asked = None) -> HTMLResponse:
        """The four lists; what was done a moment ago is said on top."""
        return await lists.page(visit, done=Done.of(did, done, ACTS))

    _add_calls(router, house, lists, acting)
    _add_tasks(router, house, lists, acting)
    _add_feedback(router, house, lists, acting)
    return router


def _add_calls(router: APIRouter, house: House, lists: _Lists, acting: Acting) -> None:
    @router.get("/tell/{id}")
    async def call(visit: AtWork, id: Id) -> HTMLResponse:
        """A caller to ring beside the lists: what to say, and what came of it."""
        token, language = visit.known.token, visit.looks.language
        task, sheet, names, now = await asyncio.gather(
            house.router.task(token, id),
            house.router.call(token, id),
            house.names.names(token),
            house.clock.now(),
        )
        return await lists.page(
            visit,
            "call.html",
            call=call_view(sheet, names, now, language),
            task=item_of_task(task, names, now, language),
            reveals=REVEAL in visit.known.may and bool(sheet.can),
            key=secrets.token_urlsafe(KEY_BYTES),
        )

    @router.post("/tell/{id}")
    async def said_of_call(
        visit: AtWork,
        id: Id,
        key: Chosen,
        answer: Chosen = "",
        note: Text = "",
        promised: Text = "",
    ) -> Response:
        """What came of the call."""
        token = visit.known.token

        async def say() -> str:
            body = body_of_call(answer, note.strip(), promised)
            await house.router.say_of_call(token, id, key, body)
            return (await house.router.task(token, id)).number

        return await acting.answer(visit, say(), lambda number: _did("call", number))

    @router.post("/tell/{id}/person")
    async def person(visit: AtWork, id: Id, key: Chosen) -> HTMLResponse:
        """Whom to ring, opened on record; once, and gone from the page in a minute."""
        token, language = visit.known.token, visit.looks.language
        number = (await house.router.call(token, id)).number
        opened = await house.tickets.reveal(number, "caller", "call_back", key, token)
        at = moment(opened.opened_at, await house.clock.now(), language)
        facts: dict[str, Any] = {"person": opened, "by": visit.known.name, "at": at}
        if visit.is_part:
            return lists.paper.part(visit, "person.html", **facts)
        return lists.paper.page(visit, "person_page.html", id=id, **facts)


def _add_tasks(router: APIRouter, house: House, lists: _Lists, acting: Acting) -> None:
    @router.get("/tasks/{id}")
    async def task(visit: AtWork, id: Id) -> HTMLResponse:
        """A follow-up beside the lists."""
        token, language = visit.known.token, visit.looks.language
        found, names, now = await asyncio.gather(
            house.router.task(token, id), house.names.names(token), house.clock.now()
        )
        return await lists.page(
            visit,
            "task.html",
            task=item_of_task(found, names, now, language),
            task_id=found.id,
            note=found.note,
            is_open=found.state in {"open", "planned"} and "follow_up.do" in visit.known.may,
            outcomes=[
                Choice(code, names.code("follow_up_outcomes", code, language)) for code in OUTCOMES
            ],
        )

    @router.post("/tasks/{id}")
    async def followed_up(
        visit: AtWork, id: Id, outcome: Chosen = "", next_at: Chosen = "", note: Text = ""
    ) -> Response:
        """It is done, and when to look again."""
        token = visit.known.token
        body: dict[str, Any] = {"outcome": outcome}
        if note.strip():
            body["note"] = note.strip()
        if next_at.strip():
            body["next_at"] = typed_moment(next_at.strip())

        async def end() -> str:
            number = (await house.router.task(token, id)).number
            await house.router.end_task(token, id, body)
            return number

        return await acting.answer(visit, end(), lambda number: _did("task", number))


def _add_feedback(router: APIRouter, house: House, lists: _Lists, acting: Acting) -> None:
    @router.get("/feedback/{number}")
    async def feedback(visit: AtWork, number: Number) -> HTMLResponse:
        """A result to feed back beside the lists."""
        token, language = visit.known.token, visit.looks.language
        ticket, names, now = await asyncio.gather(
            house.tickets.one(number, token), house.names.names(token), house.clock.now()
        )
        view = feedback_view(ticket, names, now, language)
        return await lists.page(visit, "feedback.html", feedback=view)

    @router.post("/feedback/{number}")
    async def fed_back(
        visit: AtWork, number: Number, outcome: Chosen = "", reason: Chosen = "", note: Text = ""
    ) -> Response:
        """How feeding the result back ended."""
        body = {"outcome": outcome}
        if reason and outcome == "not_satisfied":
            body["reason"] = reason
        if note.strip():
            body["note"] = note.strip()
        act = house.tickets.act(number, "feedback", body, visit.known.token)
        return await acting.answer(visit, act, lambda _: _did("feedback", number))


def _did(act: str, number: str) -> str:
    return f"{ENTRY.path}?did={act}&done={number}"
