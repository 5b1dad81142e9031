"""Use case: somebody opens one person of one ticket, with a reason, on record and counted."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from typing_extensions import override

from services.intake.privacy.counting import OpeningCount
from services.intake.privacy.domain import (
    Allowance,
    Opening,
    Reader,
    Reason,
    Which,
    cannot_be_opened,
    is_unlimited,
    left_to,
    may_open,
    of_the_house,
    opening_of,
)
from services.intake.privacy.storage import Reveals
from services.intake.registration.domain import IdempotencyKey, idempotency_key
from shared.audit import Trail
from shared.contracts.refusals import NotThere, used_key
from shared.identity import Forbidden, Principal, require, sees
from shared.privacy import CannotOpen
from shared.privacy.open import Opener
from shared.store import Doc, Store
from shared.telemetry import metrics
from shared.tickets import TICKET, Ticket

ACTION: Final = "person.reveal"


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
        self._openings = OpeningCount(store)
        self._reveals = Reveals(store)

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
        await self._openings.watch(reader, principal, ticket.estate, doc["index"].get("flat"))
        left = left_to(reader, principal.role, opening.at)
        return replace(await self._open(sealed, opening), left=left)

    async def allowance(self, principal: Principal) -> Allowance:
        """How many more persons somebody may open now."""
        return await self._openings.allowance(principal)

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
            await self._openings.watch(reader, principal, ticket.estate, doc["index"].get("flat"))
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
        return await self._openings.count(
            principal,
            lambda now: opening_of(ticket, principal, now, errand=errand),
            is_unlimited=is_unlimited(ticket),
        )

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

    async def _open(self, sealed: bytes, opening: Opening) -> Revealed:
        try:
            person = await self._opener.open_person(sealed)
        except CannotOpen as error:
            metrics.REVEALS.labels("cannot_open").inc()
            raise cannot_be_opened() from error
        metrics.REVEALS.labels("opened").inc()
        shown = {field: person.get(field) for field in ("name", "phone", "room")}
        return Revealed(opening.at, shown)
