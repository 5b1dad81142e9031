"""The use case: a ticket's caller is erased, and with them who rang in the calls it came of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from services.telephony.callbacks.storage import CALLBACKS
from services.telephony.calls.domain import KeptCall, forget_numbers
from services.telephony.calls.storage import CALLS
from shared.contracts.intake import TicketPersonErased
from shared.contracts.notifier import CALLER
from shared.privacy.index import entries_in
from shared.store import Collection, Store
from shared.telemetry import logger

ASKED_FOR: Final = "privacy_request"


class Erasing:
    """Forgets who rang. A repeat finds nothing there."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._calls = Collection(store, CALLS)

    async def erase(self, event: TicketPersonErased) -> None:
        """Forget who rang in the calls of a ticket, once none of a call's tickets has its caller
        any more. Where the caller asked for it themselves, all calls of their number are forgotten.
        """
        if event.person != CALLER:
            return
        count = 0
        of_ticket = {"tickets": event.number, "tickets.0": {"$exists": True}}
        async for kept in self._calls.walk(of_ticket):
            if event.why == ASKED_FOR:
                phones = entries_in(kept.index.get("phone"))
                same = self._calls.walk({"index.phone": {"$in": phones}})
                others = [each async for each in same if each.id != kept.id]
                count += await self._forget([*others, kept])
            elif await self._is_nobody_s(kept):
                count += await self._forget([kept])
        if count:
            logger.info("call_numbers_erased", count=count)

    async def _forget(self, calls: Iterable[KeptCall]) -> int:
        count = 0
        for kept in calls:
            # What finds the call is forgotten last, or a crash would leave a call back behind.
            await self._store.remove_many(CALLBACKS.name, {"calls": kept.id})
            changed = await self._calls.change(
                kept.id, lambda now_kept, _: forget_numbers(now_kept)
            )
            count += changed is not None and changed.is_change
        return count

    async def _is_nobody_s(self, kept: KeptCall) -> bool:
        """Whether no ticket of a call has its caller any more."""
        callers = {"_id": {"$in": [*kept.tickets]}, "persons.caller": {"$exists": True}}
        return await self._store.count("tickets", callers, most=1) == 0
