"""One collection in values of the domain: read, decide, write on condition, again when it lost.

Everything that services keep and change goes through here, so that it is proved once what happens
when two change the same thing at once, and what becomes of the events of whoever lost.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from inspect import isawaitable
from typing import Any, Final, Generic, TypeVar

from pymongo import IndexModel

from shared.contracts import Event, Lane
from shared.contracts.step import Step
from shared.documents import Doc, Shape, difference
from shared.store.change import Change, Contested, Taken, Verdict
from shared.store.paging import Listing, Order, Page
from shared.store.store import Store

ATTEMPTS: Final = 5
"""A writer that loses re-reads and repeats; who loses five times meets a hot spot, not a race."""
PAUSE_SECONDS: Final = 0.01
"""The longest wait after a first loss, by chance and doubled with each: two processes that change
one document in step would otherwise go on losing to each other.
"""

_NOTHING: Final[Mapping[str, Any]] = {}

T = TypeVar("T")
P = TypeVar("P")
Decide = Callable[[T, datetime], Step[T] | Awaitable[Step[T] | None] | None]
"""Given something as it is now, what it is to be; None for nothing. It is asked again after a loss,
and may look at other things; what it raises ends the change.
"""


@dataclass(frozen=True, kw_only=True)
class CollectionSpec(Generic[T]):
    """What a service keeps in one collection.

    `kind` is the singular that begins the ids of its events, None where it says nothing: then its
    documents have no outbox. `lane` is that of a value's writes, and of its events as far as they
    can be urgent; with `alerts` some are, and what a crash left in its outbox is looked for first.
    `version` is the field that counts the changes, of the value and of its document; a document
    without it counts as 0.
    """

    name: str
    shape: Shape[T]
    kind: str | None = None
    lane: Lane | Callable[[T], Lane] = "routine"
    alerts: bool = False
    version: str = "version"
    indexes: Sequence[IndexModel] = ()

    def to_doc(self, value: T) -> Doc:
        """The document of a value, but for its version, its outbox and its id."""
        doc = self.shape.to_doc(value)
        del doc["_id"], doc[self.version]
        return doc

    def from_doc(self, doc: Mapping[str, Any]) -> T:
        """The value of a document."""
        return self.shape.from_doc({self.version: 0, **doc})

    def id_of(self, value: T) -> str:
        """What the document of a value is found by."""
        return str(getattr(value, self.shape.key))

    def version_of(self, value: T) -> int:
        """How often a value was written."""
        return int(getattr(value, self.version))

    def at_version(self, value: T, version: int) -> T:
        """The value with another version."""
        return replace(value, **{self.version: version})  # type: ignore[type-var]

    def lane_of(self, value: T) -> Lane:
        """The lane of a value's writes."""
        return self.lane(value) if callable(self.lane) else self.lane


@dataclass(frozen=True, slots=True)
class Changed(Generic[T]):
    """How something was and how it is now, the same where there was nothing to change; and what
    was said of it.
    """

    before: T
    after: T
    events: Sequence[Event] = ()

    @property
    def is_change(self) -> bool:
        """Whether something was written."""
        return self.after is not self.before


async def insert_at_next_free(
    where: str,
    propose: Callable[[], Awaitable[P | None]],
    insert: Callable[[P], Awaitable[bool]],
    *,
    attempts: int = ATTEMPTS,
) -> P | None:
    """Insert what `propose` says, which looks at what is there and names the first place that is
    free; None when it names none. Asked again when another took the place.

    Raises what both raise, and Contested after so many losses.
    """
    for _ in range(attempts):
        proposed = await propose()
        if proposed is None or await insert(proposed):
            return proposed
    raise Contested(where, "the next free place", times=attempts)


