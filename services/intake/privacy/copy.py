"""The copy of what is kept of a person, for themselves. Pure.

What is theirs is whole; whoever else a ticket names is masked. A watermark says for which request
it was made, and fits no other content: a page that turns up elsewhere can be traced.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from services.intake.privacy.domain import Which
from services.intake.registration.domain import WITHHELD
from shared.documents import Doc
from shared.privacy import masked

FACTS: Final = ("registered_at", "channel", "estate", "type", "area", "status", "over_at")


@dataclass(frozen=True, slots=True, repr=False)
class Part:
    """One ticket's share, opened for the copy alone; `own` is None where its key is gone."""

    ticket: Mapping[str, Any]
    person: Which
    own: Mapping[str, Any] | None
    others: Mapping[str, Mapping[str, Any] | None]


def copy_of(request: str, parts: Sequence[Part], calls: Sequence[Doc], now: datetime) -> Doc:
    """The whole copy with its watermark: tickets, and when their number rang."""
    tickets = [_part(part) for part in parts]
    digest = hashlib.sha256(orjson.dumps([request, tickets, calls])).hexdigest()[:16]
    mark = f"{request} {now:%Y-%m-%dT%H:%M:%SZ} {digest}"
    return {
        "request": request,
        "made_at": now,
        "watermark": mark,
        "tickets": tickets,
        "calls": [*calls],
    }


def _part(part: Part) -> Doc:
    return {
        "number": part.ticket["_id"],
        "as": part.person,
        "data": "cannot be opened: its key is gone" if part.own is None else _own(part.own),
        "others": {which: _masked(other) for which, other in part.others.items()},
        **{field: part.ticket[field] for field in FACTS},
    }


def _own(own: Mapping[str, Any]) -> Doc:
    """All of it, but what its owner lets nobody see: of that only that it is kept."""
    return {**own, WITHHELD: "kept, and shown to nobody"} if WITHHELD in own else dict(own)


def _masked(other: Mapping[str, Any] | None) -> Doc:
    return dict(masked(other)) if other else {}
