"""`/session`: signing in and out."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from services.console.clients.answers import Declined
from services.console.frame.house import Anybody, House, drop_cookie
from services.console.frame.looks import own_path
from services.console.session.provider import AtProvider
from services.console.session.provider_pages import build_provider_pages
from services.console.session.sessions import SessionOver
from services.console.session.sign_in_form import Path, SignInForm, Typed, keep_cookie
from shared.runtime import open_to_all


def build_session_pages(  # noqa: C901 - one small function a path
    house: House,
) -> APIRouter:
    """Being signed in and not."""
    router = APIRouter(prefix="/session", dependencies=[open_to_all()], include_in_schema=False)
    provider = AtProvider(house.admin)
    form = SignInForm(house, provider)
    router.include_router(build_provider_pages(provider, form))

    @router.get("")
    async def ask(
        visit: Anybody,
        *,
        next: str | None = None,
        out: bool = False,
        accepted: bool = False,
    ) -> Response:
        """The page where one signs in; whoever is already goes on."""
        if visit.secret is not None and not out:
            try:
                await house.sessions.reader(visit.secret, visit.address)
            except SessionOver:
                pass
            except Declined as stopped:
                # Too many guesses came from this address: a password is asked for all the same.
                if stopped.status != 429:
                    raise
            else:
                return RedirectResponse(own_path(next), 303)
        refused = "accepted" if accepted else None
        return await form.shown(visit, next=own_path(next), out=out, refused=refused)

    @router.post("")
    async def sign_in(
        request: Request,
        visit: Anybody,
        id: Typed = "",
        password: Typed = "",
        code: Typed = "",
        next: Path = "/",
    ) -> Response:
        """Sign in; whatever does not fit, the words are the same."""
        facts = {"next": own_path(next), "id": id}
        if not id.strip() or not password:
            return await form.shown(visit, 422, refused="empty", **facts)
        try:
            begun = await house.sessions.begin(id.strip(), password, code.strip(), visit.address)
        except Declined as refused:
            if refused.status not in {401, 422, 429}:
                raise
            why = "locked" if refused.status == 429 else "refused"
            wait = -(-(refused.retry_after or 0) // 60) if refused.status == 429 else None
            status = max(refused.status, 401)
            page = await form.shown(visit, status, refused=why, wait=wait, **facts)
            if refused.retry_after is not None:
                page.headers["Retry-After"] = str(refused.retry_after)
            return page
        to = "/session/factor" if begun.factor_needed else own_path(next)
        answer = RedirectResponse(to, 303)
        keep_cookie(request, answer, begun.secret)
        return answer

    @router.post("/end")
    async def sign_out(request: Request, visit: Anybody) -> RedirectResponse:
        """Sign out here; the session counts nowhere within seconds."""
        if visit.secret is not None:
            await house.sessions.end(visit.secret, visit.address)
        answer = RedirectResponse("/session?out=true", 303)
        drop_cookie(request, answer)
        return answer

    return router
