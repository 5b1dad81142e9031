"""Use case: a message is handed to a provider, and what became of it is written down.

Between the provider's word and our record anything may die: what is pending is taken up again,
what was being sent is decided by its age.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from services.notifier.alarms import has_missed, ids_beside, looked_at, say_unreached
from services.notifier.brakes.in_force import BrakesInForce
from services.notifier.call_receipts import CallReceipts
from services.notifier.channels import Channels
from services.notifier.domain import ALARMS
from services.notifier.enclosures import Enclosures
from services.notifier.group_chats import stamp_of
from services.notifier.links import Links
from services.notifier.messages import (
    ABOUT_THEM,
    ARRIVED,
    RECEIPTS,
    TAKEN,
    Handover,
    Message,
    Status,
    begin,
    conclude,
    drop,
    is_still_under_way,
    lack_receipt,
    learn_late,
    lose_sight,
    not_before,
    put_back,
)
from services.notifier.minute import Minute, asks_for_turn, take_turn, wait_for_others
from services.notifier.outcomes import count_outcome
from services.notifier.people import Contact, People, contact_of
from services.notifier.rendering import CannotWrite, render
from services.notifier.renewals import is_dead
from services.notifier.senders import Letter, ProviderReply, Sender
from services.notifier.storage import MESSAGES, MINUTES, due, missed
from shared.contracts import Lane, Step
from shared.contracts.notifier import CALLER, Purpose
from shared.policy.duty import Person
from shared.policy.policy import Policy
from shared.store import STORE_DOWN, Collection, Doc, Store
from shared.telemetry import logger
from shared.tickets.lifecycle import DONE, OVER

PROGRESS: Final[Purpose] = "progress"
_FINISHED: Final = frozenset(status.value for status in DONE | OVER)
TAKE_UP: Final = 500
"""How many overdue messages one look takes up."""
LOOK_AGAIN_SECONDS: Final = 0.2
LOOKED_AT: Final = timedelta(seconds=2)
RECORD_TRIES: Final = 60
"""Seconds for which what is known of an attempt waits for the store: longer than it takes to elect
a primary."""


class Sending:
    """Hands messages to providers. Who writes `sending` first sends; all others do nothing."""

    def __init__(
        self,
        store: Store,
        people: People,
        policy: Callable[[], Policy],
        *,
        links: Links,
        channels: Channels,
        brakes: BrakesInForce,
        call_receipts: CallReceipts,
        limits: Mapping[Lane, timedelta],
    ) -> None:
        self._messages = Collection(store, MESSAGES)
        self._people = people
        self._enclosures = Enclosures(store, people)
        self._minutes = Collection(store, MINUTES)
        self._clock = store.clock
        self._policy = policy
        self._links = links
        self._channels = channels
        self._brakes = brakes
        self._call_receipts = call_receipts
        self._limits = limits

    async def due(self, lane: Lane) -> list[Message]:
        """Pending messages whose time has come, alarms before all others: those may be thousands
        after an outage, and an alarm must not wait until they fit into one look.
        """
        pending = partial(due, self._messages, Status.PENDING, lane, now=self._clock.now())
        purposes = sorted(ALARMS) if lane == "urgent" else ()
        alarms = [each for of in purposes for each in await pending(limit=TAKE_UP, purpose=of)]
        return [*alarms, *await pending(limit=TAKE_UP)]

    async def orphans(self, lane: Lane) -> list[Message]:
        """Messages whose attempt is older than its limit."""
        now = self._clock.now()
        return await due(self._messages, Status.SENDING, lane, now=now, limit=TAKE_UP)

    async def decide_orphan(self, message: Message) -> None:
        """Whoever was sending this is gone; only its age says so."""
        await self._save(message, lose_sight(message, self._clock.now()))

    async def unconfirmed(self, lane: Lane) -> list[Message]:
        """Messages whose receipt nobody waits for any more."""
        now = self._clock.now()
        return await due(self._messages, Status.ACCEPTED, lane, now=now, limit=TAKE_UP)

    async def decide_unconfirmed(self, message: Message) -> None:
        """No receipt came: it goes by the next channel, where there is one."""
        person = await self._people.staff(message.recipient)
        # Where its link is dead it was told again, by the addresses that are left.
        ends_here = bool(message.channels) or is_dead(message, self._people.duty)
        others = not ends_here and self._channels.has_another(
            message.recipient, person, message.taken_by
        )
        step = lack_receipt(message, self._clock.now(), others=others)
        if step is not None:
            await self._save(message, step)

    async def missed(self) -> list[Message]:
        """Messages of alarms that ended without having arrived, at whose others nobody looked."""
        return await missed(self._messages, now=self._clock.now(), limit=TAKE_UP)

    async def decide_missed(self, message: Message) -> None:
        """One message of an alarm did not reach its reader. Where none of the others did either,
        that is said; the last one that ends finds all the others.
        """
        id = message.first or message.id
        first = await self._messages.get(id)
        ids = ids_beside(first) if first is not None else ()
        beside = await self._messages.find({"_id": {"$in": list(ids)}}, limit=max(1, len(ids)))
        said = await self._messages.change(id, lambda found, now: say_unreached(found, beside, now))
        if said is not None and said.is_change and said.after.is_alarm:
            _log_unheard(said.after)
        await self._messages.change(message.id, lambda found, _: looked_at(found))

    async def attempt(self, message: Message) -> None:
        """Send a message as it was read: nothing happens when it has moved on since."""
        person = await self._people.staff(message.recipient)
        sender, policy = self._sender(message, person), self._policy()
        if (brake := await self._brakes.on(message, sender.channel)) is not None:
            await self._brakes.keep_back(message, brake)
            return
        if message.purpose == PROGRESS and is_past(
            message, await self._people.ticket(message.number)
        ):
            await self._save(message, drop(message, self._clock.now()))
            return
        if asks_for_turn(message) and (until := await self._wait_of(message, policy)) is not None:
            await self._save(message, wait_for_others(message, until))
            return
        now = self._clock.now()
        if message.purpose == RECEIPTS:
            fewer = await self._call_receipts.left_out(message, now)
            if fewer is not None:
                await self._save(message, fewer)
                return
        limit = self._limits[message.lane]
        begun = begin(
            message,
            channel=sender.channel,
            policy=policy.version,
            claim=secrets.token_hex(8),
            now=now,
            limit=limit,
            generation=self._people.duty.generation(message.recipient),
            reach=self._people.duty.reach.get(message.recipient),
        )
        try:
            claimed = await self._messages.write_over(message, Step(begun))
        except STORE_DOWN:
            await self._through_an_outage(begun, self._put_back)
            raise
        if claimed is not None:
            answer = await self._hand_over(claimed, person, sender, policy)
            wait = receipt_within(claimed, sender, policy)
            conclude_it = partial(self._conclude, answer=answer, receipt_within=wait)
            await self._through_an_outage(claimed, conclude_it)

    async def _wait_of(self, message: Message, policy: Policy) -> datetime | None:
        """Until when a message waits to leave together with others; None where it has its turn."""
        most = policy.at(message.estate).rules.messages_in_a_minute
        if most is None:
            return None

        def choose(minute: Minute, now: datetime) -> Step[Minute] | None:
            return take_turn(minute, message.id, now, most=most)

        minute = Minute(id=message.recipient)
        changed = await self._minutes.change(message.recipient, choose, new=minute)
        return changed.after.wait_of(message.id) if changed is not None else None

    def _sender(self, message: Message, person: Person | None) -> Sender:
        channel = message.next_channel
        return (
            self._channels.choose(message.recipient, person, message.taken_by)
            if channel is None
            else self._channels.of(channel)
        )

    async def _hand_over(
        self, message: Message, person: Person | None, sender: Sender, policy: Policy
    ) -> ProviderReply:
        """`person` is the one that the sender was chosen for: the list may change meanwhile."""
        try:
            if message.recipient == CALLER:
                contact = await self._people.caller(message.ticket)
            else:
                contact = contact_of(person, sender.channel)
            if contact is None:
                return ProviderReply(Handover.NO_ADDRESS)
            if policy.at(message.estate).taxonomy.is_told_by_person(contact.kind):
                return ProviderReply(Handover.WITHHELD)
            if not contact.address:
                return ProviderReply(Handover.REFUSED, "no_number")
            if self._has_waited(message) and await self._people.is_about(message):
                return ProviderReply(Handover.REFUSED, ABOUT_THEM)
            quoted = await self._enclosures.of(
                message, policy, partial(self._links.of, within=message)
            )
            letter = self._letter(message, contact, sender, policy, quoted)
        except (*STORE_DOWN, CannotWrite) as error:
            logger.warning("message_not_written", message=message.id, why=type(error).__name__)
            return ProviderReply(Handover.LATER, type(error).__name__)
        return await sender.send(letter)

    def _has_waited(self, message: Message) -> bool:
        """Whether somebody may have said meanwhile whom the ticket is about: when it was made the
        router had just looked, and every message would cost a question more.
        """
        return self._clock.now() - message.at >= LOOKED_AT

    def _letter(
        self,
        message: Message,
        contact: Contact,
        sender: Sender,
        policy: Policy,
        quoted: Mapping[str, str],
    ) -> Letter:
        """The words, made now and kept nowhere."""
        wants_receipt = receipt_within(message, sender, policy) is not None
        link = self._links.of(message)
        subject, body = render(message, policy, name=contact.name, link=link, quoted=quoted)
        return Letter(
            id=message.id,
            cause=str(message.cause),
            purpose=message.purpose,
            lane=message.lane,
            address=contact.address,
            subject=subject,
            body=body,
            receipt=self._links.receipt(message) if wants_receipt else None,
            stamp=stamp_of(message, policy),
        )

    async def _through_an_outage(
        self, begun: Message, write: Callable[[Message], Awaitable[None]]
    ) -> None:
        """Write something down about an attempt, as soon as the store is there."""
        for _ in range(RECORD_TRIES):
            try:
                await write(begun)
            except STORE_DOWN as error:
                logger.warning(
                    "attempt_waits_for_store", message=begun.id, why=type(error).__name__
                )
                await asyncio.sleep(1)
            else:
                return

    async def _put_back(self, begun: Message) -> None:
        """The claim was cut off: left as it may be, it would look like a message that was sent.

        Only a write that wins tells how it stands: what a majority has not got yet is not read.
        """
        while found := await self._messages.get(begun.id):
            step = put_back(found, begun, self._clock.now())
            if step is None or await self._save(found, step):
                return
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def _conclude(
        self, begun: Message, answer: ProviderReply, receipt_within: timedelta | None
    ) -> None:
        """Write down what the provider said."""
        now, outcome = self._clock.now(), answer.outcome

        def concluded(message: Message) -> Step[Message]:
            step = conclude(message, outcome, answer.code, now, receipt_within=receipt_within)
            return not_before(step, now + answer.wait)

        if await self._save(begun, concluded(begun)):
            return
        found = await self._messages.get(begun.id)
        # Faster was the word that it cannot be brought: it is ours all the same.
        if found is not None and is_still_under_way(found, begun):
            if await self._save(found, concluded(found)):
                return
            found = await self._messages.get(begun.id)
        # Its receipt was faster, or somebody counted us as dead: then only good news can be told.
        if found is None or found.status in ARRIVED or outcome not in TAKEN:
            return
        late = learn_late(found, begun, outcome, now, receipt_within=receipt_within)
        if late is None or not await self._save(found, late):
            logger.warning("message_accepted_late", message=begun.id, ticket=begun.number)

    async def _save(self, seen: Message, step: Step[Message]) -> bool:
        """Write a step down and count it; whether this call won."""
        message = await self._messages.write_over(seen, step)
        if message is None:
            return False
        count_outcome(message)
        if message.is_one_of_several:
            if has_missed(message):
                await self.decide_missed(message)
        elif message.is_alarm and message.status is Status.FAILED:
            _log_unheard(message)
        return True


def _log_unheard(message: Message) -> None:
    logger.error(
        "alert_reached_nobody",
        message=message.id,
        ticket=message.number,
        reason=message.reason,
    )


def is_past(message: Message, ticket: Doc | None) -> bool:
    """Whether what a message tells of the way of the work is past, since the work is finished or
    begins again: then the caller hears that. Only progress waits for so long. Pure.
    """
    if ticket is None or message.purpose != PROGRESS:
        return False
    is_finished = ticket.get("status") in _FINISHED
    return is_finished or ticket.get("round", message.round) != message.round


def receipt_within(message: Message, sender: Sender, policy: Policy) -> timedelta | None:
    """How long the receipt of a message is waited for; None where taking is enough, as the policy
    says of a channel of the staff's.
    """
    rules = policy.at(message.estate).rules
    is_enough = message.recipient != CALLER and rules.takes_as_received(sender.channel)
    return None if is_enough else rules.receipt_within
