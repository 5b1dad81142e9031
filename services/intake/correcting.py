"""A person's data are put right: opened, changed, sealed anew, and found under the new phone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from services.intake.privacy.domain import Which
from services.intake.privacy.papers import change_of, scrubbed_again
from services.intake.privacy.persons import ENTRY_OF
from shared.audit import Trail
from shared.identity import Principal
from shared.privacy import BlindIndex, CannotOpen, Sealer
from shared.privacy.index import kept
from shared.privacy.open import Opener
from shared.store import Contested, Doc, Store, Verdict
from shared.store.tickets import ATTEMPTS
from shared.telemetry import logger

FIELDS: Final = ("name", "phone", "room")


class Correcting:
    """Corrects one person of one ticket."""

    def __init__(
        self, store: Store, trail: Trail, opener: Opener, sealer: Sealer, index: BlindIndex
    ) -> None:
        self._store = store
        self._trail = trail
        self._opener = opener
        self._sealer = sealer
        self._index = index

    async def correct(
        self,
        number: str,
        person: Which,
        values: Mapping[str, Any],
        *,
        home: str | None,
        by: Principal,
    ) -> None:
        """Put these values in the place of the old ones, on record first; a repeat does no harm.

        A flat belongs to its estate: elsewhere than at `home` it stays as it was.
        """
        subject = ("person", f"{number}/{person}")
        await self._trail.record(by, "person.corrected", subject, why="privacy_request")
        for _ in range(ATTEMPTS):
            doc = await self._store.get("tickets", number)
            if doc is None or person not in doc["persons"]:
                return
            if await self._write(doc, person, values, home, by) is not Verdict.LOST:
                return
        raise Contested("tickets", number)

    async def _write(
        self, doc: Doc, person: Which, values: Mapping[str, Any], home: str | None, by: Principal
    ) -> Verdict | None:
        try:
            old = await self._opener.open_person(doc["persons"][person])
        except CannotOpen:
            logger.warning("person_cannot_be_corrected", ticket=doc["_id"])
            return None
        estate = doc["estate"]
        fitting = {f: values[f] for f in FIELDS if f in values and (f != "room" or estate == home)}
        new = {**old, **fitting}
        # Under the estate's key, also where the place was found out after it had been sealed.
        sealed = await self._sealer.seal_person(new, estate=estate)
        setting = {
            "persons": {**doc["persons"], person: sealed},
            "index": self._entries(doc, person, new),
            **scrubbed_again(doc, [old, new]),
        }
        now = self._store.clock.now()
        return await self._store.write(
            change_of(doc, setting, "person_corrected", by=by.id, now=now)
        )

    def _entries(self, doc: Doc, person: Which, new: Mapping[str, Any]) -> Doc:
        phones = self._index.phones(new.get("phone"))
        changed = {ENTRY_OF[person]: phones}
        if person == "caller":
            changed["flat"] = self._index.flats(doc["estate"], new.get("room"))
        others = {field: entry for field, entry in doc["index"].items() if field not in changed}
        return {**others, **kept(**changed)}
