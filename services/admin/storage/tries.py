"""How often somebody tried: counted in the store, so that all replicas count together."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from services.admin.domain.sessions import Limit, Tally
from shared.store import Store, Taken
from shared.store.plain import Plain

_ATTEMPTS: Final = 5


class Tries:
    """The collection `tries`; ids are keyed digests, since what is typed as an id may be secret."""

    def __init__(self, store: Store) -> None:
        self._tries = Plain(store, "tries")

    async def count(self, id: str, limit: Limit, now: datetime) -> Tally:
        """Count one try before it is made, so that many at once are not more than may be.

        Counting begins anew when its time is over. The one that reaches the limit begins the lock,
        which later ones do not lengthen.
        """
        for _ in range(_ATTEMPTS):
            try:
                doc = await self._tries.change({"_id": id}, _counting(limit, now), make=True)
            except Taken:  # two began to count at once
                continue
            assert doc is not None
            return Tally(doc["count"], doc["until"])
        raise Taken(self._tries.name)

    async def forgive(self, id: str) -> None:
        """The try succeeded: it does not count."""
        await self._tries.change({"_id": id, "count": {"$gt": 0}}, {"$inc": {"count": -1}})

    async def forget(self, id: str) -> None:
        """Somebody succeeded: whatever was tried before does not count."""
        await self._tries.take({"_id": id})


def _counting(limit: Limit, now: datetime) -> list[dict[str, Any]]:
    until = now + limit.within
    goes_on = {"$gt": ["$until", now]}
    counted = {
        "count": {"$cond": [goes_on, {"$add": ["$count", 1]}, 1]},
        "until": {"$cond": [goes_on, "$until", until]},
    }
    locking = {"$cond": [{"$eq": ["$count", limit.most]}, until, "$until"]}
    return [{"$set": counted}, {"$set": {"until": locking}}]
