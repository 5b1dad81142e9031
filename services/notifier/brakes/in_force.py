"""The brakes that are on, as every replica knows them within two seconds, and what they make of
messages that wait: what is stopped ends, what was held and is released goes out.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from services.notifier.brakes.domain import LEFT_TO_GO, Brake, brake_for
from services.notifier.brakes.storage import BRAKES
from services.notifier.messages import Message, Status, hold, let_go, stop
from services.notifier.storage import MESSAGES
from shared.bus import run_every
from shared.contracts import Step
from shared.store import Collection, Order, Store
from shared.telemetry import logger, metrics

LOOK_SECONDS: Final = 1.0
AT_ONCE: Final = 500
"""Messages moved in one look for one brake."""
MOST: Final = 1_000
"""Brakes known at a time, and those released lately."""
LATELY: Final = timedelta(days=1)
"""So long after its release a brake is looked after: whoever held a message knew it by then."""
_NEWEST: Final = Order("at", newest=True)


class BrakesInForce:
    """Keeps messages back."""

    def __init__(self, store: Store) -> None:
        self._clock = store.clock
        self._brakes = Collection(store, BRAKES)
        self._messages = Collection(store, MESSAGES)
        self._current: tuple[Brake, ...] = ()

    async def run(self) -> None:
        """Look at them until cancelled."""
        await run_every(self.look, seconds=LOOK_SECONDS)

    async def look(self) -> None:
        """Learn which are on, and move what waits because of them."""
        await self.refresh()
        for brake in self._current:
            if brake.kind == "stop" and brake.channel is None:
                waiting = {**brake.scope, "status": {"$in": [s.value for s in LEFT_TO_GO]}}
                await self._move(waiting, brake)
        for brake in await self._released():
            await self._move({"brake": brake.id, "status": Status.HELD.value}, None)

    async def refresh(self) -> None:
        """Learn which are on."""
        found = await self._brakes.find({"released_at": None}, order=_NEWEST, limit=MOST)
        self._current = tuple(found)

    async def _released(self) -> list[Brake]:
        since = {"released_at": {"$gte": self._clock.now() - LATELY}}
        return await self._brakes.find(since, order=_NEWEST, limit=MOST)

    def on(self, message: Message, channel: str) -> Brake | None:
        """The brake that keeps back a message that is about to go by a channel."""
        return brake_for(self._current, message, channel)

    async def keep_back(self, message: Message, brake: Brake) -> None:
        """Hold or stop a message as it was read; nothing happens when it has moved on since."""
        now = self._clock.now()
        step = stop(message, brake.id, now) if brake.kind == "stop" else hold(message, brake.id)
        if await self._messages.write_over(message, step) is not None:
            _count(step.value)

    async def _move(self, query: dict[str, object], brake: Brake | None) -> None:
        """Stop what a query finds, or let it go where no brake does."""

        def choose(found: Message, now: datetime) -> Step[Message] | None:
            if found.status not in LEFT_TO_GO:
                return None
            return let_go(found, now) if brake is None else stop(found, brake.id, now)

        for message in await self._messages.find(query, limit=AT_ONCE):
            changed = await self._messages.change(message.id, choose)
            if changed is not None and changed.is_change:
                _count(changed.after)


def _count(message: Message) -> None:
    metrics.MESSAGES.labels(message.channel, message.status.value).inc()
    logger.info("message_outcome", outcome=message.status.value, message=message.id)
