"""Whose telephone was lost is told again what they have in hand, by a new link: the ones of before
are dead. What did not go out then is told once they are given another address.

What is to be told follows from what is kept: the generation of somebody's links and their addresses
on the duty list, and those of each attempt. So nothing has to arrive for it, and whoever looks
again finds it told.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from services.notifier.domain import Notice
from services.notifier.links import Opened, opened_by
from services.notifier.messages import Message, Status
from services.notifier.people import People
from services.notifier.storage import MESSAGES, NEWEST
from shared.bus import run_every
from shared.contracts import Lane
from shared.policy.duty import Duty
from shared.readers.emergencies import running_emergencies
from shared.readers.policies import POLICIES
from shared.store import Collection, Store
from shared.telemetry import logger
from shared.tickets import TICKET, Ticket
from shared.tickets.lifecycle import OPEN

LOOK_SECONDS: Final = 1.0
LOOK_AFTER: Final = tuple(timedelta(seconds=each) for each in (0, 2, 5, 15, 60, 300))
"""How long after a loss, or a new address, somebody's messages are looked at: at once, when every
replica knows of it, and until each attempt that began before has ended."""
MOST: Final = 500
"""Of somebody's messages the newest so many are looked at: nobody has more in hand."""
_TOLD: Final = frozenset(
    {
        Status.ACCEPTED,
        Status.RECEIVED,
        Status.UNCONFIRMED,
        Status.DELIVERED,
        Status.FAILED,
        Status.UNKNOWN,
    }
)
"""As these a message does not go out again. What still waits goes out with the link of then."""
_AT_WORK: Final = sorted(status.value for status in OPEN)
_TASKS: Final = "follow_ups"
_LIVE_TASK: Final = ("planned", "open")


def is_dead(message: Message, duty: Duty, *, within: Message | None = None) -> bool:
    """Whether the link that a message brought, or the one `within` which it was told, is of an
    older generation, and no attempt under way brings another. Pure.
    """
    bringer = within or message
    if bringer.status not in _TOLD or not bringer.attempts:
        return False
    return bringer.attempts[-1].generation < duty.generation(message.recipient)


def is_in_vain(message: Message, duty: Duty) -> bool:
    """Whether a message with the present link did not go out, to other addresses than its reader
    has now. Pure.
    """
    if message.status is not Status.FAILED or not message.attempts:
        return False
    last, person = message.attempts[-1], message.recipient
    return last.generation == duty.generation(person) and last.reach != duty.reach.get(person)


def is_live(message: Message, duty: Duty, *, within: Message | None = None) -> bool:
    """Whether its reader has the present link by this message, or will: what was told again and
    still waits goes to whatever address they have then, unless it is bound to one channel. Pure.
    """
    bringer, present = within or message, duty.generation(message.recipient)
    if bringer.status in _TOLD:
        is_out = bringer.status is not Status.FAILED and bool(bringer.attempts)
        return is_out and bringer.attempts[-1].generation == present
    is_bound = message.is_one_of_several or message.status is Status.STOPPED
    return message.cause.generation == present and not is_bound


def dead_ones(messages: Iterable[Message], duty: Duty) -> dict[Opened, Message]:
    """Of what somebody was told, the newest first, the last of each matter whose link is dead or
    went nowhere, where they have no link that is good, and the matter is not known to be nobody's
    any more. What still waits beside it hides nothing: its channel may never take it. Pure.
    """
    spared, live, dead = set[str](), set[Opened](), dict[Opened, Message]()
    by_id = {message.id: message for message in messages}
    for message in by_id.values():
        within = by_id.get(message.digest or "")
        if message.purpose == "spared":
            spared.add(message.number)
        elif (
            (opened := opened_by(message)) is None
            or opened.kind == "survey"
            or (opened.kind == "alert" and message.number in spared)
        ):
            continue
        elif is_live(message, duty, within=within):
            live.add(opened)
        elif is_dead(message, duty, within=within) or is_in_vain(message, duty):
            dead.setdefault(opened, message)
    return {opened: message for opened, message in dead.items() if opened not in live}


def told_again(message: Message, duty: Duty) -> Notice:
    """The same to the same person, by a link of their present generation. Pure."""
    person = message.recipient
    reach = duty.reach.get(person) if is_in_vain(message, duty) else None
    return Notice(
        message.cause.by_new_link(duty.generation(person), reach),
        message.purpose,
        person,
        message.round,
        message.estate,
        message.facts,
    )


def looks_due(since: datetime, now: datetime) -> int:
    """How many looks should have been taken by now. Pure."""
    return sum(now - since >= each for each in LOOK_AFTER)


class _Watched(NamedTuple):
    """Generation and addresses of somebody, since when they are so, and the looks taken."""

    state: tuple[int, str | None]
    since: datetime
    looks: int = 0


