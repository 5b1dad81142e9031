"""Rules of proofs: what of a place differs, and how many there may be. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Literal

from shared.contracts import Step
from shared.tickets import OrderStatus, Ticket, WorkOrder
from shared.tickets.acts import Resolve
from shared.tickets.costs import Item

Part = Literal["estate", "building", "room"]
MOST: Final = 12
"""Photos of one work order: before, after, the tag, and some that were not sharp."""
SHOWN_WHILE: Final = frozenset(
    {OrderStatus.ACCEPTED, OrderStatus.IN_PROGRESS, OrderStatus.SUSPENDED}
)
"""Whoever has taken the work and not ended it shows what was done."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place as far as it is known; a flat only by its entries in the blind index."""

    estate: str | None = None
    building: str | None = None
    flat: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What is known of a photo of what was done. `tagged`: it says where it was taken, and
    `differs` names what of that is not the ticket's place. `digest` is of what came.
    """

    id: str
    version: int = 0
    number: str
    order: str
    estate: str | None
    kind: str
    size: int
    digest: str | None
    at: datetime
    by: str
    tagged: bool = False
    differs: tuple[Part, ...] = ()
    erased_at: datetime | None = None

    @property
    def place_differs(self) -> bool:
        """Whether it was taken elsewhere, as its tag says."""
        return bool(self.differs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo(Proof):
    """The same with what it shows, sealed; gone once it is `erased_at`."""

    sealed: bytes | None = field(repr=False)


def proof_id(order: str, n: int) -> str:
    """The nth proof of a work order."""
    return f"{order}-p{n}"


def erase(photo: Photo, now: datetime) -> Step[Photo] | None:
    """What it shows goes; that there was a photo stays. None where that is so."""
    if photo.erased_at is not None:
        return None
    return Step(replace(photo, erased_at=now, sealed=None, digest=None))


def differing(tag: Spot, matter: Spot) -> tuple[Part, ...]:
    """What of a tag is not the place of the matter. What either does not know does not differ, and
    a flat that is the same settles its building.
    """
    same_flat = bool(tag.flat & matter.flat)
    found: list[Part] = []
    if tag.estate and matter.estate and tag.estate != matter.estate:
        found.append("estate")
    if tag.building and matter.building and tag.building != matter.building and not same_flat:
        found.append("building")
    if tag.flat and matter.flat and not same_flat:
        found.append("room")
    return tuple(found)


def resolved_with(
    proofs: Sequence[Proof],
    *,
    by: str,
    order: str,
    outcome: str,
    used: tuple[Item, ...] | None = None,
    note: str | None = None,
) -> Resolve:
    """The work is done, as these show."""
    ids = tuple(proof.id for proof in proofs)
    differs = any(proof.place_differs for proof in proofs)
    return Resolve(
        by=by, order=order, outcome=outcome, note=note, proof=ids, place_differs=differs, used=used
    )


def takes_photos(ticket: Ticket, order: WorkOrder) -> bool:
    """Whether a photo of this work can be added now."""
    return ticket.mark is None and order.round == ticket.round and order.status in SHOWN_WHILE
