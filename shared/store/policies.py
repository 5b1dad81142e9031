"""The policy in force, polled once a second; it works without the broker.

One head document says which version is in force from when, so that a look costs one small read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from shared.policy.policy import Policy, build_policy
from shared.store.change import Doc
from shared.store.clock import Database
from shared.store.store import Store

HEAD: Final = "head"


class PolicyReader:
    """Keeps the policy in force; `now` decides, not the moment of publication."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._policies: dict[str, Policy] = {}
        self._in_force: list[tuple[datetime, str]] = []

    async def refresh(self) -> None:
        """Read the head, and whatever version it names that is not known here yet."""
        head = await self._store.get("policies", HEAD)
        if head is None:
            raise NoPolicyError
        self._in_force = sorted((entry["from"], entry["version"]) for entry in head["in_force"])
        for _, version in self._in_force:
            if version not in self._policies:
                self._policies[version] = await self._read(version)

    async def _read(self, version: str) -> Policy:
        doc = await self._store.get("policies", version)
        if doc is None:
            raise NoPolicyError
        return build_policy(version, doc["documents"])

    @property
    def current(self) -> Policy:
        """The policy in force now."""
        now = self._store.clock.now()
        begun = [version for start, version in self._in_force if start <= now]
        if not begun:
            raise NoPolicyError
        return self._policies[begun[-1]]


class NoPolicyError(Exception):
    """There is no policy in the database, or none in force yet."""

    def __init__(self) -> None:
        super().__init__("no policy is in force; seed one with `hotline up` or publish one")


async def seed_policy(
    database: Database, version: str, documents: Mapping[str, Any], *, now: datetime
) -> bool:
    """Put a first policy in force; False when there is one already. Raises for a faulty one."""
    build_policy(version, documents)
    policies = database["policies"]
    if await policies.find_one({"_id": HEAD}) is not None:
        return False
    doc: Doc = {"_id": version, "documents": _plain(documents)}
    await policies.replace_one({"_id": version}, doc, upsert=True)
    head: Doc = {"_id": HEAD, "in_force": [{"from": now, "version": version}]}
    await policies.replace_one({"_id": HEAD}, head, upsert=True)
    return True


def _plain(value: Any) -> Any:
    """YAML's dates and sets as MongoDB keeps them."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(v) for v in value]
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
