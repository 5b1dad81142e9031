"""HTTP in: calls, one by one and in lists. Nobody gets a number."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import Query

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

MOST_COUNTED: Final = 1_000
Name = Annotated[str | None, Query(max_length=60)]


def build_calls_api(store: Store, masks: Masks) -> Routes:
    """`/v1/calls`."""
    calls = Collection(store, CALLS)
    router = Routes("/v1/calls", tags=["calls"])

    async def shown(kept: KeptCall) -> CallSummary | None:
        return None if kept.call is None else summary(kept, kept.call, await masks.of(kept))

    @router.get("", dependencies=[may("call.see")])
    async def listed(
        line: Name = None,
        outcome: Annotated[Outcome | None, Query()] = None,
        agent: Name = None,
        from_: Annotated[Moment | None, Query(alias="from")] = None,
        to: Annotated[Moment | None, Query()] = None,
        after: Annotated[str | None, Query(max_length=200)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> CallPage:
        """Calls by when they were offered, the newest first; `next` is the cursor of the next page.
        `from` and `to` are of that time, `agent` is the extension of whoever answered.
        """
        filters = _filters(line, outcome, agent, from_, to)
        listing = Listing(filters=filters, order=NEWEST)
        page = await calls.page(listing, after=after, limit=limit)
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


def _filters(
    line: str | None,
    outcome: Outcome | None,
    agent: str | None,
    from_: datetime | None,
    to: datetime | None,
) -> dict[str, Any]:
    named = {"line": line, "outcome": outcome and outcome.value, "agent": agent}
    during = {"$gte": from_ or EVER} | ({"$lt": to} if to else {})
    filters = {f"call.{name}": value for name, value in named.items() if value is not None}
    return {**filters, "call.offered_at": during}
