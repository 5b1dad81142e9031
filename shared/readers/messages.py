"""What others than the notifier may know of its messages: whom they did not reach, and what became
of those of an announcement.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from shared.contracts.notifier import ARRIVED
from shared.store.store import Store

IN_VAIN: Final = 3
"""So many attempts after which an address counts as dead, though it is still tried."""
NO_ANSWER: Final = "no_answer"

_FATES: Final[Mapping[str, str]] = {
    **dict.fromkeys(ARRIVED, "received"),
    "stopped": "stopped",
    "held": "held",
    "failed": "failed",
    "unconfirmed": "unsure",
    "unknown": "unsure",
}


async def what_became_of(
    store: Store, numbers: Collection[str], occurrence: str
) -> Mapping[str, int]:
    """How many callers of these tickets have received what they were to be told because of an
    occurrence, and how many not: it was stopped, is held, has failed, or nobody is sure. All others
    are under way.
    """
    about = {"number": {"$in": sorted(numbers)}, "cause.occurrence": occurrence}
    by_status = {"_id": "$status", "count": {"$sum": 1}}
    rows = await store.aggregate("messages", [{"$match": about}, {"$group": by_status}])
    found = dict.fromkeys(_FATES.values(), 0)
    for row in rows:
        if (fate := _FATES.get(row["_id"])) is not None:
            found[fate] += row["count"]
    return {**found, "under_way": len(numbers) - sum(found.values())}


async def missed_by_their_last(
    store: Store, people: Collection[str], since: datetime
) -> Mapping[str, str]:
    """Those of these people whom the last message since a time did not reach, by the reason. One
    that was kept from them on purpose, because its ticket is about them, tells nothing. Of the
    messages of one alarm, which are of the same moment, that counts which has arrived.
    """
    still_tried = {"status": "pending", f"attempts.{IN_VAIN - 1}": {"$exists": True}}
    judged = {
        "recipient": {"$in": sorted(people)},
        "at": {"$gte": since},
        "attempts.code": {"$ne": "about_them"},
        "$or": [{"status": {"$in": [*ARRIVED, "failed", "unconfirmed", "unknown"]}}, still_tried],
    }
    last = {"_id": "$recipient", "status": {"$last": "$status"}, "reason": {"$last": "$reason"}}
    needed = {"recipient": 1, "at": 1, "status": 1, "reason": 1}
    has_arrived = {"has_arrived": {"$in": ["$status", list(ARRIVED)]}}
    rows = await store.aggregate(
        "messages",
        [
            {"$match": judged},
            {"$project": {**needed, **has_arrived}},
            {"$sort": {"at": 1, "has_arrived": 1}},
            {"$group": last},
        ],
    )
    return {r["_id"]: r["reason"] or NO_ANSWER for r in rows if r["status"] not in ARRIVED}
