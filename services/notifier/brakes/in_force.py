"""The brakes that are on, as every replica knows them within two seconds, and what they make of
messages that wait: what is stopped ends, what was held and is released goes out.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from services.notifier.brakes.domain import LEFT_TO_GO, Brake, brake_for
from services.notifier.brakes.storage import BRAKES, NEWEST
from services.notifier.messages import Message, Status, hold, let_go, stop
from services.notifier.outcomes import count_outcome
from services.notifier.storage import MESSAGES
from shared.bus import run_every
from shared.contracts import Step
from shared.store import Collection, Store

LOOK_SECONDS: Final = 1.0
AT_ONCE: Final = 500
"""Messages moved in one look for one brake."""
MOST: Final = 1_000
"""Brakes known at a time, and those released lately."""
LATELY: Final = timedelta(days=1)
"""So long after its release a brake is looked after: whoever held a message knew it by then."""


class BrakesInForce:
    """Keeps messages back."""

    def __init__(self, store: Store) -> None:
        self._clock = store.clock
        self._brakes = Collection(store, BRAKES)
        self._messages = Collection(store, MESSAGES)
        self._current: tuple[Brake, ...] | None = None

    async def run(self) -> None:
        """Look at them until cancelled."""
        await run_every(self.look, seconds=LOOK_SECONDS)

    async def look(self) -> None:
        """Learn which are on, and move what waits because of them."""
        for brake in await self.refresh():
            if brake.kind == "stop" and brake.channel is None:
                waiting = {**brake.scope, "status": {"$in": [s.value for s in LEFT_TO_GO]}}
                await self._move(waiting, brake)
        for brake in await self._released():
            await self._move({"brake": brake.id, "status": Status.HELD.value}, None)

    async def refresh(self) -> tuple[Brake, ...]:
        """Learn which are on."""
        found = await self._brakes.find({"released_at": None}, order=NEWEST, limit=MOST)
        self._current = tuple(found)
        return self._current

    async def _released(self) -> list[Brake]:
        since = {"released_at": {"$gte": self._clock.now() - LATELY}}
        return await self._brakes.find(since, order=NEWEST, limit=MOST)

    async def on(self, message: Message, channel: str) -> Brake | None:
        """The brake that keeps back a message that is about to go by a channel. A service that has
        just begun learns first which are on.
        """
        current = self._current if self._current is not None else await self.refresh()
        return brake_for(current, message, channel)

    async def keep_back(self, message: Message, brake: Brake) -> None:
        """Hold or stop a message as it was read; nothing happens when it has moved on since."""
        now = self._clock.now()
        step = stop(message, brake.id, now) if brake.kind == "stop" else hold(message, brake.id)
        if await self._messages.write_over(message, step) is not None:
            count_outcome(step.value)

    async def _move(self, query: dict[str, object], brake: Brake | None) -> None:
        """Stop what a query finds, or let it go where no brake does."""

        def choose(found: Message, now: datetime) -> Step[Message] | None:
            if found.status not in LEFT_TO_GO:
                return None
            return let_go(found, now) if brake is None else stop(found, brake.id, now)

        for message in await self._messages.find(query, limit=AT_ONCE):
            changed = await self._messages.change(message.id, choose)
            if changed is not None and changed.is_change:
                count_outcome(changed.after)
