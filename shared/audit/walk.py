"""Going along one writer's chain, entry by entry, beside what was anchored of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.audit.chain import Anchor, Link, entry_id, from_doc, genesis


class Wrong(StrEnum):
    """What can be wrong with a chain."""

    UNREADABLE = "unreadable"
    """A document that is no entry of this chain."""
    MISSING = "missing"
    """An entry is not there, and later ones are."""
    CHANGED = "changed"
    """An entry does not fit its own digest."""
    UNLINKED = "unlinked"
    """An entry does not hang on the one before it."""
    UNKEYED = "unkeyed"
    """An entry's digest is made without the key, where all have been made with it."""
    REWRITTEN = "rewritten"
    """An entry is another one than was anchored."""
    CUT = "cut"
    """The end of the chain is not there, and was anchored."""
    GONE = "gone"
    """No entry is there, and some were anchored."""
    BAD_ANCHOR = "bad_anchor"
    """The chain is whole, and a line among its anchors cannot be read."""


@dataclass(frozen=True, slots=True)
class Damage:
    """The first thing that is wrong with a chain; `where` is the entry's id, or a file's line."""

    wrong: Wrong
    where: str
    why: str = ""


class Walk:
    """One walk along a chain. What is found first is told; there is no sense in going on."""

    def __init__(
        self, writer: str, anchors: Iterable[Anchor], key: bytes, *, keyed_from_first: bool = False
    ) -> None:
        """Walk beside `anchors`, which come in the order of their entries. Behind an entry whose
        digest was made with the key, or `keyed_from_first`, there is none without.
        """
        self.writer = writer
        self.entries = 0
        self.keyed = 0
        self._key = key
        self._keyed_from_first = keyed_from_first
        self.anchors = 0
        self.unanchored = 0
        self.last_at: datetime | None = None
        self.head = genesis(writer)
        self._anchors: Iterator[Anchor] = iter(anchors)
        self._ahead = next(self._anchors, None)
        self.is_anchored = self._ahead is not None

    def take(self, doc: Mapping[str, Any]) -> Damage | None:
        """Look at the next document of the chain, in the order of `n`."""
        try:
            link = from_doc(doc)
        except ValueError as error:
            return Damage(Wrong.UNREADABLE, str(doc.get("_id")), str(error))
        damage = self._damage_of(link)
        if damage is None:
            self.entries = link.entry.n
            self.keyed += link.keyed
            self.head = link.digest
            self.last_at = link.entry.at
        return damage

    def end(self) -> Damage | None:
        """There is no further document: whether there should be."""
        if self._ahead is None:
            return None
        first = entry_id(self.writer, self.entries + 1)
        last = self._ahead.n
        for anchor in self._anchors:
            last = max(last, anchor.n)
        wrong = Wrong.CUT if self.entries else Wrong.GONE
        return Damage(wrong, first, f"anchored up to {entry_id(self.writer, last)}")

    def _damage_of(self, link: Link) -> Damage | None:
        id, expected = link.entry.id, entry_id(self.writer, self.entries + 1)
        if id != expected:
            return Damage(Wrong.MISSING, expected, f"the next one is {id}")
        if not link.fits_itself(self._key):
            return Damage(Wrong.CHANGED, id)
        if link.previous != self.head:
            return Damage(Wrong.UNLINKED, id)
        if not link.keyed and (self.keyed or self._keyed_from_first):
            return Damage(Wrong.UNKEYED, id)
        anchored = self._anchored_as(link.entry.n)
        self.anchors += len(anchored)
        self.unanchored += not anchored
        if any(found != link.digest for found in anchored):
            return Damage(Wrong.REWRITTEN, id)
        return None

    def _anchored_as(self, n: int) -> list[str]:
        found: list[str] = []
        while self._ahead is not None and self._ahead.n <= n:
            found.append(self._ahead.digest)
            self._ahead = next(self._anchors, None)
        return found
