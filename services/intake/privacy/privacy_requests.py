"""Use case: a granted request of a person about their own data is carried out (PIPL 45 to 47):
a copy is made, what is wrong is put right, or what is sealed is erased.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from services.intake.privacy.copy import Part, copy_of
from services.intake.privacy.domain import Which
from services.intake.privacy.erasure import Erased, Erasure
from services.intake.privacy.papers import PAPERS, PaperChange, Papers, scrubbed_again
from services.intake.privacy.persons import ENTRY_OF, Persons
from services.intake.privacy.works import (
    WORKS,
    Copies,
    OfTicket,
    Outcome,
    Work,
    ended,
    is_granted,
    new_values,
    work_id,
)
from shared.audit import Trail
from shared.contracts import Step
from shared.contracts.privacy import PrivacyRequestGranted
from shared.identity import Principal, service_principal
from shared.privacy import BlindIndex, CannotOpen, Sealer
from shared.privacy.index import Kept, entries_in, kept
from shared.privacy.open import Opener
from shared.readers.kept_calls import calls_of
from shared.store import Collection, Doc, Store
from shared.telemetry import logger

FIELDS: Final = ("name", "phone", "room")
BY_RULE: Final = service_principal("intake")
WHY: Final = "privacy_request"


class Correction:
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
            return Step(corrected.noted(PaperChange.CORRECTED, by=by.id, now=now))

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
        changed = (
            self._index.of_caller(papers.estate, new)
            if person == "caller"
            else {ENTRY_OF[person]: self._index.phones(new.get("phone"))}
        )
        others = {field: entry for field, entry in papers.index.items() if field not in changed}
        return {**others, **kept(**changed)}


class PrivacyRequests:
    """Carries out what a privacy officer granted; a repeat changes nothing."""

    def __init__(
        self, store: Store, trail: Trail, opener: Opener, sealer: Sealer, index: BlindIndex
    ) -> None:
        self._store = store
        self._trail = trail
        self._opener = opener
        self._sealer = sealer
        self._persons = Persons(store, index)
        self._works = Collection(store, WORKS)
        self._copies = Copies(store)
        self._erasure = Erasure(store, trail, opener)
        self._correction = Correction(store, trail, opener, sealer, index)

    async def carry_out(self, event: PrivacyRequestGranted) -> None:
        """Do it, and say what became of it: the request ends by that. What the request itself does
        not say is not done, whoever says so.
        """
        work = await self._works.get(work_id(event))
        if work is None:
            if not await is_granted(self._store, event):
                logger.warning("privacy_request_not_granted")
                return
            work = await self._begin(event)
        if work.outcome is not None:
            return
        outcome = await self._do(work)
        await self._works.change(work.id, lambda work, now: ended(work, outcome, now))
        logger.info("privacy_request_carried_out", request=work.request, outcome=outcome)

    async def _begin(self, event: PrivacyRequestGranted) -> Work:
        found = await self._persons.like(event.number, event.person)
        work = Work(
            id=work_id(event),
            request=event.request,
            turn=event.turn,
            kind=event.kind,
            at=self._store.clock.now(),
            persons=tuple(OfTicket(named.number, named.person) for named in found),
        )
        # Of several replicas one puts it down, and the others take it up.
        await self._works.insert(Step(work), work.at)
        begun = await self._works.get(work.id)
        assert begun is not None, "works are never deleted"
        return begun

    async def _do(self, work: Work) -> Outcome:
        match work.kind:
            case "copy":
                await self._copy(work)
            case "correct":
                await self._correct(work)
            case "erase":
                return await self._erase(work)
        return "done"

    async def _erase(self, work: Work) -> Outcome:
        """All of it or, where anything is under a legal hold, nothing: half of a person is no use
        to whoever holds it, and still a person.
        """
        docs = [await self._store.get("tickets", number) for number in work.numbers]
        if any(doc and doc.get("legal_holds") for doc in docs):
            return "held"
        outcomes = [
            await self._erasure.erase(number, [person], by=BY_RULE, why="privacy_request")
            for number, person in work.pairs
        ]
        return "held" if Erased.HELD in outcomes else "done"

    async def _correct(self, work: Work) -> None:
        sealed = await new_values(self._store, work.request)
        if sealed is None:
            raise RuntimeError("a correction was granted without its values")
        values = await self._opener.open_person(sealed)
        home = await self._estate_of(work.numbers[0])
        for number, person in work.pairs:
            await self._correction.correct(number, person, values, home=home, by=BY_RULE)

    async def _estate_of(self, number: str) -> str | None:
        doc = await self._store.get("tickets", number)
        return doc["estate"] if doc else None

    async def _copy(self, work: Work) -> None:
        parts, phones = [], set[str]()
        for number, person in work.pairs:
            doc = await self._store.get("tickets", number)
            if doc is None or person not in doc["persons"]:
                continue
            subject = ("person", f"{number}/{person}")
            details = {"request": work.request}
            await self._trail.record(BY_RULE, "person.copied", subject, why=WHY, details=details)
            others = {
                which: await self._opened(sealed)
                for which, sealed in doc["persons"].items()
                if which != person
            }
            phones |= {*entries_in(doc["index"].get(ENTRY_OF[person]))}
            parts.append(Part(doc, person, await self._opened(doc["persons"][person]), others))
        now = self._store.clock.now()
        calls = await calls_of(self._store, sorted(phones)) if phones else []
        made = copy_of(work.request, parts, calls, now)
        await self._copies.keep(
            work.request, await self._sealer.seal_person(made, estate=None), now
        )

    async def _opened(self, sealed: bytes) -> Mapping[str, Any] | None:
        try:
            return await self._opener.open_person(sealed)
        except CannotOpen:  # the copy says so; the other tickets are theirs all the same
            return None


class CopyHandover:
    """Opens a copy for whoever hands it over."""

    def __init__(self, store: Store, trail: Trail, opener: Opener) -> None:
        self._trail = trail
        self._opener = opener
        self._copies = Copies(store)
        self._clock = store.clock

    async def open(self, request: str, asking: Principal, *, source: str | None) -> Doc | None:
        """The copy, marked with who took it and when; None where there is none (any more)."""
        doc = await self._copies.get(request)
        if doc is None:
            return None
        await self._trail.record(
            asking, "person.copy_opened", ("privacy_copy", request), why=WHY, source=source
        )
        content = await self._opener.open_person(doc["sealed"])
        now = self._clock.now()
        return content | {"handed_over": {"by": asking.id, "at": now}}
