"""HTTP in: one call each. Lists and counts are asked by one grammar, whatever they list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import Query, Request
from pydantic import BaseModel, Field

from services.intake.finding.look_ups import LookUps, Sought
from services.intake.finding.searching import named_place, sought, to_be_told
from services.intake.finding.showing import SEE, Showing
from services.intake.finding.similar import Similar, Sketch
from services.intake.finding.views import (
    CARD_FIELDS,
    ListedTicket,
    Shown,
    TicketPage,
    TicketView,
    card_of,
    listed_view,
)
from services.intake.finding.who_calls import CallersView
from services.intake.registration.storage import LISTED_FIELDS
from shared.contracts.report import CallId, Channel, Short
from shared.contracts.times import Moment
from shared.identity import Principal
from shared.policy.policy import Policy
from shared.readers.ticket_filters import TicketFilters
from shared.readers.ticket_lists import (
    Grouped,
    SortName,
    count_tickets,
    count_tickets_by,
    page_of_tickets,
    ticket_listing,
)
from shared.runtime import Actor, Body, Routes, may, source_of
from shared.runtime.routes import NoStore
from shared.store import Listing, Store
from shared.tickets import TicketStatus
from shared.tickets.model import HeldReason
from shared.tickets.numbers import TicketNumber

Named = Annotated[list[Annotated[str, Field(min_length=1, max_length=80)]], Field(max_length=50)]


class Asked(BaseModel):
    """The filters of a list. Those with several values may be repeated: any of them will do."""

    q: Annotated[str, Field(max_length=200)] | None = None
    status: list[TicketStatus] = []
    over: bool | None = None
    estate: Named = []
    department: Named = []
    type: Named = []
    area: Named = []
    urgency: Named = []
    held: list[HeldReason] = []
    owner: Named = []
    assignee: Named = []
    channel: list[Channel] = []
    incident: Named = []
    risk: bool | None = None
    level: Annotated[int, Field(ge=1, le=20)] | None = None
    registered_from: Moment | None = None
    registered_to: Moment | None = None
    due_before: Moment | None = None
    to_tell: Literal["true"] | None = None

    def filters(self) -> dict[str, Any]:
        """Those that mean what they say."""
        return {
            "statuses": self.status,
            "over": self.over,
            "estates": self.estate,
            "departments": self.department,
            "types": self.type,
            "areas": self.area,
            "urgencies": self.urgency,
            "held": self.held,
            "owners": self.owner,
            "assignees": self.assignee,
            "channels": self.channel,
            "incidents": self.incident,
            "risk": self.risk,
            "level": self.level,
            "registered_from": self.registered_from,
            "registered_to": self.registered_to,
            "due_before": self.due_before,
        }


class AskedPage(Asked):
    """A page of it: how it is sorted, from where on, how much of each."""

    sort: SortName = "newest"
    after: Annotated[str, Field(max_length=400)] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    fields: Literal["card"] | None = None


class AskedCount(Asked):
    """How many there are, also by a field."""

    by: Grouped | None = None


class CountView(Shown):
    """How many; where there are `more`, at least so many."""

    value: str | None
    count: int


class CountsView(Shown):
    """How many tickets a list has, 10,000 at most, and then there are `more`. With `by` how many
    for each value; where there are more, for each at least so many.
    """

    count: int
    more: bool
    by: list[CountView] | None = None


class RelatedIncidentView(Shown):
    """The outage it is a part of, with the others."""

    id: str
    tickets: list[ListedTicket]


class RelatedView(Shown):
    """What else belongs to a ticket: of the same caller and matter, for the desk; of its outage;
    the number under which its emergency runs; where it goes on.
    """

    matter: list[ListedTicket]
    incident: RelatedIncidentView | None
    emergency: str | None
    merged_into: str | None


class LookUpBody(Body):
    """Who calls: by a call of an exchange, by their number, or by their flat. In a body, since
    proxies keep addresses.
    """

    call: CallId | None = None
    phone: Annotated[str, Field(max_length=40)] | None = None
    estate: Short | None = None
    flat: Short | None = None


class SketchBody(Body):
    """What somebody is telling, as far as it is known; nothing of it is kept."""

    estate: Short
    building: Short | None = None
    area: Annotated[str, Field(max_length=60)] | None = None
    text: Annotated[str, Field(max_length=20_000)] = ""


class SimilarView(Shown):
    """A ticket that may be about the same, and why."""

    ticket: ListedTicket
    why: list[Literal["building", "area", "words"]]


class SimilarList(Shown):
    """Five at most, what is open first."""

    items: list[SimilarView]


def build_finding_api(store: Store, policy: Callable[[], Policy], showing: Showing) -> Routes:
    """Lists, counts, and tickets one by one."""
    router = Routes("/v1/tickets", tags=["tickets"])

    async def listing(asked: Asked, actor: Principal) -> Listing:
        filters = TicketFilters(**asked.filters())
        if asked.q is not None:
            filters = replace(filters, **sought(asked.q, filters, actor, policy().group))
        if asked.to_tell:
            filters = replace(filters, to_tell=await to_be_told(store, policy()))
        return ticket_listing(actor, SEE, filters)

    @router.get("", dependencies=[may(SEE)], response_model_exclude_unset=True)
    async def listed(actor: Actor, asked: Annotated[AskedPage, Query()]) -> TicketPage:
        """Tickets within reach by any filters, in the order of `sort`; `next` is the cursor of the
        next page, for the same `sort`. `q` is a ticket number, or words, which ask for a place or a
        time in them or beside them.
        """
        is_card = asked.fields == "card"
        found = await page_of_tickets(
            store,
            await listing(asked, actor),
            sort=asked.sort,
            after=asked.after,
            limit=asked.limit,
            fields=CARD_FIELDS if is_card else LISTED_FIELDS,
        )
        view = [card_of(doc) if is_card else listed_view(doc, actor) for doc in found.items]
        told: dict[str, Any] = {"items": view, "next": found.next}
        if asked.q is not None and (place := named_place(asked.q, asked.estate, policy().group)):
            told["place"] = place
        return TicketPage.model_validate(told)

    @router.get("/counts", dependencies=[may(SEE)], response_model_exclude_unset=True)
    async def counts(actor: Actor, asked: Annotated[AskedCount, Query()]) -> CountsView:
        """How many tickets the list of the same filters has."""
        wanted = await listing(asked, actor)
        found = await count_tickets(store, wanted)
        told: dict[str, Any] = {"count": found.count, "more": found.more}
        if asked.by is not None:
            each = await count_tickets_by(store, wanted, asked.by)
            told["by"] = [{"value": one.value, "count": one.count} for one in each]
        return CountsView.model_validate(told)

    @router.get("/{number}", dependencies=[may(SEE)], response_model_exclude_unset=True)
    async def one(number: TicketNumber, actor: Actor) -> TicketView:
        """A ticket with its plans, promises, work orders, clocks and timeline, its caller masked;
        for the desk, also the first ticket of the same caller about the same matter.
        """
        return TicketView.model_validate(await showing.one(number, actor))

    @router.get("/{number}/related", dependencies=[may(SEE)], response_model_exclude_unset=True)
    async def related(number: TicketNumber, actor: Actor) -> RelatedView:
        """What else belongs to it, as cards."""
        return RelatedView.model_validate(await showing.related(number, actor))

    return router


def build_similar_api(similar: Similar) -> Routes:
    """Likely duplicates, before anything is registered."""
    router = Routes("/v1/tickets", tags=["tickets"])

    @router.post("/similar", dependencies=[may(SEE)], response_model_exclude_unset=True)
    async def find(body: SketchBody, actor: Actor) -> SimilarList:
        """Tickets within reach that may be about the same; nothing is kept."""
        sketch = Sketch(body.estate, body.building, body.area, body.text)
        return SimilarList.model_validate({"items": await similar.to(sketch, actor)})

    return router


def build_callers_api(look_ups: LookUps) -> Routes:
    """Who calls, behind their masks."""
    router = Routes("/v1/callers", tags=["callers"], route_class=NoStore)

    @router.post(
        "/look-up", dependencies=[may("caller.look_up")], response_model_exclude_unset=True
    )
    async def look_up(body: LookUpBody, actor: Actor, request: Request) -> CallersView:
        """Who is known by a call, a number or a flat, and what they came for; on record, within a
        limit. Of who withholds the number, and of a switchboard, a call tells nothing.
        """
        found = await look_ups.find(
            Sought(body.call, body.phone, body.estate, body.flat), actor, source=source_of(request)
        )
        return CallersView.model_validate(found)

    return router
