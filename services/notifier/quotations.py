"""What a message quotes of its ticket's timeline: scrubbed words that are kept with the ticket and
never with the message. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from services.notifier.messages import Message
from shared.contracts.notifier import CALLER
from shared.policy.templates import Language
from shared.tickets import Transition
from shared.tickets.acts import DANGER
from shared.tickets.model import ROUND_BEGINS, Beginning, beginning, merged_number

WISHES: Final[Mapping[str, Transition]] = {
    "urged": Transition.URGE,
    "supplemented": Transition.SUPPLEMENT,
    "cancel_wanted": Transition.REQUEST_CANCEL,
}
"""The line of the timeline that a caller's wish stands in, by the reason of its message."""
_WITH: Final[Mapping[Language, tuple[str, str, str]]] = {
    "zh": ("（含已并入的 ", "、", "）"),
    "en": (" (with ", ", ", ")"),
}
"""Around and between the numbers of tickets that went on under another."""


def quotes(message: Message) -> bool:
    """Whether a message quotes anything, so that the timeline has to be read."""
    return message.purpose in {"progress", "wish"} or is_again(message)


def names_all_numbers(message: Message) -> bool:
    """Whether it tells a caller of a ticket that may have taken others in, so that the timeline has
    to be read. A receipt goes before that.
    """
    is_of_ticket = message.cause.kind == "ticket"
    return message.recipient == CALLER and is_of_ticket and message.purpose != "receipt"


def taken_in(message: Message, timeline: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The numbers of the tickets that a timeline takes in, until the message was handed over."""
    told = message.telling.at if message.telling else None
    lines = (line for line in timeline if told is None or line["at"] <= told)
    found = (merged_number(line.get("form_key")) for line in lines)
    return tuple(dict.fromkeys(number for number in found if number is not None))


def with_taken_in(number: str, others: Sequence[str], language: Language) -> str:
    """A number with those that went on under it: whoever rings may name either."""
    before, between, after = _WITH[language]
    return f"{number}{before}{between.join(others)}{after}" if others else number


def is_again(message: Message) -> bool:
    """Whether it gives out work of a ticket that was taken up again."""
    return message.purpose == "assignment" and message.round > 1


def quoted(message: Message, timeline: Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
    """The fields that bring words of a timeline, which were the last when the message was handed
    over, or are now: a public note, why the work begins again, what the caller has added.
    """
    told = message.telling.at if message.telling else None
    said = [line for line in timeline if line["note"] and (told is None or line["at"] <= told)]
    if message.purpose == "progress":
        return {"progress": _last(line["note"] for line in said if line.get("public"))}
    if message.purpose == "wish":
        wish = WISHES.get(str(message.facts.get("reason")))
        return {"words": _last_of({wish} if wish else set(), said)}
    return _why_again(timeline, told) if is_again(message) else {}


def _why_again(timeline: Sequence[Mapping[str, Any]], told: datetime | None) -> Mapping[str, str]:
    """Of the round that began last, not of one before; a danger is said (`case`) and not quoted."""
    begun = [
        beginning(line["by"], line["note"])
        for line in timeline
        if line["transition"] in ROUND_BEGINS and (told is None or line["at"] <= told)
    ]
    why = begun[-1] if begun else Beginning()
    return {"words": why.words} | ({"case": DANGER} if why.is_danger else {})


def _last_of(transitions: Collection[str], said: Iterable[Mapping[str, Any]]) -> str:
    return _last(line["note"] for line in said if line["transition"] in transitions)


def _last(notes: Iterable[Any]) -> str:
    found = [*notes]
    return str(found[-1]) if found else ""
