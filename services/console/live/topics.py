"""What a page can be kept up to date of, and which events touch it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.tickets.numbers import ALPHABET, LENGTH

EMERGENCIES: Final = "emergencies"
QUEUE: Final = "queue"
MINE: Final = "mine"
CALL_BACKS: Final = "call_backs"
LINES: Final = "lines"
CALLS: Final = "calls"
"""What rings at the reader's own telephones."""
LISTS: Final = frozenset({EMERGENCIES, QUEUE, MINE, CALL_BACKS, LINES, CALLS})
OF_PERSON: Final = frozenset({MINE, CALLS})
"""Lists of which each reader has their own; all others are the same for one reach."""
AT_ONCE: Final = frozenset({CALLS})
"""Lists for which nobody waits until more has happened: somebody rings."""
COUNT: Final = "count:"
"""Before the name of a list: its count alone, without its cards."""
MOST: Final = 40
"""So many topics one browser follows: some nine tabs with all that they show."""
_TICKET: Final = re.compile(rf"ticket:[{ALPHABET}]{{{LENGTH + 1}}}")

_TOUCHED: Final[Mapping[str, frozenset[str]]] = {
    "ticket": frozenset({QUEUE, MINE}),
    "work_order": frozenset({QUEUE, MINE}),
    "clock": frozenset({QUEUE, MINE}),
    "emergency": frozenset({EMERGENCIES}),
    "incident": frozenset({EMERGENCIES}),
    "follow_up": frozenset({MINE}),
    # What a line last heard of its callers stands beside it.
    "call": frozenset({CALLS, LINES}),
    "line": frozenset({LINES}),
    "call_back": frozenset({CALL_BACKS}),
}
"""By the family of an event, the lists in which something may have changed."""


@dataclass(frozen=True, slots=True)
class News:
    """What an event says of whose own list it changes: of those who have the ticket in it, of whom
    it names, of everybody where it is a task of nobody yet. Of a call: of those who have it in
    their list, and of whose telephone rings; `number` is the call's id then.
    """

    number: str | None
    people: frozenset[str] = frozenset()
    is_nobodys: bool = False
    telephone: str | None = None


def is_topic(name: str) -> bool:
    """Whether a page can follow it."""
    return list_of(name) in LISTS or _TICKET.fullmatch(name) is not None


def is_of_person(topic: str) -> bool:
    """Whether each reader has their own: what a ticket's page offers depends on who reads it."""
    return list_of(topic) in OF_PERSON or topic.startswith("ticket:")


def is_count(topic: str) -> bool:
    """Whether nothing but the count of a list is followed."""
    return topic.startswith(COUNT)


def list_of(topic: str) -> str:
    """The list whose count this is; any other topic is itself."""
    return topic.removeprefix(COUNT)


def of_ticket(number: str) -> str:
    """The topic of one ticket's page."""
    return f"ticket:{number}"


def telephone(extension: str) -> str:
    """How a list says that it is of this telephone. The same extension of another exchange is
    another: who hears of it too looks once in vain.
    """
    return f"telephone:{extension}"


def news_of(event: str, data: Mapping[str, Any]) -> News:
    """Whose own list an event, such as `ticket.owned`, may change."""
    if event.startswith("call."):
        call, agent = data.get("call"), data.get("agent")
        rings = telephone(agent) if isinstance(agent, str) else None
        return News(call if isinstance(call, str) else None, telephone=rings)
    number, people = data.get("number"), (data.get("owner"), data.get("person"))
    return News(
        number if isinstance(number, str) else None,
        frozenset(each for each in people if isinstance(each, str)),
        is_nobodys=event.startswith("follow_up.") and data.get("person") is None,
    )


def touched_by(event: str, data: Mapping[str, Any]) -> frozenset[str]:
    """The topics in which an event, such as `ticket.registered`, may have changed something: that
    of its ticket, and of those that came of a call.
    """
    lists = _TOUCHED.get(event.partition(".")[0], frozenset())
    tickets = data.get("tickets")
    numbers = [data.get("number"), *(tickets if isinstance(tickets, list) else ())]
    return lists | {of_ticket(each) for each in numbers if each and isinstance(each, str)}
