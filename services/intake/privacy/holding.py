"""Use case: what must not be erased, because a court, an authority or a dispute may need it.

A hold names a ticket, or a person in all their tickets. It lies on each ticket as well, as one of
its versions: so an erasure that read the ticket before loses against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from pymongo import DESCENDING, IndexModel

from services.intake.domain import idempotency_key
from services.intake.privacy.domain import Which
from services.intake.privacy.papers import change_of
from services.intake.privacy.persons import ENTRY_OF, Persons
from services.intake.privacy.problems import used_key
from shared.audit import Trail
from shared.identity import Principal
from shared.privacy import BlindIndex
from shared.privacy.index import entries_in
from shared.runtime import not_found
from shared.store import Change, Contested, Doc, Store, Verdict
from shared.store.old_paging import page
from shared.store.reach import belonging_within_reach, hidden
from shared.store.tickets import ATTEMPTS

HOLDS: Final = "legal_holds"
INDEXES: Final[Mapping[str, tuple[IndexModel, ...]]] = {
    HOLDS: (IndexModel([("at", DESCENDING), ("_id", DESCENDING)], name="holds_newest"),),
}
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
    """A hold, and the tickets that were found for it when it was set."""

    id: str
    version: int = 1
    held: Held
    at: datetime
    by: str
    numbers: tuple[str, ...]
    lifted_at: datetime | None = None
    lifted_by: str | None = None

    @property
    def on_ticket(self) -> Doc:
        """How it lies on each ticket."""
        return {"id": self.id, "person": self.held.person}


class Holding:
    """Sets and lifts holds. `secret` keys the idempotency keys."""

    def __init__(self, store: Store, trail: Trail, index: BlindIndex, *, secret: bytes) -> None:
        self._store = store
        self._trail = trail
        self._persons = Persons(store, index)
        self._secret = secret

    async def set(self, held: Held, asking: Principal, *, name: str, source: str | None) -> Hold:
        """Put it under hold; nothing of it is erased once this has returned.

        A repeat under the same name goes on where a crash ended. Raises Problem.
        """
        key = idempotency_key(self._secret, asking.id, f"hold:{name}", held.to_json())
        assert key is not None, "a hold always has a name"
        if await hidden(self._store, asking, [held.number]):
            raise not_found()
        numbers = await self._numbers(held)
        id = key.id[:32]
        subject = ("legal_hold", id)
        details = {"tickets": len(numbers)}
        await self._trail.record(asking, "legal_hold.set", subject, why=held.reason,
                                 source=source, details=details)  # fmt: skip
        now = self._store.clock.now()
        hold = Hold(id=id, held=held, at=now, by=asking.id, numbers=numbers)
        await self._write(hold, now, insert={**_to_doc(hold), "body": key.body})
        found = await self._store.get(HOLDS, id)
        if found is None or found["body"] != key.body:
            raise used_key()
        hold = _from_doc(found)
        for number in hold.numbers:
            await self.mark(number, hold.on_ticket, by=asking.id)
        # It lies on all of them, and is told without those that are about whoever set it.
        not_theirs = await hidden(self._store, asking, hold.numbers)
        return replace(hold, numbers=tuple(n for n in hold.numbers if n not in not_theirs))

    async def _numbers(self, held: Held) -> tuple[str, ...]:
        if held.person is None:
            if await self._store.get("tickets", held.number, fields=("_id",)) is None:
                raise not_found()
            return (held.number,)
        found = await self._persons.like(held.number, held.person)
        return tuple(dict.fromkeys(named.number for named in found))

    async def mark(self, number: str, on_ticket: Doc, *, by: str) -> None:
        """Lay a hold on one ticket, unless it lies there."""

        def with_it(holds: list[Doc]) -> list[Doc]:
            there = any(each["id"] == on_ticket["id"] for each in holds)
            return holds if there else [*holds, on_ticket]

        await self._change(number, with_it, "legal_hold", by=by)

    async def lift(self, id: str, asking: Principal, *, source: str | None) -> Hold:
        """Nothing keeps it any longer; a repeat goes on where a crash ended. Raises Problem."""
        doc = await self._store.get(HOLDS, id)
        hold = _from_doc(doc) if doc else None
        # Nobody lets go what is kept of a matter that is about them.
        if hold is None or await hidden(self._store, asking, [hold.held.number, *hold.numbers]):
            raise not_found()
        await self._trail.record(asking, "legal_hold.lifted", ("legal_hold", id), source=source)
        if hold.lifted_at is None:
            now = self._store.clock.now()
            hold = replace(hold, version=2, lifted_at=now, lifted_by=asking.id)
            await self._write(hold, now, set={"lifted_at": now, "lifted_by": asking.id})
        marked = await self._store.find(
            "tickets", {"legal_holds.id": id}, limit=MOST_MARKED, fields=("_id",)
        )
        for each in marked:
            await self._change(
                each["_id"], lambda holds: [h for h in holds if h["id"] != id],
                "legal_hold_lifted", by=asking.id,
            )  # fmt: skip
        return hold

    async def page(
        self, asking: Principal, *, after: str | None, limit: int
    ) -> tuple[list[Hold], str | None]:
        """Holds, newest first, lifted ones too, and the cursor of the next page."""
        query = await belonging_within_reach(
            self._store, asking, "legal_hold.see", names=("number", "numbers")
        )
        found = await page(self._store, HOLDS, query, after=after, limit=limit, newest_by="at")
        return [_from_doc(doc) for doc in found.docs], found.next

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

    async def _write(self, hold: Hold, now: datetime, **content: Any) -> Verdict:
        return await self._store.write(
            Change(
                collection=HOLDS, id=hold.id, version=hold.version, lane="routine", at=now,
                **content,
            )
        )  # fmt: skip

    async def _change(self, number: str, how: Any, said: str, *, by: str) -> None:
        for _ in range(ATTEMPTS):
            doc = await self._store.get("tickets", number)
            before = list(doc.get("legal_holds", ())) if doc else []
            if doc is None or (after := how(before)) == before:
                return
            now = self._store.clock.now()
            change = change_of(doc, {"legal_holds": after}, said, by=by, now=now)
            if await self._store.write(change) is Verdict.WON:
                return
        raise Contested("tickets", number)


MOST_MARKED: Final = 10_000
"""More tickets than a person has, by far; a switchboard's are not all looked at."""


def hold_view(hold: Hold) -> dict[str, Any]:
    """A hold for those who may read them."""
    return {
        "id": hold.id, **hold.held.to_json(), "at": hold.at, "by": hold.by,
        "tickets": list(hold.numbers), "lifted_at": hold.lifted_at, "lifted_by": hold.lifted_by,
    }  # fmt: skip


def _to_doc(hold: Hold) -> Doc:
    return {
        **hold.held.to_json(), "at": hold.at, "by": hold.by, "numbers": list(hold.numbers),
        "lifted_at": None, "lifted_by": None,
    }  # fmt: skip


def _from_doc(doc: Mapping[str, Any]) -> Hold:
    return Hold(
        id=doc["_id"],
        version=doc["version"],
        held=Held(doc["number"], doc["person"], doc["reason"]),
        at=doc["at"],
        by=doc["by"],
        numbers=tuple(doc["numbers"]),
        lifted_at=doc["lifted_at"],
        lifted_by=doc["lifted_by"],
    )
