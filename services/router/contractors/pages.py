"""The contractor's pages: no account, no script, no contact data, both languages."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Final, get_args

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from services.router.contractors.domain import Step, Work
from services.router.contractors.visits import ContractorVisits, NoSuchWork, WorkEnded
from services.router.proofs.pictures import NoPicture
from services.router.proofs.uploads import FORM, PHOTO, read_photo
from shared.contracts import MalformedMessage
from shared.contracts.refusals import Refused, TooOften
from shared.policy.policy import Policy
from shared.policy.templates import Language
from shared.runtime import Platform, Source, open_to_all
from shared.runtime.problems import problem_of
from shared.runtime.web import Chosen, Paper
from shared.store import STORE_DOWN, Contested
from shared.tickets import NotAllowed

ROOT: Final = "/w"
"""Where the pages are."""


class WorkPages:
    """What a contractor sees at the address of a link."""

    def __init__(self, platform: Platform, visits: ContractorVisits) -> None:
        self._platform = platform
        self._visits = visits
        self._paper = Paper("services.router.contractors", ROOT, lambda: platform.policy)

    async def show(
        self, token: str, language: Language, *, fault: str = "", status: int = 200
    ) -> Response:
        """The work and what can be done now; `fault` is what was wrong with a photo, as a code."""
        work = await self._visits.see(token)
        policy = self._platform.policy.at(work.ticket.estate)
        shown = {"root": ROOT, "token": token, "fault": fault, **_shown(work, policy, language)}
        return self._paper.page("work.html", language, status, policy=policy, **shown)

    async def take(self, token: str, request: Request, language: Language) -> Response:
        """Take a photo, then show the page again; what is wrong with it stands there in words."""
        try:
            await self._visits.show(token, lambda: read_photo(request))
        except (NoPicture, MalformedMessage, Refused, HTTPException) as error:
            code, status = _fault_of(error)
            return await self.show(token, language, fault=code, status=status)
        return RedirectResponse(f"{ROOT}/{token}?lang={language}#{PHOTO}", status_code=303)

    async def move(self, token: str, step: str, language: Language) -> Response:
        """Do a step, then show the page again: loading it anew sends nothing twice."""
        found: Step | None = next((known for known in get_args(Step) if known == step), None)
        if found is None:
            raise NoSuchWork
        await self._visits.move(token, found)
        return RedirectResponse(f"{ROOT}/{token}?lang={language}", status_code=303)

    async def or_trouble(
        self, page: Awaitable[Response], language: Language, address: str
    ) -> Response:
        """The page, or one that says in both languages why it cannot be had. Links that open
        nothing are counted by the address they are tried from.
        """
        try:
            async with self._platform.misses.counting("link", address, NoSuchWork):
                return await page
        except NoSuchWork:
            return self._paper.trouble("missing", language, status=404)
        except TooOften as error:
            return self._paper.trouble("too_often", language, status=429, wait=error.wait)
        except WorkEnded:
            return self._paper.trouble("ended", language, status=410)
        except NotAllowed:
            return self._paper.trouble("not_now", language, status=409)
        except (*STORE_DOWN, Contested):
            return self._paper.trouble("away", language, status=503)


def _fault_of(error: Exception) -> tuple[str, int]:
    """What was wrong with a photo, as a code that has words, and the status."""
    match error:
        case NoPicture():
            return error.code, 422
        case Refused():
            status = problem_of(error).status
            return {408: "too_slow", 409: "too_many"}.get(status, "busy"), status
        case HTTPException(status_code=413):
            return "too_large", 413
        case HTTPException(status_code=408):
            return "too_slow", 408
        case _:
            return "malformed", 422


def _shown(work: Work, policy: Policy, language: Language) -> dict[str, Any]:
    plan, taxonomy, zone = work.ticket.plan, policy.taxonomy, policy.calendar.zone
    estate = policy.group.find_estate(work.ticket.estate) if work.ticket.estate else None
    area = taxonomy.area(plan.area) if taxonomy.has_area(plan.area) else None
    kind = plan.emergency_kind
    is_known = kind is not None and taxonomy.has_kind(kind)
    danger = taxonomy.kind(kind) if kind is not None and is_known else None
    return {
        "number": work.ticket.number,
        "estate": getattr(estate, language) if estate else "",
        "building": work.building or "",
        "area": getattr(area, language) if area else plan.area,
        "danger": getattr(danger, language) if danger else "",
        "words": work.words,
        "stands": work.order.status.value,
        "steps": work.steps,
        "is_over": work.is_over,
        "is_drill": work.ticket.test,
        "photos": work.photos,
        "lacks_photo": work.lacks_photo,
        "takes_photos": work.takes_photos,
        "due": [
            (clock.value, f"{state.due.astimezone(zone):%m-%d %H:%M}")
            for clock, state in work.order.clocks.items()
            if state.due is not None and state.is_running
        ],
    }


def build_work_pages(platform: Platform, visits: ContractorVisits) -> APIRouter:
    """`/w/{token}`."""
    router = APIRouter(
        prefix=ROOT,
        tags=["contractor"],
        default_response_class=HTMLResponse,
        dependencies=[open_to_all()],
        responses={"default": {"description": "Why not", "content": {"text/html": {}}}},
    )
    pages = WorkPages(platform, visits)

    @router.get("/{token}")
    @router.get("/{token}/photo")  # where a page with a fault stands, and its other language
    async def show(token: str, language: Chosen, source: Source) -> Response:
        """The work, and what can be done now."""
        return await pages.or_trouble(pages.show(token, language), language, source)

    @router.post("/{token}/photo", status_code=303, openapi_extra=FORM)
    async def take(token: str, request: Request, language: Chosen, source: Source) -> Response:
        """A photo of what was done; the same one is kept once."""
        return await pages.or_trouble(pages.take(token, request, language), language, source)

    @router.post("/{token}/{step}", status_code=303)
    async def move(token: str, step: str, language: Chosen, source: Source) -> Response:
        """Accept, decline, arrive, say that people are safe, or done; twice changes nothing."""
        return await pages.or_trouble(pages.move(token, step, language), language, source)

    return router
