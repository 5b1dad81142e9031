"""Use case: staff read what people were told. Words are rendered anew, persons are masked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.notifier.errors import CannotWrite
from services.notifier.messages import Message
from services.notifier.people import Contact, People
from services.notifier.rendering import render
from services.notifier.storage import MESSAGES, listing
from services.notifier.views import HIDDEN_LINK, message_view
from shared.identity import Principal
from shared.policy.policy import Policy
from shared.runtime import not_found
from shared.store import Collection, Store
from shared.store.reach import hidden

_NOBODY = Contact("", "")


class Reading:
    """Reads messages within a principal's reach."""

    def __init__(self, store: Store, people: People, policy: Callable[[], Policy]) -> None:
        self._store = store
        self._messages = Collection(store, MESSAGES)
        self._people = people
        self._policy = policy

    async def page(
        self,
        asking: Principal,
        filters: Mapping[str, str | None],
        *,
        after: str | None,
        limit: int,
    ) -> dict[str, Any]:
        """A page without words, so that listing opens no sealed person."""
        wanted = await listing(self._store, asking, filters)
        page = await self._messages.page(wanted, after=after, limit=limit)
        return {"items": [message_view(message) for message in page.items], "next": page.next}

    async def one(self, asking: Principal, id: str) -> dict[str, Any]:
        """One message with its words; the same problem for what is missing and what is foreign."""
        message = await self._messages.get(id)
        # Asked in any case: how long an answer takes must not tell what is missing from what is
        # somebody else's.
        not_theirs = await hidden(self._store, asking, message.numbers if message else [id])
        if message is None or not_theirs or not asking.reaches(message.estate):
            raise not_found()
        contact = await self._people.contact(message.recipient, message.number)
        shown = contact.masked() if contact else _NOBODY
        progress = await self._people.progress(message)
        subject, body = self._words(message, shown, progress)
        return message_view(message) | {
            "to": {"name": shown.name, "address": shown.address},
            "subject": subject,
            "body": body,
        }

    def _words(
        self, message: Message, shown: Contact, progress: str
    ) -> tuple[str | None, str | None]:
        policy, name = self._policy(), shown.name
        try:
            return render(message, policy, name=name, link=HIDDEN_LINK, progress=progress)
        except CannotWrite:
            return None, None
