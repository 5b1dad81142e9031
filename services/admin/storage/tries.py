"""How often somebody tried: counted in the store, so that all replicas count together."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from services.admin.domain.sessions import Limit, Tally
from services.admin.storage.indexes import forget_at
from shared.documents import Shape
from shared.store import CollectionSpec, Store

TRIES: Final = CollectionSpec(
    name="tries",
    shape=Shape(value=Tally),
    indexes=(forget_at("until", name="tries_forgotten"),),
)
"""Ids are keyed digests, since what is typed as an id may be secret."""


async def count_try(store: Store, id: str, limit: Limit, now: datetime) -> Tally:
    """Count one try before it is made, so that many at once are not more than may be: in one
    statement, since under an attack nobody would win a race for the next version.

    Counting begins anew when its time is over. The one that reaches the limit begins the lock,
    which later ones do not lengthen.
    """
    return TRIES.from_doc(await store.upsert(TRIES.name, id, _counting(limit, now)))


async def forgive_try(store: Store, id: str) -> None:
    """The try succeeded: it does not count."""
    await store.change_many(TRIES.name, {"_id": id, "count": {"$gt": 0}}, {"$inc": {"count": -1}})


async def forget_tries(store: Store, id: str) -> None:
    """Somebody succeeded: whatever was tried before does not count."""
    await store.take(TRIES.name, {"_id": id})


def _counting(limit: Limit, now: datetime) -> list[dict[str, Any]]:
    until = now + limit.within
    goes_on = {"$gt": ["$until", now]}
    counted = {
        "count": {"$cond": [goes_on, {"$add": ["$count", 1]}, 1]},
        "until": {"$cond": [goes_on, "$until", until]},
    }
    locking = {"$cond": [{"$eq": ["$count", limit.most]}, until, "$until"]}
    return [{"$set": counted}, {"$set": {"until": locking}}]
