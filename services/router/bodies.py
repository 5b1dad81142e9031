"""What several endpoints of the router take and give."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import Field

from shared.contracts.ids import Code
from shared.privacy import scrub
from shared.runtime import Body, NoteBody
from shared.tickets import Ticket
from shared.tickets.costs import Item, ItemKind, Quote

Limit = Annotated[int, Query(ge=1, le=200)]


class ItemBody(Body):
    """A part, some labour or a fee: so many, each for `unit_price` fen (a hundredth of a yuan)."""

    kind: ItemKind
    text: Annotated[str, Field(min_length=1, max_length=200)]
    quantity: Annotated[int, Field(strict=True, ge=1, le=10_000)] = 1
    unit_price: Annotated[int, Field(strict=True, ge=0, le=100_000_000)]

    def item(self) -> Item:
        """As it may be kept."""
        return Item(self.kind, scrub(self.text), self.quantity, self.unit_price)


Items = Annotated[list[ItemBody], Field(max_length=50)]


class ReasonBody(NoteBody):
    """Why."""

    reason: Code


def order_view(ticket: Ticket, id: str) -> dict[str, Any]:
    """A work order and the ticket's status after an action."""
    order = ticket.order(id)
    assert order is not None, "the action found it a moment ago"
    due: dict[str, datetime] = {c.value: s.due for c, s in order.clocks.items() if s.due}
    return {
        "id": id,
        "status": order.status.value,
        "assignee": order.assignee,
        "due": due,
        "quote": quote_view(order.quote) if order.quote else None,
        "ticket": {"number": ticket.number, "status": ticket.status.value},
    }


def quote_view(quote: Quote) -> dict[str, Any]:
    """An estimate, in fen, and what the owner said to it."""
    return asdict(quote) | {"total": quote.total}
