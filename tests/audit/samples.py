"""Entries and chains that are in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from shared.audit import Anchor, Damage, Entry, Link, Subject
from shared.audit.chain import genesis, to_doc
from shared.audit.walk import Walk
from shared.identity import Principal

BEGUN: Final = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
CHEN: Final = Principal("chen", "privacy_officer")
TICKET: Final = ("ticket", "V2XB22EF")
KEY: Final = b"k" * 32


def sample_entry(n: int = 1, **changes: Any) -> Entry:
    usual = Entry(
        writer="intake",
        n=n,
        at=BEGUN + timedelta(seconds=n),
        by="chen",
        role="privacy_officer",
        act="person.opened",
        subject=Subject(*TICKET),
        why="callback",
        source="10.0.0.7",
        details={"field": "phone", "round": n % 100},
    )
    return replace(usual, **changes)


def chained(
    entries: Iterable[Entry], key: bytes | None = None, *, after: Link | None = None
) -> list[Link]:
    """A chain of these, as a writer would have made it, or somebody who makes it anew; without the
    key as one made it before there was one.
    """
    links: list[Link] = [after] if after else []
    for entry in entries:
        links.append(Link.of(entry, links[-1].digest if links else genesis(entry.writer), key))
    return links


def sample_chain(length: int) -> list[Link]:
    return chained(sample_entry(n) for n in range(1, length + 1))


def anchors_of(links: Iterable[Link]) -> list[Anchor]:
    return [Anchor.of(link) for link in links]


def docs_of(links: Iterable[Link]) -> list[dict[str, Any]]:
    return [to_doc(link) for link in links]


def walked(
    docs: Iterable[dict[str, Any]],
    anchors: Sequence[Anchor] = (),
    *,
    keyed_from_first: bool = False,
) -> Damage | None:
    """What a walk along these documents finds first."""
    walk = Walk("intake", anchors, KEY, keyed_from_first=keyed_from_first)
    for doc in docs:
        if damage := walk.take(doc):
            return damage
    return walk.end()
