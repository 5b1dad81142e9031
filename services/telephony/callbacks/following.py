"""The use case: whoever got nobody is rung back, and nobody is who was answered meanwhile.

A call's own write says that its caller has yet to be looked at, so that no crash can lose one.
Looking again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from services.telephony.callbacks.domain import (
    CallBack,
    WhyNot,
    begun,
    changed,
    got_nobody,
    not_possible,
    possible_after_all,
    rang_again,
    superseded,
)
from services.telephony.callbacks.storage import CALLBACKS, LIVE
from services.telephony.calls.domain import KeptCall, is_answered, looked_at
from services.telephony.calls.storage import CALLS
from shared.bus.loops import each
from shared.calls.call import Call
from shared.policy.policy import Policy
from shared.privacy import BlindIndex
from shared.privacy.index import entries_in
from shared.readers.switchboards import is_switchboard
from shared.store import Collection, Order, Store
from shared.store.change import Contested
from shared.telemetry import metrics

AT_ONCE: Final = 200
ATTEMPTS: Final = 10
OLDEST: Final = Order("last_at", loose=True)


class Following:
    """Looks at what became of callers."""

    def __init__(self, store: Store, index: BlindIndex, policy: Callable[[], Policy]) -> None:
        self._store = store
        self._calls = Collection(store, CALLS)
        self._backs = Collection(store, CALLBACKS)
        self._index = index
        self._policy = policy

    async def look(self) -> int:
        """Look at calls that ask for it, the earliest first; how many were looked at."""
        seen = await self._calls.find({"asks": True}, order=OLDEST, limit=AT_ONCE)
        found = {kept.id: kept for kept in seen}
        failed = await each(partial(self._follow, found), [kept.id for kept in seen])
        return len(found) - len(failed)

    async def forget(self) -> None:
        """Forget calls back as long after their last call as numbers of calls are."""
        kept_for = self._policy().rules.retain_call_numbers_for
        old = {"last_at": {"$lt": self._store.clock.now() - kept_for}}
        await self._store.remove_many(CALLBACKS.name, old)

    async def _follow(self, seen: dict[str, KeptCall], id: str) -> None:
        kept = seen[id]
        rules = self._policy().rules.callbacks
        if kept.call is not None and got_nobody(kept.call, rules):
            await self._ask(kept, kept.call)
        elif kept.call is not None and is_answered(kept.call) and not kept.call.test:
            await self._supersede(kept, kept.call)
        await self._calls.change(id, lambda now_kept, _: looked_at(now_kept, kept))

    async def _supersede(self, kept: KeptCall, call: Call) -> None:
        """Who was answered needs no call back, on whichever line they had rung."""
        answered_at = call.answered_at or call.ended_at
        if answered_at is None or not (phones := _phones_of(kept)):
            return
        for back in await self._live(phones):
            done = await self._backs.change(
                back.id, lambda now_back, now: superseded(now_back, answered_at, now)
            )
            if done is not None and done.is_change:
                metrics.CALLBACKS.labels("superseded").inc()

    async def _ask(self, kept: KeptCall, call: Call) -> None:
        rules, phones = self._policy().rules, _phones_of(kept)
        if kept.is_withheld and kept.danger and kept.persons:
            await self._ask_unseen(kept, call)
        elif kept.is_withheld or not phones:
            why = WhyNot.WITHHELD if kept.is_withheld else WhyNot.NO_NUMBER
            await self._cannot(not_possible(kept, call, why))
        elif self._is_ours(phones):
            pass
        elif await is_switchboard(self._store, phones, self._now() - rules.repeats_within):
            await self._cannot(not_possible(kept, call, WhyNot.SWITCHBOARD))
        elif not await self._was_answered_since(kept, call, phones):
            await self._ask_of(kept, call, phones)

    async def _ask_of(self, kept: KeptCall, call: Call, phones: Sequence[str]) -> None:
        """One call back of a number and line: the one that is there, or a new one."""
        rules = self._policy().rules.callbacks
        new = begun(kept, call, phones, rules)
        for _ in range(ATTEMPTS):
            if await self._backs.find({"calls": kept.id}, limit=1):
                return
            there = [back for back in await self._live(phones) if back.line == call.line]
            for back in there[:1]:
                done = await self._backs.change(
                    back.id, lambda now_back, _: rang_again(now_back, kept, call, rules)
                )
                if done is not None and done.is_change:
                    return
            if not there and await self._backs.insert(changed(new), self._now()):
                return
        raise Contested(CALLBACKS.name, kept.id, times=ATTEMPTS)

    async def _ask_unseen(self, kept: KeptCall, call: Call) -> None:
        """It was counted as not possible before anybody knew of the emergency, or it is new."""
        new = begun(kept, call, (), self._policy().rules.callbacks, unseen=True)
        if not await self._backs.insert(changed(new), self._now()):
            await self._backs.change(kept.id, lambda back, _: possible_after_all(back, new))

    async def _cannot(self, back: CallBack) -> None:
        if await self._backs.insert(changed(back), self._now()):
            metrics.CALLBACKS.labels("not_possible").inc()

    async def _live(self, phones: Sequence[str]) -> list[CallBack]:
        return await self._backs.find({**LIVE, "phones": {"$in": [*phones]}}, limit=AT_ONCE)

    async def _was_answered_since(self, kept: KeptCall, call: Call, phones: Sequence[str]) -> bool:
        """Whether somebody spoke with the caller after this call: facts come in any order."""
        later: dict[str, Any] = {
            "_id": {"$ne": kept.id},
            "index.phone": {"$in": [*phones]},
            "call.answered_at": {"$gte": call.ended_at or call.last_sign_at},
            "call.dropped": False,
            "call.test": False,
        }
        return bool(await self._calls.find(later, limit=1))

    def _is_ours(self, phones: Sequence[str]) -> bool:
        """Whether it is a number of our own tables: nobody rings from there."""
        rules = self._policy().rules
        ours = (*rules.own_numbers, *rules.desk_numbers)
        return any({*self._index.phones(number)} & {*phones} for number in ours)

    def _now(self) -> datetime:
        return self._store.clock.now()


def _phones_of(kept: KeptCall) -> list[str]:
    return [] if kept.is_withheld else entries_in(kept.index.get("phone"))
