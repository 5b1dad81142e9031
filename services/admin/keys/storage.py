"""Keys of systems; every process reads them (`readers/credentials`)."""

from __future__ import annotations

from typing import Final

from pymongo import ASCENDING, IndexModel

from services.admin.keys.domain import SystemKey
from shared.documents import Shape
from shared.store import CollectionSpec, Store

KEYS: Final = CollectionSpec(
    name="api_keys",
    shape=Shape(value=SystemKey, lean={SystemKey: ("role",)}),
    indexes=(IndexModel([("owner", ASCENDING)], name="api_keys_of_account"),),
)


async def hold_keys(store: Store, owner: str, *, held: bool) -> int:
    """Stop all keys that an account answers for, or let them count again; how many."""
    changed = {"$set": {"held": held}, "$inc": {KEYS.version: 1}}
    return await store.change_many(KEYS.name, {"owner": owner, "held": not held}, changed)
