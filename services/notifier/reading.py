"""Use case: staff read what people were told: the words that went out, the persons masked.

No words are kept, so they are made once more, from what they were made of then: the facts, the
policy that was in force, the note that was the last. A link is for its receiver alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from services.notifier.enclosures import Enclosures
from services.notifier.links import brought_by
from services.notifier.messages import Attempt, Message
from services.notifier.people import Contact, People
from services.notifier.rendering import CannotWrite, render
from services.notifier.storage import MESSAGES, is_confidential_to, listing
from shared.contracts.refusals import NotThere
from shared.identity import Principal
from shared.policy.policy import Policy
from shared.readers.visibility import hidden
from shared.store import Collection, Store

HIDDEN_LINK = "https://…"
"""A link opens what it is about, so it is for its receiver alone."""
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
        "beside": list(message.beside),
        "first": message.first,
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


def _hidden_link(message: Message) -> str:
    return HIDDEN_LINK if brought_by(message) else ""


class Reading:
    """Reads messages within a principal's reach."""

    def __init__(
        self, store: Store, people: People, policy: Callable[[str | None], Awaitable[Policy]]
    ) -> None:
        """Ask `policy` for a version as it was; for None, for the one in force now."""
        self._store = store
        self._messages = Collection(store, MESSAGES)
        self._people = people
        self._enclosures = Enclosures(store, people)
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
        if is_confidential_to(asking, message.cause.kind):
            raise NotThere
        tried = message.telling.channel if message.telling else None
        contact = await self._people.contact(message.recipient, message.ticket, tried)
        shown = contact.masked() if contact else _NOBODY
        subject, body = await self._words(message, shown)
        return message_view(message) | {
            "to": {"name": shown.name, "address": shown.address},
            "subject": subject,
            "body": body,
        }

    async def _words(self, message: Message, shown: Contact) -> tuple[str | None, str | None]:
        policy = await self._policy(message.telling.policy if message.telling else None)
        link = _hidden_link(message)
        try:
            quoted = await self._enclosures.of(message, policy, _hidden_link)
            return render(message, policy, name=shown.name, link=link, quoted=quoted)
        except CannotWrite:
            return None, None
