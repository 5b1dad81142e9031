"""Readers, their openings and the alarms about them: documents to values and back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.intake.domain import Key
from services.intake.privacy.domain import (
    Alarm,
    Answered,
    Hour,
    Opening,
    Reader,
    Sign,
    Status,
)
from shared.contracts import Event
from shared.contracts.intake import ReadingAlarmAnswered, ReadingAlarmRaised
from shared.identity import Principal
from shared.privacy.index import Kept, entries_in
from shared.store import Change, Doc, Store, Verdict, outbox_index
from shared.store.old_paging import page
from shared.store.reach import belonging_within_reach

READERS: Final = "readers"
REVEALS: Final = "reveals"
ALARMS: Final = "reading_alarms"
_NEWEST: Final = (("at", DESCENDING), ("_id", DESCENDING))
INDEXES: Final[Mapping[str, tuple[IndexModel, ...]]] = {
    ALARMS: (
        outbox_index(),
        IndexModel([("estate", ASCENDING), *_NEWEST], name="alarms_of_estate"),
        IndexModel([*_NEWEST], name="alarms_newest"),
    ),
}


class Readers:
    """What each of our staff opened: the one document that their openings take turns at, so that
    replicas share the count.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, id: str) -> Reader:
        """What is known of somebody; nothing at the first time."""
        doc = await self._store.get(READERS, id)
        return _reader_from_doc(doc) if doc else Reader(id=id)

    async def save(self, reader: Reader, now: datetime) -> Verdict:
        """Write what is known now; LOST when another opening was faster."""
        content = _reader_to_doc(reader)
        first = reader.version == 1
        return await self._store.write(
            Change(
                collection=READERS,
                id=reader.id,
                version=reader.version,
                lane="routine",
                at=now,
                insert=content if first else None,
                set={} if first else content,
            )
        )

    async def of_one_flat(self, flat: Kept | None, numbers: Collection[str]) -> int:
        """How many of these tickets came from one flat, by its blind index."""
        if flat is None:
            return 0
        query = {"_id": {"$in": sorted(numbers)}, "index.flat": {"$in": entries_in(flat)}}
        found = await self._store.find("tickets", query, limit=len(numbers), fields=("_id",))
        return len(found)


class Reveals:
    """One document for each wish to open somebody, so that a repeat opens nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, key: Key) -> Doc | None:
        """What was opened under this key; `body` tells whether the wish was the same."""
        return await self._store.get(REVEALS, key.id)

    async def keep(self, key: Key, facts: Mapping[str, Any]) -> bool:
        """Put it on record; False when this key was used meanwhile."""
        return await self._store.insert_once(REVEALS, {"_id": key.id, "body": key.body, **facts})


class Alarms:
    """The alarms. Each change is one conditional write with its event."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def insert(self, alarm: Alarm) -> Verdict:
        """Raise an alarm; LOST when it rings already."""
        return await self._write(
            alarm, alarm.at, ReadingAlarmRaised(**_facts(alarm)), insert=_alarm_to_doc(alarm)
        )

    async def save_answer(self, alarm: Alarm, answer: Answered) -> Verdict:
        """Put the answer on an alarm; LOST when somebody else has answered."""
        event = ReadingAlarmAnswered(**_facts(alarm), reason=answer.reason, by=answer.by)
        return await self._write(
            alarm, answer.at, event, by=1, set={"answer": _answer_to_doc(answer)}
        )

    async def _write(
        self, alarm: Alarm, at: datetime, event: Event, *, by: int = 0, **content: Any
    ) -> Verdict:
        return await self._store.write(
            Change(
                collection=ALARMS,
                id=alarm.id,
                version=alarm.version + by,
                lane="routine",
                at=at,
                events=(event,),
                **content,
            )
        )

    async def get(self, id: str) -> Alarm | None:
        """One alarm."""
        doc = await self._store.get(ALARMS, id)
        return _alarm_from_doc(doc) if doc else None

    async def listed(
        self, principal: Principal, *, status: Status | None, after: str | None, limit: int
    ) -> tuple[list[Alarm], str | None]:
        """Alarms within reach, newest first, and the cursor of the next page."""
        query = await belonging_within_reach(self._store, principal, "reading_alarm.see")
        if status is not None:
            query |= {"answer": None if status == "open" else {"$ne": None}}
        found = await page(self._store, ALARMS, query, after=after, limit=limit, newest_by="at")
        return [_alarm_from_doc(doc) for doc in found.docs], found.next


def _reader_to_doc(reader: Reader) -> Doc:
    return {
        "recent": [
            {"at": o.at, "number": o.number, "ended": o.ended, "own": o.own} for o in reader.recent
        ],
        "hours": [{"start": hour.start, "count": hour.count} for hour in reader.hours],
    }


def _reader_from_doc(doc: Mapping[str, Any]) -> Reader:
    return Reader(
        id=doc["_id"],
        version=doc["version"],
        recent=tuple(Opening(**opening) for opening in doc["recent"]),
        hours=tuple(Hour(**hour) for hour in doc["hours"]),
    )


def _facts(alarm: Alarm) -> dict[str, Any]:
    return {"alarm": alarm.id, "reader": alarm.reader, "sign": alarm.sign.value,
            "number": alarm.number, "estate": alarm.estate}  # fmt: skip


def _alarm_to_doc(alarm: Alarm) -> Doc:
    return {
        "at": alarm.at,
        "reader": alarm.reader,
        "role": alarm.role,
        "sign": alarm.sign.value,
        "count": alarm.count,
        "number": alarm.number,
        "estate": alarm.estate,
        "answer": None,
    }


def _answer_to_doc(answer: Answered) -> Doc:
    return {"at": answer.at, "by": answer.by, "reason": answer.reason}


def _alarm_from_doc(doc: Mapping[str, Any]) -> Alarm:
    return Alarm(
        id=doc["_id"],
        version=doc["version"],
        at=doc["at"],
        reader=doc["reader"],
        role=doc["role"],
        sign=Sign(doc["sign"]),
        count=doc["count"],
        number=doc["number"],
        estate=doc["estate"],
        answer=Answered(**doc["answer"]) if doc["answer"] else None,
    )
