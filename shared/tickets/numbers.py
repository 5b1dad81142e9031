"""Ticket numbers: random, short enough to be read over the telephone, and they check themselves."""

from __future__ import annotations

import re
import secrets
from typing import Annotated, Final

from pydantic import AfterValidator

ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without 0 O 1 I L, which sound or look alike on the phone."""
LENGTH: Final = 7
"""31^7 is 27 thousand million: random numbers hardly ever meet, and the insert notices."""
_APART: Final = re.compile(r"[\s\-‐-―]+")
"""By what people part a number while they say or write it."""


def new_number() -> str:
    """A ticket number: random, without a shared counter, with a check character at the end."""
    drawn, body = secrets.randbelow(len(ALPHABET) ** LENGTH), ""
    for _ in range(LENGTH):
        drawn, place = divmod(drawn, len(ALPHABET))
        body += ALPHABET[place]
    return body + check_character(body)


def check_character(body: str) -> str:
    """Weighted sum over a prime alphabet: every single slip and every swap of neighbours shows."""
    total = sum(place * ALPHABET.index(c) for place, c in enumerate(body, 1))
    return ALPHABET[total % len(ALPHABET)]


def is_number(number: str) -> bool:
    """Whether this can be a ticket number at all."""
    body, check = number[:-1], number[-1:]
    known = len(number) == LENGTH + 1 and all(c in ALPHABET for c in number)
    return known and check_character(body) == check


def read_number(said: str) -> str:
    """The number that somebody means, whatever its letters and hyphens: 25kd-hbfd is 25KDHBFD. What
    can be no ticket number, such as the id of something else, is left as it is.
    """
    meant = _APART.sub("", said).upper()
    return meant if is_number(meant) else said


TicketNumber = Annotated[str, AfterValidator(read_number)]
"""The number of a ticket as it stands in a path, a query or a body."""
