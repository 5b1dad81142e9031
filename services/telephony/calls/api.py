"""HTTP in: calls, one by one and in lists. Nobody gets a number."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import Query
from pydantic import BaseModel, Field

from services.telephony.calls.disposing import Disposing
from services.telephony.calls.domain import Disposition
from services.telephony.calls.linking import Linking
from services.telephony.calls.masks import Masks
from services.telephony.calls.showing import Showing
from services.telephony.calls.storage import CALLS, NEWEST
from services.telephony.calls.storage import undisposed as overdue
from services.telephony.calls.views import CallCount, CallPage, CallView
from shared.calls.outcomes import Outcome
from shared.contracts.times import Moment
from shared.readers.ticket_filters import EVER
from shared.runtime import Actor, Body, Routes, may
from shared.store import Collection, Listing, Store
from shared.tickets.numbers import TicketNumber

MOST_COUNTED: Final = 1_000
Name = Annotated[str | None, Field(max_length=60)]


class AskedCalls(BaseModel):
    """What is asked for of calls; what is left out is not asked."""

    line: Name = None
    outcome: Outcome | None = None
    agent: Name = None
    ticket: Annotated[TicketNumber, Field(max_length=60)] | None = None
    undisposed: bool = False
    from_: Annotated[Moment | None, Field(alias="from")] = None
    to: Moment | None = None
    after: Annotated[str | None, Field(max_length=200)] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50

    def filters(self, now: datetime) -> dict[str, Any]:
        """The query."""
        named = {
            "call.line": self.line,
            "call.outcome": self.outcome and self.outcome.value,
            "call.agent": self.agent,
            "tickets": self.ticket,
            "tickets.0": self.ticket and {"$exists": True},
        }
        during = {"$gte": self.from_ or EVER} | ({"$lt": self.to} if self.to else {})
        wanted = {name: value for name, value in named.items() if value is not None}
        more = overdue(now) if self.undisposed else {}
        return {**wanted, **more, "call.offered_at": during}


class DispositionBody(Body):
    """What a call was, as a code."""

    code: Disposition


class TicketBody(Body):
    """A ticket."""

    number: Annotated[TicketNumber, Field(min_length=1, max_length=60)]


def build_calls_api(store: Store, masks: Masks, disposing: Disposing, linking: Linking) -> Routes:
    """`/v1/calls`."""
    calls = Collection(store, CALLS)
    showing = Showing(store, masks)
    router = Routes("/v1/calls", tags=["calls"])

    @router.get("", dependencies=[may("call.see")])
    async def listed(asked: Annotated[AskedCalls, Query()]) -> CallPage:
        """Calls by when they were offered, the newest first; `next` is the cursor of the next page.
        `from` and `to` are of that time, `agent` is the extension of whoever answered; `ticket`
        finds those that a ticket came of, `undisposed` those answered ones of which, 15 minutes
        after their end, there is neither a ticket nor a word what they were.
        """
        listing = Listing(filters=asked.filters(store.clock.now()), order=NEWEST)
        page = await calls.page(listing, after=asked.after, limit=asked.limit)
        number = await calls.count(listing, most=MOST_COUNTED + 1)
        return CallPage(
            items=await showing.listed(page.items),
            next=page.next,
            all=CallCount(count=min(number, MOST_COUNTED), more=number > MOST_COUNTED),
        )

    @router.get("/{id}", dependencies=[may("call.see")])
    async def one(id: str) -> CallView:
        """One call."""
        return await showing.one(await calls.get(id))

    @router.post("/{id}/disposition", dependencies=[may("call.dispose")])
    async def dispose(id: str, body: DispositionBody, actor: Actor) -> CallView:
        """Say what an answered call was that no ticket came of; the last word counts."""
        return await showing.one(await disposing.dispose(id, body.code, actor))

    @router.post("/{id}/ticket", dependencies=[may("call.dispose")])
    async def tie(id: str, body: TicketBody, actor: Actor) -> CallView:
        """Say which ticket, that is there already, a call was about."""
        return await showing.one(await linking.tie(id, body.number, actor))

    return router
