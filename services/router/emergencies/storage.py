"""Documents of emergencies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pymongo import ASCENDING, IndexModel

from services.router.deadlines.falling_due import due_index
from services.router.emergencies.emergency import Emergency
from shared.documents import Shape
from shared.identity import Principal
from shared.readers.visibility import belonging_within_reach, within_reach
from shared.store import Collection, CollectionSpec, Doc, Listing, Order, Store

EMERGENCIES: Final = CollectionSpec(
    name="emergencies",
    kind="emergency",
    shape=Shape(value=Emergency, key="number"),
    lane="urgent",
    alerts=True,
    indexes=(
        IndexModel([("ended_at", ASCENDING), ("started_at", ASCENDING)], name="running"),
        due_index(),
    ),
)
MOST_RUNNING: Final = 1_000
"""More dangers at once than any group has people for; what is beyond is old and forgotten."""


async def count_running(store: Store) -> tuple[int, int]:
    """How many emergencies are not over, drills left out: those that somebody has taken, and those
    that nobody has.
    """
    by = {"_id": {"$gt": ["$acknowledged_at", None]}, "n": {"$sum": 1}}
    running = {"ended_at": None, "test": {"$ne": True}}
    rows = await store.aggregate(EMERGENCIES.name, [{"$match": running}, {"$group": by}])
    found = {row["_id"]: row["n"] for row in rows}
    return found.get(True, 0), found.get(False, 0)


async def list_emergencies(
    store: Store, principal: Principal, *, unreviewed: bool, limit: int
) -> list[Emergency]:
    """Emergencies within reach that are not over, or over and not reviewed (drills too), the latest
    first: those whose ticket may be seen, and those to which whoever asks was called.
    """
    over = {"ended_at": {"$type": "date"}, "review": None}
    near = Listing(
        filters=over if unreviewed else {"ended_at": None},
        within=await belonging_within_reach(store, principal, "emergency.see", names=("_id",)),
        order=Order("started_at", newest=True, loose=True),
    )
    emergencies = Collection(store, EMERGENCIES)
    found = await emergencies.find(near.query, order=near.order, limit=MOST_RUNNING)
    theirs = await _tickets_of(
        store, [each.number for each in found], within_reach(principal, "emergency.see")
    )
    return [each for each in found if each.number in theirs or each.has_called(principal.id)][
        :limit
    ]


async def _tickets_of(store: Store, numbers: Sequence[str], reach: Doc) -> frozenset[str]:
    query = {"_id": {"$in": list(numbers)}, **reach}
    found = await store.find("tickets", query, limit=MOST_RUNNING, fields=("_id",))
    return frozenset(doc["_id"] for doc in found)
