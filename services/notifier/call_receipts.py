"""Which receipts of a call one message may tell: those that reach the same telephone, and that a
machine may tell at all. Who the callers are is looked up at that moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from services.notifier.calls import leave_out
from services.notifier.messages import Message, drop
from services.notifier.people import People
from services.notifier.storage import MESSAGES, entries_of
from shared.contracts import Step
from shared.policy.policy import Policy
from shared.store import Collection, Store


@dataclass(frozen=True, slots=True)
class Told:
    """What of a call is told `together`, and what goes `alone`, since there is nobody to be told,
    or no machine may. What is neither is told to another telephone.
    """

    together: tuple[Message, ...]
    alone: tuple[Message, ...]


class _Reader(NamedTuple):
    """Whom a receipt reaches. A drill is told with drills alone: nobody must take one for real."""

    address: str
    is_drill: bool


class CallReceipts:
    """Sorts receipts of a call by whom they reach."""

    def __init__(self, store: Store, people: People, policy: Callable[[], Policy]) -> None:
        self._messages = Collection(store, MESSAGES)
        self._people = people
        self._policy = policy

    async def told(self, receipts: Sequence[Message]) -> Told:
        """Which of these go together with the first that may be told at all, and which alone."""
        readers = await asyncio.gather(*map(self._reader, receipts))
        first = next((reader for reader in readers if reader is not None), None)
        by_reader = list(zip(receipts, readers, strict=True))
        return Told(
            together=tuple(each for each, who in by_reader if who is not None and who == first),
            alone=tuple(each for each, who in by_reader if who is None),
        )

    async def left_out(self, telling: Message, now: datetime) -> Step[Message] | None:
        """What of a call turned out since that it is not to be told with the rest leaves the one
        message, and so does what somebody held or stopped before it was folded. None where all may
        stay, and where nobody may be told any of it: then the message ends as each would.
        """
        entries = await entries_of(self._messages, telling)
        folded = [entry for entry in entries if entry.digest == telling.id]
        if not folded:
            return drop(telling, now)
        kept = {message.id for message in (await self.told(folded)).together}
        return leave_out(telling, kept, now) if kept and kept != {*telling.entries} else None

    async def _reader(self, message: Message) -> _Reader | None:
        """Whom a receipt reaches now; None where it reaches nobody."""
        contact = await self._people.caller(message.number)
        if contact is None or not contact.address:
            return None
        taxonomy = self._policy().at(message.estate).taxonomy
        if taxonomy.is_told_by_person(contact.kind):
            return None
        return _Reader(contact.address, bool(message.facts.get("test")))
