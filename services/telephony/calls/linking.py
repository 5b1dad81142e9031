"""The use case: a ticket has come of a call. A call may have several, a ticket several calls."""

from __future__ import annotations

from services.telephony.calls.domain import KeptCall, link
from services.telephony.calls.storage import CALLS
from shared.contracts.intake import TicketRegistered
from shared.contracts.refusals import NotThere
from shared.identity import Principal, sees
from shared.store import Collection, Store
from shared.tickets import TICKET
from shared.triage.taxonomy import EMERGENCY


class Linking:
    """Ties calls to their tickets."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._calls = Collection(store, CALLS)

    async def link(self, event: TicketRegistered) -> None:
        """Note the ticket with the call that it was told in, once; a call that nobody keeps is
        nobody's matter.
        """
        if event.call is not None:
            danger = event.urgency == EMERGENCY
            await self._calls.change(
                event.call, lambda kept, _: link(kept, event.number, danger=danger)
            )

    async def tie(self, id: str, number: str, principal: Principal) -> KeptCall:
        """The call with a ticket that it was about and that is there already: who rang urges it,
        or adds to it. Raises NotThere for a call or a ticket that is missing, or not theirs.
        """
        doc = await self._store.get("tickets", number)
        ticket = TICKET.from_doc(doc) if doc else None
        if ticket is None or not sees(principal, ticket):
            raise NotThere
        changed = await self._calls.change(
            id, lambda kept, _: link(kept, ticket.number, danger=ticket.is_emergency)
        )
        if changed is None or changed.after.call is None:
            raise NotThere
        return changed.after
