"""Readers, their openings and the alarms about them, as they are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.intake.privacy.domain import Alarm, Answered, Opening, Reader, Status
from services.intake.registration.domain import IdempotencyKey
from shared.contracts import Step
from shared.contracts.intake import ReadingAlarmAnswered, ReadingAlarmRaised
from shared.documents import Shape
from shared.identity import Principal
from shared.privacy.index import Kept, entries_in
from shared.readers.visibility import belonging_within_reach
from shared.store import CollectionSpec, Doc, Listing, Order, Store

REVEALS: Final = "reveals"
READERS: Final = CollectionSpec(
    name="readers", shape=Shape(value=Reader, lean={Opening: ("errand",)})
)
"""What each of our staff opened: the one document that their openings take turns at, so that
replicas share the count.
"""
_NEWEST: Final = (("at", DESCENDING), ("_id", DESCENDING))
ALARMS: Final = CollectionSpec(
    name="reading_alarms",
    kind="reading_alarm",
    shape=Shape(value=Alarm),
    indexes=(
        IndexModel([("estate", ASCENDING), *_NEWEST], name="alarms_of_estate"),
        IndexModel([*_NEWEST], name="alarms_newest"),
    ),
)


async def tickets_of_one_flat(store: Store, flat: Kept | None, numbers: Iterable[str]) -> int:
    """How many of these tickets came from one flat, by its blind index."""
    asked = sorted(numbers)
    if flat is None:
        return 0
    query = {"_id": {"$in": asked}, "index.flat": {"$in": entries_in(flat)}}
    found = await store.find("tickets", query, limit=len(asked), fields=("_id",))
    return len(found)


class Reveals:
    """One document for each wish to open somebody, so that a repeat opens nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, key: IdempotencyKey) -> Doc | None:
        """What was opened under this key; `body` tells whether the wish was the same."""
        return await self._store.get(REVEALS, key.id)

    async def keep(self, key: IdempotencyKey, facts: Mapping[str, Any]) -> bool:
        """Put it on record; False when this key was used meanwhile."""
        return await self._store.insert_once(REVEALS, {"_id": key.id, "body": key.body, **facts})


async def alarms_within_reach(store: Store, principal: Principal, status: Status | None) -> Listing:
    """The list of alarms that somebody may see, newest first."""
    filters = {} if status is None else {"answer": None if status == "open" else {"$ne": None}}
    within = await belonging_within_reach(store, principal, "reading_alarm.see")
    return Listing(filters=filters, within=within, order=Order("at", newest=True))


def raised(alarm: Alarm) -> Step[Alarm]:
    """A new alarm, and what is said of it."""
    return Step(alarm, (ReadingAlarmRaised(**_facts(alarm)),))


def answered(alarm: Alarm, answer: Answered) -> Step[Alarm]:
    """An alarm with its answer, and what is said of it."""
    event = ReadingAlarmAnswered(**_facts(alarm), reason=answer.reason, by=answer.by)
    return Step(replace(alarm, answer=answer), (event,))


def _facts(alarm: Alarm) -> dict[str, Any]:
    return {
        "alarm": alarm.id,
        "reader": alarm.reader,
        "sign": alarm.sign.value,
        "number": alarm.number,
        "estate": alarm.estate,
    }
