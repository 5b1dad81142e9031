"""`/me`: what is the reader's own."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from services.console.frame.acting import Acting
from services.console.frame.house import AtWork, House
from services.console.frame.paper import Paper
from services.console.me.views import SETTINGS, session_lines, settings_form, wished
from shared.runtime import open_to_all

PACKAGE: Final = "services.console.me"
HERE: Final = "/me"
DONE: Final = frozenset({"name", "settings", "password", "session"})
Said = Annotated[str, Form(max_length=400)]
Id = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


def build_me_pages(house: House) -> APIRouter:
    """The page of one's own settings, and what is done there."""
    router = APIRouter(prefix=HERE, dependencies=[open_to_all()], include_in_schema=False)
    paper = Paper(PACKAGE, house.entries)
    acting = Acting(house, paper)

    @router.get("")
    async def me(
        visit: AtWork, done: Annotated[str | None, Query(max_length=40)] = None
    ) -> HTMLResponse:
        """Name, settings, password and sessions; what was done a moment ago is said on top."""
        token, language = visit.known.token, visit.looks.language
        who, sessions, now = await asyncio.gather(
            house.admin.who(token), house.own.sessions(token), house.clock.now()
        )
        return paper.page(
            visit,
            "me.html",
            name=who.name or "",
            settings=settings_form(who.settings, paper.t(visit)),
            sessions=session_lines(sessions, now, language),
            done=done if done in DONE else None,
        )

    @router.post("/name")
    async def rename(visit: AtWork, name: Said = "") -> Response:
        """Another name, or none."""

        async def act() -> None:
            await house.own.rename(visit.known.token, name.strip() or None)
            house.sessions.forget(visit.secret or "")

        return await acting.answer(visit, act(), lambda _: f"{HERE}?done=name")

    @router.post("/settings")
    async def wish(request: Request, visit: AtWork) -> Response:
        """How the pages are to be, from the next one on; what stays as it was shown is not said."""
        sent = await request.form(max_files=0, max_fields=2 * len(SETTINGS))
        form = {name: str(sent.get(name, "")) for name in SETTINGS}
        seen = {name: str(sent[f"was_{name}"]) for name in SETTINGS if f"was_{name}" in sent}

        async def act() -> None:
            before = await house.own.settings(visit.known.token)
            after = wished(before, form, seen)
            if after is None:
                raise HTTPException(404)
            await house.own.wish(visit.known.token, after)
            house.sessions.forget(visit.secret or "")

        return await acting.answer(visit, act(), lambda _: f"{HERE}?done=settings")

    @router.post("/password")
    async def change_password(visit: AtWork, present: Said = "", password: Said = "") -> Response:
        """Another password. This session goes on, all others end."""

        async def act() -> None:
            # One sign at the least is asked for there; the words for what does not fit are these.
            await house.own.change_password(visit.known.token, present or " ", password)
            house.sessions.forget(visit.secret or "")

        return await acting.answer(visit, act(), lambda _: f"{HERE}?done=password")

    @router.post("/sessions/{id}/end")
    async def end(visit: AtWork, id: Id) -> Response:
        """End one of the own sessions."""
        act = house.own.end(visit.known.token, id)
        return await acting.answer(visit, act, lambda _: f"{HERE}?done=session")

    return router
