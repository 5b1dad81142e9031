"""What is agreed about time: visits, and a later end of the whole."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from services.router.api.bodies import Code, Moment, NoteBody, order_view
from services.router.routing import Routing
from shared.contracts import MalformedMessage
from shared.identity import Principal
from shared.runtime import Asking, Routes
from shared.tickets import ROWS, Transition
from shared.tickets.acts import Appoint, AskExtension, Extend, OrderAct, RefuseExtension

VISIT: Final = timedelta(hours=2)
"""How long a visit's window is where nobody says otherwise."""


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
    router = Routes("/v1/work-orders/{id}", tags=["work orders"])

    @router.does(Transition.APPOINT)
    async def appoint(id: str, asking: Asking, body: VisitBody) -> dict[str, Any]:
        """Agree on a visit; whoever is to come is reminded, and the lead hears of a missed one."""
        until = body.until or body.at + VISIT
        act = Appoint(by=asking.id, order=id, at=body.at, until=until, note=body.scrubbed())
        return order_view(await routing.act(id, asking, act), id)

    @router.does(Transition.EXTEND)
    async def extend(id: str, asking: Asking, body: ExtensionBody) -> dict[str, Any]:
        """A later time for the whole: the department asks, a supervisor decides."""
        return order_view(await routing.act(id, asking, _extension(id, asking, body)), id)

    return router


def _extension(order: str, asking: Principal, body: ExtensionBody) -> OrderAct:
    """What is meant depends on who asks: only a supervisor can grant or refuse."""
    note = body.scrubbed()
    if body.refused:
        return RefuseExtension(by=asking.id, order=order, note=note)
    if body.until is None:
        raise MalformedMessage("until", "is missing", "name the later time")
    if asking.role in ROWS[Transition.EXTEND].roles:
        return Extend(by=asking.id, order=order, until=body.until, note=note)
    if body.reason is None:
        raise MalformedMessage("reason", "is missing", "say why it takes longer, as a code")
    return AskExtension(by=asking.id, order=order, until=body.until, reason=body.reason, note=note)