class Collection(Generic[T]):
    """The values of one collection. Several may lie over the same documents, each with the fields
    of its own kind of value, and all with the same version.
    """

    def __init__(self, store: Store, spec: CollectionSpec[T]) -> None:
        self.spec = spec
        self._store = store
        self._fields = sorted({*spec.shape.keys, spec.version})

    async def get(self, id: str) -> T | None:
        """One value as it is now."""
        doc = await self._store.get(self.spec.name, id)
        return self.spec.from_doc(doc) if doc else None

    async def find(
        self, query: Mapping[str, Any], *, order: Order = Order("_id"), limit: int
    ) -> list[T]:
        """At most `limit` values that a query fits."""
        docs = await self._store.find(
            self.spec.name, query, sort=order.sort, limit=limit, fields=self._fields
        )
        return [self.spec.from_doc(doc) for doc in docs]

    async def walk(
        self, query: Mapping[str, Any], *, order: Order = Order("_id")
    ) -> AsyncIterator[T]:
        """Every value that a query fits, however many there are; other work goes on meanwhile."""
        found = self._store.walk(self.spec.name, query, sort=order.sort, fields=self._fields)
        async for doc in found:
            yield self.spec.from_doc(doc)

    async def page(self, listing: Listing, *, after: str | None, limit: int) -> Page[T]:
        """At most `limit` values of a list from the cursor on, and the cursor of the next page.

        Raises MalformedMessage for a cursor that was not given out here.
        """
        found = await self._store.page(
            self.spec.name, listing, after=after, limit=limit, fields=self._fields
        )
        return Page([self.spec.from_doc(doc) for doc in found.items], found.next)

    async def count(self, listing: Listing, *, most: int) -> int:
        """How many values a list has, at most `most`: by the query that its pages are of."""
        return await self._store.count(self.spec.name, listing.query, most=most)

    async def insert(
        self, step: Step[T], now: datetime, *, beside: Mapping[str, Any] = _NOTHING
    ) -> bool:
        """Write a new one with its events, and `beside` it what other kinds of value are made of;
        False when its id, or what only one may have, is there already. Its version is 1.
        """
        content = {"insert": {**self.spec.to_doc(step.value), **beside}}
        return await self._write(step, 0, now, content) is Verdict.WON

    async def insert_at_next_free(
        self, propose: Callable[[datetime], Awaitable[Step[T] | None]], *, attempts: int = ATTEMPTS
    ) -> T | None:
        """Write what `propose` says in the first free place (`insert_at_next_free` above)."""

        async def proposed() -> tuple[Step[T], datetime] | None:
            now = self._store.clock.now()
            step = await propose(now)
            return None if step is None else (step, now)

        async def insert(placed: tuple[Step[T], datetime]) -> bool:
            return await self.insert(*placed)

        found = await insert_at_next_free(self.spec.name, proposed, insert, attempts=attempts)
        return None if found is None else self.spec.at_version(found[0].value, 1)

    async def change(
        self, id: str, decide: Decide[T], *, new: T | None = None, attempts: int = ATTEMPTS
    ) -> Changed[T] | None:
        """Change one by what `decide` says of its present state, all in one write; None when it is
        not there. With `new` it is then decided about that, and made.

        Changes of one document in a process go one after the other: only another process can make
        one lose. Raises what `decide` raises, Taken when another document has what only one may
        have, and Contested after so many losses.
        """
        async with self._store.turn(self.spec.name, id):
            for lost in range(attempts):
                if lost:
                    await asyncio.sleep(random.uniform(0, PAUSE_SECONDS * 2**lost))
                now = self._store.clock.now()
                found = await self.get(id)
                before = found if found is not None else new
                if before is None:
                    return None
                decided = decide(before, now)
                step = await decided if isawaitable(decided) else decided
                if step is None:
                    return Changed(before, before)
                after = await self._put(found, step, now)
                if after is not None:
                    return Changed(before, after, step.events)
        raise Contested(self.spec.name, id, times=attempts)

    async def write_over(self, seen: T, step: Step[T]) -> T | None:
        """Write what was decided of a value as it was seen: as it is then, or None when another
        was faster. Nothing is read, and nobody asked again: of many who claim a thing one gets it.

        Raises Taken as `change` does.
        """
        return await self._put(seen, step, self._store.clock.now())

    async def _put(self, before: T | None, step: Step[T], now: datetime) -> T | None:
        """The value as it was written; None when another writer was faster."""
        new = self.spec.to_doc(step.value)
        if before is None:
            version = 0
            verdict = await self._write(step, version, now, {"insert": new})
        else:
            version = self.spec.version_of(before)
            content = difference(self.spec.to_doc(before), new)
            verdict = await self._write(step, version, now, content)
        if verdict is Verdict.TAKEN:
            raise Taken(self.spec.name)
        return self.spec.at_version(step.value, version + 1) if verdict is Verdict.WON else None

    async def _write(
        self, step: Step[T], version: int, now: datetime, content: Mapping[str, Any]
    ) -> Verdict:
        """Write a value that was read in this version."""
        spec = self.spec
        change = Change(
            collection=spec.name,
            kind=spec.kind,
            id=spec.id_of(step.value),
            version=version + 1,
            counted_by=spec.version,
            lane=spec.lane_of(step.value),
            at=now,
            events=step.events,
            **content,
        )
        return await self._store.write(change)
