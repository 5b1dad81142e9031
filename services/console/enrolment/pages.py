"""`/session/invitation` and `/session/factor`: the first password, and the second factor."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.console.clients.answers import Declined
from services.console.errors import faults_in
from services.console.frame.house import Anybody, House, SignedIn, Visit, drop_cookie
from services.console.frame.paper import Paper
from services.console.frame.times import grouped
from shared.runtime import open_to_all

PACKAGE: Final = "services.console.enrolment"
Typed = Annotated[str, Form(max_length=400)]


def build_enrolment_pages(  # noqa: C901 - one small function a path
    house: House,
) -> APIRouter:
    """What somebody does before their first sign-in, and before their first work."""
    router = APIRouter(prefix="/session", dependencies=[open_to_all()], include_in_schema=False)
    paper = Paper(PACKAGE, house.entries)

    @router.get("/invitation")
    async def invited(visit: Anybody) -> HTMLResponse:
        """The page where an invitation sets the password."""
        return paper.page(visit, "invitation.html", refused=None, faults=[], invitation="")

    @router.post("/invitation")
    async def accept(visit: Anybody, invitation: Typed = "", password: Typed = "") -> Response:
        """Set the password; then sign in."""
        try:
            await house.admin.accept(invitation.strip(), password)
        except Declined as refused:
            if refused.status not in {401, 422}:
                raise
            return paper.page(
                visit,
                "invitation.html",
                refused.status,
                refused=refused.status,
                faults=faults_in(refused.problem, visit.looks.language),
                invitation=invitation,
            )
        return RedirectResponse("/session?accepted=true", 303)

    @router.get("/factor")
    async def factor(visit: SignedIn) -> HTMLResponse:
        """The page where a second factor is set up."""
        return paper.page(visit, "factor.html", secret=None, grouped="", refused=False)

    @router.post("/factor")
    async def begin_factor(visit: SignedIn) -> HTMLResponse:
        """Show the secret, this once."""
        begun = await house.admin.begin_factor(visit.known.token)
        return _factor(visit, begun.secret)

    @router.post("/factor/confirm")
    async def confirm_factor(
        request: Request, visit: SignedIn, secret: Typed = "", code: Typed = ""
    ) -> HTMLResponse:
        """Take it into use. All sessions end, so the next thing is to sign in with a code."""
        try:
            done = await house.admin.confirm_factor(visit.known.token, code.strip() or "-")
        except Declined as refused:
            if refused.status not in {401, 422}:
                raise
            return _factor(visit, secret, status=422)
        house.sessions.forget(visit.secret or "")
        answer = paper.page(visit, "recovery.html", codes=done.recovery_codes)
        drop_cookie(request, answer)
        return answer

    def _factor(visit: Visit, secret: str, status: int = 200) -> HTMLResponse:
        return paper.page(
            visit,
            "factor.html",
            status,
            secret=secret,
            grouped=grouped(secret),
            refused=status != 200,
        )

    return router
