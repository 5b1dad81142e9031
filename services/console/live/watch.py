"""Ends the streams of sessions that are over, within five seconds: of a frozen account, of somebody
who signed out elsewhere or may see other things than before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from services.console.clients.answers import Declined, Unreached
from services.console.live.hub import Hub
from services.console.live.streams import Bye, frame

CHECK_SECONDS: Final = 2.0
UNSURE_AFTER: Final = 3.0
"""So long nobody knows whose sessions count still; then nothing more is shown until it is known."""


class Check(Protocol):
    """Asks which sessions are over."""

    async def __call__(self, sessions: Sequence[str]) -> Mapping[str, Bye]:
        """Why each of them ended that did; raises Declined and Unreached."""
        ...


class Watch:
    """One look at a time; the loop calls it each two seconds."""

    def __init__(self, hub: Hub, check: Check, clock: Callable[[], float] = time.monotonic) -> None:
        self._hub, self._check, self._clock = hub, check, clock
        self._sure_at = clock()

    async def look(self) -> None:
        """End what is over; pause all where nobody can say what is."""
        sessions = sorted({stream.viewer.session for stream in self._hub.streams})
        try:
            ended = await self._check(sessions) if sessions else {}
        except (Declined, Unreached):
            self._doubt()
            return
        self._sure_at = self._clock()
        for stream in self._hub.streams:
            if why := ended.get(stream.viewer.session):
                self._hub.close(stream, why)
        if self._hub.is_paused:
            self._hub.is_paused = False
            self._say(paused=False)
            self._hub.forget()

    def _doubt(self) -> None:
        if self._clock() - self._sure_at > UNSURE_AFTER and not self._hub.is_paused:
            self._hub.is_paused = True
            self._say(paused=True)

    def _say(self, *, paused: bool) -> None:
        for stream in self._hub.streams:
            stream.is_paused = paused
            stream.put(frame("paused", {"paused": paused}))
