"""What belongs to no room: the beginning, the files, looks."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from services.console.frame.assets import FOR_EVER, assets
from services.console.frame.house import Anybody, AtWork, House, Visit
from services.console.frame.looks import (
    KEYS_COOKIE,
    LANGUAGE_COOKIE,
    OFF,
    THEME_COOKIE,
    THEMES,
    chosen,
    own_path,
)
from services.console.frame.rail import home_of
from services.console.session.sessions import SessionOver
from shared.runtime import open_to_all
from shared.runtime.web import LANGUAGES

YEAR: Final = 365 * 24 * 3600
CHOICES: Final = {
    LANGUAGE_COOKIE: frozenset(LANGUAGES),
    THEME_COOKIE: frozenset(THEMES),
    KEYS_COOKIE: frozenset({"on", OFF}),
}
"""What a reader may choose, by the cookie that keeps it."""
Said = Annotated[str, Form(max_length=2_000)]


def build_frame_pages(house: House) -> APIRouter:
    """Everything that is on every page."""
    router = APIRouter(dependencies=[open_to_all()], include_in_schema=False)

    @router.get("/")
    async def begin(visit: AtWork) -> RedirectResponse:
        """Go where somebody begins who may this."""
        return RedirectResponse(home_of(house.entries, visit.known.may), 303)

    @router.get("/static/{name}")
    async def file(name: str) -> Response:
        """One of the pages' own files."""
        found = assets().get(name)
        if found is None:
            raise HTTPException(404)
        return Response(found.content, media_type=found.kind, headers={"Cache-Control": FOR_EVER})

    @router.post("/looks")
    async def choose(
        request: Request, visit: Anybody, name: Said, value: Said, back: Said = "/"
    ) -> RedirectResponse:
        """Keep how the pages are to look: with the account of who is signed in, else in the
        browser, of which the next one at this desk knows nothing.
        """
        if value not in CHOICES.get(name, ()):
            raise HTTPException(404)
        answer = RedirectResponse(own_path(back), 303)
        if await _is_kept(house, visit, name, value):
            return answer
        answer.set_cookie(
            name,
            value,
            max_age=YEAR,
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="strict",
        )
        return answer

    return router


async def _is_kept(house: House, visit: Visit, name: str, value: str) -> bool:
    """Keep a choice with the account; False where nobody is signed in who may."""
    if visit.secret is None:
        return False
    try:
        reader = await house.sessions.reader(visit.secret, visit.address)
    except SessionOver:
        return False
    if reader.factor_needed:
        return False
    settings = await house.own.settings(reader.token)
    await house.own.wish(reader.token, chosen(settings, name, value))
    house.sessions.forget(visit.secret)
    return True
