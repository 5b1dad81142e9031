"""Signed links in messages, made anew each time from ids and never kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from services.notifier.messages import Message
from shared.identity import sign_link
from shared.policy.policy import Policy

_OF_ORDER: Final = "work_order/"


@dataclass(frozen=True, slots=True)
class Links:
    """Where residents answer and contractors see their work."""

    survey_url: str
    work_url: str
    secret: bytes

    def of(self, message: Message, policy: Policy) -> str:
        """The link of a message; empty where it has none."""
        survey = message.facts.get("survey")
        if survey:
            return f"{self.survey_url}/s/{sign_link('survey', survey, self.secret)}"
        department = message.facts.get("department")
        is_work = message.purpose == "assignment" and department is not None
        if is_work and policy.taxonomy.is_contractor(str(department)):
            order = message.cause.occurrence.removeprefix(_OF_ORDER)
            token = sign_link("work", f"{order}/{message.recipient}", self.secret)
            return f"{self.work_url}/w/{token}"
        return ""
