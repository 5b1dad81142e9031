"""The page at the address of a link by which one person confirms having read a policy. Looking
changes nothing: chat programs load what they are sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import datetime
from typing import Any, Final, Literal

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.admin.policies.domain import Confirmation, Version
from services.admin.policies.reading import Reading
from shared.contracts.refusals import NotNow, NotThere, TooOften
from shared.identity import read_generation, read_link
from shared.policy.templates import Language
from shared.policy.versions import Difference, to_text
from shared.runtime import Platform, Source, open_to_all
from shared.runtime.web import Chosen, Paper, in_path
from shared.store import STORE_DOWN, Contested

ROOT: Final = "/p"
"""Where the pages are."""
PACKAGE: Final = "services.admin.policies"
LONGEST: Final = 400
"""So many lines of what differs are shown; a whole lexicon is read at a desk."""
Trouble = Literal["missing", "withdrawn", "too_often", "away"]


class ConfirmationPages:
    """What one reader of one policy sees at the address of a link."""

    def __init__(self, platform: Platform, reading: Reading) -> None:
        self._platform = platform
        self._reading = reading
        self._paper = Paper(PACKAGE, ROOT, lambda: platform.policy)

    async def show(self, token: str, language: Language) -> Response:
        """What was changed, and the button; or since when they have confirmed."""
        id, person = self._bound(token)
        version, standing = await self._reading.one_for(id, person)
        if standing == "withdrawn":
            return self._paper.trouble("withdrawn", language, status=410)
        _, found = await self._reading.differences(id, None)
        lines = await asyncio.to_thread(_lines, found)
        return self._paper.page(
            "confirm.html",
            language,
            version=version,
            begins=self._said(await self._reading.begins(id)),
            parts=_parts(found),
            lines=lines[:LONGEST],
            is_cut=len(lines) > LONGEST,
            confirmed=self._said(_at(version, person)),
        )

    async def confirm(self, token: str, language: Language) -> Response:
        """Whoever the link was made for has read it; then the page again. Twice is once."""
        id, person = self._bound(token)
        try:
            await self._reading.confirm_by_link(id, person)
        except NotNow as error:
            raise NotThere from error
        return RedirectResponse(f"{ROOT}/{in_path(token)}?lang={language}", status_code=303)

    async def or_trouble(
        self, page: Awaitable[Response], language: Language, address: str
    ) -> Response:
        """The page, or one that says in both languages why it cannot be had. Links that open
        nothing are counted by the address they are tried from.
        """
        try:
            async with self._platform.misses.counting("link", address, NotThere):
                return await page
        except NotThere:
            return self._paper.trouble("missing", language, status=404)
        except TooOften as error:
            return self._paper.trouble("too_often", language, status=429, wait=error.wait)
        except (*STORE_DOWN, Contested):
            return self._paper.trouble("away", language, status=503)

    def _bound(self, token: str) -> tuple[str, str]:
        """The version and the person that a link was made for; raises NotThere, also where that
        person has lost a telephone since.
        """
        subject = read_link("policy", token, self._platform.keys.link) or ""
        id, _, holder = subject.partition("/")
        person, generation = read_generation(holder)
        if not id or not self._platform.duty.current.honours_link(person, generation):
            raise NotThere
        return id, person

    def _said(self, moment: datetime | None) -> str:
        """A time in the group's own."""
        if moment is None:
            return ""
        return f"{moment.astimezone(self._platform.policy.calendar.zone):%Y-%m-%d %H:%M}"


def _at(version: Version, person: str) -> datetime | None:
    found: list[Confirmation] = [c for c in version.confirmed if c.by == person]
    return found[0].at if found else None


def _parts(found: list[Difference]) -> list[str]:
    """The documents that a change touches, by their names in the policy."""
    return list(dict.fromkeys(difference.path.partition(".")[0] for difference in found))


def _lines(found: list[Difference]) -> list[str]:
    return to_text(found).splitlines()


_PAGE: Final[dict[int | str, dict[str, Any]]] = {
    "default": {"description": "Why not", "content": {"text/html": {}}}
}


def build_policy_pages(platform: Platform, reading: Reading) -> APIRouter:
    """`/p/{token}`."""
    router = APIRouter(
        prefix=ROOT,
        tags=["policies"],
        default_response_class=HTMLResponse,
        dependencies=[open_to_all()],
        responses=_PAGE,
    )
    pages = ConfirmationPages(platform, reading)

    @router.get("/{token}")
    async def show(token: str, language: Chosen, source: Source) -> Response:
        """What is to be read, and whether it was confirmed; nothing is changed."""
        return await pages.or_trouble(pages.show(token, language), language, source)

    @router.post("/{token}", status_code=303)
    async def confirm(token: str, language: Chosen, source: Source) -> Response:
        """The one person whom the link was made for has read it; twice is once."""
        return await pages.or_trouble(pages.confirm(token, language), language, source)

    return router
