"""Acts put on record, one chain per service whichever of its replicas writes, and the list of
them.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple, get_args

from pymongo import ASCENDING, DESCENDING, IndexModel

from shared.audit.anchors import Anchors, NotAnchored
from shared.audit.chain import Anchor, Entry, Link, Subject, genesis, to_doc
from shared.contracts import Lane
from shared.identity import Principal
from shared.lanes import lane_in_hand
from shared.store import (
    STORE_DOWN,
    Contested,
    Doc,
    KeptAsItIs,
    Listing,
    Order,
    Page,
    Store,
    insert_at_next_free,
)
from shared.telemetry import logger

AUDIT: Final = "audit"
ATTEMPTS: Final = 30
"""Each time somebody else was faster their entry is in the chain, so all of them get on."""
LONGEST_WAIT_SECONDS: Final = 0.05
"""Whoever lost waits up to so long, by chance: otherwise the slower of two replicas on a busy
machine reads the end each time just before the faster one moves it.
"""
_NEWEST_FIRST: Final = (("at", DESCENDING), ("_id", DESCENDING))
KEPT: Final = KeptAsItIs(
    name=AUDIT,
    indexes=(
        IndexModel([("writer", ASCENDING), ("n", DESCENDING)], name="audit_chain"),
        IndexModel([("by", ASCENDING), *_NEWEST_FIRST], name="audit_person"),
        IndexModel(
            [("subject.kind", ASCENDING), ("subject.id", ASCENDING), *_NEWEST_FIRST],
            name="audit_subject",
        ),
        IndexModel([*_NEWEST_FIRST], name="audit_time"),
    ),
)


class _End(NamedTuple):
    n: int
    digest: str
    keyed: bool


class Trail:
    """What one service's people and rules did. The caller records first and acts then.

    A record says that somebody was about to: an opening that failed afterwards stands there too,
    and none ever happens unrecorded.
    """

    def __init__(self, store: Store, folder: Path, key: bytes) -> None:
        """Write the chain of the store's service, its digests made with `key`; its heads are kept
        in `folder`.
        """
        self._store = store
        # An emergency must not wait for routine work that gives way to it: as another replica,
        # each lane has an end of its own.
        self._pens = {
            lane: _Pen(store, Anchors(folder, store.service), key) for lane in get_args(Lane)
        }

    async def start(self) -> None:
        """Make sure that heads can be kept; OSError where they cannot."""
        for pen in self._pens.values():
            await pen.anchors.start()

    async def begin(self) -> None:
        """See that the chain has begun and ends with a keyed digest: so every writer is expected,
        and what was there before there was a key is sealed by what comes after it. Where nothing
        can be recorded now that is told: whoever acts on record is refused then, and nobody else.
        """
        try:
            if not await self._pens["routine"].ends_keyed():
                writer = self._store.service
                who = Principal(writer, "service")
                await self.record(who, "audit.begun", ("audit", writer))
        except (*STORE_DOWN, Contested, NotAnchored) as error:
            logger.error("audit_not_begun", error=type(error).__name__)

    async def record(
        self,
        principal: Principal,
        act: str,
        subject: tuple[str, str],
        *,
        why: str | None = None,
        source: str | None = None,
        details: Mapping[str, str | int] | None = None,
    ) -> Entry:
        """Return when the majority has the entry and the disk its head; then act, not before.

        `subject` is kind and id, `why` a reason's code, `source` where the wish came from. Raises
        UnfitForAudit for what is no id or code, what `STORE_DOWN` lists when the store is away,
        Contested after too many losses, NotAnchored when the head cannot be kept; then the act
        must not be done. It may stand in the audit all the same.
        """

        def made(n: int) -> Entry:
            return Entry(
                writer=self._store.service,
                n=n,
                at=self._store.clock.now(),
                by=principal.id,
                role=principal.role,
                act=act,
                subject=Subject(*subject),
                why=why,
                source=source,
                details=dict(details or {}),
            )

        return await self._pens[lane_in_hand()].write(made)


class _Pen:
    """Appends one after the other, and remembers the end of the chain."""

    def __init__(self, store: Store, anchors: Anchors, key: bytes) -> None:
        self.anchors = anchors
        self._key = key
        self._store = store
        self._turn = asyncio.Lock()
        self._end: _End | None = None

    async def write(self, made: Callable[[int], Entry]) -> Entry:
        async with self._turn:
            link = await self._append(made)
            await self.anchors.add(Anchor.of(link))
        return link.entry

    async def ends_keyed(self) -> bool:
        return (await self._newest()).keyed

    async def _append(self, made: Callable[[int], Entry]) -> Link:
        tried = 0

        async def next_link() -> Link:
            nonlocal tried
            if tried:  # no secret: any spread will do
                await asyncio.sleep(random.uniform(0, LONGEST_WAIT_SECONDS))
            tried += 1
            # Forgotten until the write has ended well: after an error nobody knows the end.
            end, self._end = self._end or await self._newest(), None
            return Link.of(made(end.n + 1), end.digest, self._key)

        async def insert(link: Link) -> bool:
            return await self._store.insert_once(AUDIT, to_doc(link))

        link = await insert_at_next_free(AUDIT, next_link, insert, attempts=ATTEMPTS)
        assert link is not None, "a chain has always a next place"
        self._end = _End(link.entry.n, link.digest, link.keyed)
        return link

    async def _newest(self) -> _End:
        """The end of the chain as the majority has it; a new writer's is its genesis."""
        writer = self._store.service
        fields = ("n", "digest", "keyed")
        found = await self._store.find(
            AUDIT, {"writer": writer}, sort=(("n", DESCENDING),), limit=1, fields=fields
        )
        if not found:
            return _End(0, genesis(writer), keyed=False)
        return _End(found[0]["n"], found[0]["digest"], found[0].get("keyed", False))


async def list_entries(
    store: Store,
    *,
    by: str | None = None,
    subject: tuple[str, str] | None = None,
    after: str | None,
    limit: int,
) -> Page[Doc]:
    """At most `limit` entries from the cursor on: of a person, about a subject (kind and id).

    Raises MalformedMessage for a cursor that was not given out here.
    """
    query: Doc = {} if by is None else {"by": by}
    if subject is not None:
        query |= {"subject.kind": subject[0], "subject.id": subject[1]}
    listing = Listing(filters=query, order=Order("at", newest=True))
    return await store.page(AUDIT, listing, after=after, limit=limit, fields=())
