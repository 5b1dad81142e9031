"""Signing in by the identity provider: the browser is sent there, and comes back to the console,
which hands what it brought to the administration.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

from services.console.clients.admin import AdminClient, Begun, CameBack, Way
from services.console.clients.answers import Declined, Unreached
from services.console.frame.looks import own_path

COOKIE: Final = "__Host-hotline_way"
LOCAL_COOKIE: Final = "hotline_way"
"""Its name on this machine, over http. Elsewhere no other host of the same domain can set it, so
that nobody can be made to come back from a way that they did not begin."""
WAY_SECONDS: Final = 600
"""As long as the administration remembers what was begun."""
ASKED_EVERY: Final = 60.0
PATIENCE: Final = 2.0
"""So many seconds the page where one signs in waits to hear whether there is a provider."""
LONGEST: Final = 1_500
"""Of an address to go on to: a cookie holds four thousand characters."""
AWAY: Final = frozenset({"provider-away", "no-provider"})
REFUSALS: Final[Mapping[str, str]] = {
    "unknown-state": "way_unknown",
    "declined": "way_declined",
    "provider-away": "way_away",
    "no-provider": "way_none",
    "no-account": "way_no_account",
    "no-second-factor": "way_no_factor",
}
"""What is said of a refusal, by its reason."""
REFUSED: Final = "way_refused"


@dataclass(frozen=True, slots=True)
class BegunHere:
    """What a browser keeps while its reader is at the provider: the state, and where to go then."""

    state: str
    next: str

    def as_cookie(self) -> str:
        """In the signs that a cookie may hold."""
        kept = quote(self.next, safe="/")
        return f"{self.state}.{kept if len(kept) <= LONGEST else '/'}"

    @classmethod
    def of_cookie(cls, kept: str | None) -> BegunHere:
        """As it comes back; rubbish fits nothing."""
        state, _, next = (kept or "").partition(".")
        return cls(state, own_path(unquote(next)))


def is_of_provider(refused: Declined) -> bool:
    """Whether it is the provider that is away, not the administration; or that there is none."""
    return refused.kind in AWAY


def said_of(refused: Declined) -> str:
    """Which words are said of a refusal."""
    if is_of_provider(refused):
        return REFUSALS[refused.kind]
    return REFUSALS.get(str(refused.problem.get("reason", "")), REFUSED)


class AtProvider:
    """Asks the administration for both ends of the way."""

    def __init__(
        self, admin: AdminClient, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._admin = admin
        self._monotonic = monotonic
        self._offered = False
        self._asked_at = float("-inf")

    async def is_offered(self) -> bool:
        """Whether there is such a way; as it was last known while the administration is away."""
        now = self._monotonic()
        if now < self._asked_at + ASKED_EVERY:
            return self._offered
        try:
            async with asyncio.timeout(PATIENCE):
                self._offered = await self._admin.offers_provider()
            self._asked_at = now
        except (Declined, Unreached, TimeoutError):
            pass  # the page where one signs in stands all the same, and asks again next time
        return self._offered

    async def begin(self) -> Way:
        """The way there; raises Declined and Unreached."""
        return await self._admin.begin_way()

    async def finish(self, back: CameBack, address: str) -> Begun:
        """A session for what a browser came back with; raises Declined and Unreached."""
        return await self._admin.finish_way(back, address)
