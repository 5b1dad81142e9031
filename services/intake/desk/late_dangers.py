"""Use case: a danger is told of a ticket from which there is no way back. It is an emergency of its
own, with the papers of that ticket: whoever goes there knows where, and the caller can be rung.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from services.intake.desk.actions import BY_RULE
from services.intake.registration.domain import idempotency_key
from services.intake.registration.reservations import NUMBER_TRIES, Reservations
from shared.policy.plan import Plan
from shared.policy.policy import Policy
from shared.readers.tickets import Tickets, rules_of
from shared.store import Doc, Store
from shared.telemetry import logger, metrics
from shared.tickets import Registration, Ticket, register

PAPERS: Final = (
    "persons",
    "index",
    "scrubbed",
    "terms",
    "location",
    "building",
    "caller_role",
    "confidential",
    "language",
)
"""What it has of the earlier ticket, sealed as it was: of persons nobody opens anything for it."""
NO_REPORT: Final[dict[str, Any]] = {"faults": [], "reported_at": None, "due_by": None}


class LateDangers:
    """Registers what comes too late for its ticket. `secret` keys the idempotency keys."""

    def __init__(
        self, store: Store, tickets: Tickets, policy: Callable[[], Policy], *, secret: bytes
    ) -> None:
        self._store = store
        self._tickets = tickets
        self._policy = policy
        self._reservations = Reservations(store)
        self._secret = secret

    async def register(self, earlier: Ticket, made: Plan, told: str) -> None:
        """An emergency that names the earlier ticket, once for what it was `told` by."""
        key = idempotency_key(self._secret, BY_RULE.id, told, {})
        assert key is not None, "what it was told by always has an id"
        papers = await self._papers_of(earlier) | {"key": key.id}
        claim = await self._reservations.claim(key)
        for _ in range(NUMBER_TRIES):
            if claim.ticket is not None or await self._insert(
                claim.number, earlier, made, told, papers
            ):
                return
            claim = await self._reservations.after_loss(key, claim.number)
        raise RuntimeError("three fresh numbers in a row were taken; the generator is broken")

    async def _papers_of(self, earlier: Ticket) -> Doc:
        doc = await self._store.get("tickets", earlier.number, fields=PAPERS)
        assert doc is not None, "tickets are never deleted"
        return {field: doc.get(field) for field in PAPERS} | NO_REPORT

    async def _insert(
        self, number: str, earlier: Ticket, made: Plan, told: str, papers: Doc
    ) -> bool:
        """Write the ticket; False when the number is taken."""
        rules = rules_of(self._policy().at(earlier.estate))
        new = Registration(
            number=number,
            channel=earlier.channel,
            estate=earlier.estate,
            by=BY_RULE.id,
            told=False,
            owner=earlier.owner,
            test=earlier.test,
            about=earlier.about,
            repeat_of=earlier.repeat_of or earlier.number,
            note=told,
        )
        applied = register(new, made, self._store.clock.now(), rules)
        if not await self._tickets.insert(applied, papers):
            return False
        if not earlier.test:
            metrics.TICKETS.labels(made.type, made.urgency, earlier.channel).inc()
        logger.warning("danger_told_of_what_is_over", ticket=number, earlier=earlier.number)
        return True
