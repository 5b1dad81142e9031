"""Who is on duty: from the lists, shifts and leave that the router keeps, and the accounts that the
administration has frozen.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from shared.contracts import MalformedMessage
from shared.contracts.ids import RESERVED, read_person_id
from shared.documents import Doc
from shared.policy.duty import Duty, LostTelephone, Person, without_lost
from shared.policy.roster import Absence, Rosters, Stretch
from shared.readers.lost_addresses import LostAddresses
from shared.store.clock import Database
from shared.store.store import Store

ROSTERS: Final = "rosters"
SHIFTS: Final = "shifts"
LEAVES: Final = "leaves"
GRANTED: Final = "granted"
FROZEN: Final = "frozen"
"""The state of an account whose person has left."""
HEAD: Final = "head"
AHEAD: Final = timedelta(minutes=10)
"""How far ahead shifts are read: they are read again well before the last of them begins."""
READ_AGAIN: Final = timedelta(minutes=1)
"""Whoever changed a shift and died before saying so is heard of all the same."""


class DutyReader:
    """Keeps who is on duty now; the head's revision says when to read anew, and who is frozen is
    asked each time. An id that stands for something else, which a list of before may hold, is
    nobody's: what such a person is sent would go to the caller.
    """

    def __init__(self, store: Store, lost_addresses: LostAddresses) -> None:
        self._store = store
        self._lost_addresses = lost_addresses
        self._revision: int | None = None
        self._read_at: datetime | None = None
        self._stands_until: datetime | None = None
        self._places: dict[str, dict[str, Any]] = {}
        self._lost: dict[str, LostTelephone] = {}
        self._reach: dict[str, str] = {}
        self._rosters = Rosters()
        self.current = Duty(places={})

    async def refresh(self) -> None:
        """Read lists, shifts and leave if they changed, and see who came and went."""
        head = await self._store.get(ROSTERS, HEAD, fields=("revision",))
        frozen = await self._store.everything("accounts", {"state": FROZEN}, fields=("_id",))
        ids = frozenset(doc["_id"] for doc in frozen)
        revision, now = head["revision"] if head else 0, self._store.clock.now()
        if revision != self._revision or self._is_old(now):
            await self._read(now)
            self._revision, self._read_at = revision, now
        elif self._stands_until is not None and now < self._stands_until:
            if ids != self.current.frozen:
                self.current = self.current.model_copy(update={"frozen": ids})
            return
        who = {"on_shift": self._rosters.on_shift(now), "on_leave": self._rosters.on_leave(now)}
        lost = {"lost": self._lost, "reach": self._reach}
        self.current = self.current.model_copy(update={**who, **lost, "frozen": ids})
        self._stands_until = self._rosters.stands_until(now, READ_AGAIN)

    def _is_old(self, now: datetime) -> bool:
        return self._read_at is None or now - self._read_at >= READ_AGAIN

    async def _read(self, now: datetime) -> None:
        places: dict[str, dict[str, Any]] = {}
        rostered = set[tuple[str, str]]()
        self._lost = lost_in(await self._store.get(ROSTERS, HEAD, fields=("lost",)))
        self._reach = {}
        for doc in await self._store.everything(ROSTERS, {"_id": {"$ne": HEAD}}):
            listed = [person for person in doc["people"] if person["id"] not in RESERVED]
            people = [self._as_reached(person) for person in listed]
            places.setdefault(doc["place"], {})[doc["department"]] = people
            if doc.get("needs"):
                rostered.add((doc["place"], doc["department"]))
        around = {"begins": {"$lt": now + AHEAD}, "ends": {"$gt": now}}
        shifts = await self._store.everything(SHIFTS, {"counts": True, **around})
        leave = await self._store.everything(LEAVES, {"status": GRANTED, **around})
        self._rosters = Rosters(
            frozenset(rostered),
            [stretch_of(doc) for doc in shifts],
            [Absence(doc["person"], doc["begins"], doc["ends"]) for doc in leave],
        )
        if places != self._places:
            self.current, self._places = Duty.model_validate({"places": places}), places

    def _as_reached(self, person: Mapping[str, Any]) -> dict[str, Any]:
        """Somebody's entry without what was lost."""
        lost = self._lost.get(person["id"])
        left = without_lost(person, self._lost_addresses.mute(person, lost))
        if lost is not None:
            self._reach[person["id"]] = self._lost_addresses.reach(left)
        return left


def lost_in(head: Mapping[str, Any] | None) -> dict[str, LostTelephone]:
    """Whose telephone was lost, by person, as the document beside the lists has it."""
    return {
        each["person"]: LostTelephone(
            each["person"],
            each["generation"],
            each["at"],
            tuple(each["addresses"]),
            tuple(each.get("values", ())),
        )
        for each in (head or {}).get("lost", ())
    }


async def shift_now(store: Store, person: str, now: datetime) -> str | None:
    """The id of the shift that somebody is on; None where they have none."""
    query = {"person": person, "counts": True, "begins": {"$lte": now}, "ends": {"$gt": now}}
    found = await store.find(SHIFTS, query, limit=1, fields=("_id",))
    return str(found[0]["_id"]) if found else None


def stretch_of(doc: Mapping[str, Any]) -> Stretch:
    """A shift's document as the duty list needs it."""
    return Stretch(doc["place"], doc["department"], doc["person"], doc["begins"], doc["ends"])


def person_to_doc(person: Person) -> Doc:
    """Somebody of a list as a document."""
    return person.model_dump(exclude_none=True) | {"skills": sorted(person.skills)}


def list_id(place: str, department: str) -> str:
    """The id of a duty list's document."""
    return f"{place}/{department}"


def _check_ids(duty: Duty) -> None:
    lists = (people for lists in duty.places.values() for people in lists.values())
    ids = [read_person_id(person.id) for people in lists for person in people]
    if len(set(ids)) < len(ids):
        raise MalformedMessage("id", "is that of two people", "give each their own")


async def seed_duty(database: Database, duty: Mapping[str, Any]) -> bool:
    """Put a first duty list in; False when there is one already. Raises ValueError and
    MalformedMessage for a faulty one, also for ids that nobody may be given or two have.
    """
    checked = Duty.model_validate(duty)
    _check_ids(checked)
    rosters = database[ROSTERS]
    if await rosters.find_one({"_id": HEAD}) is not None:
        return False
    for place, departments in checked.places.items():
        for department, people in departments.items():
            doc: Doc = {
                "_id": list_id(place, department),
                "version": 1,
                "made_by": "hotline",
                "place": place,
                "department": department,
                "people": [person_to_doc(person) for person in people],
                "distinct": True,
            }
            await rosters.replace_one({"_id": doc["_id"]}, doc, upsert=True)
    head: Doc = {"_id": HEAD, "made_by": "hotline", "revision": 1}
    await rosters.replace_one({"_id": HEAD}, head, upsert=True)
    return True
