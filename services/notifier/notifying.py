"""Use case: somebody is to be told something, once.

Who is to be told is written down first; handing over is `sending`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.notifier.alarms import first_of_alarm, messages_beside
from services.notifier.calls import await_others, waits_for_call
from services.notifier.channels import Channels
from services.notifier.digests import await_digest
from services.notifier.domain import (
    ALARMS,
    CONFIDENTIAL,
    DUE_OF_TICKET,
    Notice,
    answerable_for,
    channels_of,
    is_for_digest,
    others_for,
    recipients,
)
from services.notifier.group_chats import is_group_chat, to_group_chats
from services.notifier.messages import Message, new_message
from services.notifier.people import People
from services.notifier.storage import MESSAGES
from shared.contracts import Event, Lane, Step
from shared.contracts.intake import ReadingAlarmRaised
from shared.contracts.notifier import MessageUnreached
from shared.contracts.parked import ParkedUrgent
from shared.contracts.telephony import LineEvent
from shared.policy.duty import Person
from shared.policy.policy import Policy
from shared.store import Collection, Doc, Store
from shared.telemetry import logger
from shared.tickets import Clock, TicketStatus


class Notifying:
    """Tells people. `hand_on` is given each new message, so that it goes out at once."""

    def __init__(
        self,
        store: Store,
        people: People,
        policy: Callable[[], Policy],
        hand_on: Callable[[Message], None],
        *,
        channels: Channels,
        places_of: Callable[[str | None], frozenset[str]],
    ) -> None:
        """Ask `places_of` for the places of a publisher."""
        self._messages = Collection(store, MESSAGES)
        self._people = people
        self._clock = store.clock
        self._policy = policy
        self._hand_on = hand_on
        self._channels = channels
        self._places_of = places_of

    async def notify(self, event: Event, lane: Lane) -> int:
        """Write down a message for everybody whom `event` concerns, all at the same time, and of an
        alarm one for each channel; how many are new.

        A repeat of the event finds its messages there and changes nothing. What is told too late to
        be told by itself waits for its reader's digest.
        """
        notices = recipients(await self._addressed(event))
        if not notices:
            return 0
        now, digest_from = self._clock.now(), self._digest_from(notices[0])
        folds = lane == "routine" and is_for_digest(event, now, after=digest_from)
        if not folds:
            notices = (*notices, *await self._to_group_chats(notices))
        return await self.tell(notices, lane, folds=folds)

    async def tell(self, notices: Sequence[Notice], lane: Lane, *, folds: bool = False) -> int:
        """Write these down, each once however often it is said; how many are new."""
        numbers = dict.fromkeys(n.cause.id for n in notices if n.cause.kind == "ticket")
        found = await asyncio.gather(*map(self._people.ticket, numbers))
        tickets = dict(zip(numbers, found, strict=True))
        about = ((notice, tickets.get(notice.cause.id)) for notice in notices)
        new = await asyncio.gather(
            *(
                self._put(notice, ticket, lane, folds=folds)
                for notice, ticket in about
                if _is_wanted(notice, ticket)
            )
        )
        return sum(new)

    async def _addressed(self, event: Event) -> Event:
        """With whom only the notifier knows: those who answer for a system's urgent messages, for
        a line of ours, for somebody whom a message does not reach, and who stands above a reader of
        personal data.
        """
        match event:
            case ParkedUrgent():
                places = self._policy().group.estates_of(self._places_of(event.publisher))
                people = answerable_for(places, self._people.duty)
            case LineEvent():
                places = frozenset(estate.id for estate in self._policy().group.estates)
                people = answerable_for(places, self._people.duty)
            case MessageUnreached():
                people = await self._others_for(event)
            case ReadingAlarmRaised():
                lead_to = self._channels.lead_to
                people = others_for(event.reader, event.estate, None, self._people.duty, lead_to)
            case _:
                return event
        return event.model_copy(update={"recipients": people})

    async def _to_group_chats(self, notices: Sequence[Notice]) -> tuple[Notice, ...]:
        """What group chats are told beside; not one of whose people the ticket is about."""
        duty = self._people.duty
        found = to_group_chats(notices, self._channels.group_chats, duty, self._policy())
        if not found:
            return ()
        whom = await self._people.whom_it_is_about(found[0].number)
        return tuple(n for n in found if whom.isdisjoint(self._people.members(n.recipient)))

    async def _others_for(self, event: MessageUnreached) -> tuple[str, ...]:
        """Not whom it is about, and nobody to whom no channel leads either."""
        not_for = await self._whom_it_is_about(event)

        def may_hear(person: Person) -> bool:
            return person.id not in not_for and self._channels.lead_to(person)

        duty = self._people.duty
        found = others_for(event.recipient, event.estate, event.department, duty, may_hear)
        if not found:
            logger.error("nobody_hears_who_is_unreached", message=event.message)
        return found

    async def _whom_it_is_about(self, event: MessageUnreached) -> frozenset[str]:
        """Whom the ticket of a message is about, or whose reading an alarm."""
        if event.about == "ticket":
            return await self._people.whom_it_is_about(event.number)
        missed = await self._messages.get(event.message) if event.about in CONFIDENTIAL else None
        watched = missed.facts.get("person") if missed is not None else None
        return frozenset({watched} if watched else ())

    def _digest_from(self, notice: Notice) -> timedelta:
        """How late a deadline is told together with others."""
        return self._policy().at(notice.estate).rules.digest_from

    async def _put(self, notice: Notice, ticket: Doc | None, lane: Lane, *, folds: bool) -> int:
        language = self._people.language(notice.recipient, ticket)
        placed = _placed(notice, ticket)
        now = self._clock.now()
        later = self._not_before(placed, now)
        message = new_message(placed, lane=lane, language=language, now=now, not_before=later)
        if folds:
            return await self._insert(await_digest(message))
        if call := waits_for_call(message, ticket):
            after = self._policy().at(placed.estate).rules.receipt_of_call_after
            if after is not None:
                return await self._insert(await_others(message, call, after))
        message = await self._by_its_channels(message, placed)
        is_new = await self._insert(message)
        if is_new and later is None:
            self._hand_on(message)
        return is_new + await self._put_beside(message, is_new=is_new)

    async def _by_its_channels(self, message: Message, notice: Notice) -> Message:
        """The same message, bound to channels where those are not chosen at each attempt."""
        policy = self._policy()
        if notice.purpose in ALARMS and not is_group_chat(notice.recipient):
            person = await self._people.staff(notice.recipient)
            is_wanted = policy.at(notice.estate).rules.is_alarm_channel
            channels = self._channels.of_alarm(person, is_wanted)
            return first_of_alarm(message, channels) if channels else message
        if wanted := channels_of(notice, policy):
            person = await self._people.staff(notice.recipient)
            return replace(message, channels=self._channels.reaching(person, wanted))
        return message

    async def _put_beside(self, message: Message, *, is_new: bool) -> int:
        """What of an alarm goes beside its first message, as that one was inserted, whoever did:
        who did may have died in between. How many are new.
        """
        if message.purpose not in ALARMS:
            return 0
        first = message if is_new else await self._messages.get(message.id)
        new = 0
        for each in messages_beside(first, self._clock.now()) if first is not None else ():
            if await self._insert(each):
                self._hand_on(each)
                new += 1
        return new

    async def _insert(self, message: Message) -> bool:
        is_new = await self._messages.insert(Step(message), message.at)
        if is_new:
            logger.info(
                "message_due", message=message.id, ticket=message.number, purpose=message.purpose
            )
        return is_new

    def _not_before(self, notice: Notice, now: datetime) -> datetime | None:
        """Until when it waits: for its own time, or because people sleep where it is about."""
        own = notice.not_before if notice.not_before and notice.not_before > now else None
        morning = self._policy().at(notice.estate).quiet_until(own or now)
        return morning if morning and notice.can_wait_until(morning, now) else own


def _is_wanted(notice: Notice, ticket: Mapping[str, Any] | None) -> bool:
    """Who was answered on the call needs no receipt for it."""
    answered = (ticket or {}).get("mark") == TicketStatus.ANSWERED.value
    return not (notice.purpose == "receipt" and answered)


def _placed(notice: Notice, ticket: Mapping[str, Any] | None) -> Notice:
    """Add what the ticket says in plain of its place and its time; the event may not have known it
    yet.
    """
    if ticket is None:
        return notice
    facts = {**notice.facts, "building": ticket.get("building")}
    if (fact := DUE_OF_TICKET.get(notice.purpose)) is not None:
        facts[fact] = ticket.get("clocks", {}).get(Clock.RESOLVE.value, {}).get("due")
    return replace(notice, estate=notice.estate or ticket.get("estate"), facts=facts)
