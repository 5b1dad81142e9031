"""What falls due in a collection, one document after the other, each by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from services.router.storage import ALL, due_numbers
from shared.bus import each
from shared.contracts import Lane
from shared.store import Store

BATCH: Final = 200
TRY_AGAIN_AFTER: Final = timedelta(minutes=1)
"""What failed may have been mended by then: a document by hand, the policy by another version."""


class FallingDue:
    """Finds what is due by `next_due`; of several replicas the conditional write of `do` lets one
    do it. It begins as messages of its lane do: however much is due on the routine one, no
    emergency waits for it. `only` some documents, where that is given. What fails is logged and
    tried again after a minute.
    """

    def __init__(
        self,
        store: Store,
        collection: str,
        do: Callable[[str], Awaitable[None]],
        *,
        lane: Lane = "routine",
        only: Mapping[str, Any] = ALL,
    ) -> None:
        self._store = store
        self._collection = collection
        self._do = do
        self._begins = partial(store.precedence.on, lane)
        self._only = only
        # A document that cannot be read must not stand before all the others for ever.
        self._failed_at: dict[str, datetime] = {}

    async def do_all(self) -> int:
        """Do everything that is due now; how many documents were touched."""
        total, before = 0, list[str]()
        while True:
            now = self._store.clock.now()
            ids = await due_numbers(
                self._store, self._collection, now, limit=BATCH, but=self._at_fault(now),
                only=self._only,
            )  # fmt: skip
            failed = await each(self._do, ids, begins=self._begins)
            self._failed_at |= dict.fromkeys(failed, now)
            total += len(ids)
            # The same ones again: they are due and have nothing to do; the next turn looks.
            if len(ids) < BATCH or ids == before:
                return total
            before = ids

    def _at_fault(self, now: datetime) -> Iterable[str]:
        """What failed a moment ago; the rest of it is forgotten."""
        self._failed_at = {
            id: at for id, at in self._failed_at.items() if now - at < TRY_AGAIN_AFTER
        }
        return self._failed_at
