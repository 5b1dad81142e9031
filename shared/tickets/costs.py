"""What work costs, who pays, and what the owner agreed to. Pure.

Money is a whole number of fen (a hundredth of a yuan), never a fraction of anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.contracts.router import ConsentHow, Payer

ItemKind = Literal["part", "labour", "fee"]


@dataclass(frozen=True, slots=True)
class Item:
    """A part, some labour or a fee: so many, each for `unit_price` fen. `text` is scrubbed."""

    kind: ItemKind
    text: str
    quantity: int
    unit_price: int

    @property
    def price(self) -> int:
        """In fen."""
        return self.quantity * self.unit_price


def total_of(items: Iterable[Item]) -> int:
    """What they cost together, in fen."""
    return sum(item.price for item in items)


@dataclass(frozen=True, slots=True)
class Consent:
    """What the owner said to one quote: `how` they were asked, `by` whom it was taken down."""

    given: bool
    how: ConsentHow
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Quote:
    """An estimate. The last one of a work order counts, and a consent is to just the one it
    names.
    """

    version: int
    items: tuple[Item, ...]
    payer: Payer
    by: str
    at: datetime
    consent: Consent | None = None

    @property
    def total(self) -> int:
        """In fen."""
        return total_of(self.items)


def needs_consent(quote: Quote, free_up_to: int) -> bool:
    """Whether the owner has to agree first: they pay, and more than `free_up_to` fen."""
    return quote.payer == "owner" and quote.total > free_up_to


def why_not_done(quote: Quote | None, used: Sequence[Item] | None, free_up_to: int) -> str | None:
    """Why work must not be reported as done yet, with the way out; None where nothing is missing.

    `used` is what it took in the end, in None's case what was quoted. The owner pays `free_up_to`
    fen without being asked, and never more than they agreed to.
    """
    items = used if used is not None else (quote.items if quote else ())
    total = total_of(items)
    if quote is None:
        free = total <= free_up_to
        return None if free else "it costs something: send a quote first, which says who pays"
    if quote.payer != "owner":
        return None
    asked, consent = needs_consent(quote, free_up_to), quote.consent
    if asked and consent is None:
        return (
            f"the owner has not agreed to quote {quote.version}: record their consent, "
            "or send another quote"
        )
    is_given = asked and consent is not None and consent.given
    if total <= (quote.total if is_given else free_up_to):
        return None
    if asked and not is_given and used is None:
        return (
            f"the owner refused quote {quote.version}: say in `used` what was used all the same, "
            "or send another quote"
        )
    return "it costs more than the owner agreed to: send a quote of it and ask them again"
