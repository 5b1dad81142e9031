"""A list as a stream asks for it, where a service says no."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Final

from services.console.clients.answers import Declined
from services.console.live.listings import Listing

NOT_THEIRS: Final = frozenset({403, 404})


async def listed(asked: Awaitable[Listing]) -> Listing:
    """The list; nothing of it for whom it is not, however often they ask."""
    try:
        return await asked
    except Declined as refused:
        if refused.status not in NOT_THEIRS:
            raise
        return Listing((), 0)
