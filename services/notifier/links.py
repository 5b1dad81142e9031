"""The signed links that messages carry: to a caller's survey, to somebody's work or alert, to a
policy that somebody must confirm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from services.notifier.messages import Message
from shared.identity import sign_link

_OF_ORDER: Final = "work_order/"


class Opened(NamedTuple):
    """What a link opens: a survey, or somebody's work order, or an emergency for one alerted, or
    a policy for one reader.
    """

    kind: Literal["survey", "work", "alert", "policy"]
    subject: str


def opened_by(message: Message) -> Opened | None:
    """What the link of a message opens; None where it has none. Pure."""
    if survey := message.facts.get("survey"):
        return Opened("survey", str(survey))
    match message.purpose:
        case "assignment":
            order = message.cause.occurrence.removeprefix(_OF_ORDER)
            return Opened("work", f"{order}/{message.recipient}")
        case "alert":
            # Whoever is called from the chain has no work order of it.
            return Opened("alert", f"{message.number}/{message.recipient}")
        case "policy" | "policy_reminder":
            return Opened("policy", f"{message.number}/{message.recipient}")
        case _:
            return None


@dataclass(frozen=True, slots=True)
class Links:
    """Where residents answer, whoever has work sees it, and providers send receipts."""

    survey_url: str
    work_url: str
    receipt_url: str
    policy_url: str
    secret: bytes

    def receipt(self, message: Message) -> str:
        """Where whoever brings a message says that it has arrived."""
        return f"{self.receipt_url}/v1/receipts/{sign_link('receipt', message.id, self.secret)}"

    def of(self, message: Message) -> str:
        """The link of a message; empty where it has none."""
        found = opened_by(message)
        if found is None:
            return ""
        token = sign_link(found.kind, found.subject, self.secret)
        if found.kind == "survey":
            return f"{self.survey_url}/s/{token}"
        if found.kind == "policy":
            return f"{self.policy_url}/p/{token}"
        return f"{self.work_url}/w/{token}"
