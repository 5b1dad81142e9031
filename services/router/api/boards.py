"""Lists of work and the manual queue."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from services.router.api.bodies import Body, Limit
from services.router.routing import Routing
from services.router.storage import board, manual_queue
from shared.runtime import Asking, Platform, Routes, may
from shared.tickets import Transition


class DispatchBody(Body):
    """Who gets it."""

    department: Annotated[str, Field(max_length=60)]
    assignee: Annotated[str, Field(max_length=60)] | None = None


def build_boards_api(platform: Platform, routing: Routing) -> Routes:
    """Lists of work and the manual queue."""
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
        return {"items": [_card(doc) for doc in found.items], "next": found.next}

    @router.get("/manual-queue", dependencies=[may("manual_queue.see")])
    async def show_manual_queue(asking: Asking, limit: Limit = 50) -> dict[str, Any]:
        """What waits for a person's decision, the longest waiting first, with the reason."""
        docs = await manual_queue(platform.store, asking, limit=limit)
        return {"items": [_card(doc) for doc in docs]}

    @router.does(Transition.DISPATCH)
    async def dispatch(number: str, asking: Asking, body: DispatchBody) -> dict[str, Any]:
        """Give it to a department by hand."""
        ticket = await routing.dispatch_by_hand(
            number, asking, department=body.department, assignee=body.assignee
        )
        return {"number": number, "status": ticket.status.value,
                "work_orders": [order.id for order in ticket.orders]}  # fmt: skip

    return router


def _card(doc: dict[str, Any]) -> dict[str, Any]:
    return {"number": doc["_id"], **{k: v for k, v in doc.items() if k != "_id"}}
