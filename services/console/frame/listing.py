"""A list as a stream asks for it, where a service says no, or nothing."""

from __future__ import annotations

from collections.abc import Awaitable

from services.console.clients.answers import Declined, Unreached
from services.console.live.cards import Listing
from services.console.live.hub import Away, SessionOver


async def listed(asked: Awaitable[Listing]) -> Listing:
    """The list; nothing of it for whom it is not. Raises Away and SessionOver."""
    try:
        return await asked
    except Unreached as error:
        raise Away(error.service) from error
    except Declined as refused:
        if refused.status == 401:
            raise SessionOver from refused
        if refused.status >= 500 or refused.status == 429:
            raise Away(refused.service) from refused
        return Listing((), 0)
