"""Reading what is judged: streamed, projected, joined by number in batches, so that a million
tickets need no more memory than a few hundred.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from hotline.promises.facts import (
    EMERGENCY_FIELDS,
    MESSAGE_FIELDS,
    SURVEY_FIELDS,
    TAKEN,
    TASK_FIELDS,
    TICKET_FIELDS,
    Attempt,
    Emergency,
    LateTask,
    Message,
    Papers,
    Parked,
    Survey,
    TellTask,
    WaitingEvent,
)
from shared.contracts.notifier import CALLER
from shared.readers.outboxes import KIND_OF
from shared.readers.policies import NoPolicyError, PolicyReader
from shared.store import Doc, Store
from shared.tickets import TICKET

BATCH: Final = 300
TELL_OTHERS: Final = ("digest", "together", "receipts")
"""The purposes of messages that tell others, which name them."""
BY_ID: Final = (("_id", 1),)
PARKED_FIELDS: Final = ("service", "queue", "reason", "next_at", "parked_at")
EVENT_FIELDS: Final = ("outbox.id", "outbox.service", "outbox.lane", "outbox.at")

Progress = Callable[[str, int, int], None]
"""Told what is read, how much of it has been, and how much there is, roughly."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some tickets in the order of their numbers with their papers.

    `unreadable` are numbers whose document is no ticket, `orphaned` those that other collections
    know and `tickets` does not.
    """

    papers: list[Papers]
    unreadable: list[str]
    orphaned: list[str]


class Collector:
    """Reads one database, as it was at `now` or a little later."""

    def __init__(self, store: Store, before: datetime, progress: Progress) -> None:
        self._store = store
        self._before = before
        self._progress = progress
        self._policies = PolicyReader(store)

    async def tickets(self) -> AsyncIterator[Batch]:
        """Every ticket with its papers."""
        after, read = "", 0
        total = await self._store.count_roughly("tickets")
        found = self._store.batches("tickets", {}, fields=TICKET_FIELDS, size=BATCH, sort=BY_ID)
        async for docs in found:
            yield await self._joined(docs, after, docs[-1]["_id"])
            after, read = docs[-1]["_id"], read + len(docs)
            self._progress("tickets", read, total)
        yield await self._joined([], after, None)

    async def _joined(self, docs: Sequence[Doc], after: str, upto: str | None) -> Batch:
        """Everything about the numbers from `after` to `upto`, also of those without a ticket."""
        span = {"$gt": after} | ({"$lte": upto} if upto is not None else {})
        messages, surveys, emergencies, tasks, keys = await asyncio.gather(
            self._by_number("messages", {"number": span, "cause.kind": "ticket"}, MESSAGE_FIELDS),
            self._by_number("surveys", {"number": span}, SURVEY_FIELDS),
            self._by_number("emergencies", {"_id": span}, EMERGENCY_FIELDS),
            self._by_number("follow_ups", {"number": span, "why": "tell"}, TASK_FIELDS),
            self._reservations_of([doc["key"] for doc in docs if doc.get("key")]),
        )
        papers, unreadable = [], []
        for doc in docs:
            try:
                papers.append(_papers(doc, messages, surveys, emergencies, tasks, keys))
            except (KeyError, ValueError, TypeError, AttributeError):
                unreadable.append(doc["_id"])
        known = {doc["_id"] for doc in docs}
        old = {
            number
            for found, at in ((messages, "at"), (surveys, "asked_at"), (emergencies, "started_at"))
            for number, papers_ in found.items()
            if any(paper[at] < self._before for paper in papers_)
        }
        return Batch(papers, unreadable, sorted(old - known))

    async def _by_number(
        self, collection: str, query: Doc, fields: Sequence[str]
    ) -> dict[str, list[Doc]]:
        found: dict[str, list[Doc]] = {}
        async for doc in self._store.walk(collection, query, fields=fields):
            number: str = doc["number"] if "number" in doc else doc["_id"]
            found.setdefault(number, []).append(doc)
        return found

    async def _reservations_of(self, keys: Collection[str]) -> dict[str, Doc]:
        query = {"_id": {"$in": list(keys)}}
        found = self._store.walk("reservations", query, fields=("number", "at", "shared"))
        return {doc["_id"]: doc async for doc in found}

    async def reservations(self) -> AsyncIterator[tuple[int, list[str]]]:
        """Old reservations: how many in this batch, and the numbers without a ticket of theirs."""
        read, total = 0, await self._store.count_roughly("reservations")
        query = {"at": {"$lt": self._before}}
        async for docs in self._store.batches(
            "reservations", query, fields=("number", "shared"), size=BATCH * 4
        ):
            keys = await self.keys_of([doc["number"] for doc in docs])
            yield len(docs), [d["number"] for d in docs if not _is_filled(d, keys)]
            read += len(docs)
            self._progress("reservations", read, total)

    async def keys_of(self, numbers: Collection[str]) -> dict[str, str | None]:
        """The tickets that there are among these numbers, each with the key it was reserved by."""
        query = {"_id": {"$in": list(numbers)}}
        found = self._store.walk("tickets", query, fields=("key",))
        return {doc["_id"]: doc.get("key") async for doc in found}

    async def unasked(
        self, numbers: Collection[str], keys: Collection[str]
    ) -> dict[str, str | None]:
        """Tickets with none of these numbers and none of these keys, each with who sent it."""
        known_numbers, known_keys = set(numbers), set(keys)
        found = self._store.walk("tickets", {}, fields=("key", "principal"))
        return {
            doc["_id"]: doc.get("principal")
            async for doc in found
            if doc["_id"] not in known_numbers and doc.get("key") not in known_keys
        }

    async def filled(self, keys: Collection[str]) -> set[str]:
        """Which of these keys have the ticket that was reserved under them."""
        found = await self._reservations_of(keys)
        tickets = await self.keys_of([doc["number"] for doc in found.values()])
        return {key for key, doc in found.items() if _is_filled(doc, tickets)}

    async def parked_among(self, ids: Collection[str]) -> set[str]:
        """Which of these entries are parked."""
        found = self._store.walk("parked", {"_id": {"$in": list(ids)}}, fields=("_id",))
        return {doc["_id"] async for doc in found}

    async def waiting_messages(self) -> AsyncIterator[Message]:
        """Messages whose time is over."""
        query = {
            "status": {
                "$in": [
                    "pending",
                    "sending",
                    "accepted",
                    "waiting",
                    "queued",
                    "folded",
                    "gathering",
                ]
            },
            "lane": {"$in": ["urgent", "routine"]},
            "next_at": {"$lt": self._before},
        }
        async for doc in self._store.walk("messages", query, fields=MESSAGE_FIELDS):
            yield Message.from_doc(doc)

    async def held_by_none(self) -> AsyncIterator[Message]:
        """Messages that are held although their brake was released, or is not there."""
        in_force: dict[str | None, bool] = {None: False}
        query = {"status": "held"}
        async for doc in self._store.walk("messages", query, fields=MESSAGE_FIELDS):
            message = Message.from_doc(doc)
            # Asked after its message was read: a brake is there before it holds anything.
            if message.brake is not None and message.brake not in in_force:
                in_force[message.brake] = await self._is_in_force(message.brake)
            if not in_force[message.brake]:
                yield message

    async def _is_in_force(self, brake: str) -> bool:
        """Whether a brake holds messages, or did a moment ago."""
        found = await self._store.get("brakes", brake)
        if found is None:
            return False
        released: datetime | None = found["released_at"]
        return released is None or released >= self._before

    async def late_tasks(self) -> AsyncIterator[LateTask]:
        """Follow-up tasks of which something fell due, and did not happen."""
        query = {"next_due": {"$lt": self._before}}
        fields = ("number", "state", "next_due")
        async for doc in self._store.walk("follow_ups", query, fields=fields):
            yield LateTask(doc["number"], doc["_id"], doc["state"], doc["next_due"])

    async def deliveries(self, *, every: bool) -> AsyncIterator[Message]:
        """Every message, or only those whose own record may say that something is wrong."""
        suspect = {"$or": [{"status": "unknown"}, {"attempts.1": {"$exists": True}}]}
        query = {} if every else suspect
        async for doc in self._store.walk("messages", query, fields=MESSAGE_FIELDS):
            yield Message.from_doc(doc)

    async def awaited(self, message: Message) -> frozenset[str]:
        """Of the channels that took a message, those whose receipt was waited for: a caller's, and
        of the staff's those that the policy of then does not name. Asked only where there are
        several.
        """
        if len(message.taken_by) < 2 or message.recipient == CALLER:
            return frozenset(message.taken_by)
        tries = [attempt for attempt in message.attempts if attempt.outcome in TAKEN]
        return frozenset([a.channel for a in tries if not await self._was_enough(message, a)])

    async def _was_enough(self, message: Message, attempt: Attempt) -> bool:
        """Whether taking counted as received; so it does where a policy says nothing of it, and one
        that is not there any more is judged as if it had.
        """
        try:
            policy = await self._policies.version(attempt.policy)
        except NoPolicyError:
            return True
        return policy.at(message.estate).rules.takes_as_received(attempt.channel)

    async def digests(self) -> AsyncIterator[tuple[Message, list[Message]]]:
        """Every digest that went out, with the messages it tells."""
        query = {"purpose": {"$in": list(TELL_OTHERS)}, "status": {"$ne": "gathering"}}
        async for doc in self._store.walk("messages", query, fields=MESSAGE_FIELDS):
            told = {"_id": {"$in": doc["entries"]}}
            found = self._store.walk("messages", told, fields=MESSAGE_FIELDS)
            yield Message.from_doc(doc), [Message.from_doc(entry) async for entry in found]

    async def folded(self) -> AsyncIterator[Message]:
        """Every message that a digest tells, since a while: what is younger may be under way."""
        query = {"status": "folded", "ended_at": {"$lt": self._before}}
        async for doc in self._store.walk("messages", query, fields=MESSAGE_FIELDS):
            yield Message.from_doc(doc)

    async def outboxes(self) -> AsyncIterator[list[WaitingEvent]]:
        """What waits in each document's outbox."""
        query = {"outbox.at": {"$lt": self._before}, "outbox.0": {"$exists": True}}
        for collection in KIND_OF:
            fields = ("version", *EVENT_FIELDS)
            async for doc in self._store.walk(collection, query, fields=fields):
                yield [_event(entry, collection, doc) for entry in doc["outbox"]]

    async def parked(self) -> AsyncIterator[Parked]:
        """Every parked message, without its content."""
        async for doc in self._store.walk("parked", {}, fields=PARKED_FIELDS):
            yield Parked(id=doc.pop("_id"), **doc)


