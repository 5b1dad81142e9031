"""HTTP in: one call each. What is missing and what is out of reach look the same."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, Field

from services.survey.domain import BEST_SCORE, DIMENSIONS, LONGEST_COMMENT, Given, Survey
from services.survey.forms import tidy
from services.survey.storage import NEWEST, SURVEYS
from services.survey.surveys import Surveying
from shared.contracts.refusals import NotNow, NotThere
from shared.identity import Principal
from shared.readers.visibility import belonging_within_reach, hidden
from shared.runtime import Actor, Body, Routes, WordsRoute, may
from shared.store import Collection, Listing, Store
from shared.tickets.numbers import TicketNumber

Score = Annotated[int, Field(ge=1, le=BEST_SCORE)]


class AnswerView(BaseModel):
    """An answer as staff see it: the comment scrubbed, the caller's own words sealed."""

    at: datetime
    score: Score
    attitude: Score | None
    skill: Score | None
    efficiency: Score | None
    comment: str
    dissatisfied: bool
    channel: Literal["link", "phone"]
    recorded_by: str | None


class SurveyView(BaseModel):
    """One survey as staff see it."""

    id: str
    number: str
    round: int
    outcome: str
    estate: str | None
    type: str | None
    area: str | None
    urgency: str
    asked_at: datetime | None
    unreached: str | None
    expires_at: datetime
    danger: str | None
    answer: AnswerView | None


class SurveyPage(BaseModel):
    """A page and the cursor of the next one, if there is one."""

    items: list[SurveyView]
    next: str | None


class PhoneAnswer(Body):
    """What the caller answered on the phone."""

    score: Score
    attitude: Score | None = None
    skill: Score | None = None
    efficiency: Score | None = None
    comment: str = Field("", max_length=LONGEST_COMMENT)

    def to_given(self) -> Given:
        """The answer as the use case takes it."""
        scores = self.model_dump(include=set(DIMENSIONS), exclude_none=True)
        return Given(score=self.score, dimensions=scores, comment=tidy(self.comment))


def build_api(store: Store, surveying: Surveying) -> Routes:
    """`/v1/surveys`, for staff within reach of the estate."""
    surveys = Collection(store, SURVEYS)
    router = Routes("/v1/surveys", tags=["surveys"], route_class=WordsRoute)

    async def theirs(id: str, actor: Principal) -> Survey:
        """A survey within reach, unless its ticket is about whoever asks; 404 for all others
        alike.
        """
        survey = await surveys.get(id)
        not_theirs = await hidden(store, actor, [survey.matter.number if survey else id])
        if survey is None or not_theirs or not actor.reaches(survey.matter.estate):
            raise NotThere
        return survey

    @router.get("", dependencies=[may("survey.see")])
    async def listed(
        actor: Actor,
        number: Annotated[TicketNumber | None, Query(max_length=40)] = None,
        estate: Annotated[str | None, Query(max_length=40)] = None,
        after: Annotated[str | None, Query(max_length=200)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> SurveyPage:
        """Surveys within reach, newest first; `next` is the cursor of the next page."""
        reach = await belonging_within_reach(store, actor, "survey.see", estate=estate)
        of_ticket = {"number": number} if number else {}
        listing = Listing(filters=of_ticket, within=reach, order=NEWEST)
        page = await surveys.page(listing, after=after, limit=limit)
        return SurveyPage(items=[_view(survey) for survey in page.items], next=page.next)

    @router.get("/{id}", dependencies=[may("survey.see")])
    async def one(id: str, actor: Actor) -> SurveyView:
        """One survey within reach."""
        return _view(await theirs(id, actor))

    @router.post("/{id}/answer", dependencies=[may("survey.record")])
    async def record(id: str, body: PhoneAnswer, actor: Actor) -> SurveyView:
        """Record what the caller answered on the phone, under the name of who heard it."""
        await theirs(id, actor)
        outcome = await surveying.answer(id, body.to_given(), recorded_by=actor.id)
        if outcome.kind == "already":
            raise NotNow(
                "already-answered",
                "The first answer counts, and there is one",
                "read the survey: the answer stands there",
            )
        if outcome.kind == "expired":
            raise NotNow(
                "expired",
                "It is too late to answer this survey",
                "register what is still wrong as a request of its own",
            )
        return _view(outcome.survey)

    return router


def _view(survey: Survey) -> SurveyView:
    matter, answer = survey.matter, survey.answer
    return SurveyView(
        id=survey.id,
        number=matter.number,
        round=matter.round,
        outcome=matter.outcome,
        estate=matter.estate,
        type=matter.type,
        area=matter.area,
        urgency=matter.urgency,
        asked_at=survey.asked_at,
        unreached=survey.unreached,
        expires_at=survey.expires_at,
        danger=survey.danger,
        answer=AnswerView(
            at=answer.at,
            score=answer.score,
            attitude=answer.dimensions.get("attitude"),
            skill=answer.dimensions.get("skill"),
            efficiency=answer.dimensions.get("efficiency"),
            comment=answer.comment,
            dissatisfied=answer.dissatisfied,
            channel=answer.channel,
            recorded_by=answer.recorded_by,
        )
        if answer
        else None,
    )
