"""Documents of rosters: duty lists, shifts and leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pymongo import ASCENDING, IndexModel

from services.router.rosters.leave import Leave
from services.router.rosters.lists import DutyList, Gap, ListStep
from services.router.rosters.shifts import Shift, ShiftStep
from shared.policy.duty import Person
from shared.policy.roster import Need
from shared.store import Change, Doc, Store, Verdict, outbox_index
from shared.store.plain import Plain
from shared.store.rosters import HEAD, ROSTERS, SHIFTS, list_id, person_to_doc

LEAVES: Final = "leaves"
MOST_SHIFTS: Final = 5_000
"""Of one question; a department of fifty with two shifts a day fills it in fifty days."""
MOST_LISTS: Final = 20_000
ROSTER_INDEXES: Final[Mapping[str, tuple[IndexModel, ...]]] = {
    ROSTERS: (outbox_index(),),
    SHIFTS: (
        outbox_index(),
        # Nobody stands in two places at once: each quarter hour of a person is there once.
        IndexModel(
            [("person", ASCENDING), ("slots", ASCENDING)],
            name="once",
            unique=True,
            partialFilterExpression={"counts": True},
        ),
        IndexModel(
            [("place", ASCENDING), ("department", ASCENDING), ("ends", ASCENDING)], name="of_list"
        ),
        IndexModel([("ends", ASCENDING), ("begins", ASCENDING)], name="around"),
    ),
    LEAVES: (IndexModel([("person", ASCENDING), ("ends", ASCENDING)], name="of_person"),),
}


class RosterBook:
    """The three collections in values of the domain. Whatever changes who is on duty raises the
    head's revision afterwards, so that every service reads it anew.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rosters = Plain(store, ROSTERS)
        self._leaves = Plain(store, LEAVES)

    async def announce(self) -> None:
        """Let everybody read lists and shifts anew."""
        await self._rosters.change({"_id": HEAD}, {"$inc": {"revision": 1}})

    async def revision(self) -> int:
        """Of what was announced."""
        head = await self._rosters.get(HEAD)
        return int(head["revision"]) if head else 0

    async def lists(self) -> list[DutyList]:
        """Every duty list."""
        docs = await self._rosters.find({"_id": {"$ne": HEAD}}, limit=MOST_LISTS)
        return [_list_from_doc(doc) for doc in docs]

    async def duty_list(self, place: str, department: str) -> DutyList | None:
        """One of them."""
        doc = await self._rosters.get(list_id(place, department))
        return _list_from_doc(doc) if doc else None

    async def put_list(self, before: DutyList | None, step: ListStep, now: datetime) -> bool:
        """Write a list in place of the one that was read; False when it changed meanwhile."""
        after = step.list
        id, fields = list_id(after.place, after.department), _list_to_doc(after)
        if before is not None and before.version == 0:  # from before lists had versions
            own = {"_id": id, "version": {"$exists": False}}
            await self._rosters.change(own, {"$set": {"version": 0, "made_by": "router"}})
        change = Change.whole(
            ROSTERS, id, after.version, fields, at=now, events=step.events, new=before is None
        )
        return await self._store.write(change) is Verdict.WON

    async def shift(self, id: str) -> Shift | None:
        """One shift."""
        doc = await self._store.get(SHIFTS, id)
        return _shift_from_doc(doc) if doc else None

    async def shifts(self, query: Mapping[str, Any], *, limit: int = MOST_SHIFTS) -> list[Shift]:
        """Shifts that a query fits, the earliest first."""
        order = (("begins", ASCENDING), ("_id", ASCENDING))
        docs = await self._store.find(SHIFTS, query, sort=order, limit=limit)
        return [_shift_from_doc(doc) for doc in docs]

    async def put_shift(self, step: ShiftStep, now: datetime, *, new: bool = False) -> bool:
        """Write a shift; False when somebody else changed it, or the person stands elsewhere
        then.
        """
        after = step.shift
        change = Change.whole(
            SHIFTS, after.id, after.version, _shift_to_doc(after), at=now, events=step.events,
            new=new,
        )  # fmt: skip
        return await self._store.write(change) is Verdict.WON

    async def leave(self, id: str) -> Leave | None:
        """One leave."""
        doc = await self._leaves.get(id)
        return _leave_from_doc(doc) if doc else None

    async def leaves(self, query: Mapping[str, Any], *, limit: int = MOST_SHIFTS) -> list[Leave]:
        """Leaves that a query fits."""
        return [_leave_from_doc(doc) for doc in await self._leaves.find(query, limit=limit)]

    async def make_leave(self, leave: Leave) -> bool:
        """Keep a new leave; False when it is there."""
        return await self._leaves.make({"_id": leave.id, **_leave_to_doc(leave)})

    async def decide_leave(self, before: Leave, after: Leave) -> bool:
        """Write what was decided; False when somebody decided meanwhile."""
        read = {"_id": before.id, "status": before.status}
        return await self._leaves.change(read, {"$set": _leave_to_doc(after)}) is not None


def around(begins: datetime, ends: datetime) -> dict[str, Any]:
    """The question for what lies, even in part, between two moments."""
    return {"begins": {"$lt": ends}, "ends": {"$gt": begins}}


def _list_to_doc(duty_list: DutyList) -> Doc:
    return {
        "place": duty_list.place,
        "department": duty_list.department,
        "people": [person_to_doc(person) for person in duty_list.people],
        "needs": [need.model_dump(mode="json") for need in duty_list.needs],
        "gaps": [
            {"begins": g.begins, "ends": g.ends, "missing": g.missing, "told": g.told}
            for g in duty_list.gaps
        ],
    }


def _list_from_doc(doc: Mapping[str, Any]) -> DutyList:
    return DutyList(
        place=doc["place"],
        department=doc["department"],
        version=doc.get("version", 0),
        people=tuple(Person.model_validate(person) for person in doc["people"]),
        needs=tuple(Need.model_validate(need) for need in doc.get("needs", ())),
        gaps=tuple(Gap(**gap) for gap in doc.get("gaps", ())),
    )


_SHIFT_FIELDS: Final = (
    "place", "department", "person", "begins", "ends", "struck", "offered_to", "note",
)  # fmt: skip


def _shift_to_doc(shift: Shift) -> Doc:
    facts = {field: getattr(shift, field) for field in _SHIFT_FIELDS}
    return facts | {"counts": shift.counts, "slots": shift.slots, "despite": shift.despite}


def _shift_from_doc(doc: Mapping[str, Any]) -> Shift:
    facts = {field: doc[field] for field in _SHIFT_FIELDS}
    return Shift(id=doc["_id"], version=doc["version"], despite=doc.get("despite"), **facts)


_LEAVE_FIELDS: Final[Sequence[str]] = (
    "person", "begins", "ends", "reason", "status", "asked_at", "decided_by",
)  # fmt: skip


def _leave_to_doc(leave: Leave) -> Doc:
    return {field: getattr(leave, field) for field in _LEAVE_FIELDS}


def _leave_from_doc(doc: Mapping[str, Any]) -> Leave:
    return Leave(id=doc["_id"], **{field: doc[field] for field in _LEAVE_FIELDS})
