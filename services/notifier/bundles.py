"""Use case: what had no turn of its own within a minute leaves together, and shares the fate of the
message that tells it.

As with digests every step is a conditional write, and whoever finds one half done goes on from
there. Nothing is held in memory: what waits, and what became of what was told, is found by its
time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

from services.notifier.brakes.in_force import BrakesInForce
from services.notifier.channels import Channels
from services.notifier.digests import bundle, look_later, new_bundle, release
from services.notifier.messages import TOGETHER, Message, Status, keep_from, share_fate
from services.notifier.outcomes import count_outcome
from services.notifier.people import People
from services.notifier.storage import MESSAGES, due, entries_of, last_digest, queued_for
from shared.bus import each
from shared.contracts import Step
from shared.store import Collection, Store
from shared.telemetry import logger

AT_ONCE: Final = 500
"""Messages that one look takes up."""
MOST: Final = 50
"""What one message tells; of more there are several."""
MOST_IN_CHAT: Final = 6
"""In a chat tool, whose messages end at 2048 bytes: each is told in some 300."""
CHAT_TOOLS: Final = frozenset({"wecom", "dingtalk"})


class Bundles:
    """Makes one message of many. `hand_on` is given each that is made, so that it goes at once."""

    def __init__(
        self,
        store: Store,
        people: People,
        hand_on: Callable[[Message], None],
        *,
        channels: Channels,
        brakes: BrakesInForce,
    ) -> None:
        self._messages = Collection(store, MESSAGES)
        self._people = people
        self._clock = store.clock
        self._hand_on = hand_on
        self._channels = channels
        self._brakes = brakes

    async def look(self) -> None:
        """Tell whose minute is over, finish what was begun, and settle what was told."""
        due_now = partial(due, self._messages, lane="routine", now=self._clock.now(), limit=AT_ONCE)
        queued = await due_now(Status.QUEUED)
        begun = await due_now(Status.GATHERING, purpose=TOGETHER)
        await each(self._tell, sorted({message.recipient for message in (*queued, *begun)}))
        told = await due_now(Status.FOLDED)
        await asyncio.gather(*(self._settle(entry) for entry in told))

    async def _tell(self, recipient: str) -> None:
        """One person's. What waits is read after the last that they were told is known to be whole,
        so nothing of that one is among it.
        """
        last = await last_digest(self._messages, recipient, TOGETHER)
        if last is not None and last.status is Status.GATHERING:
            await self._gather(last)
            return
        person = await self._people.staff(recipient)
        channel = self._channels.choose(recipient, person, frozenset()).channel
        most = MOST_IN_CHAT if channel in CHAT_TOOLS else MOST
        queued = await queued_for(self._messages, recipient, now=self._clock.now(), limit=most)
        entries = [message for message in queued if await self._may_go(message, channel)]
        if not entries:
            return
        language = self._people.language(recipient, None)
        made = new_bundle(entries, last, language=language, now=self._clock.now())
        if await self._messages.insert(Step(made), made.at):
            logger.info("messages_bundled", message=made.id, entries=len(entries))
            await self._gather(made)

    async def _may_go(self, message: Message, channel: str) -> bool:
        """Whether no brake keeps it back, and its ticket has not turned out to be about whoever was
        to get it.
        """
        brake = await self._brakes.on(message, channel)
        if brake is not None:
            await self._brakes.keep_back(message, brake)
            return False
        if not await self._people.is_about(message):
            return True
        kept = keep_from(message, channel=channel, now=self._clock.now())
        if (ended := await self._messages.write_over(message, kept)) is not None:
            count_outcome(ended)
        return False

    async def _gather(self, telling: Message) -> None:
        """Fold all that it tells, then let it go; whoever does the same changes nothing."""
        entries = await entries_of(self._messages, telling)
        await asyncio.gather(*(self._fold(entry, telling) for entry in entries))
        step = release(telling, self._clock.now())
        released = await self._messages.write_over(telling, step)
        if released is not None:
            self._hand_on(released)

    async def _fold(self, entry: Message, telling: Message) -> None:
        if entry.status is Status.QUEUED:
            await self._messages.write_over(entry, bundle(entry, telling, self._clock.now()))

    async def _settle(self, entry: Message) -> None:
        """What became of the message that told it became of it, too."""
        telling = await self._messages.get(entry.digest) if entry.digest else None
        now = self._clock.now()
        step = share_fate(entry, telling, now) if telling is not None else None
        settled = await self._messages.write_over(entry, step or look_later(entry, now))
        if step is not None and settled is not None:
            count_outcome(settled)
