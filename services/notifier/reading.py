"""Use case: staff read what people were told. Words are rendered anew, persons are masked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.notifier.messages import Attempt, Message
from services.notifier.people import Contact, People
from services.notifier.rendering import CannotWrite, render
from services.notifier.storage import MESSAGES, listing
from shared.contracts.refusals import NotThere
from shared.identity import Principal
from shared.policy.policy import Policy
from shared.readers.visibility import hidden
from shared.store import Collection, Store

HIDDEN_LINK = "https://…"
"""A survey's link opens it, so it is for the caller alone."""
_NOBODY = Contact("", "")


def message_view(message: Message) -> dict[str, Any]:
    """Facts and states."""
    return {
        "id": message.id,
        "number": message.number,
        "round": message.round,
        "estate": message.estate,
        "cause": str(message.cause),
        "purpose": message.purpose,
        "recipient": message.recipient,
        "lane": message.lane,
        "language": message.language,
        "facts": {k: v for k, v in message.facts.items() if k != "survey" and v is not None},
        "status": message.status.value,
        "reason": message.reason,
        "channel": message.channel,
        "channels": list(message.channels),
        "digest": message.digest,
        "at": message.at,
        "next_at": message.next_at,
        "ended_at": message.ended_at,
        "attempts": [_attempt_view(attempt) for attempt in message.attempts],
    }


def _attempt_view(attempt: Attempt) -> dict[str, Any]:
    return {
        "channel": attempt.channel,
        "at": attempt.at,
        "outcome": attempt.outcome,
        "code": attempt.code,
        "ended_at": attempt.ended_at,
    }


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
            raise NotThere
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
