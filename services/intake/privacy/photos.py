"""Use case: somebody looks at a photo of what was done in a home, on record."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Final

from services.intake.privacy.domain import cannot_be_opened, of_the_house
from shared.audit import Trail
from shared.contracts.refusals import Gone, NotThere
from shared.identity import Forbidden, Principal, require
from shared.privacy import CannotOpen
from shared.privacy.open import Opener
from shared.store import Doc, Store
from shared.tickets import TICKET, Ticket, WorkOrder

ACTION: Final = "proof.see"


class Photos:
    """Opens photos of finished work, never for a contractor. The router keeps them and cannot."""

    def __init__(
        self,
        store: Store,
        trail: Trail,
        opener: Opener,
        *,
        contractors: Callable[[], Container[str]],
    ) -> None:
        self._store = store
        self._trail = trail
        self._opener = opener
        self._contractors = contractors

    async def open(self, id: str, principal: Principal, *, source: str | None) -> bytes:
        """The photo, a JPEG; on record before as an opening of whose home it shows.

        Foreign and missing ones look the same (404). Raises Gone where it is erased.
        """
        proof = await self._within_reach(id, principal)
        if proof["sealed"] is None:
            raise _erased()
        subject = ("person", f"{proof['number']}/caller")
        await self._trail.record(
            principal, "person.photo_seen", subject, source=source, details={"proof": id}
        )
        try:
            return await self._opener.open_proof(proof["sealed"])
        except CannotOpen as error:
            raise cannot_be_opened() from error

    async def _within_reach(self, id: str, principal: Principal) -> Doc:
        """The proof; the same problem and the same question for missing and foreign ones: its id
        begins with its ticket's number.
        """
        inside = of_the_house(principal, self._contractors())
        order = id.rpartition("-p")[0]
        doc = await self._store.get("tickets", order.rpartition("-")[0])
        ticket = TICKET.from_doc(doc) if doc else None
        found = ticket.order(order) if ticket else None
        if ticket is None or found is None or not _is_theirs(inside, ticket, found):
            raise NotThere
        proof = await self._store.get("proofs", id)
        if proof is None:
            raise NotThere
        return proof


def _is_theirs(principal: Principal, ticket: Ticket, order: WorkOrder) -> bool:
    try:
        require(principal, ACTION, ticket=ticket, order=order)
    except Forbidden:
        return False
    return True


def _erased() -> Gone:
    return Gone(
        "erased",
        "This photo was erased",
        "whose home it showed was erased; that there was a photo stays on record",
    )
