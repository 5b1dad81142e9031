"""What a stream is told where a service says no, or nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.console.clients.answers import Declined, Unreached
from services.console.live.hub import Away, SessionOver


@asynccontextmanager
async def asked_for() -> AsyncIterator[None]:
    """Asks of services for a list that a stream shows: raises Away and SessionOver alone."""
    try:
        yield
    except Unreached as error:
        raise Away(error.service) from error
    except Declined as error:
        if error.status == 401:
            raise SessionOver from error
        raise Away(error.service) from error
