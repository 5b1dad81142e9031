"""Use case: what was left to be told after a downtime goes to each person in one digest.

Every step is a conditional write, and whoever finds one half done goes on from there: a digest that
was inserted gathers what it tells, whoever inserted it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from services.notifier.digests import fold, is_complete, is_quiet, new_digest, release
from services.notifier.messages import Message, Status
from services.notifier.people import People
from services.notifier.storage import MESSAGES, due, last_digest, waiting, waiting_for
from shared.bus import each
from shared.contracts import Step
from shared.policy.policy import Policy
from shared.store import Collection, Store
from shared.telemetry import logger, metrics

MOST: Final = 5_000
"""What one digest tells: its list fits a document many times over."""
DIGESTS: Final = 500
"""Half-made digests that one look takes up."""


class Folding:
    """Makes digests. `hand_on` is given each that is made, so that it goes out at once."""

    def __init__(
        self,
        store: Store,
        people: People,
        policy: Callable[[], Policy],
        hand_on: Callable[[Message], None],
        *,
        after: timedelta,
    ) -> None:
        self._store = store
        self._messages = Collection(store, MESSAGES)
        self._people = people
        self._clock = store.clock
        self._policy = policy
        self._hand_on = hand_on
        self._after = after

    async def look(self) -> None:
        """Make every digest for which nothing more comes, and finish those that were begun."""
        now = self._clock.now()
        begun = await due(self._messages, Status.GATHERING, "routine", now=now, limit=DIGESTS)
        left = {message.recipient for message in begun}
        for recipient, first, last in await waiting(self._store):
            if is_complete(first, last, now, after=self._after):
                left.add(recipient)
        await each(self._tell, sorted(left))

    async def _tell(self, recipient: str) -> None:
        """One person's digest. What waits is read after the last digest is known to be whole: so
        nothing of that one is among it.
        """
        last = await last_digest(self._messages, recipient)
        if last is not None and last.status is Status.GATHERING:
            await self._gather(last)
            return
        entries = await waiting_for(self._messages, recipient, limit=MOST)
        if not entries:
            return
        language = self._people.language(recipient, None)
        digest = new_digest(entries, last, language=language, now=self._clock.now())
        if await self._messages.insert(Step(digest), digest.at):
            logger.info("digest_made", message=digest.id, entries=len(entries))
            await self._gather(digest)

    async def _gather(self, digest: Message) -> None:
        """Fold all that the digest tells, then let it go; whoever does the same changes nothing."""
        ids = digest.entries
        entries = await self._messages.find({"_id": {"$in": list(ids)}}, limit=len(ids))
        await asyncio.gather(*(self._fold(entry, digest) for entry in entries))
        now = self._clock.now()
        here = self._policy().at(digest.estate)
        quiet = here.quiet_until(now) if is_quiet(entries) else None
        step = release(digest, now, not_before=quiet)
        released = await self._messages.write_over(digest, step)
        if released is not None and quiet is None:
            self._hand_on(released)

    async def _fold(self, entry: Message, digest: Message) -> None:
        if entry.status is not Status.WAITING:
            return
        folded = fold(entry, digest, self._clock.now())
        if await self._messages.write_over(entry, folded) is not None:
            metrics.MESSAGES.labels(entry.channel, Status.FOLDED.value).inc()
