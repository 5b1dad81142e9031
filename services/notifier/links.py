"""The signed links that messages carry: to a caller's survey, to somebody's work, alert or call, to
a policy that somebody must confirm.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

from services.notifier.messages import Message
from shared.identity import sign_link, with_generation

_OF_ORDER: Final = "work_order/"
_OF_CLOCKS: Final = frozenset({"warning", "breach"})


class Opened(NamedTuple):
    """What a link opens: a survey, somebody's work order, an emergency for one alerted, the task to
    tell a caller something by telephone, or a policy for one reader.
    """

    kind: Literal["survey", "work", "alert", "task", "policy"]
    subject: str


def opened_by(message: Message) -> Opened | None:
    """What the link of a message opens, as long as no telephone was lost; None where it has none.
    Pure.
    """
    # What is told again by a new link opens what it opened before.
    message = replace(message, cause=message.cause.first)
    if survey := message.facts.get("survey"):
        return Opened("survey", str(survey))
    match message.purpose:
        case "assignment":
            order = message.cause.occurrence.removeprefix(_OF_ORDER)
            return Opened("work", f"{order}/{message.recipient}")
        case "alert" | "slowed":
            # Who is called from the chain, or told that nobody answers, has no work order of it.
            return Opened("alert", f"{message.number}/{message.recipient}")
        case "follow_up" if task := message.facts.get("task"):
            return Opened("task", f"{task}/{message.recipient}")
        case "policy" | "policy_reminder":
            return Opened("policy", f"{message.number}/{message.recipient}")
        case _:
            return None


def brought_by(message: Message) -> Opened | None:
    """What the link that a message brings opens. Who has the work is sent its link with each
    deadline, too; that is not told again after a lost telephone, since the assignment is. Pure.
    """
    if message.purpose in _OF_CLOCKS and message.facts.get("assignee") == message.recipient:
        order = message.cause.occurrence.split("/")[1]
        return Opened("work", f"{order}/{message.recipient}")
    return opened_by(message)


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

    def of(self, message: Message, *, within: Message | None = None) -> str:
        """The link of a message as its last attempt brings it, or that of the message `within`
        which it is told; empty where it has none.
        """
        found = brought_by(message)
        if found is None:
            return ""
        if found.kind == "survey":
            return f"{self.survey_url}/s/{sign_link('survey', found.subject, self.secret)}"
        attempts = (within or message).attempts
        generation = attempts[-1].generation if attempts else 0
        subject = with_generation(found.subject, generation)
        token = sign_link(found.kind, subject, self.secret)
        return (
            f"{self.policy_url}/p/{token}"
            if found.kind == "policy"
            else f"{self.work_url}/w/{token}"
        )
