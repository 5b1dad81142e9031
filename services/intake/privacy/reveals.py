"""Use case: somebody opens one person of one ticket, with a reason, on record and counted."""

from __future__ import annotations

import math
from collections.abc import Callable, Container
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from typing_extensions import override

from services.intake.privacy.domain import (
    DAY,
    Alarm,
    Allowance,
    Opening,
    Reader,
    Reason,
    Which,
    alarm_id,
    cannot_be_opened,
    is_unlimited,
    left_to,
    may_open,
    of_the_house,
    opening_of,
    signs_in,
    wait_for,
)
from services.intake.privacy.storage import (
    ALARMS,
    READERS,
    Reveals,
    raised,
    tickets_of_one_flat,
)
from services.intake.registration.domain import IdempotencyKey, idempotency_key
from shared.audit import Trail
from shared.contracts import Step
from shared.contracts.refusals import NotThere, TooOften, used_key
from shared.identity import Forbidden, Principal, require, sees
from shared.privacy import CannotOpen
from shared.privacy.index import Kept
from shared.privacy.open import Opener
from shared.store import Collection, Doc, Store
from shared.telemetry import logger, metrics
from shared.tickets import TICKET, Ticket

ACTION: Final = "person.reveal"
ATTEMPTS: Final = 10
"""One person's openings meet only where the same token is used in several places at once."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Whom somebody wants opened, and why."""

    number: str
    person: Which
    reason: Reason

    def to_json(self) -> dict[str, str]:
        """As its key remembers it."""
        return {"number": self.number, "person": self.person, "reason": self.reason}


@dataclass(frozen=True, slots=True, repr=False)
class Revealed:
    """When it was opened, the person where it was opened just now, and what is `left` to whoever
    opened it by their own wish; never logged or stored.
    """

    at: datetime
    person: dict[str, Any] | None = None
    left: Allowance | None = None

    @override
    def __repr__(self) -> str:
        """Nothing of the person."""
        return "Revealed(…)"


