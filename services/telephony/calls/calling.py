"""The use case: facts come in, calls change, and what became of them is counted once."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from services.telephony.calls.counting import count_change, count_fact
from services.telephony.calls.domain import (
    CALLER,
    Arrived,
    KeptCall,
    call_id,
    fold_again,
    is_over_for_good,
    take,
    without_numbers,
)
from services.telephony.calls.storage import CALLS
from services.telephony.inbound.exchanges import Exchanges
from shared.calls.facts import Fact
from shared.contracts import Step
from shared.runtime import Platform
from shared.store import Collection

ATTEMPTS: Final = 20
"""Replicas take turns at a call whose facts come in a burst."""
FORWARDED_BY: Final = "diverted_from"
_IDS: Final = "calls"


class Calling:
    """Takes facts."""

    def __init__(self, platform: Platform, exchanges: Exchanges) -> None:
        self._calls = Collection(platform.store, CALLS)
        self._sealer, self._index = platform.sealer, platform.index
        self._exchanges = exchanges
        self._secret = platform.keys.derived(_IDS)
        self._waiting: dict[str, list[Arrived]] = {}

    def id_of(self, exchange: str, channel: str) -> str:
        """What a call of an exchange is called here."""
        return call_id(self._secret, exchange, channel)

    async def take(self, fact: Fact) -> None:
        """Add a fact to its call; one that is known, or comes too late, is counted and no more.

        Facts of one call that come together go into one write.
        """
        id = self.id_of(fact.exchange, fact.call)
        arrived = await self._sealed(fact)
        waiting = self._waiting.setdefault(id, [])
        waiting.append(arrived)
        try:
            await self._take_all(id, fact, arrived, waiting)
        finally:
            waiting.remove(arrived)
            if not waiting and self._waiting.get(id) is waiting:
                del self._waiting[id]

    async def _take_all(
        self, id: str, fact: Fact, arrived: Arrived, waiting: list[Arrived]
    ) -> None:
        taken: list[Arrived] = []
        is_late = False

        def decide(kept: KeptCall, now: datetime) -> Step[KeptCall] | None:
            nonlocal is_late
            is_late = is_over_for_good(kept, now)
            taken[:] = waiting
            return take(kept, taken, self._exchanges.gaps_of(fact.exchange), now)

        new = KeptCall(id=id, exchange=fact.exchange, channel=fact.call, last_at=arrived.fact.at)
        changed = await self._calls.change(id, decide, new=new, attempts=ATTEMPTS)
        if changed is not None and changed.is_change:
            self._count(changed.before, changed.after, taken)
        if not arrived.used:
            count_fact(fact.exchange, "late" if is_late else "repeated")

    def _count(self, before: KeptCall, after: KeptCall, taken: list[Arrived]) -> None:
        added = {each.id for each in after.facts} - {each.id for each in before.facts}
        for each in taken:
            if each.fact.id in added:
                added.remove(each.fact.id)
                each.used = True
                count_fact(after.exchange, "unknown" if after.call is None else "used")
        count_change(before, after)

    async def fold_again(self, id: str) -> bool:
        """Make a call anew by the gaps that are known now; whether it is another."""

        def decide(kept: KeptCall, now: datetime) -> Step[KeptCall] | None:
            return fold_again(kept, self._exchanges.gaps_of(kept.exchange), now)

        changed = await self._calls.change(id, decide, attempts=ATTEMPTS)
        if changed is None or not changed.is_change:
            return False
        count_change(changed.before, changed.after)
        return True

    async def _sealed(self, fact: Fact) -> Arrived:
        """The fact without its numbers, and these sealed under the group's key."""
        persons = {
            name: await self._sealer.seal_person({"phone": number}, estate=None)
            for name, number in ((CALLER, fact.number), (FORWARDED_BY, fact.diverted_from))
            if number
        }
        return Arrived(without_numbers(fact), persons, self._index.phones(fact.number))
