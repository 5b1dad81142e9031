"""`/session/provider`: to the identity provider and back."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from services.console.clients.admin import CameBack
from services.console.clients.answers import Declined
from services.console.frame.house import Anybody, Visit
from services.console.frame.looks import own_path
from services.console.session.provider import (
    COOKIE,
    LOCAL_COOKIE,
    REFUSALS,
    WAY_SECONDS,
    AtProvider,
    BegunHere,
    is_of_provider,
    said_of,
)
from services.console.session.sign_in_form import Path, SignInForm, keep_cookie
from shared.runtime import open_to_all

UNAUTHORIZED: Final = 401
Brought = Annotated[str | None, Query(max_length=2_000)]


def build_provider_pages(provider: AtProvider, form: SignInForm) -> APIRouter:
    """Both ends of the way over the provider."""
    router = APIRouter(prefix="/provider", dependencies=[open_to_all()], include_in_schema=False)

    @router.post("")
    async def go(request: Request, visit: Anybody, next: Path = "/") -> Response:
        """Send the browser to the provider. By a page of ours and not by a redirection: our
        content policy lets no form lead elsewhere.
        """
        try:
            way = await provider.begin()
        except Declined as refused:
            return await _refused(visit, refused, own_path(next))
        answer = form.hop(visit, way.address)
        answer.set_cookie(
            _cookie_name(request),
            BegunHere(way.state, own_path(next)).as_cookie(),
            max_age=WAY_SECONDS,
            path="/",
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="lax",  # it must come along when the provider sends the browser back
        )
        return answer

    @router.get("")
    async def come_back(
        request: Request,
        visit: Anybody,
        state: Annotated[str, Query(max_length=2_000)] = "",
        code: Brought = None,
        error: Brought = None,
    ) -> Response:
        """Come back from the provider. What is brought counts once, and only in the browser that
        began.
        """
        begun = BegunHere.of_cookie(request.cookies.get(_cookie_name(request)))
        back = CameBack(state=state, begun_here=begun.state, code=code, error=error)
        try:
            session = await provider.finish(back, visit.address)
        except Declined as refused:
            answer = await _refused(visit, refused, begun.next, by_provider=error is not None)
        else:
            # A strict cookie is not sent on a way that another site began: go on from here.
            answer = form.hop(visit, begun.next)
            keep_cookie(request, answer, session.secret)
        if state == begun.state:  # a stranger's link takes nobody's way away
            _drop_way(request, answer)
        return answer

    async def _refused(
        visit: Visit, refused: Declined, next: str, *, by_provider: bool = False
    ) -> HTMLResponse:
        if refused.status != UNAUTHORIZED and not is_of_provider(refused):
            raise refused
        why = REFUSALS["declined"] if by_provider else said_of(refused)
        return await form.shown(visit, refused.status, refused=why, next=next)

    return router


def _cookie_name(request: Request) -> str:
    return COOKIE if request.url.scheme == "https" else LOCAL_COOKIE


def _drop_way(request: Request, answer: Response) -> None:
    answer.delete_cookie(
        _cookie_name(request),
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
