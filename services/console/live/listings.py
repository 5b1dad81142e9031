"""What a list shows, card by card, and how one listing becomes the next. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Card:
    """One element of a list in the browser: `html` has one root, whose id is `id`."""

    id: str
    html: str
    is_about_staff: bool = False
    """Whether its matter is about somebody of ours, who sees nothing of it."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list as it is now: its first cards, and how many there are in all."""

    cards: tuple[Card, ...]
    total: int
    counts: int = 0
    """So many of them want somebody now: what the rail shows."""
    numbers: frozenset[str] = frozenset()
    """The tickets or calls in it, and the telephones it is of, where what happens to these is how
    it changes.
    """

    @property
    def is_for_all(self) -> bool:
        """Whether it is the same for everybody of one reach: nothing in it is about one of them."""
        return not any(card.is_about_staff for card in self.cards)


def changes(before: Sequence[Card], after: Sequence[Card]) -> list[dict[str, Any]]:
    """What a browser does to get from one list to the next: `drop` an id, or `put` one with its
    HTML behind `after` (null: first). Applied in order.
    """
    left = {card.id for card in after}
    known = {card.id: card for card in before}
    order = [card.id for card in before if card.id in left]
    ops: list[dict[str, Any]] = [{"drop": card.id} for card in before if card.id not in left]
    for at, card in enumerate(after):
        stands = at < len(order) and order[at] == card.id
        if stands and known[card.id].html == card.html:
            continue
        if not stands:
            if card.id in known:
                order.remove(card.id)
            order.insert(at, card.id)
        behind = after[at - 1].id if at else None
        ops.append({"put": card.id, "html": card.html, "after": behind})
    return ops
