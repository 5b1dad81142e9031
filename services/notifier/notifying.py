"""Use case: somebody is to be told something, once.

Who is to be told is written down first; handing over is `sending`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.notifier.domain import Notice, recipients
from services.notifier.messages import Message, new_message
from services.notifier.people import People
from services.notifier.storage import Messages
from shared.contracts import Event, Lane
from shared.policy.policy import Policy
from shared.store import Doc, Verdict
from shared.store.clock import DatabaseClock
from shared.telemetry import logger
from shared.tickets import TicketStatus


class Notifying:
    """Tells people. `hand_on` is given each new message, so that it goes out at once."""

    def __init__(
        self,
        messages: Messages,
        people: People,
        clock: DatabaseClock,
        policy: Callable[[], Policy],
        hand_on: Callable[[Message], None],
    ) -> None:
        self._messages = messages
        self._people = people
        self._clock = clock
        self._policy = policy
        self._hand_on = hand_on

    async def notify(self, event: Event, lane: Lane) -> None:
        """Write down a message for everybody whom `event` concerns, all at the same time.

        A repeat of the event finds its messages there and changes nothing.
        """
        notices = recipients(event)
        if not notices:
            return
        cause = notices[0].cause
        ticket = await self._people.ticket(cause.id) if cause.kind == "ticket" else None
        wanted = [notice for notice in notices if _is_wanted(notice, ticket)]
        await asyncio.gather(*(self._put(notice, ticket, lane) for notice in wanted))

    async def _put(self, notice: Notice, ticket: Doc | None, lane: Lane) -> None:
        language = self._people.language(notice.recipient, ticket)
        placed = _placed(notice, ticket)
        now = self._clock.now()
        later = self._not_before(placed, now)
        message = new_message(placed, lane=lane, language=language, now=now, not_before=later)
        if await self._messages.insert(message) is Verdict.WON:
            logger.info("message_due", message=message.id, ticket=message.number,
                        purpose=message.purpose)  # fmt: skip
            if later is None:
                self._hand_on(message)

    def _not_before(self, notice: Notice, now: datetime) -> datetime | None:
        """Until when it waits: for its own time, or because people sleep where it is about."""
        own = notice.not_before if notice.not_before and notice.not_before > now else None
        if not notice.can_wait:
            return own
        return self._policy().at(notice.estate).quiet_until(own or now) or own


def _is_wanted(notice: Notice, ticket: Mapping[str, Any] | None) -> bool:
    """Who was answered on the call needs no receipt for it."""
    answered = (ticket or {}).get("mark") == TicketStatus.ANSWERED.value
    return not (notice.purpose == "receipt" and answered)


def _placed(notice: Notice, ticket: Mapping[str, Any] | None) -> Notice:
    """Add what the ticket says in plain of its place; the event may not have known it yet."""
    if ticket is None:
        return notice
    facts = {**notice.facts, "building": ticket.get("building")}
    return replace(notice, estate=notice.estate or ticket.get("estate"), facts=facts)
