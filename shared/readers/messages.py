"""What others than the notifier may know of its messages: whom they did not reach, and what became
of those of an announcement.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pymongo import ASCENDING

from shared.contracts.notifier import ARRIVED
from shared.documents import Doc
from shared.store.store import Store

IN_VAIN: Final = 3
"""So many attempts after which an address counts as dead, though it is still tried."""
NO_ANSWER: Final = "no_answer"

_MOST_TOLD: Final = 2_000
"""More than a chain rings in a night, by every channel."""
_TOLD_FIELDS: Final = (
    "recipient",
    "purpose",
    "cause",
    "channels",
    "attempts.channel",
    "status",
    "reason",
    "at",
    "ended_at",
)
_CALL: Final = re.compile(r"(?:emergency|slowed|spared)/(\d+)")
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


@dataclass(frozen=True, slots=True)
class ToldOfEmergency:
    """What became of one message to somebody who was called to an emergency, and by which channel
    it went; `step` is the call, where it was one.
    """

    recipient: str
    purpose: str
    step: int | None
    channel: str | None
    fate: str
    reason: str | None
    at: datetime
    ended_at: datetime | None


async def told_of_emergency(store: Store, number: str) -> list[ToldOfEmergency]:
    """Every message about an emergency to those whom the router called, the earliest first."""
    about = {"number": number, "purpose": {"$in": ["alert", "slowed", "spared"]}}
    docs = await store.find(
        "messages", about, sort=[("at", ASCENDING)], limit=_MOST_TOLD, fields=_TOLD_FIELDS
    )
    return [_told(doc) for doc in docs]


def _told(doc: Doc) -> ToldOfEmergency:
    tried = [attempt["channel"] for attempt in doc.get("attempts", ())]
    called = _CALL.match(doc["cause"]["occurrence"])
    fate = {"accepted": "accepted", "stopped": "failed"}.get(doc["status"])
    return ToldOfEmergency(
        recipient=doc["recipient"],
        purpose=doc["purpose"],
        step=int(called.group(1)) if called else None,
        channel=next(iter([*doc.get("channels", ()), *reversed(tried)]), None),
        fate=fate or _FATES.get(doc["status"], "under_way"),
        reason=doc.get("reason"),
        at=doc["at"],
        ended_at=doc.get("ended_at"),
    )


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
