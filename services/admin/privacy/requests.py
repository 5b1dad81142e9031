"""Use cases: a person's request is taken, checked and decided; intake carries it out."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson

from services.admin.accounts.staff import once
from services.admin.privacy.domain import (
    How,
    Mark,
    Person,
    Proof,
    Refusal,
    Request,
    Status,
    due_of,
)
from services.admin.privacy.storage import REQUESTS
from shared.audit import Trail
from shared.contracts import MalformedMessage, Step
from shared.contracts.intake import PrivacyRequestCarriedOut
from shared.contracts.privacy import RequestKind
from shared.contracts.refusals import NotThere, NotYours, used_key
from shared.identity import Principal, sees
from shared.policy.calendar import Calendar
from shared.privacy import Sealer
from shared.readers.tickets import Tickets
from shared.readers.visibility import belonging_within_reach, hidden
from shared.store import Collection, Listing, Order, Page, Store
from shared.telemetry import logger

_ID_LENGTH: Final = 32


@dataclass(frozen=True, slots=True, repr=False)
class Wish:
    """What somebody asks for. `values` are what a correction puts in the place of the old ones:
    sealed as they come in.
    """

    kind: RequestKind
    number: str
    person: Person
    how: How
    values: Mapping[str, str]


class Requesting:
    """Takes, checks and decides requests. `calendar` is an estate's, `secret` keys their ids."""

    def __init__(
        self,
        store: Store,
        tickets: Tickets,
        trail: Trail,
        sealer: Sealer,
        calendar: Callable[[str | None], Calendar],
        *,
        secret: bytes,
    ) -> None:
        self._store = store
        self._requests = Collection(store, REQUESTS)
        self._tickets = tickets
        self._trail = trail
        self._sealer = sealer
        self._calendar = calendar
        self._secret = secret

    async def make(
        self, wish: Wish, asking: Principal, *, name: str, source: str | None
    ) -> Request:
        """Take a request once; it is due from now on. Raises Refused and MalformedMessage."""
        if (wish.kind == "correct") != bool(wish.values):
            raise MalformedMessage(
                "values", "belong to a correction, and to nothing else", "say what is right"
            )
        ticket = await self._tickets.get(wish.number)
        if ticket is None or not sees(asking, ticket):
            raise NotThere
        now = self._store.clock.now()
        request = Request(
            id=self._digest("id", f"{asking.id}\n{name}")[:_ID_LENGTH],
            kind=wish.kind,
            number=wish.number,
            person=wish.person,
            estate=ticket.estate,
            how=wish.how,
            asked_at=now,
            asked_by=asking.id,
            due=due_of(now, self._calendar(ticket.estate)),
            body=self._body(wish),
            sealed=await self._sealed(wish),
        )
        await self._record(asking, "made", request.id, wish.kind, source)
        is_new = await self._requests.insert(Step(request), now)
        kept = await self._requests.get(request.id)
        if not is_new and (kept is None or kept.body != request.body):
            raise used_key("request")
        return kept or request

    async def _sealed(self, wish: Wish) -> bytes | None:
        """Under the group's key: intake opens it, and the estate's may be gone by then."""
        return await self._sealer.seal_person(wish.values, estate=None) if wish.values else None

    def _body(self, wish: Wish) -> str:
        said = [wish.kind, wish.number, wish.person, wish.how, dict(wish.values)]
        return self._digest("body", orjson.dumps(said, option=orjson.OPT_SORT_KEYS).decode())

    def _digest(self, purpose: str, value: str) -> str:
        named = f"privacy-request {purpose}\0{value}".encode()
        return hmac.new(self._secret, named, hashlib.sha256).hexdigest()

    async def check(
        self, id: str, proof: Proof, asking: Principal, *, source: str | None
    ) -> Request:
        """It was made sure who asks. Raises Refused."""
        return await self._step(id, asking, "checked", proof, source, lambda r, m: r.check(m))

    async def grant(self, id: str, asking: Principal, *, source: str | None) -> Request:
        """Have it carried out. Raises Refused."""
        return await self._step(
            id, asking, "granted", "granted", source, lambda r, m: r.grant(m), decides=True
        )

    async def refuse(
        self, id: str, reason: Refusal, asking: Principal, *, source: str | None
    ) -> Request:
        """End it with a reason. Raises Refused."""
        return await self._step(
            id, asking, "refused", reason, source, lambda r, m: r.refuse(m), decides=True
        )

    async def _step(
        self,
        id: str,
        asking: Principal,
        act: str,
        code: str,
        source: str | None,
        next_: Callable[[Request, Mark], Step[Request]],
        *,
        decides: bool = False,
    ) -> Request:
        await self.one(id, asking)
        recorded = once(lambda: self._record(asking, act, id, code, source))

        async def decide(request: Request, now: datetime) -> Step[Request]:
            if decides and request.asked_by == asking.id:
                raise NotYours(
                    "own-request",
                    "Somebody else decides what you took down",
                    "ask another privacy officer",
                )
            step = next_(request, Mark(now, asking.id, code))
            await recorded()
            return step

        changed = await self._requests.change(id, decide)
        if changed is None:
            raise NotThere
        return changed.after

    async def conclude(self, event: PrivacyRequestCarriedOut) -> None:
        """End it, or put it back before the privacy officer; an older turn changes nothing."""

        def decide(request: Request, now: datetime) -> Step[Request] | None:
            if request.status is not Status.GRANTED or request.turn != event.turn:
                return None
            return request.end(event.tickets, now) if event.outcome == "done" else request.hold()

        changed = await self._requests.change(event.request, decide)
        if changed is not None and changed.is_change:
            status = changed.after.status
            logger.info("privacy_request_concluded", request=event.request, status=status)

    async def one(self, id: str, asking: Principal) -> Request:
        """One request within reach; the same problem for what is missing and what is foreign."""
        request = await self._requests.get(id)
        # Asked in any case: what is missing must cost what is foreign costs.
        not_theirs = await hidden(self._store, asking, [request.number if request else id])
        if request is None or not_theirs or not asking.reaches(request.estate):
            raise NotThere
        return request

    async def page(
        self, asking: Principal, *, status: Status | None, after: str | None, limit: int
    ) -> Page[Request]:
        """Requests within reach, newest first, and the cursor of the next page."""
        listing = Listing(
            filters={"status": status.value} if status else {},
            within=await belonging_within_reach(self._store, asking, "privacy_request.see"),
            order=Order("asked_at", newest=True),
        )
        return await self._requests.page(listing, after=after, limit=limit)

    async def _record(
        self, asking: Principal, act: str, id: str, code: str, source: str | None
    ) -> None:
        subject = ("privacy_request", id)
        await self._trail.record(asking, f"privacy_request.{act}", subject, why=code, source=source)
