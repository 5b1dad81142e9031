"""Whether the audit is whole: every writer's chain from its first entry to its anchored end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self

from shared.audit.anchors import AnchorFile, AnchorReader, find_files
from shared.audit.chain import genesis
from shared.audit.trail import AUDIT
from shared.audit.walk import Damage, Walk, Wrong
from shared.privacy.keys import Keys
from shared.store import Store

BATCH: Final = 500
BY_N: Final = (("n", 1),)

Progress = Callable[[str, int, int], None]
"""Told what is read, how much of it has been, and how much there is, roughly."""


class Unjudged(StrEnum):
    """Why nobody can say whether a chain is the one that was written."""

    ABSENT = "absent"
    """No entry and no anchor is there of a writer that should have begun."""
    UNANCHORED = "unanchored"
    """Nothing outside the database speaks for it: its end may be cut off."""
    UNKEYED = "unkeyed"
    """No digest is made with the key, and those of other writers are."""


@dataclass(frozen=True, slots=True)
class Terms:
    """By what chains are judged: the key of their digests, whether there was one from the first
    entry on, and whose chains there must be once the key is in use.
    """

    key: bytes
    keyed_from_first: bool = False
    writers: frozenset[str] = frozenset()

    @classmethod
    def of(cls, keys: Keys, writers: Iterable[str]) -> Self:
        """Those of an installation. A key file with a secret for the audit alone was made when
        every entry had a keyed digest.
        """
        return cls(keys.audit_key, bool(keys.audit), frozenset(writers))


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """One writer's chain up to its first damage, or to its end.

    `keyed` counts entries whose digest is made with the key: those before them are older than it.
    `is_anchored`: anything outside the database speaks for it at all. `unanchored` counts entries
    without an anchor of their own, `torn` names files that end within a line: a process that was
    killed leaves one of either. Whole is what has neither a `damage` nor is `unjudged`.
    """

    writer: str
    entries: int
    keyed: int
    anchors: int
    unanchored: int
    last_at: datetime | None
    head: str
    torn: Sequence[str]
    is_anchored: bool
    damage: Damage | None
    unjudged: Unjudged | None = None


async def verify(
    store: Store, folders: Iterable[Path], terms: Terms, progress: Progress | None = None
) -> list[Verified]:
    """Verify every writer's chain, by name, beside the anchors in these folders.

    Services may go on writing: what they add meanwhile may or may not be looked at. Memory is
    bounded by a batch of entries, a line of each anchor file, and the number of writers.
    """
    # Before any entry: whatever was anchored by now is in the chain.
    files = await asyncio.to_thread(find_files, folders)
    writers = await _writers(store)
    total, read = await store.count_roughly(AUDIT), 0
    found: list[Verified] = []
    for name in sorted({*writers, *(file.writer for file in files)}):
        own = [file for file in files if file.writer == name]
        verification = _Verification(store, name, writers.get(name, name), own, terms)
        async for step in verification.steps():
            read += step
            if progress is not None:
                progress(AUDIT, read, total)
        found.append(verification.result())
    return _judged(found, terms)


def _judged(found: Sequence[Verified], terms: Terms) -> list[Verified]:
    """What only all chains together tell. Once the key is in use every service has begun a chain
    with it: an audit that knows no key at all is one of before.
    """
    in_use = terms.keyed_from_first or any(chain.keyed for chain in found)
    absent = terms.writers - {chain.writer for chain in found} if in_use else ()
    chains = [*found, *(_absent(writer) for writer in absent)]
    judged = [replace(chain, unjudged=_why_unjudged(chain, in_use=in_use)) for chain in chains]
    return sorted(judged, key=lambda chain: chain.writer)


def _absent(writer: str) -> Verified:
    return Verified(
        writer=writer,
        entries=0,
        keyed=0,
        anchors=0,
        unanchored=0,
        last_at=None,
        head=genesis(writer),
        torn=(),
        is_anchored=False,
        damage=None,
    )


def _why_unjudged(chain: Verified, *, in_use: bool) -> Unjudged | None:
    if chain.damage:
        return None
    if not chain.entries:
        return Unjudged.ABSENT
    if not chain.is_anchored:
        return Unjudged.UNANCHORED
    return Unjudged.UNKEYED if in_use and not chain.keyed else None


async def _writers(store: Store) -> dict[str, Any]:
    """Whatever stands as a writer, by how it is called; nothing may hide behind a strange one."""
    rows = await store.aggregate(AUDIT, [{"$group": {"_id": "$writer"}}])
    return {str(row["_id"]): row["_id"] for row in rows}


class _Verification:
    """One writer's chain as it is gone through."""

    def __init__(
        self, store: Store, name: str, writer: Any, files: Sequence[AnchorFile], terms: Terms
    ) -> None:
        self._store = store
        self._writer = writer
        self._anchors = AnchorReader(files)
        self._walk = Walk(name, self._anchors, terms.key, keyed_from_first=terms.keyed_from_first)
        self._damage: Damage | None = None

    async def steps(self) -> AsyncIterator[int]:
        """Go on to the first damage; yields how many documents were looked at."""
        mine = {"writer": {"$eq": self._writer}}
        async for docs in self._store.batches(AUDIT, mine, fields=(), size=BATCH, sort=BY_N):
            found = (self._walk.take(doc) for doc in docs)
            self._damage = next((damage for damage in found if damage), None)
            yield len(docs)
            if self._damage:
                return
        self._damage = self._walk.end() or self._bad_anchor()

    def _bad_anchor(self) -> Damage | None:
        bad = (line for line in self._anchors.bad if not line.torn)
        return next((Damage(Wrong.BAD_ANCHOR, line.where, line.why) for line in bad), None)

    def result(self) -> Verified:
        """What was found."""
        walk = self._walk
        return Verified(
            writer=walk.writer,
            entries=walk.entries,
            keyed=walk.keyed,
            anchors=walk.anchors,
            unanchored=walk.unanchored,
            last_at=walk.last_at,
            head=walk.head,
            torn=[line.where for line in self._anchors.bad if line.torn],
            is_anchored=walk.is_anchored,
            damage=self._damage,
        )
