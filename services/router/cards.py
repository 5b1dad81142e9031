"""What several lists show of a ticket beside their own: its words, scrubbed, and its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Self

from pydantic import BaseModel

from shared.identity import Principal
from shared.readers.visibility import within_reach
from shared.store import Doc, Store

MOST_COUNTED: Final = 10_000
"""Nobody reads a longer list: of what is beyond is said that there is more."""
_FIELDS: Final = (
    "status",
    "estate",
    "building",
    "type",
    "area",
    "urgency",
    "registered_at",
    "scrubbed",
    "about",
)


class TicketCard(BaseModel):
    """A ticket in a few words; nothing in it says who called, or whom it is about where it is
    `about_staff`.
    """

    number: str
    status: str
    estate: str | None
    building: str | None
    type: str
    area: str
    urgency: str
    registered_at: datetime
    words: str
    about_staff: bool = False


class Counted(BaseModel):
    """How many a whole list has: `count`, or with `more` at least so many."""

    count: int
    more: bool = False

    @classmethod
    def of(cls, found: int) -> Self:
        """What was counted, at most one more than the most."""
        return cls(count=min(found, MOST_COUNTED), more=found > MOST_COUNTED)


async def ticket_cards(
    store: Store, principal: Principal, action: str, numbers: Iterable[str]
) -> dict[str, TicketCard]:
    """The cards of those of these tickets that the principal may see by `action`, by number."""
    asked = sorted(set(numbers))
    if not asked:
        return {}
    query = {"_id": {"$in": asked}, **within_reach(principal, action)}
    docs = await store.find("tickets", query, limit=len(asked), fields=_FIELDS)
    return {doc["_id"]: card_of(doc) for doc in docs}


def card_of(doc: Doc) -> TicketCard:
    """The card of a ticket's document."""
    return TicketCard(
        number=doc["_id"],
        status=doc["status"],
        estate=doc.get("estate"),
        building=doc.get("building"),
        type=doc["type"],
        area=doc["area"],
        urgency=doc["urgency"],
        registered_at=doc["registered_at"],
        words=str(doc.get("scrubbed") or ""),
        about_staff=is_about_staff(doc),
    )


def is_about_staff(doc: Mapping[str, Any]) -> bool:
    """Whether a ticket's document is about somebody of ours, who then sees nothing of it."""
    about = doc.get("about") or {}
    return bool(about.get("people") or about.get("departments"))
