"""Use case: whoever brings a message says that it has arrived, or that it did not.

The address was given to them with the message and is signed, so that nobody makes one up. A receipt
may come before the provider has answered, twice, or when nobody waits for it any more.
"""

from __future__ import annotations

from datetime import datetime

from services.notifier.messages import TELLS_SEVERAL, Message, receive, share_fate, stop_waiting
from services.notifier.outcomes import count_outcome
from services.notifier.storage import MESSAGES
from shared.contracts import Step
from shared.contracts.refusals import NotThere
from shared.identity import read_link
from shared.store import Collection, Store


class Receipts:
    """Takes receipts."""

    def __init__(self, store: Store, secret: bytes) -> None:
        self._messages = Collection(store, MESSAGES)
        self._secret = secret

    async def take(self, token: str, *, arrived: bool) -> None:
        """Write down what a receipt says; what is known already changes nothing. Raises NotThere
        for an address that was not made here, and for one whose message is gone.
        """
        id = read_link("receipt", token, self._secret)

        def choose(message: Message, now: datetime) -> Step[Message] | None:
            return receive(message, now) if arrived else stop_waiting(message, now)

        changed = await self._messages.change(id, choose) if id is not None else None
        if changed is None:
            raise NotThere
        if changed.is_change:
            count_outcome(changed.after)
        if changed.after.purpose in TELLS_SEVERAL:
            await self._share(changed.after)

    async def _share(self, telling: Message) -> None:
        """What it told counts as told with it; what is still folded is settled in its time."""

        def choose(entry: Message, now: datetime) -> Step[Message] | None:
            return share_fate(entry, telling, now)

        for id in telling.entries:
            changed = await self._messages.change(id, choose)
            if changed is not None and changed.is_change:
                count_outcome(changed.after)
