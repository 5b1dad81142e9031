"""Use case: a draft is tried on the last requests before anybody is promised anything by it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final

from services.admin.policies.drafting import Drafting
from services.admin.policies.rehearsal import Past, Tally, past_from_doc
from services.admin.policies.storage import Policies
from shared.contracts.refusals import NotNow
from shared.identity import Principal
from shared.policy.policy import Policy, build_policy
from shared.readers.visibility import not_about
from shared.store import Store

MOST: Final = 5000
"""Minutes of work for one processor."""
BATCH: Final = 100
_LATEST_FIRST: Final = (("$natural", -1),)
"""As they were written: the last ones are read without an index and without the others."""
_READ: Final = ("scrubbed", "estate", "registered_at")


class Rehearsing:
    """Plans the last tickets under a draft and under what is in force, one run at a time: it must
    not take the processor from those who sign in.
    """

    def __init__(
        self,
        store: Store,
        policies: Policies,
        drafting: Drafting,
        present: Callable[[], Policy],
    ) -> None:
        self._store = store
        self._policies = policies
        self._drafting = drafting
        self._present = present
        self._turn = asyncio.Lock()

    async def begin(self, id: str) -> Tally:
        """Make ready; raises FaultyPolicy, NotThere, and NotNow while another one runs."""
        if self._turn.locked():
            raise NotNow("busy", "Another rehearsal is under way", "wait until it is over")
        version = await self._policies.get(id)
        await self._drafting.require_sound(version, begins=self._store.clock.now())
        documents = await self._policies.documents(id)
        return Tally(self._present(), await asyncio.to_thread(build_policy, id, documents))

    async def run(
        self, tally: Tally, *, last: int, asks: Principal
    ) -> AsyncIterator[tuple[Tally, int]]:
        """The tally as it grows, batch by batch, and out of how many.

        Requests that are about whoever `asks` are left out.
        """
        async with self._turn:
            theirs = not_about(asks)
            total = await self._store.count("tickets", theirs, most=min(last, MOST))
            yield tally, total
            async for past in self._past(theirs):
                await asyncio.to_thread(tally.add, past[: total - tally.done])
                yield tally, total
                if tally.done >= total:
                    return

    async def _past(self, theirs: Mapping[str, Any]) -> AsyncIterator[list[Past]]:
        batch: list[Past] = []
        found = self._store.walk("tickets", theirs, sort=_LATEST_FIRST, fields=_READ)
        async for doc in found:
            batch.append(past_from_doc(doc))
            if len(batch) == BATCH:
                yield batch
                batch = []
        if batch:
            yield batch