class Openings:
    """Opens persons, never for a contractor. `secret` keys the idempotency keys."""

    def __init__(
        self,
        store: Store,
        trail: Trail,
        opener: Opener,
        *,
        secret: bytes,
        contractors: Callable[[], Container[str]],
    ) -> None:
        self._store = store
        self._contractors = contractors
        self._trail = trail
        self._opener = opener
        self._secret = secret
        self._readers = Collection(store, READERS)
        self._reveals = Reveals(store)
        self._alarms = Collection(store, ALARMS)

    async def reveal(
        self, wish: Wish, principal: Principal, *, name: str, source: str | None
    ) -> Revealed:
        """Open somebody once; the same name and wish again only tell when it was.

        Counted first, then on record, alarms before the opening: whatever breaks in between, no
        person was shown without these. Raises Refused and Forbidden.
        """
        doc, ticket = await self._within_reach(wish.number, principal)
        inside = of_the_house(principal, self._contractors())
        if not may_open(inside, ticket, confidential=doc["confidential"]):
            raise Forbidden.by_reach(principal, ACTION)
        key = self._key(principal, name, wish)
        if (earlier := await self._earlier(key)) is not None:
            return replace(earlier, left=await self.allowance(principal))
        sealed = doc["persons"].get(wish.person)
        if sealed is None:
            raise NotThere(
                "no-such-person",
                "This ticket has no such person",
                "nobody was named, or what was known of them has been erased",
            )
        reader, _ = await self._count(ticket, principal)
        opening = reader.recent[-1]
        if not await self._keep(key, wish, principal, opening, ticket):
            found = await self._earlier(key) or Revealed(opening.at)
            return replace(found, left=await self.allowance(principal))
        await self._record(wish, principal, source)
        await self._watch(reader, principal, ticket, doc["index"].get("flat"))
        left = left_to(reader, principal.role, opening.at)
        return replace(await self._open(sealed, opening), left=left)

    async def allowance(self, principal: Principal) -> Allowance:
        """How many more persons somebody may open now."""
        reader = await self._readers.get(principal.id) or Reader(id=principal.id)
        return left_to(reader, principal.role, self._store.clock.now())

    async def show(
        self, wish: Wish, principal: Principal, *, errand: str, source: str | None
    ) -> Revealed:
        """Open somebody for whoever is on their way to them; again as often as they need it on this
        errand, each time on record, counted once. Also for a firm outside: what of the person it is
        shown is for the caller of this to say. Raises Refused and Forbidden.
        """
        doc, ticket = await self._within_reach(wish.number, principal)
        require(principal, ACTION, ticket=ticket)
        if not may_open(principal, ticket, confidential=doc["confidential"]):
            raise Forbidden.by_reach(principal, ACTION)
        sealed = doc["persons"].get(wish.person)
        if sealed is None:
            raise NotThere
        reader, is_first = await self._count(ticket, principal, errand=errand)
        opening = reader.opened_on(errand, self._store.clock.now()) or reader.recent[-1]
        await self._record(wish, principal, source)
        if is_first:
            await self._watch(reader, principal, ticket, doc["index"].get("flat"))
        return await self._open(sealed, opening)

    async def _within_reach(self, number: str, principal: Principal) -> tuple[Doc, Ticket]:
        """The ticket; the same problem and the same question for missing and foreign ones."""
        doc = await self._store.get("tickets", number)
        ticket = TICKET.from_doc(doc) if doc else None
        if doc is None or ticket is None or not sees(principal, ticket):
            raise NotThere
        return doc, ticket

    def _key(self, principal: Principal, name: str, wish: Wish) -> IdempotencyKey:
        key = idempotency_key(self._secret, principal.id, f"reveal:{name}", wish.to_json())
        assert key is not None, "a reveal always has a name"
        return key

    async def _earlier(self, key: IdempotencyKey) -> Revealed | None:
        """When this was opened before; raises Unfit where the key stood for another wish."""
        found = await self._reveals.get(key)
        if found is None:
            return None
        if found["body"] != key.body:
            raise used_key("reveal")
        metrics.REVEALS.labels("repeated").inc()
        return Revealed(found["at"])

    async def _count(
        self, ticket: Ticket, principal: Principal, *, errand: str | None = None
    ) -> tuple[Reader, bool]:
        """The reader with one opening more, and whether there is one more: an errand counts once.
        Raises TooOften over the limit.
        """

        def decide(reader: Reader, now: datetime) -> Step[Reader] | None:
            if errand is not None and reader.opened_on(errand, now) is not None:
                return None
            wait = None if is_unlimited(ticket) else wait_for(reader, principal.role, now)
            if wait is not None:
                metrics.REVEALS.labels("over_limit").inc()
                raise TooOften(
                    "too-many-reveals",
                    "You have opened as many persons as your role may",
                    "wait, or let somebody else of your desk open this one",
                    wait=max(1, math.ceil(wait.total_seconds())),
                )
            opening = opening_of(ticket, principal, now, errand=errand)
            return Step(reader.with_opening(opening))

        changed = await self._readers.change(
            principal.id, decide, new=Reader(id=principal.id), attempts=ATTEMPTS
        )
        assert changed is not None, "a reader is made at the first opening"
        return changed.after, changed.is_change

    async def _keep(
        self,
        key: IdempotencyKey,
        wish: Wish,
        principal: Principal,
        opening: Opening,
        ticket: Ticket,
    ) -> bool:
        facts = {
            **wish.to_json(),
            "by": principal.id,
            "role": principal.role,
            "estate": ticket.estate,
            "at": opening.at,
        }
        return await self._reveals.keep(key, facts)

    async def _record(self, wish: Wish, principal: Principal, source: str | None) -> None:
        subject = ("person", f"{wish.number}/{wish.person}")
        await self._trail.record(
            principal, "person.revealed", subject, why=wish.reason, source=source
        )

    async def _watch(
        self, reader: Reader, principal: Principal, ticket: Ticket, flat: Kept | None
    ) -> None:
        """Raise an alarm for each thing that is unusual."""
        now = reader.recent[-1].at
        numbers = {opening.number for opening in reader.within(DAY, now)}
        of_the_flat = await tickets_of_one_flat(self._store, flat, numbers)
        for sign, count in signs_in(reader, now, of_the_flat=of_the_flat).items():
            alarm = Alarm(
                id=alarm_id(reader.id, sign, now),
                at=now,
                reader=reader.id,
                role=principal.role,
                sign=sign,
                count=count,
                number=ticket.number,
                estate=ticket.estate,
            )
            if await self._alarms.insert(raised(alarm), now):
                metrics.READING_ALARMS.labels(sign.value).inc()
                logger.warning("reading_alarm", alarm=alarm.id, sign=sign.value, reader=reader.id)

    async def _open(self, sealed: bytes, opening: Opening) -> Revealed:
        try:
            person = await self._opener.open_person(sealed)
        except CannotOpen as error:
            metrics.REVEALS.labels("cannot_open").inc()
            raise cannot_be_opened() from error
        metrics.REVEALS.labels("opened").inc()
        shown = {field: person.get(field) for field in ("name", "phone", "room")}
        return Revealed(opening.at, shown)
