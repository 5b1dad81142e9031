"""What is done to work orders, what they cost, what is agreed about time, and lists of them.

The simple actions are made from the rows of the lifecycle.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Final

from fastapi import Query
from pydantic import Field

from services.router.bodies import Items, Limit, ReasonBody
from services.router.proofs.domain import MOST, resolved_with
from services.router.proofs.photos import WorkPhotos
from services.router.work_orders.routing import Routing
from services.router.work_orders.views import (
    BoardPage,
    GivenView,
    OrderView,
    QueuePage,
    WorkPage,
    order_view,
)
from services.router.work_orders.work_lists import WantedWork, WorkLists
from shared.contracts import MalformedMessage
from shared.contracts.ids import Code, NamedId
from shared.contracts.router import ConsentHow, Payer
from shared.contracts.times import Moment, written
from shared.identity import Principal
from shared.runtime import Actor, Body, NoteBody, Routes, WordsRoute, may, may_do
from shared.runtime.form_keys import SentKey, form_key_of
from shared.tickets import ROWS, OrderStatus, Transition
from shared.tickets.acts import (
    Accept,
    Appoint,
    Arrive,
    AskExtension,
    ConfirmCancel,
    Control,
    Decline,
    Extend,
    HandOver,
    Note,
    OrderAct,
    PutQuote,
    RecordConsent,
    RefuseExtension,
    Resume,
    SetOut,
    Start,
    Suspend,
    Transfer,
)
from shared.tickets.model import HeldReason
from shared.tickets.numbers import TicketNumber

SIMPLE: Final[tuple[type[OrderAct], ...]] = (
    Accept,
    SetOut,
    Start,
    Arrive,
    Control,
    Resume,
    ConfirmCancel,
)
"""Actions that need nothing but the order and, perhaps, a note."""
VISIT: Final = timedelta(hours=2)
"""How long a visit's window is where nobody says otherwise."""


class SuspendBody(ReasonBody):
    """Why, and until when."""

    until: Moment | None = None


class OutcomeBody(NoteBody):
    """How it ended."""

    outcome: Code = "done"


class ProgressBody(NoteBody):
    """How it goes. Only a `public` note may be told to the caller; all others are the staff's."""

    public: bool = False


class DoneBody(OutcomeBody):
    """How it ended, what was used in the end, where that is not just what was quoted, and the
    photos that show it: ids of this order's `/proofs`.
    """

    used: Items | None = None
    proof: Annotated[tuple[Annotated[str, Field(max_length=60)], ...], Field(max_length=MOST)] = ()


class SupportBody(Body):
    """Who helps."""

    department: Annotated[str, Field(max_length=60)]
    assignee: NamedId | None = None


class TransferBody(ReasonBody, SupportBody):
    """To whom."""


async def acted(routing: Routing, id: str, actor: Principal, act: OrderAct) -> OrderView:
    """Carry out an act: the order as it is then, and what may be done to it next."""
    ticket = await routing.act(id, actor, act)
    return order_view(ticket, id, routing.possible(ticket, actor))


