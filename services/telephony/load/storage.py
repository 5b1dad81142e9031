"""How quarter hours are kept."""

from __future__ import annotations

from typing import Final

from pymongo import ASCENDING, IndexModel

from services.telephony.load.domain import OfferedCall, QuarterLoad
from shared.calls.call import Call
from shared.documents import Shape
from shared.store import CollectionSpec, Order

BY_TIME: Final = Order("quarter")
OFFERED: Final = CollectionSpec(
    name="calls", shape=Shape(value=OfferedCall, names={Call: {"call": "channel"}})
)
"""Calls without the facts that they are made of: a busy quarter hour has thousands."""
LOAD_QUARTERS: Final = CollectionSpec(
    name="load_quarters",
    shape=Shape(value=QuarterLoad),
    indexes=(
        IndexModel(BY_TIME.sort, name="load_by_time"),
        IndexModel([("line", ASCENDING), *BY_TIME.sort], name="load_of_line"),
    ),
)
