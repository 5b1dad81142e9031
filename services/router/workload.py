"""How much work people have in hand, as of a few seconds ago."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from services.router.domain import IsBusy
from services.router.storage import open_work_of
from shared.store import Store
from shared.tickets.acts import Act, Dispatch, Transfer

REFRESH_EVERY: Final = timedelta(seconds=5)
COUNTED: Final = 100
"""Beyond so many it makes no difference how many more they are."""


class Workload:
    """Counts the open work of the people this process gives work to.

    Nothing is asked when work is given: what was counted a moment ago, and what was given since,
    is good enough to choose by.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open = Counter[str]()

    def busy_from(self, tickets: int) -> IsBusy:
        """Whether somebody has open work of so many tickets, or more."""
        return lambda person: self._open[person] >= tickets

    def note(self, acts: Iterable[Act]) -> None:
        """Work was given."""
        for act in acts:
            if isinstance(act, Dispatch | Transfer) and act.assignee:
                self._open[act.assignee] += 1

    async def refresh(self) -> None:
        """Count anew; who has nothing in hand is counted again when they are given something."""
        for person in list(self._open):
            self._open[person] = await open_work_of(self._store, person, limit=COUNTED)
        self._open = +self._open
