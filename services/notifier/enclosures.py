"""What a message brings that is kept elsewhere, read when its words are made: words of its ticket,
the title of a policy, the messages that are told together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.notifier.messages import RECEIPTS, TELLS_SEVERAL, Message
from services.notifier.people import People
from services.notifier.quotations import (
    names_all_numbers,
    quoted,
    quotes,
    taken_in,
    with_taken_in,
)
from services.notifier.rendering import line_of, line_of_receipt
from services.notifier.storage import MESSAGES, entries_of
from shared.policy.policy import Policy
from shared.readers.policies import POLICIES
from shared.store import Collection, Store

Timeline = Sequence[Mapping[str, Any]]


class Enclosures:
    """Reads them."""

    def __init__(self, store: Store, people: People) -> None:
        self._store = store
        self._messages = Collection(store, MESSAGES)
        self._people = people

    async def of(
        self, message: Message, policy: Policy, link_of: Callable[[Message], str]
    ) -> Mapping[str, str]:
        """The fields of a template that a message fills from elsewhere; none for most messages.
        Raises CannotWrite where a message that it tells cannot be written.
        """
        if message.purpose in TELLS_SEVERAL:
            return {"lines": await self._lines(message, policy, link_of)}
        if message.cause.kind == "policy":
            version = await self._store.get(POLICIES, message.number, fields=("title",))
            return {"words": str((version or {}).get("title") or "")}
        if not quotes(message) and not names_all_numbers(message):
            return {}
        found = await self._store.get("tickets", message.number, fields=("timeline",)) or {}
        timeline = found.get("timeline", ())
        return {**quoted(message, timeline), **await self._numbers(message, timeline)}

    async def _numbers(self, message: Message, timeline: Timeline) -> Mapping[str, str]:
        """The number with those of the tickets that went on under it, for a caller who knows them
        all; as it is where there are none.
        """
        if not names_all_numbers(message):
            return {}
        others = await self._taken_in(message, message.number, timeline)
        number = with_taken_in(message.number, others, message.language)
        return {"number": number} if others else {}

    async def _taken_in(self, message: Message, number: str, timeline: Timeline) -> tuple[str, ...]:
        """Those that a ticket took in, each with those that it had taken in itself. A line alone
        does not say so: the other ticket may have moved on before it was to end.
        """
        named = taken_in(message, timeline)
        if not named:
            return ()
        query = {"_id": {"$in": list(named)}, "merged_into": number}
        docs = await self._store.find("tickets", query, limit=len(named), fields=("timeline",))
        found: list[str] = []
        for doc in sorted(docs, key=lambda doc: named.index(doc["_id"])):
            found += [doc["_id"], *await self._taken_in(message, doc["_id"], doc["timeline"])]
        return tuple(found)

    async def _lines(
        self, message: Message, policy: Policy, link_of: Callable[[Message], str]
    ) -> str:
        """What it tells of each, in the language of the one message."""
        found = await entries_of(self._messages, message)
        told = [replace(entry, language=message.language) for entry in found]
        if message.purpose == RECEIPTS:
            return "\n".join(f"{n}. {line_of_receipt(e, policy)}" for n, e in enumerate(told, 1))
        lines: list[str] = []
        for entry in told:
            brought = await self.of(entry, policy, link_of)
            line = line_of(entry, policy, link=link_of(entry), quoted=brought)
            lines.append(f"{len(lines) + 1}. {line}")
        return "\n\n".join(lines)