def build_work_orders_api(  # noqa: C901 - one small function an endpoint
    routing: Routing, work_photos: WorkPhotos
) -> Routes:
    """The table's actions of work orders."""
    router = Routes("/v1/work-orders/{id}", tags=["work orders"], route_class=WordsRoute)

    def simple(kind: type[OrderAct]) -> Callable[..., Awaitable[OrderView]]:
        async def act(id: str, actor: Actor, body: NoteBody | None = None) -> OrderView:
            note = body.scrubbed() if body else None
            return await acted(routing, id, actor, kind(by=actor.id, order=id, note=note))

        act.__name__ = kind.__name__.lower()
        act.__doc__ = kind.__doc__
        return act

    for kind in SIMPLE:
        router.does(kind.transition)(simple(kind))

    @router.does(Transition.NOTE)
    async def note(
        id: str, actor: Actor, body: ProgressBody | None = None, key: SentKey = None
    ) -> OrderView:
        """Progress, for the staff alone unless it is public."""
        said = body or ProgressBody()
        if said.public and said.scrubbed() is None:
            raise MalformedMessage("note", "is missing", "write what the caller is to hear")
        words = said.scrubbed()
        form_key = form_key_of(key, actor.id, words)
        act = Note(by=actor.id, order=id, note=words, public=said.public, form_key=form_key)
        return await acted(routing, id, actor, act)

    @router.does(Transition.DECLINE)
    async def decline(id: str, actor: Actor, body: ReasonBody) -> OrderView:
        """Send it back, with the reason; the next on duty gets it."""
        act = Decline(by=actor.id, order=id, reason=body.reason, note=body.scrubbed())
        return await acted(routing, id, actor, act)

    @router.does(Transition.SUSPEND)
    async def suspend(id: str, actor: Actor, body: SuspendBody) -> OrderView:
        """Wait for a reason; the clocks pause."""
        act = Suspend(
            by=actor.id, order=id, reason=body.reason, until=body.until, note=body.scrubbed()
        )
        return await acted(routing, id, actor, act)

    @router.does(Transition.RESOLVE)
    async def resolve(id: str, actor: Actor, body: DoneBody | None = None) -> OrderView:
        """The work is done, as these photos show. What the owner pays for needs their consent."""
        said = body or DoneBody()
        shown = await work_photos.named(id, actor, said.proof)
        used = None if said.used is None else tuple(item.item() for item in said.used)
        act = resolved_with(
            shown, by=actor.id, order=id, outcome=said.outcome, used=used, note=said.scrubbed()
        )
        return await acted(routing, id, actor, act)

    @router.does(Transition.HAND_OVER)
    async def hand_over(id: str, actor: Actor, body: OutcomeBody | None = None) -> OrderView:
        """Not ours."""
        said = body or OutcomeBody()
        act = HandOver(by=actor.id, order=id, outcome=said.outcome, note=said.scrubbed())
        return await acted(routing, id, actor, act)

    @router.post("/support", dependencies=[may_do(Transition.DISPATCH)])
    async def support(id: str, actor: Actor, body: SupportBody) -> OrderView:
        """Let another department help; whoever leads keeps this order."""
        ticket = await routing.support(
            id, actor, department=body.department, assignee=body.assignee
        )
        return order_view(ticket, ticket.orders[-1].id, routing.possible(ticket, actor))

    @router.does(Transition.TRANSFER)
    async def transfer(id: str, actor: Actor, body: TransferBody) -> OrderView:
        """Another department takes over."""
        act = Transfer(
            by=actor.id,
            order=id,
            to_department=body.department,
            assignee=body.assignee,
            reason=body.reason,
            note=body.scrubbed(),
        )
        return await acted(routing, id, actor, act)

    return router


class QuoteBody(NoteBody):
    """What it will cost, and who pays. Nothing at all takes back what was quoted before."""

    items: Items
    payer: Payer


class ConsentBody(NoteBody):
    """What the owner said to which quote, and how they were asked."""

    quote: Annotated[int, Field(strict=True, ge=1)]
    given: bool
    how: ConsentHow


def build_costs_api(routing: Routing) -> Routes:
    """`/quote` and `/consent` of a work order."""
    router = Routes("/v1/work-orders/{id}", tags=["work orders"], route_class=WordsRoute)

    @router.does(Transition.QUOTE)
    async def quote(id: str, actor: Actor, body: QuoteBody) -> OrderView:
        """Say what it will cost; the same again changes nothing, anything else needs a new
        consent.
        """
        items = tuple(item.item() for item in body.items)
        act = PutQuote(by=actor.id, order=id, items=items, payer=body.payer, note=body.scrubbed())
        return await acted(routing, id, actor, act)

    @router.does(Transition.CONSENT)
    async def consent(id: str, actor: Actor, body: ConsentBody) -> OrderView:
        """Take down what the owner said; the desk in any way, the assignee on site."""
        act = RecordConsent(
            by=actor.id,
            order=id,
            quote=body.quote,
            given=body.given,
            how=body.how,
            at_desk=actor.role != "department",
            note=body.scrubbed(),
        )
        return await acted(routing, id, actor, act)

    return router


class VisitBody(NoteBody):
    """Between when and when somebody comes."""

    at: Moment
    until: Moment | None = None


class ExtensionBody(NoteBody):
    """A later time: the department asks for it with its reason, a supervisor grants or refuses.
    Whoever refuses names no time.
    """

    until: Moment | None = None
    reason: Code | None = None
    refused: bool = False


