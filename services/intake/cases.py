"""Use cases of who sees tickets through at the desk: their cases, handed over between shifts."""

from __future__ import annotations

from typing import Final

from services.intake.following import Following
from shared.identity import Principal, allows
from shared.runtime import Problem, not_found
from shared.store import Doc, Listing, Page, Store
from shared.store.reach import within_reach
from shared.tickets import NotAllowed
from shared.tickets.acts import Own

AT_ONCE: Final = 200
"""Handed over in one request; whoever has more sends it again."""
CASE_FIELDS: Final = (
    "status", "estate", "building", "type", "area", "urgency", "level", "next_due", "owner",
    "registered_at", "scrubbed", "extension", "cancel_requested", "feedback_attempts",
    "place_differs",
)  # fmt: skip


class Cases:
    """What somebody at the desk has to see through."""

    def __init__(self, store: Store, following: Following) -> None:
        self._store = store
        self._following = following

    async def of(
        self, principal: Principal, owner: str, *, after: str | None, limit: int
    ) -> Page[Doc]:
        """Somebody's open tickets within reach, by number from the cursor."""
        listing = Listing(
            filters={"owner": owner, "over_at": None}, within=within_reach(principal, "ticket.see")
        )
        return await self._store.page(
            "tickets", listing, after=after, limit=limit, fields=CASE_FIELDS
        )

    async def hand_over(self, principal: Principal, owner: str, to: str) -> list[str]:
        """Let somebody else see all of somebody's open tickets through, `AT_ONCE` at most; their
        numbers. Other people's only by who supervises. Twice changes nothing.
        """
        if owner != principal.id and not allows(principal, "case.hand_over"):
            raise not_found()
        if owner == to:
            raise Problem(409, "same-owner", "They have these cases", detail="name somebody else")
        found = await self.of(principal, owner, after=None, limit=AT_ONCE)
        handed: list[str] = []
        for doc in found.items:
            try:
                await self._following.act(doc["_id"], principal, Own(by=principal.id, owner=to))
            except NotAllowed:  # it is over since
                continue
            handed.append(doc["_id"])
        return handed
