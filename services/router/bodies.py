"""What several endpoints of the router take and give."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import Field

from shared.contracts.ids import Code
from shared.privacy import scrub
from shared.runtime import Body, NoteBody
from shared.tickets.costs import Item, ItemKind

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
