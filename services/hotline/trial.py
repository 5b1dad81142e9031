"""How far the clock of a running trial was moved: tokens are judged by that time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from services.hotline.endpoints import Endpoints
from services.hotline.settings import read_settings
from shared.store import STORE_DOWN, connect
from shared.store.clock import trial_offset


def ahead_of(data: Path) -> timedelta:
    """How far ahead the hotline on this data folder is; nothing where none runs or answers."""
    endpoints = Endpoints.read(data)
    return asyncio.run(_ahead(endpoints.mongo)) if endpoints is not None else timedelta()


async def _ahead(url: str) -> timedelta:
    client = connect(url)
    try:
        return await trial_offset(client[read_settings().database])
    except STORE_DOWN:  # the service that is asked then says so itself
        return timedelta()
    finally:
        client.close()
