"""Use case: what everybody is told in a trial, word for word as its receiver reads it.

In a trial people are invented and callers have no telephone, so that this is where somebody who
tries the hotline reads their messages. Links are whole: who follows one acts as its receiver.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final

from services.notifier.enclosures import Enclosures
from services.notifier.links import Links
from services.notifier.messages import Message
from services.notifier.people import People
from services.notifier.rendering import CannotWrite, render
from services.notifier.storage import MESSAGES, NEWEST
from shared.policy.policy import Policy
from shared.policy.templates import LANGUAGES, Language
from shared.store import Collection, Listing, Page, Store

_EVERYTHING: Final = Listing(order=NEWEST)


@dataclass(frozen=True, slots=True)
class Text:
    """A message in one language; nothing where its words cannot be made."""

    language: Language
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Sent:
    """One message as its receiver reads it: Chinese first, then English. `at` is the time of the
    estate it is about, and `link` what it leads to.
    """

    message: Message
    at: datetime
    name: str
    texts: tuple[Text, ...]
    link: str


class TrialMessages:
    """Every message of a trial, the newest first."""

    def __init__(
        self,
        store: Store,
        people: People,
        policy: Callable[[str | None], Awaitable[Policy]],
        links: Links,
    ) -> None:
        """Ask `policy` for a version as it was; for None, for the one in force now."""
        self._clock = store.clock
        self._messages = Collection(store, MESSAGES)
        self._people = people
        self._enclosures = Enclosures(store, people)
        self._policy = policy
        self._links = links

    @property
    def is_open(self) -> bool:
        """Whether there is one: only in a trial. Elsewhere nobody reads other people's messages."""
        return self._clock.is_trial

    async def page(self, *, after: str | None, limit: int) -> Page[Sent]:
        """Some of them from the cursor on; raises MalformedMessage for one not given out here."""
        found = await self._messages.page(_EVERYTHING, after=after, limit=limit)
        return Page([await self._sent(message) for message in found.items], found.next)

    async def _sent(self, message: Message) -> Sent:
        policy = await self._policy(message.telling.policy if message.telling else None)
        contact = await self._people.contact(message.recipient, message.ticket)
        name = contact.name if contact else ""
        link = self._links.of(message)
        texts = []
        for language in LANGUAGES:
            spoken = replace(message, language=language)
            try:
                quoted = await self._enclosures.of(
                    spoken, policy, partial(self._links.of, within=spoken)
                )
                words = render(spoken, policy, name=name, link=link, quoted=quoted)
            except CannotWrite:
                words = ("", "")
            texts.append(Text(language, *words))
        zone = policy.at(message.estate).calendar.zone
        return Sent(message, message.at.astimezone(zone), name, tuple(texts), link)
