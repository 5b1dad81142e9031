"""The work page at the address of a link: shown, moved, and shown again with what is possible."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from services.router.field.call_pages import CallPages
from services.router.field.call_visits import CallVisits
from services.router.field.domain import ENDS_THE_WORK, Work
from services.router.field.forms import Form, Unreadable
from services.router.field.thumbnails import Thumbnails
from services.router.field.views import view_of
from services.router.field.visits import FieldVisits, NoSuchWork, WorkEnded
from services.router.proofs.pictures import NoPicture
from services.router.proofs.uploads import FORM, PHOTO, read_photo
from shared.contracts import MalformedMessage
from shared.contracts.refusals import Gone, NotNow, Refused, TooOften
from shared.identity import Forbidden
from shared.identity.staff_links import form_token_of
from shared.policy.templates import Language
from shared.runtime import Platform, Source, open_to_all
from shared.runtime.problems import problem_of
from shared.runtime.web import Chosen, build_script, in_path
from shared.runtime.web.work import ACTS, PACKAGE, SURE_FIRST, Act, Typed, WorkPaper
from shared.store import STORE_DOWN, Contested
from shared.tickets import NotAllowed

ROOT: Final = "/w"
"""Where the pages are."""
_ACTS: Final[dict[str, Act]] = {act: act for act in ACTS}
_ASKED_AT: Final = SURE_FIRST - {"decline"}
"""Acts whose question has an address of its own, so that a browser's Back finds it again. Of those
with something typed the question is the answer to the form: nothing typed stands in an address."""
_WITH_TIME: Final = frozenset({"pause", "more_time"})


class FieldPages:
    """What somebody in the field sees at the address of a link."""

    def __init__(
        self, platform: Platform, visits: FieldVisits, thumbnails: Thumbnails, person_url: str
    ) -> None:
        self._platform = platform
        self._visits = visits
        self._thumbnails = thumbnails
        self._paper = WorkPaper.under(ROOT, lambda: platform.policy, person_url)

    async def show(
        self,
        token: str,
        language: Language,
        *,
        said: str = "",
        done: str | None = None,
        typed: Typed | None = None,
        sure: Typed | None = None,
        pictures: tuple[str, ...] = (),
        status: int = 200,
    ) -> Response:
        """The work and what can be done now, and what was just `done`, where it is an act."""
        work = await self._visits.see(token)
        policy = self._platform.policy.at(work.ticket.estate)
        view = view_of(work, policy, self._platform.store.clock.now())
        form = form_token_of(token, self._platform.keys.link)
        return self._paper.page(
            view,
            token,
            language,
            policy,
            said=said,
            recorded=view.recorded_as(_ACTS[done]) if done in _ACTS else "",
            typed=typed,
            sure=sure,
            pictures=pictures,
            person_form=form if work.goes_there else None,
            status=status,
        )

    async def act(self, token: str, act: str, request: Request, language: Language) -> Response:
        """Do one act, then show the page again: loading it anew sends nothing twice. What cannot be
        taken back is asked once more; what is refused is said on the page itself.
        """
        wanted = _ACTS.get(act)
        if wanted is None or wanted == "photo":
            raise NoSuchWork
        form = Form.read(await request.body())
        if form.goes_back and wanted in _ASKED_AT:
            return RedirectResponse(f"{ROOT}/{in_path(token)}?lang={language}", status_code=303)
        if form.goes_back:
            return await self.show(token, language, typed=Typed(wanted, form.fields))
        try:
            if wanted in SURE_FIRST and not form.is_sure:
                return await self._ask(token, wanted, form, language)
            await self._visits.do(token, wanted, form)
        except Unreadable as fault:
            typed = Typed(wanted, form.fields, fault.code)
            return await self.show(token, language, typed=typed, status=422)
        except (NotAllowed, NotNow, Forbidden, MalformedMessage):
            return await self._refused(token, wanted, form, language)
        return await self._after(token, wanted, language)

    async def take(self, token: str, request: Request, language: Language) -> Response:
        """Take a photo, then show the page again; what is wrong with it stands there in words."""
        try:
            await self._visits.show(token, lambda: read_photo(request))
        except NotAllowed:
            return await self.show(token, language, said="changed", status=409)
        except (NoPicture, MalformedMessage, Refused, HTTPException) as error:
            code, status = _fault_of(error)
            return await self.show(token, language, typed=Typed("photo", {}, code), status=status)
        done = f"{ROOT}/{in_path(token)}?lang={language}&done={PHOTO}#{PHOTO}"
        return RedirectResponse(done, status_code=303)

    async def pictures(self, token: str, language: Language, source: str | None) -> Response:
        """The page with its photos, small, each on record as an opening."""
        try:
            shots = await self._thumbnails.of(await self._visits.see(token), source=source)
        except (Gone, Forbidden):
            return await self.show(token, language, said="changed", status=409)
        return await self.show(token, language, pictures=shots)

    async def _ask(self, token: str, act: Act, form: Form, language: Language) -> Response:
        """Whether they are sure; only of what is possible, so that nobody confirms in vain."""
        work = await self._visits.see(token)
        if act not in work.can:
            return await self.show(token, language, said=_why_not(work, act), status=409)
        if act in _ASKED_AT:
            return RedirectResponse(
                f"{ROOT}/{in_path(token)}/{act}?lang={language}", status_code=303
            )
        form.check(act, self._platform.policy.at(work.ticket.estate).calendar.zone)
        return await self.show(token, language, sure=Typed(act, form.fields))

    async def again(self, token: str, act: str, language: Language) -> Response:
        """The question of an act that has an address, where it can be done now; else the page."""
        work = await self._visits.see(token)
        asked = next((each for each in _ASKED_AT & work.can if each == act), None)
        return await self.show(token, language, sure=Typed(asked, {}) if asked else None)

    async def _refused(self, token: str, act: Act, form: Form, language: Language) -> Response:
        """The page with what is possible now; where only the time was at fault, with the form."""
        work = await self._visits.see(token)
        if act in _WITH_TIME and act in work.can:
            typed = Typed(act, form.fields, "until_refused")
            return await self.show(token, language, typed=typed, status=422)
        return await self.show(token, language, said=_why_not(work, act), status=409)

    async def _after(self, token: str, act: Act, language: Language) -> Response:
        try:
            await self._visits.see(token)
        except WorkEnded:
            return self._paper.recorded(language)
        return RedirectResponse(
            f"{ROOT}/{in_path(token)}?lang={language}&done={act}", status_code=303
        )

    async def or_trouble(
        self, page: Awaitable[Response], language: Language, address: str
    ) -> Response:
        """The page, or one that says in both languages why it cannot be had. What was signed
        elsewhere, is somebody else's or is over looks the same; only the first is counted, by the
        address it is tried from.
        """
        try:
            async with self._platform.misses.counting("link", address, _Guess):
                return await _guessed(page)
        except NoSuchWork:
            return self._paper.trouble("missing", language, status=404)
        except TooOften as error:
            return self._paper.trouble("too_often", language, status=429, wait=error.wait)
        except HTTPException as error:
            said = {408: "too_slow", 413: "too_large"}.get(error.status_code, "away")
            return self._paper.trouble(said, language, status=error.status_code)
        except (*STORE_DOWN, Contested):
            return self._paper.trouble("away", language, status=503)


def _why_not(work: Work, act: Act) -> str:
    """What is said of an act that does not count now, as a code."""
    return "danger_first" if work.danger_runs and act in ENDS_THE_WORK else "changed"


class _Guess(NoSuchWork):
    """A link that was never good here, unlike one whose work has ended."""


async def _guessed(page: Awaitable[Response]) -> Response:
    try:
        return await page
    except WorkEnded:
        raise
    except NoSuchWork as error:
        raise _Guess from error


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


def build_field_pages(
    platform: Platform,
    visits: FieldVisits,
    thumbnails: Thumbnails,
    call_visits: CallVisits,
    *,
    person_url: str = "",
) -> APIRouter:
    """`/w/{token}`: of work, of an alert, or of a call to a caller."""
    router = APIRouter(
        prefix=ROOT,
        tags=["field"],
        default_response_class=HTMLResponse,
        dependencies=[open_to_all()],
        responses={"default": {"description": "Why not", "content": {"text/html": {}}}},
    )
    pages = FieldPages(platform, visits, thumbnails, person_url)
    calls = CallPages(platform, call_visits, ROOT, person_url)

    @router.get("/{token}")
    async def show(
        token: str,
        language: Chosen,
        source: Source,
        done: Annotated[str | None, Query()] = None,
    ) -> Response:
        """The work, and what can be done now; it changes and opens nothing. `done` is the act that
        the page says on top is on record.
        """
        shown = (
            calls.show(token, language)
            if calls.has(token)
            else pages.show(token, language, done=done)
        )
        return await pages.or_trouble(shown, language, source)

    @router.get("/{token}/{act}")
    async def again(token: str, act: str, language: Chosen, source: Source) -> Response:
        """The same, where a page with a sentence stood: loaded anew, or in its other language; or
        the question whether they are sure. It changes and opens nothing.
        """
        shown = (
            calls.show(token, language) if calls.has(token) else pages.again(token, act, language)
        )
        return await pages.or_trouble(shown, language, source)

    @router.post("/{token}/photo", status_code=303, openapi_extra=FORM)
    async def take(token: str, request: Request, language: Chosen, source: Source) -> Response:
        """A photo of what was done; the same one is kept once."""
        return await pages.or_trouble(pages.take(token, request, language), language, source)

    @router.post("/{token}/photos")
    async def pictures(token: str, language: Chosen, source: Source) -> Response:
        """The page with its photos, on record as an opening; never for a firm outside."""
        shown = pages.pictures(token, language, source)
        return await pages.or_trouble(shown, language, source)

    @router.post("/{token}/{act}", status_code=303)
    async def act(
        token: str, act: str, request: Request, language: Chosen, source: Source
    ) -> Response:
        """One act of the page; the same form sent again counts once."""
        found = calls if calls.has(token) else pages
        return await pages.or_trouble(found.act(token, act, request, language), language, source)

    return router


def build_field_script() -> APIRouter:
    """The script that counts the clocks down."""
    return build_script(ROOT, PACKAGE)
