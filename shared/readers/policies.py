"""The policy in force, polled once a second; it works without the broker.

One head document says which version is in force from when, so that a look costs one small read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from shared.documents import Doc, Shape
from shared.policy.policy import Policy, build_policy
from shared.policy.versions import Head, VersionInForce, in_force, still_needed
from shared.store.clock import Database
from shared.store.collection import Collection, CollectionSpec
from shared.store.store import Store

POLICIES: Final = "policies"
HEAD: Final = "head"
PAST: Final = 4
"""So many versions that are in force no more are kept ready: reading one takes a second."""
HEADS: Final = CollectionSpec(
    name=POLICIES,
    version="edition",
    shape=Shape(
        value=Head, names={VersionInForce: {"begins": "from"}}, lean={VersionInForce: ("until",)}
    ),
)
"""The one document beside the versions, in the same collection."""


class PolicyReader:
    """Keeps the policy in force; `now` decides, not the moment of publication, and what was put in
    force for a while lapses by itself.
    """

    def __init__(self, store: Store, *, learns: bool = False) -> None:
        """With `learns` each policy is ready to classify before it counts."""
        self._store = store
        self._heads = Collection(store, HEADS)
        self._learns = learns
        self._policies: dict[str, Policy] = {}
        self._past: dict[str, Policy] = {}
        self._entries: list[VersionInForce] = []

    async def refresh(self) -> None:
        """Read the head, and whatever version it names that is not known here yet.

        All or nothing: with a version that cannot be read the old ones stay in force.
        """
        head = await self._heads.get(HEAD)
        if head is None:
            raise NoPolicyError
        entries = still_needed(head.in_force, self._store.clock.now())
        wanted = {entry.version for entry in entries}
        for version in wanted - self._policies.keys():
            self._policies[version] = await self._read(version)
        self._entries = entries
        self._policies = {v: policy for v, policy in self._policies.items() if v in wanted}

    async def version(self, version: str | None) -> Policy:
        """A version as it was, whether or not it is in force; the one that is where none is named,
        or none of that name is left.
        """
        known = self._policies.get(version or "") or self._past.get(version or "")
        if known is not None or version is None:
            return known or self.current
        try:
            found = await self._read(version)
        except NoPolicyError:
            return self.current
        self._past = {**dict(list(self._past.items())[1 - PAST :]), version: found}
        return found

    async def _read(self, version: str) -> Policy:
        doc = await self._store.get(POLICIES, version)
        if doc is None:
            raise NoPolicyError
        # In a thread: a new lexicon takes a second to read, and an emergency must not wait for it.
        return await asyncio.to_thread(self._build, version, doc["documents"])

    def _build(self, version: str, documents: Mapping[str, Any]) -> Policy:
        policy = build_policy(version, documents)
        if self._learns:
            policy.lexicon.learn()
        return policy

    @property
    def current(self) -> Policy:
        """The policy in force now."""
        entry = in_force(self._entries, self._store.clock.now())
        if entry is None:
            raise NoPolicyError
        return self._policies[entry.version]


class NoPolicyError(Exception):
    """There is no policy in the database, or none in force yet."""

    def __init__(self) -> None:
        super().__init__("no policy is in force; seed one with `hotline up` or publish one")


async def seed_policy(
    database: Database, version: str, documents: Mapping[str, Any], *, now: datetime
) -> bool:
    """Put a first policy in force; False when there is one already. Raises for a faulty one."""
    build_policy(version, documents)
    policies = database[POLICIES]
    if await policies.find_one({"_id": HEAD}) is not None:
        return False
    doc: Doc = {"_id": version, "made_at": now, "documents": _plain(documents)}
    await policies.replace_one({"_id": version}, doc, upsert=True)
    head = Head(id=HEAD, in_force=(VersionInForce(version, now),))
    await policies.replace_one({"_id": HEAD}, HEADS.to_doc(head), upsert=True)
    return True


def _plain(documents: Mapping[str, Any]) -> Any:
    """YAML's dates and sets as MongoDB keeps them."""
    return orjson.loads(
        orjson.dumps(
            dict(documents),
            default=lambda value: list(value) if isinstance(value, set | frozenset) else str(value),
            option=orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATETIME,
        )
    )
