"""HTTP in: calls, one by one and in lists. Nobody gets a number."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Query
from pydantic import BaseModel, Field

from services.telephony.calls.domain import KeptCall
from services.telephony.calls.masks import Masks
from services.telephony.calls.storage import CALLS, NEWEST
from services.telephony.calls.views import (
    CallCount,
    CallPage,
    CallSummary,
    CallView,
    summary,
    view,
)
from shared.calls.outcomes import Outcome
from shared.contracts.refusals import NotThere
from shared.contracts.times import Moment
from shared.readers.ticket_filters import EVER
from shared.runtime import Routes, may
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
    from_: Annotated[Moment | None, Field(alias="from")] = None
    to: Moment | None = None
    after: Annotated[str | None, Field(max_length=200)] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50

    def filters(self) -> dict[str, Any]:
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
        return {**wanted, "call.offered_at": during}


def build_calls_api(store: Store, masks: Masks) -> Routes:
    """`/v1/calls`."""
    calls = Collection(store, CALLS)
    router = Routes("/v1/calls", tags=["calls"])

    async def shown(kept: KeptCall) -> CallSummary | None:
        return None if kept.call is None else summary(kept, kept.call, await masks.of(kept))

    @router.get("", dependencies=[may("call.see")])
    async def listed(asked: Annotated[AskedCalls, Query()]) -> CallPage:
        """Calls by when they were offered, the newest first; `next` is the cursor of the next page.
        `from` and `to` are of that time, `agent` is the extension of whoever answered; `ticket`
        finds those that a ticket came of.
        """
        listing = Listing(filters=asked.filters(), order=NEWEST)
        page = await calls.page(listing, after=asked.after, limit=asked.limit)
        found = [await shown(kept) for kept in page.items]
        number = await calls.count(listing, most=MOST_COUNTED + 1)
        return CallPage(
            items=[each for each in found if each is not None],
            next=page.next,
            all=CallCount(count=min(number, MOST_COUNTED), more=number > MOST_COUNTED),
        )

    @router.get("/{id}", dependencies=[may("call.see")])
    async def one(id: str) -> CallView:
        """One call."""
        kept = await calls.get(id)
        if kept is None or kept.call is None:
            raise NotThere
        return view(kept, kept.call, await masks.of(kept))

    return router
