"""Whatever goes wrong as a page, or as a piece of one where htmx asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from services.console.clients.answers import Declined, Unreached
from services.console.errors import Trouble, trouble_of
from services.console.frame.guard import Guard, Objection
from services.console.frame.house import FactorFirst, House, Visit, visit_of
from services.console.frame.paper import FRAME, Paper
from services.console.session.sessions import SessionOver
from shared.runtime import source_of
from shared.telemetry import logger

FACTOR: Final = "/session/factor"
NOTICE: Final = "#notice"
"""Where on every page a piece is put that says what went wrong."""
_STATUS: Final = {"plain": 426, "foreign": 403}


class Troubles:
    """Says what went wrong, in the reader's language and within the frame."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._paper = Paper(FRAME, house.entries)

    def said(self, request: Request, trouble: Trouble) -> HTMLResponse:
        """A page, or a piece for the notice of the page that is there."""
        visit = _visit(request)
        if visit.is_part:
            answer = self._paper.part(visit, "trouble_part.html", trouble.status, trouble=trouble)
            answer.headers.update({"HX-Retarget": NOTICE, "HX-Reswap": "innerHTML"})
        else:
            answer = self._paper.page(visit, "trouble.html", trouble.status, trouble=trouble)
        if trouble.wait is not None:
            answer.headers["Retry-After"] = str(trouble.wait)
        return answer

    def own(self, request: Request, status: int, name: str) -> HTMLResponse:
        """One of our own words."""
        t = self._paper.t(_visit(request))
        title, way = t[f"trouble_{name}"], t[f"trouble_{name}_way"]
        return self.said(request, Trouble(status, title, way, signs_in=status == 401))

    def of_service(self, request: Request, error: Declined | Unreached) -> Response:
        """What a service answered, or that it did not."""
        visit = _visit(request)
        if isinstance(error, Declined) and error.status == 401:
            self._house.sessions.forget(visit.secret or "")
            return self.over(request)
        if isinstance(error, Declined) and error.kind == "factor-needed":
            return RedirectResponse(FACTOR, 303)
        if isinstance(error, Unreached) and request.method == "GET":
            error = Unreached(error.service, sent=False)  # who only reads has done nothing
        trouble = trouble_of(error, self._paper.t(visit), visit.looks.language)
        if trouble.status == 429 and visit.reader is None:
            trouble = self._unknown(visit, trouble.wait)
        return self.said(request, trouble)

    def _unknown(self, visit: Visit, wait: int | None) -> Trouble:
        """Too many cookies of this address were nobody's, so that nobody looks at this one now."""
        t = self._paper.t(visit)
        return Trouble(
            429, t["trouble_unknown"], t["trouble_unknown_way"], wait=wait, signs_in=True
        )

    def over(self, request: Request) -> Response:
        """Nobody is signed in, or not any more: to the page where one signs in, and back; what was
        typed on a page stays there.
        """
        visit = _visit(request)
        if visit.is_part:
            answer = self._paper.part(visit, "over_part.html", 401)
            answer.headers.update({"HX-Retarget": NOTICE, "HX-Reswap": "innerHTML"})
            return answer
        if request.method != "GET":
            return self.own(request, 401, "over")
        if visit.secret is None and request.headers.get("sec-fetch-site") == "cross-site":
            # A strict cookie does not come along from another site's link: ask once more from here.
            return self._paper.page(visit, "hop.html", to=_asked_for(request))
        return RedirectResponse(f"/session?next={quote(_asked_for(request), safe='/')}", 303)

    def refuse(self, request: Request, objection: Objection) -> Response:
        """What the guard did not let through."""
        return self.own(request, _STATUS[objection], objection)


def _asked_for(request: Request) -> str:
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{request.url.path}{query}"


def _visit(request: Request) -> Visit:
    known: Visit | None = getattr(request.state, "visit", None)
    return known or visit_of(request, source_of(request))


def add_troubles(app: FastAPI, house: House) -> None:
    """Make pages of every error; operators' paths keep their problem documents."""
    troubles = Troubles(house)

    async def of_service(request: Request, error: Exception) -> Response:
        assert isinstance(error, Declined | Unreached)
        return troubles.of_service(request, error)

    async def over(request: Request, _: Exception) -> Response:
        return troubles.over(request)

    async def factor(_request: Request, _: Exception) -> Response:
        return RedirectResponse(FACTOR, 303)

    async def of_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        name = {404: "404", 405: "404", 413: "413"}.get(error.status_code, "failed")
        return troubles.own(request, error.status_code, name)

    async def unfit(request: Request, _: Exception) -> Response:
        return troubles.own(request, 422, "422")

    async def failed(request: Request, error: Exception) -> Response:
        route = getattr(request.scope.get("route"), "path", "unknown")
        logger.exception("page_failed", path=route, error=type(error).__name__)
        return troubles.own(request, 500, "failed")

    handlers: dict[Any, Callable[[Request, Exception], Awaitable[Response]]] = {
        Declined: of_service,
        Unreached: of_service,
        SessionOver: over,
        FactorFirst: factor,
        HTTPException: of_http,
        RequestValidationError: unfit,
        Exception: failed,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
    app.add_middleware(Guard, refuse=troubles.refuse)
