"""How much everybody has in hand: counted in the store, so that all routers agree, and in between
by what this one gives and takes.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Final

from services.router.people import HowBusy
from services.router.work_orders.storage import work_in_hand
from shared.store import Store
from shared.tickets import Ticket

REFRESH_EVERY: Final = timedelta(seconds=5)
"""So long the routers may differ by what each has moved since."""


class Workload:
    """Counts the tickets of which people have unfinished work, whoever gave it to them.

    Nothing is asked when work is given: what was counted a moment ago, and what this process has
    moved since, is good enough to choose by.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._in_hand = Counter[str]()

    def beyond(self, busy_from: int) -> HowBusy:
        """How many tickets more than leave somebody free they have in hand; whoever has `busy_from`
        is not free any more.
        """
        return lambda person: max(0, self._in_hand[person] - busy_from + 1)

    def note(self, before: Ticket, after: Ticket) -> None:
        """This process has changed a ticket."""
        self._in_hand.subtract(before.in_hand)
        self._in_hand.update(after.in_hand)

    async def refresh(self) -> None:
        """Count anew, everybody's."""
        self._in_hand = await work_in_hand(self._store)
