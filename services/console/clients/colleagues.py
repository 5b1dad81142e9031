"""What colleagues are called: known in the process for a while, asked for with the token of whoever
needs it. Nobody's name is told to whom the administration would not tell it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from typing import Final

from services.console.clients.admin import AdminClient
from services.console.clients.answers import Declined, Unreached
from services.console.clients.names import AGAIN_SECONDS, PATIENCE
from services.console.frame.who import called
from shared.policy.templates import Language

KEPT_SECONDS: Final = 60.0
MOST_KEPT: Final = 2_000


class People:
    """Names by id, as each reader may know them."""

    def __init__(
        self, admin: AdminClient, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._admin = admin
        self._monotonic = monotonic
        self._known: dict[tuple[str, str], tuple[str, float]] = {}
        self._ask_at = float("-inf")

    async def names(self, bearer: str, ids: Collection[str], language: Language) -> dict[str, str]:
        """The names of these; of whom nobody tells one, what the id stands for. While the
        administration is away that is so of all.
        """
        now = self._monotonic()
        fresh = {
            id: known[0]
            for id in ids
            if (known := self._known.get((bearer, id))) is not None and known[1] > now
        }
        asked = {id for id in ids if id not in fresh}
        found: dict[str, str] = {}
        if asked and now >= self._ask_at:
            found = await self._ask(asked, bearer)
        if len(self._known) > MOST_KEPT:
            self._known.clear()
        self._known |= {(bearer, id): (name, now + KEPT_SECONDS) for id, name in found.items()}
        told = fresh | found
        return {
            id: name if (name := told.get(id, id)) != id else called(id, language) for id in ids
        }

    async def _ask(self, ids: Collection[str], bearer: str) -> dict[str, str]:
        """An administration that hangs is left alone for a while: each page would wait for it."""
        try:
            async with asyncio.timeout(PATIENCE):
                people = await self._admin.colleagues(ids, bearer)
        except Declined:
            return {}
        except (Unreached, TimeoutError):
            self._ask_at = self._monotonic() + AGAIN_SECONDS
            return {}
        return {id: id for id in ids} | {each.id: each.name for each in people if each.name}
