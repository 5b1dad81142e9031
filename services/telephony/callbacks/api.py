"""HTTP in: who is to be rung back, and what came of it. Nobody gets a number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final

from fastapi import Query
from pydantic import BaseModel

from services.telephony.callbacks.domain import LIVE, CallBack, CallBackState, Heard, WhyNot
from services.telephony.callbacks.ringing import Ringing
from services.telephony.callbacks.storage import CALLBACKS, DUE_FIRST, listed
from services.telephony.calls.masks import Masks
from services.telephony.calls.storage import CALLS
from services.telephony.calls.views import CallCount
from shared.runtime import Actor, Routes, may
from shared.store import Collection, Listing, Store

MOST_COUNTED: Final = 1_000


class CallBackAttemptView(BaseModel):
    """Somebody rang the caller."""

    by: str
    at: datetime
    heard: Heard


class CallBackView(BaseModel):
    """Somebody whom nobody answered: `count` calls, one of which names it. Of one that is
    `unseen` the number is withheld, and an emergency hangs on the call.
    """

    call: str
    calls: tuple[str, ...]
    count: int
    line: str
    caller: str | None
    unseen: bool
    since: datetime
    last_at: datetime
    due_at: datetime
    overdue: bool
    state: CallBackState
    why_not: WhyNot | None
    attempts: list[CallBackAttemptView]
    claimed_by: str | None
    claimed_at: datetime | None
    ended_at: datetime | None


class CallBackPage(BaseModel):
    """A page, the cursor of the next one if there is one, and how many all are."""

    items: list[CallBackView]
    next: str | None
    all: CallCount


def build_callbacks_api(store: Store, masks: Masks, ringing: Ringing) -> Routes:
    """`/v1/calls/callbacks`, and what is done with one."""
    backs, calls = Collection(store, CALLBACKS), Collection(store, CALLS)
    router = Routes("/v1/calls", tags=["call-backs"])

    async def shown(found: Sequence[CallBack]) -> list[CallBackView]:
        """With who rang last, behind a mask."""
        wanted = sorted({back.calls[-1] for back in found})
        kept = {each.id: each async for each in calls.walk({"_id": {"$in": wanted}})}
        now = store.clock.now()
        views = []
        for back in found:
            call = kept.get(back.calls[-1])
            views.append(_view(back, None if call is None else await masks.of(call), now))
        return views

    @router.get("/callbacks", dependencies=[may("call_back.see")])
    async def callbacks(
        state: Annotated[CallBackState | None, Query()] = None,
        line: Annotated[str | None, Query(max_length=60)] = None,
        after: Annotated[str | None, Query(max_length=200)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> CallBackPage:
        """Who is to be rung back, the most urgent first: what is open or being done, or in the
        `state` that is asked for. `next` is the cursor of the next page.
        """
        listing = Listing(filters=listed(state, line), order=DUE_FIRST)
        page = await backs.page(listing, after=after, limit=limit)
        number = await backs.count(listing, most=MOST_COUNTED + 1)
        return CallBackPage(
            items=await shown(page.items),
            next=page.next,
            all=CallCount(count=min(number, MOST_COUNTED), more=number > MOST_COUNTED),
        )

    @router.get("/{id}/callback", dependencies=[may("call_back.see")])
    async def callback(id: str) -> CallBackView:
        """The call back that this call is of, also one that is over."""
        [view] = await shown([await ringing.find(id)])
        return view

    @router.post("/{id}/callback/claim", dependencies=[may("call_back.do")])
    async def claim(id: str, actor: Actor) -> CallBackView:
        """Ring this caller now; nobody else does meanwhile."""
        [view] = await shown([await ringing.claim(id, actor)])
        return view

    @router.post("/{id}/callback/reached", dependencies=[may("call_back.do")])
    async def reached(id: str, actor: Actor) -> CallBackView:
        """The caller was reached: it is over."""
        [view] = await shown([await ringing.say(id, "reached", actor)])
        return view

    @router.post("/{id}/callback/no-answer", dependencies=[may("call_back.do")])
    async def no_answer(id: str, actor: Actor) -> CallBackView:
        """Nobody answered: later again, as often as the policy says."""
        [view] = await shown([await ringing.say(id, "no_answer", actor)])
        return view

    return router


def _view(back: CallBack, caller: str | None, now: datetime) -> CallBackView:
    return CallBackView(
        call=back.id,
        calls=back.calls,
        count=len(back.calls),
        line=back.line,
        caller=caller,
        unseen=back.unseen,
        since=back.since,
        last_at=back.last_at,
        due_at=back.due_at,
        overdue=back.state in LIVE and back.due_at < now,
        state=back.state,
        why_not=back.why_not,
        attempts=[
            CallBackAttemptView(by=each.by, at=each.at, heard=each.heard) for each in back.attempts
        ],
        claimed_by=back.claimed_by,
        claimed_at=back.claimed_at,
        ended_at=back.ended_at,
    )
