"""Acts that are sent with a key, so that a wish whose answer was lost counts once."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import Header

SentKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=100,
        description="the same key and words of the same person are the same act",
    ),
]


def form_key_of(key: str | None, by: str, note: str | None) -> str | None:
    """Under what an act that was sent with a `key` stands in the timeline; None for one without.
    Nobody else's act and no other words are ever taken for it.
    """
    if not key:
        return None
    told = "\n".join((by, key, note or ""))
    return f"sent/{hashlib.sha256(told.encode(errors='replace')).hexdigest()[:32]}"
