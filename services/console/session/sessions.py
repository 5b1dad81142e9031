"""A browser's cookie and the token it stands for: traded at the administration, kept in memory."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from weakref import WeakValueDictionary

from services.console.clients.admin import Access, AdminClient, Begun
from services.console.clients.answers import Declined
from services.console.session.reader import Reader

EARLY_SECONDS: Final = 60.0
"""So long before its end a token is not used any more: a page may ask for a while."""
USED_SECONDS: Final = 300.0
"""So often the administration hears that a session is used, also while its token counts."""
MOST_KNOWN: Final = 10_000
"""Readers in memory; of more the longest unused ones are asked for again."""


class SessionOver(Exception):
    """The cookie stands for nothing, or for nothing any more: sign in."""


@dataclass(frozen=True, slots=True)
class _Known:
    reader: Reader
    until: float
    used_at: float
    """When the administration last heard that somebody uses the session."""


class BrowserSessions:
    """Whose browser asks. However many of its tabs ask at once, the administration is asked once.

    Secrets are known here by their digests alone.
    """

    def __init__(
        self, admin: AdminClient, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._admin = admin
        self._monotonic = monotonic
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def begin(self, id: str, password: str, code: str, address: str) -> Begun:
        """Sign somebody in; raises Declined and Unreached."""
        shown = {"id": id, "password": password} | ({"code": code} if code else {})
        return await self._admin.sign_in(shown, address)

    async def reader(self, secret: str, address: str, *, used: bool = True) -> Reader:
        """Whose secret this is; raises SessionOver, Declined and Unreached. What is pushed to a
        page that lies open does not count as use.
        """
        key = _digest(secret)
        lock = self._asking.setdefault(key, asyncio.Lock())
        async with lock:
            known = self._known.get(key)
            if known is None or not self._is_good(known, used=used):
                known = await self._continued(key, secret, address, used=used)
            self._known[key] = known
            self._known.move_to_end(key)
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        return known.reader

    def _is_good(self, known: _Known, *, used: bool) -> bool:
        now = self._monotonic()
        return now < known.until and not (used and now >= known.used_at + USED_SECONDS)

    async def _continued(self, key: str, secret: str, address: str, *, used: bool) -> _Known:
        before = self._known.pop(key, None)
        asked = self._monotonic()
        try:
            access = await self._admin.go_on(secret, address, used=used)
            who = await self._admin.who(access.access_token)
        except Declined as refused:
            if refused.status in {401, 422}:
                raise SessionOver from refused
            raise
        used_at = asked if used else before.used_at if before else float("-inf")
        return _Known(Reader.of(who, access), self._until(asked, access), used_at)

    def _until(self, asked: float, access: Access) -> float:
        return asked + max(access.expires_in - EARLY_SECONDS, 0.0)

    def forget(self, secret: str) -> None:
        """Ask anew next time: a service did not believe the token."""
        self._known.pop(_digest(secret), None)

    async def end(self, secret: str, address: str) -> None:
        """Sign out; raises Declined and Unreached where that could not be done."""
        try:
            reader = await self.reader(secret, address)
            await self._admin.sign_out(reader.token)
        except SessionOver:
            return
        except Declined as refused:
            # Of too many guesses from an address only what nobody knows is not looked at.
            if refused.status not in {401, 429}:
                raise
        finally:
            self.forget(secret)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
