"""Keys of systems to documents and back; every process reads them (`shared/store/credentials`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from services.admin.domain.keys import Key
from shared.identity.api_keys import KeyDigest
from shared.store import Doc, Store, Verdict
from shared.store.old_paging import page
from shared.store.plain import Plain

COLLECTION: Final = "api_keys"


class Keyring:
    """The collection `api_keys`, in values of the domain."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keys = Plain(store, COLLECTION)

    async def get(self, id: str) -> Key | None:
        """One key, as it is now."""
        doc = await self._keys.get(id)
        return _from_doc(doc) if doc else None

    async def insert(self, key: Key) -> None:
        """Write a new key; its id is random."""
        await self._keys.make({"_id": key.id, **_to_doc(key)})

    async def save(self, key: Key) -> Verdict:
        """Write what was made of the key as it was read; LOST when it changed meanwhile."""
        read = {"_id": key.id, "version": key.version}
        fields = _to_doc(replace(key, version=key.version + 1))
        won = await self._keys.change(read, {"$set": fields})
        return Verdict.WON if won else Verdict.LOST

    async def hold(self, owner: str, *, held: bool) -> int:
        """Stop all keys that an account answers for, or let them count again; how many."""
        changed = {"$set": {"held": held}, "$inc": {"version": 1}}
        return await self._keys.change_all({"owner": owner, "held": not held}, changed)

    async def listed(self, *, after: str | None, limit: int) -> tuple[list[Key], str | None]:
        """Keys by id, and the cursor of the next page."""
        found = await page(self._store, COLLECTION, {}, after=after, limit=limit)
        return [_from_doc(doc) for doc in found.docs], found.next


def _to_doc(key: Key) -> Doc:
    return {
        "version": key.version,
        "publisher": key.publisher,
        "places": sorted(key.places),
        "actions": sorted(key.actions),
        "owner": key.owner,
        "held": key.held,
        "digests": [{"digest": d.digest, "until": d.until} for d in key.digests],
        "made_by": key.made_by,
        "made_at": key.made_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
    }


def _from_doc(doc: Mapping[str, Any]) -> Key:
    return Key(
        id=doc["_id"],
        version=doc["version"],
        publisher=doc["publisher"],
        places=frozenset(doc["places"]),
        actions=frozenset(doc["actions"]),
        owner=doc["owner"],
        held=doc["held"],
        digests=tuple(KeyDigest(bytes(d["digest"]), d["until"]) for d in doc["digests"]),
        made_by=doc["made_by"],
        made_at=doc["made_at"],
        expires_at=doc["expires_at"],
        revoked_at=doc["revoked_at"],
    )
