"""HTTP in: one call each. The simple actions are made from the rows of the lifecycle's table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.router.alerting import Alerting
from services.router.emergency import Emergency
from services.router.routing import Routing
from services.router.storage import board, emergency_to_doc, manual_queue
from shared.privacy import scrub
from shared.runtime import Asking, Platform, Routes, may, may_do
from shared.tickets import ROWS, Ticket, Transition
from shared.tickets.acts import (
    Accept,
    Arrive,
    ConfirmCancel,
    Control,
    Decline,
    HandOver,
    Note,
    OrderAct,
    Resolve,
    Resume,
    Start,
    Suspend,
    Transfer,
)

Limit = Annotated[int, Query(ge=1, le=200)]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
"""A reason or outcome is a code, so that it can be counted and names nobody."""


class NoteBody(BaseModel):
    """Words for the timeline; they are scrubbed before they are kept."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    note: Annotated[str, Field(max_length=2_000)] | None = None

    def scrubbed(self) -> str | None:
        """The note as it may be kept."""
        return scrub(self.note) if self.note else None


class ReasonBody(NoteBody):
    """Why."""

    reason: Code


class SuspendBody(ReasonBody):
    """Why, and until when."""

    until: AwareDatetime | None = None


class OutcomeBody(NoteBody):
    """How it ended."""

    outcome: Code = "done"


class TransferBody(ReasonBody):
    """To whom."""

    department: Annotated[str, Field(max_length=60)]
    assignee: Annotated[str, Field(max_length=60)] | None = None


class DispatchBody(BaseModel):
    """Who gets it."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    department: Annotated[str, Field(max_length=60)]
    assignee: Annotated[str, Field(max_length=60)] | None = None


SIMPLE: Final[tuple[type[OrderAct], ...]] = (
    Accept, Start, Arrive, Control, Note, Resume, ConfirmCancel,
)  # fmt: skip
"""Actions that need nothing but the order and, perhaps, a note."""


def build_work_orders_api(routing: Routing) -> Routes:
    """The table's actions of work orders."""
    router = Routes("/v1/work-orders/{id}", tags=["work orders"])

    def simple(kind: type[OrderAct]) -> Callable[..., Awaitable[dict[str, Any]]]:
        async def act(id: str, asking: Asking, body: NoteBody | None = None) -> dict[str, Any]:
            note = body.scrubbed() if body else None
            done = await routing.act(id, asking, kind(by=asking.id, order=id, note=note))
            return order_view(done, id)

        act.__name__ = kind.__name__.lower()
        act.__doc__ = kind.__doc__
        return act

    for kind in SIMPLE:
        endpoint = ROWS[kind.transition].endpoint
        assert endpoint is not None, "every action of a person has its endpoint in the table"
        router.post(endpoint, dependencies=[may_do(kind.transition)])(simple(kind))

    @router.post("/decline", dependencies=[may_do(Transition.DECLINE)])
    async def decline(id: str, asking: Asking, body: ReasonBody) -> dict[str, Any]:
        """Send it back, with the reason; the next on duty gets it."""
        act = Decline(by=asking.id, order=id, reason=body.reason, note=body.scrubbed())
        return order_view(await routing.act(id, asking, act), id)

    @router.post("/suspend", dependencies=[may_do(Transition.SUSPEND)])
    async def suspend(id: str, asking: Asking, body: SuspendBody) -> dict[str, Any]:
        """Wait for a reason; the clocks pause."""
        act = Suspend(
            by=asking.id, order=id, reason=body.reason, until=body.until, note=body.scrubbed()
        )
        return order_view(await routing.act(id, asking, act), id)

    @router.post("/resolve", dependencies=[may_do(Transition.RESOLVE)])
    async def resolve(id: str, asking: Asking, body: OutcomeBody | None = None) -> dict[str, Any]:
        """The work is done."""
        said = body or OutcomeBody()
        act = Resolve(by=asking.id, order=id, outcome=said.outcome, note=said.scrubbed())
        return order_view(await routing.act(id, asking, act), id)

    @router.post("/hand-over", dependencies=[may_do(Transition.HAND_OVER)])
    async def hand_over(id: str, asking: Asking, body: OutcomeBody | None = None) -> dict[str, Any]:
        """Not ours."""
        said = body or OutcomeBody()
        act = HandOver(by=asking.id, order=id, outcome=said.outcome, note=said.scrubbed())
        return order_view(await routing.act(id, asking, act), id)

    @router.post("/transfer", dependencies=[may_do(Transition.TRANSFER)])
    async def transfer(id: str, asking: Asking, body: TransferBody) -> dict[str, Any]:
        """Another department takes over."""
        act = Transfer(
            by=asking.id,
            order=id,
            to_department=body.department,
            assignee=body.assignee,
            reason=body.reason,
            note=body.scrubbed(),
        )
        return order_view(await routing.act(id, asking, act), id)

    return router


