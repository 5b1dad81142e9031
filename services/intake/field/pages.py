"""Flat and number at the address of a link: the one page of `/w/` that intake serves."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from services.intake.field.visits import (
    Knock,
    NoSuchLink,
    NotFromPage,
    NotTheirs,
    Opened,
    PersonVisits,
    RingDesk,
    WhoseTelephone,
)
from shared.contracts.refusals import TooOften
from shared.identity.staff_links import device_token
from shared.policy.templates import Language
from shared.runtime import Platform, Source, open_to_all
from shared.runtime.web import Chosen, Paper, in_path
from shared.store import STORE_DOWN, Contested

ROOT: Final = "/w"
PACKAGE: Final = "services.intake.field"
SHOWN_SECONDS: Final = 60
COOKIE: Final = "device"
MARKED_SECONDS: Final = 180 * 86_400
"""Half a year: whoever has the same telephone longer is asked again."""
_MOST_FIELDS: Final = 5
_FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "content": {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}}
    }
}


class PersonPages:
    """What somebody on their way sees after the one tap; nothing of it is kept on its way."""

    def __init__(self, platform: Platform, visits: PersonVisits) -> None:
        self._platform = platform
        self._visits = visits
        self._paper = Paper(PACKAGE, ROOT, lambda: platform.policy)
        self._work_url = platform.settings.work_url.rstrip("/")

    def back(self, token: str, language: Language) -> str:
        """Where the work is."""
        return f"{self._work_url}{ROOT}/{in_path(token)}?lang={language}"

    async def open(self, token: str, request: Request, language: Language, source: str) -> Response:
        """The flat and the number, or what has to be answered first."""
        sent = _read(await request.body())
        form = sent.get("form", "")
        knock = Knock(form, request.cookies.get(COOKIE, ""), sent.get("digits"), source)
        try:
            opened = await self._visits.open(token, knock)
        except NotFromPage:
            return RedirectResponse(self.back(token, language), status_code=303)
        except WhoseTelephone as asked:
            return self._ask(token, form, asked, language)
        except RingDesk:
            return self._paper.trouble("ring_desk", language, status=403)
        return self._shown(token, opened, request, language)

    def _ask(
        self, token: str, form: str, asked: WhoseTelephone, language: Language
    ) -> HTMLResponse:
        is_fault = asked.is_unreadable or asked.left is not None
        return self._paper.page(
            "ask.html",
            language,
            422 if is_fault else 200,
            form=form,
            left=asked.left,
            unreadable=asked.is_unreadable,
            here=f"{ROOT}/{in_path(token)}/person?lang={language}",
            back=self.back(token, language),
        )

    def _shown(
        self, token: str, opened: Opened, request: Request, language: Language
    ) -> HTMLResponse:
        back = self.back(token, language)
        page = self._paper.page("shown.html", language, shown=opened.shown, back=back)
        # Browsers follow it without any script.
        page.headers["Refresh"] = f"{SHOWN_SECONDS};url={back}"
        if opened.marks:
            page.set_cookie(
                COOKIE,
                device_token(opened.link, self._platform.keys.link),
                max_age=MARKED_SECONDS,
                path=ROOT,
                secure=request.url.scheme == "https",
                httponly=True,
                samesite="strict",
            )
        return page

    async def or_trouble(
        self, page: Awaitable[Response], language: Language, address: str
    ) -> Response:
        """The page, or one that says in both languages why it cannot be had. Forged and dead links
        look the same, and are counted by the address they are tried from.
        """
        try:
            async with self._platform.misses.counting("link", address, _Guess):
                return await _guessed(page)
        except NoSuchLink:
            return self._paper.trouble("missing", language, status=404)
        except TooOften as error:
            said = "too_often" if error.code == "locked" else "too_many"
            return self._paper.trouble(said, language, status=429, wait=error.wait)
        except HTTPException as error:
            return self._paper.trouble("away", language, status=error.status_code)
        except (*STORE_DOWN, Contested):
            return self._paper.trouble("away", language, status=503)


class _Guess(NoSuchLink):
    """A link that was never good here, or is dead."""


async def _guessed(page: Awaitable[Response]) -> Response:
    try:
        return await page
    except NotTheirs:
        raise
    except NoSuchLink as error:
        raise _Guess from error


def _read(body: bytes) -> dict[str, str]:
    """A posted form; what cannot be read counts as not filled in."""
    try:
        sent = parse_qs(body.decode("ascii"), max_num_fields=_MOST_FIELDS, keep_blank_values=True)
    except ValueError:
        return {}
    return {name: values[0] for name, values in sent.items()}


def build_person_pages(platform: Platform, visits: PersonVisits) -> APIRouter:
    """`/w/{token}/person`."""
    router = APIRouter(
        prefix=ROOT,
        tags=["field"],
        default_response_class=HTMLResponse,
        dependencies=[open_to_all()],
        responses={"default": {"description": "Why not", "content": {"text/html": {}}}},
    )
    pages = PersonPages(platform, visits)

    @router.post(
        "/{token}/person",
        openapi_extra=_FORM,
        responses={303: {"description": "Back to the work: the form was not its page's"}},
    )
    async def open_(token: str, request: Request, language: Chosen, source: Source) -> Response:
        """The flat and the number of who opens the door, for a minute; each time on record."""
        shown = pages.open(token, request, language, source)
        return await pages.or_trouble(shown, language, source)

    @router.get("/{token}/person", status_code=303, response_class=RedirectResponse)
    async def back(token: str, language: Chosen) -> Response:
        """Back to the work: loading an address opens nothing."""
        return RedirectResponse(pages.back(token, language), status_code=303)

    return router
