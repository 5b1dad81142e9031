"""Numbers of tickets in addresses: what cannot be one is not there."""

from __future__ import annotations

import re
from typing import Annotated, Final

from fastapi import Depends, Path
from starlette.exceptions import HTTPException

from shared.tickets.numbers import ALPHABET, LENGTH

_NUMBER: Final = re.compile(rf"[{ALPHABET}]{{{LENGTH + 1}}}")


def is_number(text: str) -> bool:
    """Whether it looks like one; whether there is such a ticket, a service says."""
    return _NUMBER.fullmatch(text) is not None


def _number(number: Annotated[str, Path(max_length=60)]) -> str:
    if not is_number(number):
        raise HTTPException(404)
    return number


Number = Annotated[str, Depends(_number)]