def build_boards_api(platform: Platform, routing: Routing, alerting: Alerting) -> Routes:
    """Lists of work, the manual queue, and emergencies."""
    router = Routes("/v1", tags=["boards"])

    @router.get("/board", dependencies=[may("board.see")])
    async def show_board(
        asking: Asking,
        department: str | None = None,
        after: str | None = None,
        limit: Limit = 50,
    ) -> dict[str, Any]:
        """Tickets with open work within reach; `next` is the cursor of the next page."""
        found = await board(platform.store, asking, department=department, after=after, limit=limit)
        return {"items": [_card(doc) for doc in found.docs], "next": found.next}

    @router.get("/manual-queue", dependencies=[may("manual_queue.see")])
    async def show_manual_queue(asking: Asking, limit: Limit = 50) -> dict[str, Any]:
        """What waits for a person's decision, the longest waiting first, with the reason."""
        docs = await manual_queue(platform.store, asking, limit=limit)
        return {"items": [_card(doc) for doc in docs]}

    @router.post("/manual-queue/{number}/dispatch", dependencies=[may_do(Transition.DISPATCH)])
    async def dispatch(number: str, asking: Asking, body: DispatchBody) -> dict[str, Any]:
        """Give it to a department by hand."""
        ticket = await routing.dispatch_by_hand(
            number, asking, department=body.department, assignee=body.assignee
        )
        return {"number": number, "status": ticket.status.value,
                "work_orders": [order.id for order in ticket.orders]}  # fmt: skip

    @router.get("/emergencies/{number}", dependencies=[may("emergency.see")])
    async def show_emergency(number: str, asking: Asking) -> dict[str, Any]:
        """An emergency with its alerts."""
        return _emergency_view(await alerting.get(number, asking))

    @router.post("/emergencies/{number}/acknowledge", dependencies=[may("emergency.acknowledge")])
    async def acknowledge(number: str, asking: Asking) -> dict[str, Any]:
        """I have it: nobody else is called."""
        return _emergency_view(await alerting.acknowledge(number, asking))

    return router


def order_view(ticket: Ticket, id: str) -> dict[str, Any]:
    """A work order and the ticket's status after an action."""
    order = ticket.order(id)
    assert order is not None, "the action found it a moment ago"
    due: dict[str, datetime] = {c.value: s.due for c, s in order.clocks.items() if s.due}
    return {"id": id, "status": order.status.value, "assignee": order.assignee, "due": due,
            "ticket": {"number": ticket.number, "status": ticket.status.value}}  # fmt: skip


def _card(doc: dict[str, Any]) -> dict[str, Any]:
    return {"number": doc["_id"], **{k: v for k, v in doc.items() if k != "_id"}}


def _emergency_view(emergency: Emergency) -> dict[str, Any]:
    return {"number": emergency.number, **emergency_to_doc(emergency)}