def _papers(
    doc: Doc,
    messages: Mapping[str, Sequence[Doc]],
    surveys: Mapping[str, Sequence[Doc]],
    emergencies: Mapping[str, Sequence[Doc]],
    tasks: Mapping[str, Sequence[Doc]],
    reservations: Mapping[str, Doc],
) -> Papers:
    number: str = doc["_id"]
    running = emergencies.get(number)
    reserved = reservations.get(doc["key"], {}) if doc.get("key") else {}
    return Papers(
        ticket=TICKET.from_doc(doc),
        kept_status=doc["status"],
        kept_next_due=doc["next_due"],
        key_names=reserved.get("number"),
        key_since=reserved.get("at"),
        emergency=Emergency.from_doc(running[0]) if running else None,
        messages=tuple(Message.from_doc(m) for m in messages.get(number, ())),
        surveys=tuple(Survey.from_doc(s) for s in surveys.get(number, ())),
        tell_tasks=tuple(TellTask.from_doc(t) for t in tasks.get(number, ())),
    )


def _is_filled(reservation: Doc, keys: Mapping[str, str | None]) -> bool:
    """Whether there is the ticket that a reservation names, made by its key or shared with the one
    that made it; `keys` are those of the tickets that there are.
    """
    number = reservation["number"]
    return number in keys and bool(reservation.get("shared") or keys[number] == reservation["_id"])


def _event(entry: Mapping[str, Any], collection: str, doc: Doc) -> WaitingEvent:
    document = f"{KIND_OF[collection]}/{doc['_id']}"
    return WaitingEvent(**entry, document=document, version=doc["version"])
