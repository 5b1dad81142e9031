"""The duty list as the router keeps it in `rosters`, for those who need a person's address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from shared.policy.duty import Duty
from shared.store.change import Doc
from shared.store.clock import Database
from shared.store.store import Store

HEAD: Final = "head"


class DutyReader:
    """Keeps the present duty list; the head's revision says when to read it anew."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._revision: int | None = None
        self.current = Duty(places={})

    async def refresh(self) -> None:
        """Read the list if it changed."""
        head = await self._store.get("rosters", HEAD)
        revision = head["revision"] if head else 0
        if revision == self._revision:
            return
        places: dict[str, dict[str, Any]] = {}
        cursor = self._store.database["rosters"].find({"_id": {"$ne": HEAD}})
        async for doc in cursor:
            places.setdefault(doc["place"], {})[doc["department"]] = doc["people"]
        self.current = Duty.model_validate({"places": places})
        self._revision = revision


async def seed_duty(database: Database, duty: Mapping[str, Any]) -> bool:
    """Put a first duty list in; False when there is one already. Raises for a faulty one."""
    checked = Duty.model_validate(duty)
    rosters = database["rosters"]
    if await rosters.find_one({"_id": HEAD}) is not None:
        return False
    for place, departments in checked.places.items():
        for department, people in departments.items():
            doc: Doc = {
                "_id": f"{place}/{department}",
                "place": place,
                "department": department,
                "people": [person.model_dump(exclude_none=True) for person in people],
            }
            await rosters.replace_one({"_id": doc["_id"]}, doc, upsert=True)
    await rosters.replace_one({"_id": HEAD}, {"_id": HEAD, "revision": 1}, upsert=True)
    return True
