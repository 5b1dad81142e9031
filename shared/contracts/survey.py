"""What the survey says: who was asked, and what they answered."""

from __future__ import annotations

from typing import ClassVar

from shared.contracts.base import Event


class SurveyEvent(Event):
    """What every fact about a survey carries."""

    survey: str
    number: str
    round: int = 1


class SurveyAsked(SurveyEvent):
    """The caller may be sent the link of this survey."""

    name: ClassVar[str] = "survey.asked"


class SurveyAnswered(SurveyEvent):
    """The caller answered; `score` is 1 (very dissatisfied) to 5."""

    name: ClassVar[str] = "survey.answered"
    score: int


class SurveyDissatisfied(SurveyEvent):
    """The answer was below the policy's line, so the ticket is to be reopened."""

    name: ClassVar[str] = "survey.dissatisfied"
    must_be_founded: ClassVar[bool] = True
    score: int


class SurveyDangerTold(SurveyEvent):
    """The caller's words tell of a danger, whatever the score: the ticket is to be an emergency."""

    name: ClassVar[str] = "survey.danger_told"
    must_be_founded: ClassVar[bool] = True
    emergency_kind: str
