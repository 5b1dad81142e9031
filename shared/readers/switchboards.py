"""Which numbers have a switchboard behind them: whoever rings from there may be anybody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from shared.store import Store

SWITCHBOARD: Final = 20
"""A number with more tickets in the span has a switchboard behind it, which is nobody."""


async def is_switchboard(store: Store, phones: Sequence[str], since: datetime) -> bool:
    """Whether a number, by its entries of the blind index, has more tickets than anybody."""
    query = {"index.phone": {"$in": [*phones]}, "registered_at": {"$gte": since}}
    return await store.count("tickets", query, most=SWITCHBOARD + 1) > SWITCHBOARD
