"""What a list shows, card by card, and how one listing becomes the next. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.identity import Principal


@dataclass(frozen=True, slots=True)
class Card:
    """One element of a list in the browser: `html` has one root, whose id is `id`. `people` and
    `departments` are whom its matter is about: they never see it.
    """

    id: str
    html: str
    people: frozenset[str] = frozenset()
    departments: frozenset[str] = frozenset()

    def may_be_seen_by(self, reader: Principal) -> bool:
        """Whether the matter is not about the reader or their own department."""
        theirs = self.departments & reader.departments
        return reader.id not in self.people and not theirs


@dataclass(frozen=True, slots=True)
class Listing:
    """A list as it is now: its first cards, and how many there are in all."""

    cards: tuple[Card, ...]
    total: int
    counts: int = 0
    """So many of them want somebody now: what the rail shows."""

    def for_reader(self, reader: Principal) -> Listing:
        """The same without what is about the reader; itself where nothing is."""
        kept = tuple(card for card in self.cards if card.may_be_seen_by(reader))
        if len(kept) == len(self.cards):
            return self
        gone = len(self.cards) - len(kept)
        return Listing(kept, self.total - gone, max(0, self.counts - gone))

    def united(self, other: Listing) -> Listing:
        """This one with what only the other has, behind what stands before it there: of two readers
        of one reach each is kept from what is about them, and from nothing else.
        """
        cards, known = list(self.cards), {card.id for card in self.cards}
        before: str | None = None
        for card in other.cards:
            if card.id not in known:
                at = next((i for i, c in enumerate(cards) if c.id == before), -1)
                cards.insert(at + 1, card)
            before = card.id
        total = max(self.total, other.total, len(cards))
        return Listing(tuple(cards), total, max(self.counts, other.counts))


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
