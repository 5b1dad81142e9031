"""How brakes are kept."""

from __future__ import annotations

from typing import Final

from pymongo import ASCENDING, IndexModel

from services.notifier.brakes.domain import Brake
from shared.documents import Shape
from shared.store import CollectionSpec, Order

NEWEST: Final = Order("at", newest=True)
BRAKES: Final = CollectionSpec(
    name="brakes",
    shape=Shape(value=Brake),
    indexes=(IndexModel([("released_at", ASCENDING), *NEWEST.sort], name="in_force"),),
)