def build_times_api(routing: Routing) -> Routes:
    """`/appoint` and `/extend` of a work order."""
    router = Routes("/v1/work-orders/{id}", tags=["work orders"], route_class=WordsRoute)

    @router.does(Transition.APPOINT)
    async def appoint(id: str, actor: Actor, body: VisitBody, key: SentKey = None) -> OrderView:
        """Agree on a visit; whoever is to come is reminded, and the lead hears of a missed one."""
        until = body.until or body.at + VISIT
        words = body.scrubbed()
        said = f"{written(body.at)} {written(until)} {words or ''}"
        form_key = form_key_of(key, actor.id, said)
        act = Appoint(by=actor.id, order=id, at=body.at, until=until, note=words, form_key=form_key)
        return await acted(routing, id, actor, act)

    @router.does(Transition.EXTEND)
    async def extend(id: str, actor: Actor, body: ExtensionBody) -> OrderView:
        """A later time for the whole: the department asks, a supervisor decides."""
        return await acted(routing, id, actor, _extension(id, actor, body))

    return router


def _extension(order: str, actor: Principal, body: ExtensionBody) -> OrderAct:
    """What is meant depends on who asks: only a supervisor can grant or refuse."""
    note = body.scrubbed()
    if body.refused:
        return RefuseExtension(by=actor.id, order=order, note=note)
    if body.until is None:
        raise MalformedMessage("until", "is missing", "name the later time")
    if actor.role in ROWS[Transition.EXTEND].roles:
        return Extend(by=actor.id, order=order, until=body.until, note=note)
    if body.reason is None:
        raise MalformedMessage("reason", "is missing", "say why it takes longer, as a code")
    return AskExtension(by=actor.id, order=order, until=body.until, reason=body.reason, note=note)


class DispatchBody(Body):
    """Who gets it."""

    department: Annotated[str, Field(max_length=60)]
    assignee: NamedId | None = None


def build_boards_api(lists: WorkLists, routing: Routing) -> Routes:
    """Lists of work and the manual queue."""
    router = Routes("/v1", tags=["boards"])

    @router.get("/board", dependencies=[may("board.see")])
    async def show_board(
        actor: Actor, department: str | None = None, after: str | None = None, limit: Limit = 50
    ) -> BoardPage:
        """Tickets with open work within reach, the newest first; `next` is a cursor."""
        return await lists.board(actor, department=department, after=after, limit=limit)

    @router.get("/work-orders", dependencies=[may("board.see")])
    async def show_work(
        actor: Actor,
        *,
        mine: bool = False,
        assignee: Annotated[str | None, Query(max_length=100)] = None,
        department: Annotated[str | None, Query(max_length=60)] = None,
        status: OrderStatus | None = None,
        after: Annotated[str | None, Query(max_length=200)] = None,
        limit: Limit = 50,
    ) -> WorkPage:
        """Work orders within reach, unfinished ones where no status is named: one's own (`mine`) or
        somebody's, theirs or offered to them. Those of the newest tickets come first; a page holds
        those of `limit` tickets.
        """
        person = actor.id if mine else assignee
        wanted = WantedWork(person=person, department=department, status=status)
        return await lists.work(actor, wanted, after=after, limit=limit)

    @router.get("/manual-queue", dependencies=[may("manual_queue.see")])
    async def show_manual_queue(
        actor: Actor,
        reason: HeldReason | None = None,
        estate: Annotated[str | None, Query(max_length=60)] = None,
        after: Annotated[str | None, Query(max_length=200)] = None,
        limit: Limit = 50,
    ) -> QueuePage:
        """What waits for a person's decision, emergencies on top and then the longest waiting
        first, with the reason, by when, what it was taken for, and who declined it.
        """
        return await lists.queue(actor, reason=reason, estate=estate, after=after, limit=limit)

    @router.does(Transition.DISPATCH)
    async def dispatch(number: TicketNumber, actor: Actor, body: DispatchBody) -> GivenView:
        """Give it to a department by hand."""
        ticket = await routing.dispatch_by_hand(
            number, actor, department=body.department, assignee=body.assignee
        )
        return GivenView(
            number=number,
            status=ticket.status.value,
            work_orders=tuple(order.id for order in ticket.orders),
        )

    return router
