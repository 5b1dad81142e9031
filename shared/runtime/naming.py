"""Wishes that count once: the name that whoever asks gives each of them."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Header

from shared.contracts import MalformedMessage

LONGEST_NAME: Final = 200
Named = Annotated[str | None, Header(alias="Idempotency-Key")]


def require_name(given: str | None, wish: str) -> str:
    """The name that was given a wish of this kind; raises MalformedMessage without a usable one."""
    if not given or len(given) > LONGEST_NAME:
        raise MalformedMessage(
            "Idempotency-Key",
            f"is missing, or longer than {LONGEST_NAME} characters",
            f"send a header of this name that is new for each {wish}",
        )
    return given
