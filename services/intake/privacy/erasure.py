"""What is sealed of a person goes, the ticket's facts stay: for who asked for it, and in time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal

from services.intake.privacy.domain import Which
from services.intake.privacy.papers import (
    PAPERS,
    PaperChange,
    Papers,
    entries_of,
    scrubbed_again,
)
from shared.audit import Trail
from shared.contracts import Step
from shared.contracts.intake import TicketPersonErased
from shared.identity import Principal
from shared.privacy import CannotOpen
from shared.privacy.open import Opener
from shared.readers.tickets import TICKETS
from shared.store import Collection, Store
from shared.telemetry import metrics
from shared.tickets.facts import ticket_facts

Why = Literal["privacy_request", "retention"]


class Erased(StrEnum):
    """What became of it in one ticket."""

    DONE = "done"
    NOTHING_THERE = "nothing_there"
    HELD = "held"


class Erasure:
    """Erases persons of tickets, but of those under a legal hold. It opens them for the last time,
    to look for them once more in what was kept in plain.
    """

    def __init__(self, store: Store, trail: Trail, opener: Opener) -> None:
        self._papers = Collection(store, PAPERS)
        self._tickets = Collection(store, TICKETS)
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
        outcome = Erased.NOTHING_THERE

        async def decide(papers: Papers, now: datetime) -> Step[Papers] | None:
            nonlocal outcome
            left = [person for person in persons if person in papers.persons]
            if not left or papers.legal_holds:
                outcome = Erased.HELD if left else Erased.NOTHING_THERE
                return None
            for person in left:
                if person not in recorded:
                    subject = ("person", f"{number}/{person}")
                    await self._trail.record(by, "person.erased", subject, why=why)
                    recorded.add(person)
            outcome = Erased.DONE
            return await self._without(papers, left, by, why, now)

        changed = await self._papers.change(number, decide)
        if changed is not None and changed.is_change:
            metrics.PERSONS_ERASED.labels(why).inc(
                len(changed.before.persons) - len(changed.after.persons)
            )
        return outcome

    async def _without(
        self, papers: Papers, left: Sequence[Which], by: Principal, why: Why, now: datetime
    ) -> Step[Papers]:
        plain = [await self._last_look(papers.persons[person]) for person in left]
        gone = {field for person in left for field in entries_of(person)}
        erased = replace(
            scrubbed_again(papers, plain),
            persons={k: v for k, v in papers.persons.items() if k not in left},
            index={k: v for k, v in papers.index.items() if k not in gone},
        )
        ticket = await self._tickets.get(papers.number)
        assert ticket is not None, "tickets are never deleted"
        facts = ticket_facts(ticket)
        events = [TicketPersonErased(**facts, person=person, why=why) for person in left]
        return Step(erased.noted(PaperChange.ERASED, by=by.id, now=now), events)

    async def _last_look(self, sealed: bytes) -> dict[str, Any]:
        try:
            return await self._opener.open_person(sealed)
        except CannotOpen:  # the estate's key is gone: what nobody can read needs no look
            return _NOBODY


_NOBODY: Final[dict[str, Any]] = {}
