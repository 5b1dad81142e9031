"""What is done to work orders; the simple actions are made from the rows of the lifecycle."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

from pydantic import Field

from services.router.api.bodies import Body, Code, Items, Moment, NoteBody, ReasonBody, order_view
from services.router.proofs.domain import MOST, resolved_with
from services.router.proofs.proving import Proving
from services.router.routing import Routing
from shared.contracts import MalformedMessage
from shared.runtime import Asking, Routes, may_do
from shared.tickets import Transition
from shared.tickets.acts import (
    Accept,
    Arrive,
    ConfirmCancel,
    Control,
    Decline,
    HandOver,
    Note,
    OrderAct,
    Resume,
    Start,
    Suspend,
    Transfer,
)


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
    assignee: Annotated[str, Field(max_length=60)] | None = None


class TransferBody(ReasonBody, SupportBody):
    """To whom."""


SIMPLE: Final[tuple[type[OrderAct], ...]] = (
    Accept, Start, Arrive, Control, Resume, ConfirmCancel,
)  # fmt: skip
"""Actions that need nothing but the order and, perhaps, a note."""


def build_work_orders_api(  # noqa: C901 - one small function an endpoint
    routing: Routing, proving: Proving
) -> Routes:
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
        router.does(kind.transition)(simple(kind))

    @router.does(Transition.NOTE)
    async def note(id: str, asking: Asking, body: ProgressBody | None = None) -> dict[str, Any]:
        """Progress, for the staff alone unless it is public."""
        said = body or ProgressBody()
        if said.public and not said.note:
            raise MalformedMessage("note", "is missing", "write what the caller is to hear")
        act = Note(by=asking.id, order=id, note=said.scrubbed(), public=said.public)
        return order_view(await routing.act(id, asking, act), id)

    @router.does(Transition.DECLINE)
    async def decline(id: str, asking: Asking, body: ReasonBody) -> dict[str, Any]:
        """Send it back, with the reason; the next on duty gets it."""
        act = Decline(by=asking.id, order=id, reason=body.reason, note=body.scrubbed())
        return order_view(await routing.act(id, asking, act), id)

    @router.does(Transition.SUSPEND)
    async def suspend(id: str, asking: Asking, body: SuspendBody) -> dict[str, Any]:
        """Wait for a reason; the clocks pause."""
        act = Suspend(
            by=asking.id, order=id, reason=body.reason, until=body.until, note=body.scrubbed()
        )
        return order_view(await routing.act(id, asking, act), id)

    @router.does(Transition.RESOLVE)
    async def resolve(id: str, asking: Asking, body: DoneBody | None = None) -> dict[str, Any]:
        """The work is done, as these photos show. What the owner pays for needs their consent."""
        said = body or DoneBody()
        shown = await proving.named(id, asking, said.proof)
        used = None if said.used is None else tuple(item.item() for item in said.used)
        act = resolved_with(
            shown, by=asking.id, order=id, outcome=said.outcome, used=used, note=said.scrubbed()
        )
        return order_view(await routing.act(id, asking, act), id)

    @router.does(Transition.HAND_OVER)
    async def hand_over(id: str, asking: Asking, body: OutcomeBody | None = None) -> dict[str, Any]:
        """Not ours."""
        said = body or OutcomeBody()
        act = HandOver(by=asking.id, order=id, outcome=said.outcome, note=said.scrubbed())
        return order_view(await routing.act(id, asking, act), id)

    @router.post("/support", dependencies=[may_do(Transition.DISPATCH)])
    async def support(id: str, asking: Asking, body: SupportBody) -> dict[str, Any]:
        """Let another department help; whoever leads keeps this order."""
        ticket = await routing.support(
            id, asking, department=body.department, assignee=body.assignee
        )
        return order_view(ticket, ticket.orders[-1].id)

    @router.does(Transition.TRANSFER)
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
