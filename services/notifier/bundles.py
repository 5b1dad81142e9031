"""Use case: what had no turn of its own within a minute leaves together, and so do the receipts of
one call; each shares the fate of the message that tells it.

As with digests every step is a conditional write, and whoever finds one half done goes on from
there. Nothing is held in memory: what waits, and what became of what was told, is found by its
time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from services.notifier.brakes.in_force import BrakesInForce
from services.notifier.call_receipts import CallReceipts
from services.notifier.calls import go_alone, leaves_at, put_off
from services.notifier.channels import Channels
from services.notifier.digests import bundle, look_later, new_bundle, release
from services.notifier.messages import (
    RECEIPTS,
    TELLS_SEVERAL,
    TOGETHER,
    Message,
    Status,
    keep_from,
    share_fate,
)
from services.notifier.outcomes import count_outcome
from services.notifier.people import People
from services.notifier.storage import (
    MESSAGES,
    due,
    entries_of,
    last_digest,
    queued_for,
    queued_of_call,
)
from shared.bus import each
from shared.contracts import Step
from shared.contracts.notifier import CALLER
from shared.policy.policy import Policy
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
        policy: Callable[[], Policy],
        hand_on: Callable[[Message], None],
        *,
        channels: Channels,
        brakes: BrakesInForce,
        call_receipts: CallReceipts,
    ) -> None:
        self._messages = Collection(store, MESSAGES)
        self._people = people
        self._clock = store.clock
        self._policy = policy
        self._hand_on = hand_on
        self._channels = channels
        self._brakes = brakes
        self._call_receipts = call_receipts

    @property
    def _now(self) -> datetime:
        return self._clock.now()

    async def look(self) -> None:
        """Tell whose minute, or whose call, is over, finish what was begun, and settle what was
        told.
        """
        due_now = partial(due, self._messages, lane="routine", now=self._now, limit=AT_ONCE)
        waiting = await due_now(Status.QUEUED)
        for purpose in TELLS_SEVERAL:
            waiting += await due_now(Status.GATHERING, purpose=purpose)
        await each(self._tell, sorted({one.recipient for one in waiting if one.call is None}))
        await each(self._tell_of_call, sorted({one.call for one in waiting if one.call}))
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
        queued = await queued_for(self._messages, recipient, now=self._now, limit=most)
        entries = [message for message in queued if await self._may_go(message, channel)]
        if not entries:
            return
        language = self._people.language(recipient, None)
        await self._make(new_bundle(entries, last, language=language, now=self._now))

    async def _tell_of_call(self, call: str) -> None:
        """The receipts of a call, once nothing more comes of it; a single one goes as it is."""
        last = await last_digest(self._messages, CALLER, RECEIPTS, call=call)
        if last is not None and last.status is Status.GATHERING:
            await self._gather(last)
            return
        queued = await queued_of_call(self._messages, call, limit=MOST)
        if not queued or await self._is_put_off(queued):
            return
        channel = self._channels.choose(CALLER, None).channel
        told = await self._call_receipts.told(
            [message for message in queued if await self._may_go(message, channel)]
        )
        is_one = len(told.together) == 1
        for message in (*told.alone, *(told.together if is_one else ())):
            released = await self._messages.write_over(message, go_alone(message, self._now))
            if released is not None:
                self._hand_on(released)
        if len(told.together) > 1:
            language = told.together[0].language
            await self._make(
                new_bundle(told.together, last, language=language, now=self._now, call=call)
            )

    async def _is_put_off(self, queued: Sequence[Message]) -> bool:
        """Whether more of the call came, so that all of it is looked at later."""
        after = self._policy().at(queued[0].estate).rules.receipt_of_call_after
        until = leaves_at(queued, after) if after is not None else self._now
        if until <= self._now:
            return False
        for message in queued:
            if message.next_at != until:
                await self._messages.write_over(message, put_off(message, until))
        return True

    async def _make(self, made: Message) -> None:
        if await self._messages.insert(Step(made), made.at):
            logger.info("messages_bundled", message=made.id, entries=len(made.entries))
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
        kept = keep_from(message, channel=channel, now=self._now)
        if (ended := await self._messages.write_over(message, kept)) is not None:
            count_outcome(ended)
        return False

    async def _gather(self, telling: Message) -> None:
        """Fold all that it tells, then let it go; whoever does the same changes nothing."""
        entries = await entries_of(self._messages, telling)
        await asyncio.gather(*(self._fold(entry, telling) for entry in entries))
        step = release(telling, self._now)
        released = await self._messages.write_over(telling, step)
        if released is not None:
            self._hand_on(released)

    async def _fold(self, entry: Message, telling: Message) -> None:
        if entry.status is Status.QUEUED:
            await self._messages.write_over(entry, bundle(entry, telling, self._now))

    async def _settle(self, entry: Message) -> None:
        """What became of the message that told it became of it, too."""
        telling = await self._messages.get(entry.digest) if entry.digest else None
        now = self._now
        step = share_fate(entry, telling, now) if telling is not None else None
        if telling is not None and entry.id not in telling.entries:
            step = go_alone(entry, now)
        settled = await self._messages.write_over(entry, step or look_later(entry, now))
        if step is not None and settled is not None:
            count_outcome(settled)
