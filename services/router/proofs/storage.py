"""How proofs are kept: the facts in plain, what they show sealed."""

from __future__ import annotations

from typing import Final

from pymongo import ASCENDING, IndexModel

from services.router.proofs.domain import MOST, Photo, Proof
from shared.documents import Shape
from shared.store import Collection, CollectionSpec, Order, Store

PROOFS: Final = CollectionSpec(
    name="proofs",
    shape=Shape(value=Proof),
    indexes=(
        IndexModel([("order", ASCENDING), ("at", ASCENDING)], name="by_order"),
        IndexModel([("number", ASCENDING)], name="by_number"),
    ),
)
PHOTOS: Final = CollectionSpec(name=PROOFS.name, shape=Shape(value=Photo))
"""Over the same documents: a list of proofs reads nothing of what they show."""


async def proofs_of(store: Store, order: str) -> list[Proof]:
    """All of a work order, the earliest first."""
    earliest = Order("at", loose=True)
    return await Collection(store, PROOFS).find({"order": order}, order=earliest, limit=MOST)
