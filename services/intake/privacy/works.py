"""Granted requests as intake carries them out, and the copies made for people: their documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from pymongo import ASCENDING, IndexModel

from services.intake.privacy.domain import Which
from shared.contracts.intake import PrivacyRequestCarriedOut
from shared.contracts.privacy import PrivacyRequestGranted, RequestKind
from shared.store import Change, Doc, Store, Verdict, outbox_index

WORKS: Final = "privacy_works"
COPIES: Final = "privacy_copies"
REQUESTS: Final = "privacy_requests"
COPY_LIFETIME: Final = timedelta(days=30)
"""So long somebody has to fetch the copy; then it would only be one more place that knows them."""
INDEXES: Final[Mapping[str, tuple[IndexModel, ...]]] = {
    WORKS: (outbox_index(),),
    COPIES: (IndexModel([("expires_at", ASCENDING)], name="copies_by_end"),),
}
Outcome = Literal["done", "held"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One granted request: whom it is about was found once, so that a crash in the middle of an
    erasure does not lose the rest.
    """

    id: str
    version: int = 1
    request: str
    turn: int
    kind: RequestKind
    at: datetime
    persons: tuple[tuple[str, Which], ...]
    outcome: Outcome | None = None

    @property
    def numbers(self) -> tuple[str, ...]:
        """The tickets, each once."""
        return tuple(dict.fromkeys(number for number, _ in self.persons))


def work_id(event: PrivacyRequestGranted) -> str:
    """One work for each time a request was granted."""
    return f"{event.request}-{event.turn}"


class Works:
    """The works and what they leave behind."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, id: str) -> Work | None:
        """A work, begun or ended."""
        doc = await self._store.get(WORKS, id)
        return _from_doc(doc) if doc else None

    async def begin(self, work: Work) -> Work:
        """Put it down, or take up what another replica has put down."""
        await self._store.write(_change(work, work.at, insert=_to_doc(work)))
        found = await self.get(work.id)
        assert found is not None, "works are never deleted"
        return found

    async def end(self, work: Work, outcome: Outcome, now: datetime) -> Verdict:
        """Say what became of it; LOST where somebody has said so."""
        ended = replace(work, version=work.version + 1, outcome=outcome)
        event = PrivacyRequestCarriedOut(
            request=work.request, turn=work.turn, outcome=outcome, tickets=len(work.numbers)
        )
        content = {"outcome": outcome, "ended_at": now}
        return await self._store.write(_change(ended, now, set=content, events=(event,)))

    async def new_values(self, request: str) -> bytes | None:
        """The values of a correction, as the administration sealed them: the one thing of a request
        that no event may carry.
        """
        doc = await self._store.get(REQUESTS, request, fields=("sealed",))
        return doc["sealed"] if doc else None


class Copies:
    """Sealed copies of what is known of people, for a month."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def keep(self, request: str, sealed: bytes, now: datetime) -> bool:
        """Put a copy down; False when there is one."""
        doc = {"_id": request, "sealed": sealed, "at": now, "expires_at": now + COPY_LIFETIME}
        return await self._store.insert_once(COPIES, doc)

    async def get(self, request: str) -> Doc | None:
        """The copy of a request, until it expires."""
        doc = await self._store.get(COPIES, request)
        return doc if doc and doc["expires_at"] > self._store.clock.now() else None

    async def drop_expired(self) -> int:
        """Delete what nobody fetched in time; how many."""
        past = {"expires_at": {"$lte": self._store.clock.now()}}
        return (await self._store.database[COPIES].delete_many(past)).deleted_count


def _change(work: Work, at: datetime, **content: Any) -> Change:
    return Change(
        collection=WORKS, id=work.id, version=work.version, lane="routine", at=at, **content
    )


def _to_doc(work: Work) -> Doc:
    return {
        "request": work.request,
        "turn": work.turn,
        "kind": work.kind,
        "at": work.at,
        "persons": [{"number": number, "person": person} for number, person in work.persons],
        "outcome": None,
        "ended_at": None,
    }


def _from_doc(doc: Mapping[str, Any]) -> Work:
    return Work(
        id=doc["_id"],
        version=doc["version"],
        request=doc["request"],
        turn=doc["turn"],
        kind=doc["kind"],
        at=doc["at"],
        persons=_pairs(doc["persons"]),
        outcome=doc["outcome"],
    )


def _pairs(docs: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, Which], ...]:
    return tuple((each["number"], each["person"]) for each in docs)
