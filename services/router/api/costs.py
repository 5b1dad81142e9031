"""What work costs: estimates, and the owner's consent."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from services.router.api.bodies import Items, NoteBody, order_view
from services.router.routing import Routing
from shared.contracts.router import ConsentHow, Payer
from shared.runtime import Asking, Routes
from shared.tickets import Transition
from shared.tickets.acts import PutQuote, RecordConsent


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
    router = Routes("/v1/work-orders/{id}", tags=["work orders"])

    @router.does(Transition.QUOTE)
    async def quote(id: str, asking: Asking, body: QuoteBody) -> dict[str, Any]:
        """Say what it will cost; the same again changes nothing, anything else needs a new
        consent.
        """
        items = tuple(item.item() for item in body.items)
        act = PutQuote(by=asking.id, order=id, items=items, payer=body.payer, note=body.scrubbed())
        return order_view(await routing.act(id, asking, act), id)

    @router.does(Transition.CONSENT)
    async def consent(id: str, asking: Asking, body: ConsentBody) -> dict[str, Any]:
        """Take down what the owner said; the desk in any way, the assignee on site."""
        act = RecordConsent(
            by=asking.id, order=id, quote=body.quote, given=body.given, how=body.how,
            at_desk=asking.role != "department", note=body.scrubbed(),
        )  # fmt: skip
        return order_view(await routing.act(id, asking, act), id)

    return router
