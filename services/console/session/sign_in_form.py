"""The page where one signs in, and the cookie of whoever has."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Form, Request
from fastapi.responses import HTMLResponse, Response

from services.console.frame.house import House, Visit, cookie_name
from services.console.frame.paper import Paper
from services.console.session.provider import AtProvider

PACKAGE: Final = "services.console.session"
WHOLE_SECONDS: Final = 12 * 3600
"""As long as a session lasts at the most; what the administration says counts before."""
Typed = Annotated[str, Form(max_length=400)]
Path = Annotated[str, Form(max_length=2_000)]


class SignInForm:
    """Shows the form, with the way over the provider where there is one."""

    def __init__(self, house: House, provider: AtProvider) -> None:
        self._paper = Paper(PACKAGE, house.entries)
        self._provider = provider

    async def shown(self, visit: Visit, status: int = 200, **facts: object) -> HTMLResponse:
        """The page; `refused` is the word that says why nobody was signed in."""
        usual = {"next": "/", "id": "", "refused": None, "wait": None, "out": False}
        provider = await self._provider.is_offered()
        shown = {**usual, "provider": provider, **facts}
        return self._paper.page(visit, "sign_in.html", status, **shown)

    def hop(self, visit: Visit, to: str) -> HTMLResponse:
        """On to another page, by a page of ours."""
        return self._paper.page(visit, "hop.html", to=to)


def keep_cookie(request: Request, answer: Response, secret: str) -> None:
    """Let the browser keep the secret: for this site alone, for no script, for no longer than a
    session lasts.
    """
    answer.set_cookie(
        cookie_name(request),
        secret,
        max_age=WHOLE_SECONDS,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
