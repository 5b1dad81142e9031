"""When somebody is asked, until when they may answer, what an answer is and what it says. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Self

from shared.contracts import Event, Lane, Step
from shared.contracts.intake import TicketAnswered, TicketClosed
from shared.contracts.survey import (
    SurveyAnswered,
    SurveyAsked,
    SurveyDangerTold,
    SurveyDissatisfied,
)
from shared.tickets import Ticket, Transition
from shared.triage.taxonomy import Taxonomy

ANSWER_WITHIN: Final = timedelta(days=30)
"""As long as the sample policy lets a closed ticket be reopened: an answer that can no longer
change anything is not asked for."""
NOBODY_TO_ASK: Final = frozenset({"no_contact", "unreachable"})
"""Outcomes of the feedback (A4.4) that say there is nobody to send a link to."""
_ENDS: Final = frozenset(
    {Transition.ANSWER, Transition.RESOLVE, Transition.HAND_OVER, Transition.FEEDBACK}
)
DIMENSIONS: Final = ("attitude", "skill", "efficiency")
"""What A5 asks of the service and A6.2 appraises, each scored by the caller if they wish."""
BEST_SCORE: Final = 5
LONGEST_COMMENT: Final = 500


def survey_id(number: str, round_: int) -> str:
    """What the survey of a ticket's round is called."""
    return f"{number}-{round_}"


NotAsked = Literal["test", "nobody_to_ask", "stale", "told_by_person"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """One round of a ticket that has ended, as its event tells it."""

    number: str
    round: int
    outcome: str
    ended_at: datetime
    lane: Lane
    estate: str | None
    type: str | None
    area: str | None
    urgency: str

    @classmethod
    def from_event(cls, event: TicketClosed | TicketAnswered, lane: Lane, at: datetime) -> Self:
        """Read what ended, and how."""
        return cls(
            number=event.number,
            round=event.round,
            outcome=event.outcome if isinstance(event, TicketClosed) else "answered",
            ended_at=at,
            lane=lane,
            estate=event.estate,
            type=event.type,
            area=event.area,
            urgency=event.urgency,
        )

    @property
    def survey_id(self) -> str:
        """One survey per ticket and round, whoever asks and however often."""
        return survey_id(self.number, self.round)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An answer as it was given; `comment` may name people and is never kept like this."""

    score: int
    dimensions: Mapping[str, int]
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """An answer as it is kept: the comment scrubbed here and sealed beside.

    `fingerprint` is the same for the same answer from the same hand. `dissatisfied` was decided
    by the policy of that moment.
    """

    at: datetime
    score: int
    dimensions: Mapping[str, int]
    comment: str
    sealed: bytes | None
    dissatisfied: bool
    recorded_by: str | None
    fingerprint: str

    @property
    def channel(self) -> Literal["link", "phone"]:
        """How it came: by the caller's link, or by phone through one of us."""
        return "phone" if self.recorded_by else "link"


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """One question about one round of one ticket, with at most one answer. `unreached` is why the
    question reached nobody, where it did not: then nobody was asked. `danger` is the kind of
    emergency that the answer tells of, where it tells of one.
    """

    id: str
    version: int = 0
    matter: Matter
    made_at: datetime
    answer: Rating | None = None
    unreached: str | None = None
    danger: str | None = None

    @property
    def lane(self) -> Lane:
        """Its matter's, but that of emergencies where the answer tells of one."""
        return self.matter.lane if self.danger is None else "urgent"

    @property
    def begins_again(self) -> bool:
        """Whether the ticket is worked on again because of the answer."""
        return self.danger is not None or (self.answer is not None and self.answer.dissatisfied)

    @property
    def asked_at(self) -> datetime | None:
        """When the caller was asked; None where the question reached nobody."""
        return self.made_at if self.unreached is None else None

    @property
    def expires_at(self) -> datetime:
        """Until when it may be answered."""
        return self.matter.ended_at + ANSWER_WITHIN

    def is_expired(self, now: datetime) -> bool:
        """Whether it is too late to answer."""
        return now >= self.expires_at


def why_not_ask(
    matter: Matter, ticket: Ticket | None, now: datetime, *, taxonomy: Taxonomy
) -> NotAsked | None:
    """Why nobody is asked about a matter, or None where somebody is.

    `ticket` is the ticket as it is now, where it is known: one that was reopened meanwhile is
    asked about when it ends again. `taxonomy` says to whose callers no machine writes.
    """
    if ticket is not None and ticket.test:
        return "test"
    if ticket is not None and taxonomy.is_told_by_person(ticket.plan.emergency_kind):
        return "told_by_person"
    if matter.outcome in NOBODY_TO_ASK:
        return "nobody_to_ask"
    if ticket is not None and ticket.round > matter.round:
        return "stale"
    return "stale" if now >= matter.ended_at + ANSWER_WITHIN else None


def ask(matter: Matter, now: datetime) -> Step[Survey]:
    """The caller is asked."""
    survey = Survey(id=matter.survey_id, matter=matter, made_at=now)
    asked = SurveyAsked(survey=survey.id, number=matter.number, round=matter.round)
    return Step(survey, (asked,))


def is_open(survey: Survey, now: datetime) -> bool:
    """Whether an answer still counts."""
    return survey.answer is None and not survey.is_expired(now)


def had_part_in(ticket: Ticket, round_: int, who: str) -> bool:
    """Whether the answer is about what somebody did: they see the ticket through, or did, or they
    have ended the round.
    """
    ended = any(e.by == who and e.transition in _ENDS for e in ticket.entries_of(round_))
    return ended or who in {ticket.owner, *ticket.former_owners}


def take_answer(survey: Survey, answer: Rating, danger: str | None = None) -> Step[Survey]:
    """The caller has answered, and may have told of a danger."""
    number, round_ = survey.matter.number, survey.matter.round
    facts: dict[str, Any] = {"survey": survey.id, "number": number, "round": round_}
    events: list[Event] = [SurveyAnswered(**facts, score=answer.score)]
    if answer.dissatisfied:
        events.append(SurveyDissatisfied(**facts, score=answer.score))
    if danger is not None:
        events.append(SurveyDangerTold(**facts, emergency_kind=danger))
    return Step(replace(survey, answer=answer, danger=danger), events)


def note_unreached(survey: Survey, reason: str) -> Step[Survey] | None:
    """The question reached nobody, so the caller was not asked; None where that is known."""
    return Step(replace(survey, unreached=reason)) if survey.unreached is None else None


def forget_words(survey: Survey) -> Step[Survey] | None:
    """The caller's own words go, score and scrubbed words stay; None where none are kept."""
    if survey.answer is None or survey.answer.sealed is None:
        return None
    return Step(replace(survey, answer=replace(survey.answer, sealed=None)))
