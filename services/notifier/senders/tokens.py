"""The access token of an application: fetched once for all that wait for it, kept until shortly
before it expires. It is held in memory only, and no error or log repeats it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

EARLY_SECONDS: Final = 300.0
"""So long before its end a token is fetched anew: the provider's clock and a letter under way."""


class NoToken(Exception):
    """The provider gave none; `code` is its code or the kind of failure."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """A token and for how many seconds it counts, as the provider says."""

    value: str
    seconds: float

    @override
    def __repr__(self) -> str:
        """Nothing of it."""
        return "Token(…)"


class Tokens:
    """The token in use. `fetch` asks the provider; it raises NoToken, MayNot or what a request
    may raise, and ends within a limit of its own, since many may wait for it.
    """

    def __init__(
        self, fetch: Callable[[], Awaitable[Token]], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch = fetch
        self._now = now
        self._token: str | None = None
        self._until = 0.0
        self._fetching: asyncio.Task[str] | None = None

    async def get(self) -> str:
        """The token that counts now; raises what fetching it raises."""
        if self._token is not None and self._now() < self._until:
            return self._token
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch_anew())
            self._fetching.add_done_callback(self._fetched)
        # Whoever gives up waiting leaves it to the others.
        return await asyncio.shield(self._fetching)

    def reject(self, token: str) -> None:
        """The provider does not take this one any more; a newer one stays."""
        if self._token == token:
            self._token = None

    async def aclose(self) -> None:
        """End what is under way."""
        if (task := self._fetching) is not None:
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task

    async def _fetch_anew(self) -> str:
        found = await self._fetch()
        early = min(EARLY_SECONDS, found.seconds / 2)
        self._token, self._until = found.value, self._now() + found.seconds - early
        return found.value

    def _fetched(self, task: asyncio.Task[str]) -> None:
        self._fetching = None
        if not task.cancelled():
            task.exception()  # looked at, though nobody may wait any more
