"""How quarter hours are kept."""

from __future__ import annotations

from typing import Final

from pymongo import ASCENDING, IndexModel

from services.telephony.load.domain import QuarterLoad
from shared.documents import Shape
from shared.store import CollectionSpec, Order

BY_TIME: Final = Order("quarter")
LOAD_QUARTERS: Final = CollectionSpec(
    name="load_quarters",
    shape=Shape(value=QuarterLoad),
    indexes=(
        IndexModel(BY_TIME.sort, name="load_by_time"),
        IndexModel([("line", ASCENDING), *BY_TIME.sort], name="load_of_line"),
    ),
)
