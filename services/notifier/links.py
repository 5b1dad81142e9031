"""The signed links that messages carry: to a caller's survey, to a contractor's work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from services.notifier.messages import Message
from shared.identity import sign_link
from shared.policy.policy import Policy

_OF_ORDER: Final = "work_order/"


class Opened(NamedTuple):
    """What a link opens: a survey, or a work order for the person it was made for."""

    kind: Literal["survey", "work"]
    subject: str


def opened_by(message: Message, policy: Policy) -> Opened | None:
    """What the link of a message opens; None where it has none, as our own people's work. Pure."""
    if survey := message.facts.get("survey"):
        return Opened("survey", str(survey))
    department = message.facts.get("department")
    is_work = message.purpose == "assignment" and department is not None
    if not is_work or not policy.taxonomy.is_contractor(str(department)):
        return None
    order = message.cause.occurrence.removeprefix(_OF_ORDER)
    return Opened("work", f"{order}/{message.recipient}")


@dataclass(frozen=True, slots=True)
class Links:
    """Where residents answer, contractors see their work, and providers send receipts."""

    survey_url: str
    work_url: str
    receipt_url: str
    secret: bytes

    def receipt(self, message: Message) -> str:
        """Where whoever brings a message says that it has arrived."""
        return f"{self.receipt_url}/v1/receipts/{sign_link('receipt', message.id, self.secret)}"

    def of(self, message: Message, policy: Policy) -> str:
        """The link of a message; empty where it has none."""
        found = opened_by(message, policy)
        if found is None:
            return ""
        token = sign_link(found.kind, found.subject, self.secret)
        if found.kind == "survey":
            return f"{self.survey_url}/s/{token}"
        return f"{self.work_url}/w/{token}"
