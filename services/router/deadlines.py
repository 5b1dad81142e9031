"""Use case: deadlines fire once, by the database's clock, also those missed while nothing ran."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from services.router.escalation import due_acts
from services.router.routing import BY_RULE
from services.router.storage import due_numbers
from shared.bus import each
from shared.policy.ladder import BREACH
from shared.runtime.platform import Platform
from shared.telemetry import logger, metrics
from shared.tickets import NotAllowed, Ticket
from shared.tickets.acts import Act, Fire

BATCH: Final = 200


class Deadlines:
    """Warns and breaks what is due; the conditional write decides which replica does it."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        # A document that cannot be read must not stand before all the others for ever; after a
        # restart it is tried again.
        self._at_fault: set[str] = set()

    async def fire_due(self) -> int:
        """Fire every deadline due now; how many tickets were touched."""
        store = self._platform.store
        total, before = 0, list[str]()
        while True:
            numbers = await due_numbers(
                store, "tickets", store.clock.now(), limit=BATCH, but=self._at_fault
            )
            self._at_fault |= await each(self.fire, numbers)
            total += len(numbers)
            # The same tickets again: they are due and have nothing to fire; the next turn looks.
            if len(numbers) < BATCH or numbers == before:
                return total
            before = numbers

    async def fire(self, number: str) -> None:
        """Fire what is due of one ticket, in one write."""
        fired: list[Act] = []

        def choose(ticket: Ticket, now: datetime) -> list[Act]:
            policy = self._platform.policy.at(ticket.estate)
            fired[:] = due_acts(ticket, self._platform.duty.current, policy, now, by=BY_RULE.id)
            return fired

        try:
            ticket = await self._platform.tickets.change(number, choose)
        except NotAllowed as moved_on:
            logger.info("deadline_no_longer_due", ticket=number, status=str(moved_on.status))
            return
        for act in fired:
            if isinstance(act, Fire):
                outcome = outcome_of(act)
                if not ticket.test:
                    metrics.CLOCKS.labels(act.clock.value, outcome).inc()
                logger.info("deadline_fired", ticket=number, clock=act.clock, outcome=outcome)


def outcome_of(act: Fire) -> str:
    """As the metric tells it."""
    if act.level > BREACH:
        return "escalated"
    return "breached" if act.level == BREACH else "warned"
