"""Use case: a draft is tried on the last requests before anybody is promised anything by it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final

from services.admin.errors import Refused
from services.admin.policies.drafting import Drafting
from services.admin.policies.rehearsal import Tally, past_from_doc
from services.admin.policies.storage import Policies
from shared.identity import Principal
from shared.policy.policy import Policy, build_policy
from shared.store import Store
from shared.store.reach import not_about, only_about
from shared.store.stream import batches, count_roughly

MOST: Final = 5000
"""Minutes of work for one processor."""
BATCH: Final = 100
_LATEST_FIRST: Final = (("$natural", -1),)
"""As they were written: the last ones are read without an index and without the others."""


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
        """Make ready; raises FaultyPolicy, NoSuchThing, and Refused while another one runs."""
        if self._turn.locked():
            raise Refused("busy", "Another rehearsal is under way", "wait until it is over")
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
            total = min(last, MOST, await self._shown(asks))
            yield tally, total
            found = batches(
                self._store, "tickets", not_about(asks), size=BATCH,
                fields=("scrubbed", "estate", "registered_at"), sort=_LATEST_FIRST,
            )  # fmt: skip
            async for docs in found:
                past = [past_from_doc(doc) for doc in docs[: total - tally.done]]
                await asyncio.to_thread(tally.add, past)
                yield tally, total
                if tally.done >= total:
                    return

    async def _shown(self, asks: Principal) -> int:
        """How many there are, without those that are about whoever asks: nor are these counted."""
        tickets = self._store.database["tickets"]
        hidden = await tickets.count_documents(only_about(asks))
        return max(await count_roughly(self._store, "tickets") - hidden, 0)
