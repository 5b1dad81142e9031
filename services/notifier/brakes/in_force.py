"""The brakes that are on, as every replica knows them within two seconds, and what they make of
messages that wait: what is stopped ends, what was held and is released goes out.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from services.notifier.brakes.domain import LEFT_TO_GO, Brake, brake_for
from services.notifier.brakes.storage import BRAKES, NEWEST
from services.notifier.messages import Message, Status, hold, let_go, stop
from services.notifier.outcomes import count_outcome
from services.notifier.storage import MESSAGES
from shared.bus import run_every
from shared.contracts import Step
from shared.store import Collection, Doc, Store

LOOK_SECONDS: Final = 1.0
ANY_CHANNEL: Final = ""
AT_ONCE: Final = 500
"""Messages moved in one look for one brake."""
MOST: Final = 1_000
"""Brakes known at a time."""


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
                for message in await self._messages.find(waiting, limit=AT_ONCE):
                    await self._change(message, brake)
        await self.let_go_of_released()

    async def let_go_of_released(self) -> None:
        """What is held by a brake that keeps nothing back any more goes out."""
        for message in await self._held_by_none():
            await self._change(message, None)

    async def refresh(self) -> tuple[Brake, ...]:
        """Learn which are on."""
        found = await self._brakes.find({"released_at": None}, order=NEWEST, limit=MOST)
        self._current = tuple(found)
        return self._current

    async def _held_by_none(self) -> list[Message]:
        """Messages held by a brake that keeps nothing back any more, however long ago it was
        released: nobody may have been there to let them go.
        """
        on = [brake.id for brake in self._current or ()]
        # Said for the index, which holds those alone that have one.
        query: Doc = {"brake": {"$exists": True, "$nin": on}, "status": Status.HELD.value}
        held = await self._messages.find(query, limit=AT_ONCE)
        # One that was put on since the look began is not among those known, and holds all the same.
        named = {"_id": {"$in": sorted({message.brake or "" for message in held})}}
        newer = await self._brakes.find(named | {"released_at": None}, limit=AT_ONCE)
        keep = {brake.id for brake in newer}
        return [message for message in held if message.brake not in keep]

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

    async def _change(self, message: Message, brake: Brake | None) -> None:
        """Stop a message, or let it go where no brake does."""

        def choose(found: Message, now: datetime) -> Step[Message] | None:
            if brake is not None:
                # What it names may be more than it is for: some messages no brake is for.
                is_kept = found.status in LEFT_TO_GO and brake.is_for(found, ANY_CHANNEL)
                return stop(found, brake.id, now) if is_kept else None
            # What another brake holds by now is that one's.
            return let_go(found, now) if found.brake == message.brake else None

        changed = await self._messages.change(message.id, choose)
        if changed is not None and changed.is_change:
            count_outcome(changed.after)
