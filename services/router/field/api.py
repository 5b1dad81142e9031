"""`/v1/follow-ups/{id}`: one task, and the call to make of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from fastapi import Header
from pydantic import BaseModel, Field

from services.router.field.call_views import call_view_of
from services.router.field.calls import CallWork
from services.router.field.calls_at_desk import CallsAtDesk
from services.router.follow_ups.views import TaskLine, task_line
from shared.contracts.ids import Code
from shared.contracts.router import CallAnswer
from shared.contracts.times import Moment
from shared.policy.templates import LANGUAGES
from shared.runtime import Actor, NoteBody, Platform, Routes, WordsRoute, may
from shared.runtime.web.work import WordsToSay

Key = Annotated[str, Header(alias="Idempotency-Key", min_length=1, max_length=100)]


class SaidView(BaseModel):
    """What to say to the caller, a paragraph each."""

    zh: list[str]
    en: list[str]


class NotedView(BaseModel):
    """What those who did the work have written; a `public` one may be told."""

    at: datetime
    words: str
    public: bool


class EndedView(BaseModel):
    """What became of a call, as a code, and when the caller is rung again."""

    how: str
    again_at: datetime | None


class CallSheet(BaseModel):
    """A caller to ring: what to `say`, and what may be said of the call (`can`). Of what is
    `discreet` nothing is said to whoever picks up. `promised` names the promises that the words
    tell: it is sent back with `told`. `noted` was said and takes effect in a moment; nobody
    answering, they are rung again at `again_at`.
    """

    id: str
    number: str
    person: str | None
    subject: str
    due: datetime
    discreet: bool
    may_have_heard: bool
    say: SaidView
    notes: list[NotedView]
    promised: list[datetime]
    turn: int
    again_at: datetime | None
    noted: str | None
    ended: EndedView | None
    can: list[str]

    @classmethod
    def of(cls, work: CallWork, platform: Platform) -> Self:
        """As it is now, in both languages."""
        policy = platform.policy.at(work.ticket.estate)
        view = call_view_of(work, policy, platform.store.clock.now())
        zone = policy.calendar.zone
        said = {language: WordsToSay(view, zone).in_(language) for language in LANGUAGES}
        ended = view.ended
        return cls(
            id=work.task.id,
            number=view.number,
            person=work.task.person,
            subject=view.subject,
            due=view.due,
            discreet=view.is_discreet,
            may_have_heard=view.may_have_heard,
            say=SaidView(zh=said["zh"], en=said["en"]),
            notes=[NotedView(at=n.at, words=n.words, public=n.public) for n in view.notes],
            promised=list(view.tells),
            turn=view.turn,
            again_at=view.again_at,
            noted=view.noted,
            ended=EndedView(how=ended.how, again_at=ended.again_at) if ended else None,
            can=[] if work.takes_effect else sorted(work.can),
        )


class CallBody(NoteBody):
    """What came of a call; `cause` says, as a code, why the caller is not satisfied, `note` what
    they said, `promised` which promises they were told.
    """

    answer: CallAnswer
    cause: Code | None = None
    promised: Annotated[tuple[Moment, ...], Field(max_length=20)] = ()


def build_calls_api(platform: Platform, calls: CallsAtDesk) -> Routes:
    """One task of the desk."""
    router = Routes("/v1/follow-ups/{id}", tags=["follow-ups"], route_class=WordsRoute)

    @router.get("", dependencies=[may("follow_up.see")])
    async def one(id: str, actor: Actor) -> TaskLine:
        """A task with its ticket's place and words."""
        return task_line(*await calls.task(id, actor))

    @router.get("/call", dependencies=[may("follow_up.see")])
    async def call(id: str, actor: Actor) -> CallSheet:
        """What to tell the caller, in words to say, and what may be said of the call."""
        return CallSheet.of(await calls.see(id, actor), platform)

    @router.post("/call", dependencies=[may("follow_up.do")])
    async def said(id: str, actor: Actor, body: CallBody, key: Key) -> CallSheet:
        """What came of the call. What the ticket has to follow takes effect in a moment (`noted`);
        a danger that the words tell of makes the ticket an emergency.
        """
        work = await calls.say(
            id,
            actor,
            body.answer,
            key=key,
            cause=body.cause,
            words=body.scrubbed(),
            promised=body.promised,
        )
        return CallSheet.of(work, platform)

    return router
