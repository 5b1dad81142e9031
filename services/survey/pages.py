"""The resident's pages: no account, no script, nothing personal, both languages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from services.survey.domain import DIMENSIONS, LONGEST_COMMENT, Matter
from services.survey.forms import SCORES, Form
from services.survey.surveys import Follows, NoSuchSurvey, Outcome, Surveying
from shared.contracts.refusals import TooOften
from shared.identity import read_link
from shared.policy.policy import Policy
from shared.policy.templates import Language
from shared.runtime import Platform, Source, open_to_all
from shared.runtime.web import Chosen, Paper
from shared.store import STORE_DOWN, Contested
from shared.triage.taxonomy import Area, RequestType

ROOT: Final = "/s"
"""Where the pages are."""
Said = Literal["thanks", "already", "expired"]
Trouble = Literal["missing", "not_open", "too_often", "too_large", "too_slow", "away"]
_FORM_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["score"],
                    "properties": {
                        "score": {"enum": ["1", "2", "3", "4", "5"]},
                        "attitude": {"enum": ["", "1", "2", "3", "4", "5"]},
                        "skill": {"enum": ["", "1", "2", "3", "4", "5"]},
                        "efficiency": {"enum": ["", "1", "2", "3", "4", "5"]},
                        "comment": {"type": "string", "maxLength": 500},
                    },
                }
            }
        }
    }
}


class NotOurLink(Exception):
    """What was not signed here. Unlike a link of ours to a survey that is not there, it may be a
    guess.
    """


class Pages:
    """Renders each page in the reader's language, with the names of the policy in force."""

    def __init__(self, policy: Callable[[], Policy]) -> None:
        self._policy = policy
        self._paper = Paper("services.survey", ROOT, policy)

    def form(
        self, matter: Matter, form: Form, language: Language, *, status: int = 200
    ) -> HTMLResponse:
        """The question, with what was typed and what is wrong with it."""
        return self._paper.page(
            "form.html",
            language,
            status,
            form=_Shown(form),
            scores=SCORES,
            dimensions=DIMENSIONS,
            longest_comment=LONGEST_COMMENT,
            **self._about(matter, language),
        )

    def said(
        self,
        said: Said,
        matter: Matter,
        language: Language,
        *,
        status: int = 200,
        follows: Follows | None = None,
    ) -> HTMLResponse:
        """What became of an answer."""
        about = self._about(matter, language)
        return self._paper.page("said.html", language, status, said=said, follows=follows, **about)

    def trouble(
        self, said: Trouble, language: Language, *, status: int, wait: int | None = None
    ) -> HTMLResponse:
        """What concerns no known survey, in both languages."""
        return self._paper.trouble(said, language, status=status, wait=wait)

    def _about(self, matter: Matter, language: Language) -> dict[str, Any]:
        policy = self._policy().at(matter.estate)
        return {"matter": matter, "policy": policy, "kind": kind_of(matter, policy, language)}


class _Shown:
    """A form as templates read it: every field is there, if only as nothing."""

    def __init__(self, form: Form) -> None:
        names = ("score", *DIMENSIONS, "comment")
        self.typed = {name: form.typed.get(name, "") for name in names}
        self.faults = form.faults
        self.fault_of = {name: form.faults.get(name) for name in names}


def kind_of(matter: Matter, policy: Policy, language: Language) -> str:
    """The matter's type and area by their names; what the policy no longer knows is left out."""
    taxonomy = policy.taxonomy
    named: list[RequestType | Area] = []
    if matter.type and taxonomy.has_type(matter.type):
        named.append(taxonomy.type(matter.type))
    if matter.area and taxonomy.has_area(matter.area):
        named.append(taxonomy.area(matter.area))
    return " · ".join(entry.zh if language == "zh" else entry.en for entry in named)


class Visits:
    """What a resident sees at the address of a token."""

    def __init__(self, platform: Platform, surveying: Surveying) -> None:
        self._clock = platform.store.clock
        self._secret = platform.keys.link
        self._misses = platform.misses
        self._surveying = surveying
        self._pages = Pages(lambda: platform.policy)

    async def show(self, token: str, language: Language) -> HTMLResponse:
        """The form, or why there is none any more."""
        survey = await self._surveying.get(self._survey_of(token))
        if survey.answer is not None:
            return self._pages.said("already", survey.matter, language)
        if survey.is_expired(self._clock.now()):
            return self._pages.said("expired", survey.matter, language, status=410)
        return self._pages.form(survey.matter, Form(), language)

    async def answer(self, token: str, request: Request, language: Language) -> HTMLResponse:
        """Thanks, the form with its faults, or why nothing was kept."""
        form = Form.read(await request.body())
        id = self._survey_of(token)
        if form.faults:
            survey = await self._surveying.get(id)
            return self._pages.form(survey.matter, form, language, status=422)
        return await self._told(await self._surveying.answer(id, form.to_given()), language)

    async def or_trouble(
        self, page: Awaitable[HTMLResponse], language: Language, address: str
    ) -> HTMLResponse:
        """The page, or one that says in both languages why it cannot be had. Links that open
        nothing are counted by the address they are tried from.
        """
        try:
            async with self._misses.counting("link", address, NotOurLink):
                return await page
        except NotOurLink:
            return self._pages.trouble("missing", language, status=404)
        except NoSuchSurvey:
            return self._pages.trouble("not_open", language, status=404)
        except TooOften as error:
            return self._pages.trouble("too_often", language, status=429, wait=error.wait)
        except HTTPException as error:
            said: Trouble = "too_slow" if error.status_code == 408 else "too_large"
            return self._pages.trouble(said, language, status=error.status_code)
        except (*STORE_DOWN, Contested):
            return self._pages.trouble("away", language, status=503)

    def _survey_of(self, token: str) -> str:
        """The survey a token opens; raises NotOurLink for what was not signed here."""
        id = read_link("survey", token, self._secret)
        if id is None:
            raise NotOurLink
        return id

    async def _told(self, outcome: Outcome, language: Language) -> HTMLResponse:
        matter = outcome.survey.matter
        match outcome.kind:
            case "stored" | "repeated":
                follows = await self._surveying.what_follows(outcome.survey)
                return self._pages.said("thanks", matter, language, follows=follows)
            case "already":
                return self._pages.said("already", matter, language, status=409)
            case "expired":
                return self._pages.said("expired", matter, language, status=410)


def build_pages(platform: Platform, surveying: Surveying) -> APIRouter:
    """`/s/{token}`."""
    router = APIRouter(
        prefix=ROOT,
        tags=["resident"],
        default_response_class=HTMLResponse,
        dependencies=[open_to_all()],
        responses={"default": {"description": "Why not", "content": {"text/html": {}}}},
    )
    visits = Visits(platform, surveying)

    @router.get("/{token}")
    async def show(token: str, language: Chosen, source: Source) -> HTMLResponse:
        """The form, or what became of it."""
        return await visits.or_trouble(visits.show(token, language), language, source)

    @router.post("/{token}", openapi_extra=_FORM_BODY)
    async def answer(
        token: str, request: Request, language: Chosen, source: Source
    ) -> HTMLResponse:
        """Keep the first answer; the same form sent again is thanked again."""
        return await visits.or_trouble(visits.answer(token, request, language), language, source)

    return router
