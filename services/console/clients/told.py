"""What people were told and asked: the notifier's messages and the survey's surveys of a ticket."""

from __future__ import annotations

from datetime import datetime

from services.console.clients.service import Answered, ServiceClient


class MessageSeen(Answered):
    """One message, without its words."""

    id: str
    purpose: str
    recipient: str
    status: str
    reason: str | None = None
    channel: str | None = None
    at: datetime
    ended_at: datetime | None = None


class Messages(Answered):
    """Some of them."""

    items: list[MessageSeen]
    next: str | None = None


class SurveyAnswer(Answered):
    """What the caller said."""

    at: datetime
    score: int
    comment: str = ""
    dissatisfied: bool
    channel: str
    recorded_by: str | None = None


class SurveySeen(Answered):
    """One survey."""

    id: str
    round: int
    asked_at: datetime | None = None
    unreached: str | None = None
    expires_at: datetime
    answer: SurveyAnswer | None = None


class Surveys(Answered):
    """Some of them."""

    items: list[SurveySeen]


class NotifierClient:
    """What the console asks of the notifier."""

    def __init__(self, service: ServiceClient) -> None:
        self._service = service

    async def of_ticket(self, number: str, bearer: str) -> Messages:
        """The newest messages of a ticket."""
        params = {"number": number, "limit": 50}
        return await self._service.get(Messages, "/v1/messages", bearer=bearer, params=params)


class SurveyClient:
    """What the console asks of the survey."""

    def __init__(self, service: ServiceClient) -> None:
        self._service = service

    async def of_ticket(self, number: str, bearer: str) -> list[SurveySeen]:
        """The surveys of a ticket, the newest first."""
        params = {"number": number}
        return (await self._service.get(Surveys, "/v1/surveys", bearer=bearer, params=params)).items
