"""How ids of people and codes are written. They stand in events, logs, metrics and the audit as
they are, so that neither a name nor a number may fit into them.

An id is judged here when it is given to somebody. Who is named later need only be there: ids of
older accounts and lists count as they are.
"""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from shared.contracts.errors import MalformedMessage
from shared.contracts.notifier import CALLER

LONGEST_ID: Final = 40
LONGEST_NAMED: Final = 60
"""As long as an id may have been before there was a pattern."""
RESERVED: Final = frozenset(
    {
        CALLER,
        "on_site_contact",
        "unnamed",
        "service",
        "system",
        "operator",
        "hotline",
        "intake",
        "router",
        "notifier",
        "survey",
        "admin",
        "telephony",
    }
)
"""Words that stand for somebody or something else where an id stands."""
_PERSON: Final = re.compile(r"[a-z][a-z0-9]*([._-][a-z0-9]+)*", re.ASCII)
_CODE: Final = r"^[a-z][a-z0-9_]{0,59}$"
_BETWEEN: Final = re.compile(r"[._:-]", re.ASCII)
_KEY: Final = re.compile(r"[A-Za-z0-9._#*-]+", re.ASCII)
_NUMBER: Final = re.compile(r"\d{7}")
"""The shortest telephone numbers have seven digits."""


def holds_number(text: str) -> bool:
    """Whether seven digits follow each other, whatever separates them."""
    return _NUMBER.search(_BETWEEN.sub("", text)) is not None


def shown_key(key: str) -> str:
    """A routing key as it may be told; one that a sender made of anything else stays untold."""
    is_plain = len(key.encode()) <= LONGEST_NAMED and _KEY.fullmatch(key)
    return key if is_plain and not holds_number(key) else "(not shown)" if key else ""


def without_number(text: str) -> str:
    """The same; raises ValueError for what could be somebody's number."""
    if holds_number(text):
        raise ValueError("holds seven digits in a row, as telephone numbers do; use words")
    return text


Code = Annotated[str, Field(pattern=_CODE), AfterValidator(without_number)]
"""A reason or outcome is a code, so that it can be counted and names nobody."""
NamedId = Annotated[str, Field(min_length=1, max_length=LONGEST_NAMED)]
"""The id of a person or a department as somebody else writes it: whether there is one is asked
before it is kept.
"""


def read_publisher(publisher: str) -> str:
    """The name of a system, as its keys and its broker user have it; raises MalformedMessage."""
    is_name = len(publisher) <= LONGEST_ID and _PERSON.fullmatch(publisher)
    if not is_name or holds_number(publisher):
        raise MalformedMessage(
            "publisher", "is not written as a name", "use small letters and digits: resident-app"
        )
    return publisher


def read_person_id(id: str, field: str = "id") -> str:
    """An id as it may be given to somebody; raises MalformedMessage.

    Small letters and digits, the first a letter, joined by single dots, hyphens or underscores; 40
    characters at most, never seven digits in a row, and no word that stands for something else.
    """
    if len(id) > LONGEST_ID or not _PERSON.fullmatch(id):
        raise MalformedMessage(
            field, "is not written as an id", "use small letters, digits, dots: chen.jie"
        )
    if holds_number(id):
        raise MalformedMessage(
            field, "holds seven digits in a row, as telephone numbers do", "use letters: chen.jie"
        )
    if id in RESERVED:
        raise MalformedMessage(
            field, "is a word that stands for something else", "choose another: chen.jie"
        )
    return id
