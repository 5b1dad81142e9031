"""Use case: who has seen this person? One list of all ways in which somebody could have.

It is put together from three places that each know a part: the audit (whoever opened, copied or
looked for them), the notifier's messages (what they were told, and by which channel it left the
house), and the tickets themselves (who brought their data in).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.intake.privacy.domain import Which
from services.intake.privacy.persons import ENTRY_OF, Named, Persons
from shared.audit import Trail
from shared.audit.trail import AUDIT
from shared.contracts import MalformedMessage
from shared.contracts.notifier import CALLER
from shared.contracts.refusals import NotThere
from shared.identity import Principal
from shared.privacy import BlindIndex
from shared.privacy.index import entries_in
from shared.readers.kept_calls import ids_of_calls
from shared.readers.visibility import hidden
from shared.store import Doc, Listing, Order, Store
from shared.store.paging import cursor_of

SYSTEM: Final = "system:"
_MESSAGES: Final = "messages"
_MESSAGE_FIELDS: Final = ("at", "number", "purpose", "status", "attempts", "digest")
OF_CALLS: Final = ["person.revealed", "person.taken_over"]
STAYED: Final = frozenset({"no_address", "no_channel", "withheld"})
"""Outcomes of attempts after which nothing has left the house."""


@dataclass(frozen=True, slots=True)
class Sought:
    """Whom somebody asks about: a phone number, or a person of a ticket."""

    phone: str | None = None
    number: str | None = None
    person: Which | None = None


@dataclass(frozen=True, slots=True)
class _Source:
    """A collection that knows a part, its time field, and how one of its documents is told."""

    collection: str
    query: Doc
    at: str
    fields: Sequence[str] | None
    tell: Callable[[Doc], Doc]


class AccessTrace:
    """Answers who has seen somebody; itself on record, before it looks."""

    def __init__(self, store: Store, trail: Trail, index: BlindIndex) -> None:
        self._store = store
        self._trail = trail
        self._index = index
        self._persons = Persons(store, index)

    async def seen(
        self,
        sought: Sought,
        asking: Principal,
        *,
        after: str | None,
        limit: int,
        source: str | None,
    ) -> dict[str, Any]:
        """Who has seen them, newest first; `next` is the cursor of the next page. Tickets that are
        about whoever asks are as if they were not there.

        Raises MalformedMessage for a wish that names nobody, NotThere for a missing ticket.
        """
        found = await self._find(sought)
        not_theirs = await hidden(self._store, asking, (named.number for named in found))
        if sought.number in not_theirs:
            raise NotThere
        persons = [named for named in found if named.number not in not_theirs]
        subject = ("person", persons[0].id if persons else "unknown")
        details = {"tickets": len(persons)}
        await self._trail.record(asking, "person.traced", subject, source=source, details=details)
        calls = await self._calls(sought, persons)
        items, following = await self._merged([*_sources(persons), _of_calls(calls)], after, limit)
        await self._add_channels(items)
        named = [{"number": named.number, "person": named.person} for named in persons]
        return {"tickets": named, "items": items, "next": following}

    async def _find(self, sought: Sought) -> list[Named]:
        if sought.phone is not None and sought.number is None and sought.person is None:
            return await self._persons.of_phone(sought.phone)
        if sought.phone is None and sought.number is not None and sought.person is not None:
            return await self._persons.like(sought.number, sought.person)
        raise MalformedMessage("body", "names nobody", "send `phone`, or `number` and `person`")

    async def _calls(self, sought: Sought, persons: Sequence[Named]) -> list[str]:
        """Their calls, of which a ticket need not have come."""
        entries = set(self._index.phones(sought.phone) if sought.phone else ())
        for named in persons:
            entries |= set(entries_in(named.ticket["index"].get(ENTRY_OF[named.person])))
        return await ids_of_calls(self._store, sorted(entries))

    async def _add_channels(self, items: Sequence[Doc]) -> None:
        """Of what was told together with others, by which channel all of them left."""
        told = [(item, id) for item in items if (id := item.pop("told_by", None)) is not None]
        ids = {id for _, id in told}
        query = {"_id": {"$in": sorted(ids)}}
        found = await self._store.find(
            _MESSAGES, query, limit=max(1, len(ids)), fields=("attempts",)
        )
        channels = {doc["_id"]: _channels_of(doc) for doc in found}
        for item, id in told:
            item["channels"] += channels.get(id, [])

    async def _merged(
        self, sources: Sequence[_Source], after: str | None, limit: int
    ) -> tuple[list[Doc], str | None]:
        """A page out of all of them. Ids differ between collections, so that time and id order
        everything, and one cursor serves each.
        """
        found: list[tuple[datetime, str, Doc]] = []
        for source in sources:
            order = Order(source.at, newest=True)
            part = await self._store.page(
                source.collection,
                Listing(filters=source.query, order=order),
                after=after,
                limit=limit + 1,
                fields=source.fields or (),
            )
            found += [(doc[source.at], doc["_id"], source.tell(doc)) for doc in part.items]
        found.sort(key=lambda each: each[:2], reverse=True)
        shown = found[:limit]
        # Every source reads it as its own: it holds a time and an id.
        at, id, _ = shown[-1] if shown else (None, None, None)
        following = cursor_of({"_id": id, "at": at}, Order("at")) if len(found) > limit else None
        return [told for _, _, told in shown], following


def _sources(persons: Sequence[Named]) -> list[_Source]:
    numbers = sorted({named.number for named in persons})
    callers = sorted({named.number for named in persons if named.person == "caller"})
    which = {named.number: named.person for named in reversed(persons)}
    return [
        _Source(
            AUDIT,
            {"subject.kind": "person", "subject.id": {"$in": sorted(n.id for n in persons)}},
            "at",
            None,
            _told_by_audit,
        ),
        _Source(
            _MESSAGES,
            {"number": {"$in": callers}, "recipient": CALLER},
            "at",
            _MESSAGE_FIELDS,
            _told_by_message,
        ),
        _Source(
            "tickets",
            {"_id": {"$in": numbers}},
            "registered_at",
            ("registered_at", "principal", "channel"),
            lambda doc: _told_by_ticket(doc, which),
        ),
    ]


def _of_calls(calls: Sequence[str]) -> _Source:
    """Whoever was shown the number to ring back, or took it over into a ticket."""
    query = {"subject.kind": "call", "subject.id": {"$in": calls}, "act": {"$in": OF_CALLS}}
    return _Source(AUDIT, query, "at", None, _told_of_call)


def _told_of_call(doc: Doc) -> Doc:
    told = {**_told_by_audit(doc), "number": None, "person": CALLER}
    return {**told, "call": doc["subject"]["id"]}


def _told_by_audit(doc: Doc) -> Doc:
    number, _, person = doc["subject"]["id"].partition("/")
    return {
        "at": doc["at"],
        "way": doc["act"].removeprefix("person."),
        "number": number,
        "person": person,
        "by": doc["by"],
        "role": doc["role"],
        "why": doc["why"],
        "source": doc["source"],
    }


def _told_by_message(doc: Doc) -> Doc:
    """What left the house: the survey's message carries a link that opens the matter."""
    return {
        "at": doc["at"],
        "way": "link" if doc["purpose"] == "survey" else "message",
        "number": doc["number"],
        "person": CALLER,
        "purpose": doc["purpose"],
        "status": doc["status"],
        "channels": _channels_of(doc),
        "told_by": doc.get("digest"),
    }


def _channels_of(doc: Doc) -> list[str]:
    return [a["channel"] for a in doc["attempts"] if a.get("outcome") not in STAYED]


def _told_by_ticket(doc: Doc, which: Mapping[str, Which]) -> Doc:
    """Whoever brought the data in knows them as well."""
    by = doc["principal"]
    return {
        "at": doc["registered_at"],
        "way": "publisher" if by.startswith(SYSTEM) else "reported",
        "number": doc["_id"],
        "person": which[doc["_id"]],
        "by": by,
        "channel": doc["channel"],
    }
