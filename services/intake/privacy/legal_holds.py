"""Use case: what must not be erased, because a court, an authority or a dispute may need it.

A hold names a ticket, or a person in all their tickets. It lies on each ticket as well, as one of
its versions: so an erasure that read the ticket before loses against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Final, Literal

from pymongo import DESCENDING, IndexModel

from services.intake.privacy.domain import Which
from services.intake.privacy.papers import PAPERS, PaperChange, Papers
from services.intake.privacy.persons import ENTRY_OF, Persons
from services.intake.registration.domain import idempotency_key
from shared.audit import Trail
from shared.contracts import Step
from shared.contracts.refusals import NotThere, used_key
from shared.documents import Shape
from shared.identity import Principal
from shared.privacy import BlindIndex
from shared.privacy.index import entries_in
from shared.readers.visibility import belonging_within_reach, hidden
from shared.store import Collection, CollectionSpec, Doc, Listing, Order, Page, Store

Reason = Literal["litigation", "investigation", "authority", "dispute"]


@dataclass(frozen=True, slots=True)
class Held:
    """What to hold, and why: one ticket, or with `person` all tickets of one of its persons."""

    number: str
    person: Which | None
    reason: Reason

    def to_json(self) -> dict[str, str | None]:
        """As its key remembers it."""
        return {"number": self.number, "person": self.person, "reason": self.reason}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A hold, and the tickets that were found for it when it was set; `body` tells whether a repeat
    under its key is the same wish.
    """

    id: str
    version: int = 1
    held: Held
    at: datetime
    by: str
    numbers: tuple[str, ...]
    lifted_at: datetime | None = None
    lifted_by: str | None = None
    body: str = ""

    @property
    def on_ticket(self) -> Doc:
        """How it lies on each ticket."""
        return {"id": self.id, "person": self.held.person}


HOLDS: Final = CollectionSpec(
    name="legal_holds",
    shape=Shape(value=Hold, flat=("held",)),
    indexes=(IndexModel([("at", DESCENDING), ("_id", DESCENDING)], name="holds_newest"),),
)


class LegalHolds:
    """Sets and lifts holds. `secret` keys the idempotency keys."""

    def __init__(self, store: Store, trail: Trail, index: BlindIndex, *, secret: bytes) -> None:
        self._store = store
        self._holds = Collection(store, HOLDS)
        self._papers = Collection(store, PAPERS)
        self._trail = trail
        self._persons = Persons(store, index)
        self._secret = secret

    async def set(self, held: Held, asking: Principal, *, name: str, source: str | None) -> Hold:
        """Put it under hold; nothing of it is erased once this has returned.

        A repeat under the same name goes on where a crash ended. Raises NotThere and Unfit.
        """
        key = idempotency_key(self._secret, asking.id, f"hold:{name}", held.to_json())
        assert key is not None, "a hold always has a name"
        if await hidden(self._store, asking, [held.number]):
            raise NotThere
        numbers = await self._numbers(held)
        id = key.id[:32]
        subject = ("legal_hold", id)
        details = {"tickets": len(numbers)}
        await self._trail.record(
            asking, "legal_hold.set", subject, why=held.reason, source=source, details=details
        )
        now = self._store.clock.now()
        new = Hold(id=id, held=held, at=now, by=asking.id, numbers=numbers, body=key.body)
        await self._holds.insert(Step(new), now)
        hold = await self._holds.get(id)
        if hold is None or hold.body != key.body:
            raise used_key("legal hold")
        for number in hold.numbers:
            await self.mark(number, hold.on_ticket, by=asking.id)
        # It lies on all of them, and is told without those that are about whoever set it.
        not_theirs = await hidden(self._store, asking, hold.numbers)
        return replace(hold, numbers=tuple(n for n in hold.numbers if n not in not_theirs))

    async def _numbers(self, held: Held) -> tuple[str, ...]:
        if held.person is None:
            if await self._store.get("tickets", held.number, fields=("_id",)) is None:
                raise NotThere
            return (held.number,)
        found = await self._persons.like(held.number, held.person)
        return tuple(dict.fromkeys(named.number for named in found))

    async def mark(self, number: str, on_ticket: Mapping[str, Any], *, by: str) -> None:
        """Lay a hold on one ticket, unless it lies there."""

        def with_it(papers: Papers, now: datetime) -> Step[Papers] | None:
            if any(each["id"] == on_ticket["id"] for each in papers.legal_holds):
                return None
            held = replace(papers, legal_holds=(*papers.legal_holds, on_ticket))
            return Step(held.noted(PaperChange.HELD, by=by, now=now))

        await self._papers.change(number, with_it)

    async def lift(self, id: str, asking: Principal, *, source: str | None) -> Hold:
        """Nothing keeps it any longer; a repeat goes on where a crash ended. Raises NotThere."""
        hold = await self._holds.get(id)
        # Nobody lets go what is kept of a matter that is about them.
        if hold is None or await hidden(self._store, asking, [hold.held.number, *hold.numbers]):
            raise NotThere
        await self._trail.record(asking, "legal_hold.lifted", ("legal_hold", id), source=source)

        def lifted(hold: Hold, now: datetime) -> Step[Hold] | None:
            over = hold.lifted_at is not None
            return None if over else Step(replace(hold, lifted_at=now, lifted_by=asking.id))

        changed = await self._holds.change(id, lifted)
        marked = await self._store.find(
            "tickets", {"legal_holds.id": id}, limit=MOST_MARKED, fields=("_id",)
        )
        for each in marked:
            await self._papers.change(each["_id"], partial(_without, id, asking.id))
        return changed.after if changed else hold

    async def page(self, asking: Principal, *, after: str | None, limit: int) -> Page[Hold]:
        """Holds, newest first, lifted ones too, and the cursor of the next page."""
        reach = await belonging_within_reach(
            self._store, asking, "legal_hold.see", names=("number", "numbers")
        )
        listing = Listing(within=reach, order=Order("at", newest=True))
        return await self._holds.page(listing, after=after, limit=limit)

    async def covering(self, doc: Mapping[str, Any]) -> Doc | None:
        """The hold of a person that a ticket of theirs does not carry yet: it was registered after
        the hold was set.
        """
        index = doc["index"]
        entries = [e for field in ENTRY_OF.values() for e in entries_in(index.get(field))]
        if not entries:
            return None
        either = [
            {f"index.{field}": {"$in": entries}, "legal_holds": {"$elemMatch": {"person": person}}}
            for person, field in ENTRY_OF.items()
        ]
        found = await self._store.find("tickets", {"$or": either}, limit=1, fields=("legal_holds",))
        if not found:
            return None
        holds: list[Doc] = found[0]["legal_holds"]
        return next(each for each in holds if each["person"] is not None)


def _without(id: str, by: str, papers: Papers, now: datetime) -> Step[Papers] | None:
    left = tuple(hold for hold in papers.legal_holds if hold["id"] != id)
    if left == papers.legal_holds:
        return None
    return Step(replace(papers, legal_holds=left).noted(PaperChange.LET_GO, by=by, now=now))


MOST_MARKED: Final = 10_000
"""More tickets than a person has, by far; a switchboard's are not all looked at."""


def hold_view(hold: Hold) -> dict[str, Any]:
    """A hold for those who may read them."""
    return {
        "id": hold.id,
        **hold.held.to_json(),
        "at": hold.at,
        "by": hold.by,
        "tickets": list(hold.numbers),
        "lifted_at": hold.lifted_at,
        "lifted_by": hold.lifted_by,
    }