class Renewals:
    """Looks each second, and asks the store nothing while nobody has just lost a telephone or got
    another address after that. `tell` tells as any event does: an alarm by every alarm channel.
    """

    def __init__(
        self,
        store: Store,
        people: People,
        tell: Callable[[Sequence[Notice], Lane], Awaitable[int]],
    ) -> None:
        self._store = store
        self._messages = Collection(store, MESSAGES)
        self._people = people
        self._tell = tell
        self._watched: dict[str, _Watched] = {}
        """Who ever lost a telephone; after a restart all looks are taken anew."""

    async def run(self) -> None:
        """Look until cancelled."""
        await run_every(self.look, seconds=LOOK_SECONDS)

    async def look(self) -> None:
        """Tell whoever has lost a telephone what they have in hand."""
        duty, now = self._people.duty, self._store.clock.now()
        for person, telephone in duty.lost.items():
            if duty.person(person) is None:
                self._watched.pop(person, None)
                continue
            state = (telephone.generation, duty.reach.get(person))
            watched = self._watched.get(person)
            if watched is None or watched.state != state:
                watched = _Watched(state, now)
            due = looks_due(watched.since, now)
            if watched.looks < due:
                await self.tell_again(person)
            self._watched[person] = watched._replace(looks=due)

    async def tell_again(self, person: str) -> int:
        """Write down each thing in hand whose link is dead, or went nowhere; how many messages are
        new. Their ids are made of what they tell, the generation and, where they went nowhere, the
        addresses of now, so nobody is told twice, whoever looks.
        """
        query = {"recipient": person}
        messages = await self._messages.find(query, order=NEWEST, limit=MOST)
        duty = self._people.duty
        dead = dead_ones(messages, duty)
        wanted = await self.in_hand(dead) if dead else ()
        new = 0
        for each in wanted:
            if not await self._people.is_about(each):
                new += await self._tell([told_again(each, duty)], each.lane)
        if new:
            logger.info("told_again", person=person, messages=new)
        return new

    async def in_hand(self, dead: Mapping[Opened, Message]) -> list[Message]:
        """Those of work that is still somebody's, of a danger that is not over, of tasks to be done
        and of policies to be read; the alerts first.
        """
        looks = (self._running, self._unfinished, self._live, self._unread)
        return [dead[opened] for look in looks for opened in await look(dead)]

    async def _running(self, dead: Iterable[Opened]) -> list[Opened]:
        alerts = {opened: _matter(opened) for opened in dead if opened.kind == "alert"}
        only = {"_id": {"$in": sorted(set(alerts.values()))}}
        running = await running_emergencies(self._store, only) if alerts else []
        return [opened for opened, number in alerts.items() if number in running]

    async def _unfinished(self, dead: Iterable[Opened]) -> list[Opened]:
        orders = {opened: _matter(opened) for opened in dead if opened.kind == "work"}
        numbers = sorted({order.rpartition("-")[0] for order in orders.values()})
        query = {"_id": {"$in": numbers}, "status": {"$in": _AT_WORK}}
        docs = await self._store.find("tickets", query, limit=MOST) if orders else []
        theirs = {pair for doc in docs for pair in _whose(TICKET.from_doc(doc))}
        return [opened for opened in orders if tuple(opened.subject.split("/", 1)) in theirs]

    async def _live(self, dead: Iterable[Opened]) -> list[Opened]:
        tasks = {opened: _matter(opened) for opened in dead if opened.kind == "task"}
        if not tasks:
            return []
        query = {"_id": {"$in": sorted(set(tasks.values()))}, "state": {"$in": _LIVE_TASK}}
        docs = await self._store.find(_TASKS, query, limit=MOST, fields=("person",))
        theirs = {(doc["_id"], doc["person"]) for doc in docs}
        return [opened for opened in tasks if tuple(opened.subject.split("/", 1)) in theirs]

    async def _unread(self, dead: Iterable[Opened]) -> list[Opened]:
        policies = {opened: _matter(opened) for opened in dead if opened.kind == "policy"}
        if not policies:
            return []
        query = {"_id": {"$in": sorted(set(policies.values()))}}
        docs = await self._store.find(POLICIES, query, limit=MOST, fields=("confirmed.by",))
        read = {f"{doc['_id']}/{each['by']}" for doc in docs for each in doc.get("confirmed", ())}
        return [opened for opened in policies if opened.subject not in read]


def _matter(opened: Opened) -> str:
    """What a link is about, without its person."""
    return opened.subject.partition("/")[0]


def _whose(ticket: Ticket) -> Iterable[tuple[str, str]]:
    """Each unfinished work order of a ticket with whoever has it, or to whom it is offered."""
    for order in ticket.orders:
        if order.is_unfinished:
            for person in (order.assignee,) if order.assignee else order.offered_to:
                yield order.id, person
