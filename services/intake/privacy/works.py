"""Granted requests as intake carries them out, and the copies made for people: their documents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from pymongo import ASCENDING, IndexModel

from services.intake.privacy.domain import Which
from shared.contracts import Step
from shared.contracts.intake import PrivacyRequestCarriedOut
from shared.contracts.privacy import PrivacyRequestGranted, RequestKind
from shared.documents import Shape
from shared.readers.outboxes import bears_out
from shared.store import CollectionSpec, Doc, KeptAsItIs, Store

COPIES: Final = "privacy_copies"
REQUESTS: Final = "privacy_requests"
COPY_LIFETIME: Final = timedelta(days=30)
"""So long somebody has to fetch the copy; then it would only be one more place that knows them."""
COPIES_KEPT: Final = KeptAsItIs(
    name=COPIES, indexes=(IndexModel([("expires_at", ASCENDING)], name="copies_by_end"),)
)
Outcome = Literal["done", "held"]


@dataclass(frozen=True, slots=True)
class OfTicket:
    """One person of one ticket."""

    number: str
    person: Which


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
    persons: tuple[OfTicket, ...]
    outcome: Outcome | None = None
    ended_at: datetime | None = None

    @property
    def pairs(self) -> Iterator[tuple[str, Which]]:
        """Each person with their ticket."""
        return ((each.number, each.person) for each in self.persons)

    @property
    def numbers(self) -> tuple[str, ...]:
        """The tickets, each once."""
        return tuple(dict.fromkeys(each.number for each in self.persons))


def work_id(event: PrivacyRequestGranted) -> str:
    """One work for each time a request was granted."""
    return f"{event.request}-{event.turn}"


WORKS: Final = CollectionSpec(name="privacy_works", kind="privacy_work", shape=Shape(value=Work))


def ended(work: Work, outcome: Outcome, now: datetime) -> Step[Work] | None:
    """What became of it; None where that was said."""
    if work.outcome is not None:
        return None
    event = PrivacyRequestCarriedOut(
        request=work.request, turn=work.turn, outcome=outcome, tickets=len(work.numbers)
    )
    return Step(replace(work, outcome=outcome, ended_at=now), (event,))


async def is_granted(store: Store, event: PrivacyRequestGranted) -> bool:
    """Whether the request itself, as it is now, says so of this person of this ticket."""
    return bears_out(await store.get(REQUESTS, event.request), event)


async def new_values(store: Store, request: str) -> bytes | None:
    """The values of a correction, as the administration sealed them: the one thing of a request
    that no event may carry.
    """
    doc = await store.get(REQUESTS, request, fields=("sealed",))
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
        return await self._store.remove_many(COPIES, past)
