"""What is sealed of a person goes, the ticket's facts stay: for who asked for it, and in time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, Final, Literal

from services.intake.privacy.domain import Which
from services.intake.privacy.papers import change_of, entries_of, scrubbed_again
from shared.audit import Trail
from shared.contracts.intake import TicketPersonErased
from shared.identity import Principal
from shared.privacy import CannotOpen
from shared.privacy.open import Opener
from shared.store import Contested, Doc, Store, Verdict
from shared.store.tickets import ATTEMPTS
from shared.telemetry import metrics
from shared.tickets import ticket_from_doc
from shared.tickets.facts import ticket_facts

Why = Literal["privacy_request", "retention"]


class Erased(StrEnum):
    """What became of it in one ticket."""

    DONE = "done"
    NOTHING_THERE = "nothing_there"
    HELD = "held"


class Erasing:
    """Erases persons of tickets, but of those under a legal hold. It opens them for the last time,
    to look for them once more in what was kept in plain.
    """

    def __init__(self, store: Store, trail: Trail, opener: Opener) -> None:
        self._store = store
        self._trail = trail
        self._opener = opener

    async def erase(
        self, number: str, persons: Iterable[Which], *, by: Principal, why: Why
    ) -> Erased:
        """Erase these persons of one ticket, on record first; a repeat finds nothing there.

        The write is conditional on the version that was read, and a hold is a version: whichever
        of the two comes first counts.
        """
        recorded: set[Which] = set()
        for _ in range(ATTEMPTS):
            doc = await self._store.get("tickets", number)
            left = [person for person in persons if doc and person in doc["persons"]]
            if doc is None or not left:
                return Erased.NOTHING_THERE
            if doc.get("legal_holds"):
                return Erased.HELD
            for person in left:
                if person not in recorded:
                    subject = ("person", f"{number}/{person}")
                    await self._trail.record(by, "person.erased", subject, why=why)
                    recorded.add(person)
            if await self._write(doc, left, by, why) is Verdict.WON:
                metrics.PERSONS_ERASED.labels(why).inc(len(left))
                return Erased.DONE
        raise Contested("tickets", number)

    async def _write(self, doc: Doc, left: Sequence[Which], by: Principal, why: Why) -> Verdict:
        plain = [await self._last_look(doc["persons"][person]) for person in left]
        gone = {field for person in left for field in entries_of(person)}
        setting: Doc = {
            "persons": {k: v for k, v in doc["persons"].items() if k not in left},
            "index": {k: v for k, v in doc["index"].items() if k not in gone},
            **scrubbed_again(doc, plain),
        }
        facts = ticket_facts(ticket_from_doc(doc))
        events = [TicketPersonErased(**facts, person=person, why=why) for person in left]
        now = self._store.clock.now()
        change = change_of(doc, setting, "person_erased", by=by.id, now=now, events=events)
        return await self._store.write(change)

    async def _last_look(self, sealed: bytes) -> dict[str, Any]:
        try:
            return await self._opener.open_person(sealed)
        except CannotOpen:  # the estate's key is gone: what nobody can read needs no look
            return _NOBODY


_NOBODY: Final[dict[str, Any]] = {}
