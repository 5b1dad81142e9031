"""HTTP in: one call each."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from fastapi import Request as HttpRequest
from pydantic import Field

from services.admin.privacy.domain import How, Person, Proof, Refusal, Request, Status
from services.admin.privacy.requests import Requesting, Wish
from shared.contracts.privacy import RequestKind
from shared.runtime import Actor, Body, Routes, may, source_of
from shared.runtime.authentication import Named, require_name
from shared.store.clock import DatabaseClock
from shared.tickets.numbers import TicketNumber

Limit = Annotated[int, Query(ge=1, le=200)]
After = Annotated[str | None, Query(max_length=100)]


class ValuesBody(Body):
    """What is right; what is left out stays as it is."""

    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    phone: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    room: Annotated[str, Field(min_length=1, max_length=200)] | None = None


class RequestBody(Body):
    """Who asks for what: `person` of the ticket `number`, about all their tickets."""

    kind: RequestKind
    number: Annotated[TicketNumber, Field(min_length=1, max_length=60)]
    person: Person = "caller"
    how: How
    values: ValuesBody | None = None

    def to_wish(self) -> Wish:
        """As the use case takes it."""
        values = self.values.model_dump(exclude_none=True) if self.values else {}
        return Wish(self.kind, self.number, self.person, self.how, values)


class CheckBody(Body):
    """How it was made sure."""

    proof: Proof


class RefuseBody(Body):
    """Why not."""

    reason: Refusal


def build_requests_api(requesting: Requesting, clock: DatabaseClock) -> Routes:
    """What people ask about their own data."""
    router = Routes("/v1/privacy-requests", tags=["privacy"])

    @router.get("", dependencies=[may("privacy_request.see")])
    async def listed(
        actor: Actor, status: Status | None = None, after: After = None, limit: Limit = 50
    ) -> dict[str, Any]:
        """Requests within reach, newest first; `next` is the cursor of the next page."""
        found = await requesting.page(actor, status=status, after=after, limit=limit)
        return {"items": [_view(each, clock) for each in found.items], "next": found.next}

    @router.get("/{id}", dependencies=[may("privacy_request.see")])
    async def one(id: str, actor: Actor) -> dict[str, Any]:
        """One request."""
        return _view(await requesting.one(id, actor), clock)

    @router.post("", status_code=201, dependencies=[may("privacy_request.make")])
    async def make(
        body: RequestBody, actor: Actor, request: HttpRequest, key: Named = None
    ) -> dict[str, Any]:
        """Take a request; the same key and body are the same request."""
        made = await requesting.make(
            body.to_wish(), actor, name=require_name(key, "request"), source=source_of(request)
        )
        return _view(made, clock)

    @router.post("/{id}/check", dependencies=[may("privacy_request.make")])
    async def check(id: str, body: CheckBody, actor: Actor, request: HttpRequest) -> dict[str, Any]:
        """It was made sure who asks."""
        return _view(
            await requesting.check(id, body.proof, actor, source=source_of(request)), clock
        )

    @router.post("/{id}/grant", dependencies=[may("privacy_request.decide")])
    async def grant(id: str, actor: Actor, request: HttpRequest) -> dict[str, Any]:
        """Have it carried out; somebody else took it down."""
        return _view(await requesting.grant(id, actor, source=source_of(request)), clock)

    @router.post("/{id}/refuse", dependencies=[may("privacy_request.decide")])
    async def refuse(
        id: str, body: RefuseBody, actor: Actor, request: HttpRequest
    ) -> dict[str, Any]:
        """End it with a reason; somebody else took it down."""
        return _view(
            await requesting.refuse(id, body.reason, actor, source=source_of(request)), clock
        )

    return router


def _view(request: Request, clock: DatabaseClock) -> dict[str, Any]:
    """A request: codes and ids, since what a correction asks for is sealed."""
    marks = {
        name: {"at": mark.at, "by": mark.by, "code": mark.code} if mark else None
        for name, mark in (("checked", request.checked), ("decided", request.decided))
    }
    return {
        "id": request.id,
        "kind": request.kind,
        "number": request.number,
        "person": request.person,
        "estate": request.estate,
        "how": request.how,
        "status": request.status,
        "asked_at": request.asked_at,
        "asked_by": request.asked_by,
        "due": request.due,
        "overdue": request.is_overdue(clock.now()),
        **marks,
        "ended_at": request.ended_at,
        "tickets": request.tickets,
    }
