"""Tickets from before their words could be searched get their terms: a loop goes once through all
of them. Terms are derived from the scrubbed copy; to make them is no change of the ticket.
"""

from __future__ import annotations

from typing import Final

from shared.bus import run_every
from shared.bus.walks import Walk
from shared.privacy.terms import terms_of
from shared.store import Doc, Store

WAY: Final = "terms-1"
"""Rises when terms are made in another way."""
LOOK_SECONDS: Final = 600.0


class OldWords:
    """Makes the words of every ticket findable."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._walk = Walk(store, "tickets", WAY, fields=("scrubbed", "terms"))

    async def run(self) -> None:
        """Look until cancelled; once all are done, there is nothing to look for."""
        await run_every(self.look, seconds=LOOK_SECONDS)

    async def look(self) -> None:
        """Go on to the end, unless it was reached before."""
        await self._walk.go(self._fit)

    async def _fit(self, doc: Doc) -> None:
        scrubbed = doc.get("scrubbed") or ""
        terms = terms_of(scrubbed)
        if doc.get("terms") == terms or not terms:
            return
        # Whoever erased or corrected the person meanwhile has scrubbed the words anew.
        await self._store.documents("tickets").update_one(
            {"_id": doc["_id"], "scrubbed": scrubbed}, {"$set": {"terms": terms}}
        )
