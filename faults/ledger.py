"""What was accepted: every answer and confirm that a sender got, and what it gives a right to."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from faults.plan import Item


@dataclass(slots=True)
class Ledger:
    """Filled by the senders, read by everybody else.

    `answered` holds the number of each report that was posted, by its name; `confirmed` the
    items that the broker took.
    """

    answered: dict[str, str] = field(default_factory=dict)
    confirmed: dict[tuple[str, str], Item] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    """Of every report that was accepted: there must be one ticket for each."""
    faults: list[str] = field(default_factory=list)
    """What a sender was answered and should never have been."""
    nacks: int = 0
    repeats: int = 0
    """Sendings that had to be repeated because nobody answered the first."""
    accepted: int = 0
    began: float = field(default_factory=time.monotonic)

    def answer(self, item: Item, number: str) -> None:
        """The desk answered with a number: the same one for the same name, always."""
        self.names.add(item.name)
        known = self.answered.setdefault(item.name, number)
        if known != number:
            self.faults.append(f"{item.name} has two numbers, {known} and {number}")
        self.accepted += 1

    def refuse(self) -> None:
        """The desk refused another body under a used key, as it should."""
        self.accepted += 1

    def confirm(self, item: Item) -> None:
        """The broker has it."""
        self.confirmed[item.name, item.kind] = item
        if item.kind in {"routine", "emergency"}:
            self.names.add(item.name)
        self.accepted += 1

    def has(self, item: Item) -> bool:
        """Whether the first of this name was accepted."""
        return item.name in self.names
