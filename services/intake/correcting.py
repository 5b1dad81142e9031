"""A person's data are put right: opened, changed, sealed anew, and found under the new phone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from services.intake.privacy.domain import Which
from services.intake.privacy.papers import PAPERS, Papers, scrubbed_again
from services.intake.privacy.persons import ENTRY_OF
from shared.audit import Trail
from shared.contracts import Step
from shared.identity import Principal
from shared.privacy import BlindIndex, CannotOpen, Sealer
from shared.privacy.index import Kept, kept
from shared.privacy.open import Opener
from shared.store import Collection, Store
from shared.telemetry import logger

FIELDS: Final = ("name", "phone", "room")


class Correcting:
    """Corrects one person of one ticket."""

    def __init__(
        self, store: Store, trail: Trail, opener: Opener, sealer: Sealer, index: BlindIndex
    ) -> None:
        self._papers = Collection(store, PAPERS)
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

        async def decide(papers: Papers, now: datetime) -> Step[Papers] | None:
            sealed = papers.persons.get(person)
            old = await self._opened(number, sealed) if sealed is not None else None
            if old is None:
                return None
            corrected = await self._corrected(papers, person, old, values, home)
            return Step(corrected.noted("person_corrected", by=by.id, now=now))

        await self._papers.change(number, decide)

    async def _opened(self, number: str, sealed: bytes) -> dict[str, Any] | None:
        try:
            return await self._opener.open_person(sealed)
        except CannotOpen:
            logger.warning("person_cannot_be_corrected", ticket=number)
            return None

    async def _corrected(
        self,
        papers: Papers,
        person: Which,
        old: Mapping[str, Any],
        values: Mapping[str, Any],
        home: str | None,
    ) -> Papers:
        estate = papers.estate
        fitting = {f: values[f] for f in FIELDS if f in values and (f != "room" or estate == home)}
        new = {**old, **fitting}
        # Under the estate's key, also where the place was found out after it had been sealed.
        sealed = await self._sealer.seal_person(new, estate=estate)
        return replace(
            scrubbed_again(papers, [old, new]),
            persons={**papers.persons, person: sealed},
            index=self._entries(papers, person, new),
        )

    def _entries(self, papers: Papers, person: Which, new: Mapping[str, Any]) -> Mapping[str, Kept]:
        phones = self._index.phones(new.get("phone"))
        changed = {ENTRY_OF[person]: phones}
        if person == "caller":
            changed["flat"] = self._index.flats(papers.estate, new.get("room"))
        others = {field: entry for field, entry in papers.index.items() if field not in changed}
        return {**others, **kept(**changed)}
