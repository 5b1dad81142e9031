"""One browser's stream: what it follows, what it was last shown, and what is still to be sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

import orjson

from services.console.live.listings import Listing
from shared.contracts.times import written
from shared.identity import Principal
from shared.policy.templates import Language

HELLO_SECONDS: Final = 10.0
"""A sign of life so often: proxies end what is silent, and a browser knows how old its data are."""
MOST_WAITING: Final = 200
"""So many frames wait for a slow browser; then it is shown the whole anew."""
Bye = Literal["over", "frozen", "changed", "replaced", "stopping"]
"""Why a stream ends: the session is over, its account is frozen or may see other things now, the
browser has too many, this process stops.
"""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: the session of their browser, who they are, in which language, and a token of
    theirs that is good now.
    """

    session: str
    who: Principal
    language: Language
    token: Callable[[], Awaitable[str]]

    @property
    def reach(self) -> tuple[object, ...]:
        """What decides which lists somebody sees, but for what is about themselves."""
        return (self.who.role, self.who.places, self.who.departments, self.language)


def frame(event: str, data: object) -> bytes:
    """One event of a stream. JSON has no line end in it, so nothing that is shown can forge one."""
    return b"event: " + event.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"


@dataclass(eq=False)
class Stream:
    """What one browser follows. Frames are sent in the order in which they were put."""

    id: str
    viewer: Viewer
    now: Callable[[], Awaitable[datetime]]
    topics: set[str] = field(default_factory=set)
    shown: dict[str, Listing] = field(default_factory=dict)
    is_over: bool = False
    is_paused: bool = False
    """Whether nothing is shown now, because nobody can say whose session counts."""
    _waiting: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)

    def put(self, sent: bytes) -> bool:
        """Send this as soon as the browser takes it; False where it takes nothing any more, and all
        that it was shown is forgotten: it is to be shown the whole.
        """
        if self._waiting.qsize() < MOST_WAITING:
            self._waiting.put_nowait(sent)
            return True
        while not self._waiting.empty():
            self._waiting.get_nowait()
        self.shown.clear()
        return False

    def end(self, why: Bye) -> None:
        """Say why, and nothing more after it."""
        if not self.is_over:
            self.is_over = True
            self._waiting.put_nowait(frame("bye", {"why": why}))
            self._waiting.put_nowait(None)

    async def frames(self) -> AsyncIterator[bytes]:
        """All that is sent, with a sign of life between."""
        yield await self._hello()
        while True:
            try:
                async with asyncio.timeout(HELLO_SECONDS):
                    sent = await self._waiting.get()
            except TimeoutError:
                yield await self._hello()
                continue
            if sent is None:
                return
            yield sent

    async def _hello(self) -> bytes:
        return frame("hello", greeting(await self.now(), self.id, is_paused=self.is_paused))


def greeting(now: datetime, stream: str, *, is_paused: bool) -> dict[str, Any]:
    """A sign of life: the time, and whether more is shown."""
    return {"stream": stream, "now": written(now), "paused": is_paused}


def whole(topic: str, listing: Listing) -> dict[str, Any]:
    """A list as a page that follows it is first given it."""
    return {
        "topic": topic,
        "cards": [{"id": card.id, "html": card.html} for card in listing.cards],
        "total": listing.total,
        "counts": listing.counts,
    }
