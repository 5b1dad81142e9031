"""Use case: deadlines fire once, by the database's clock, also those missed while nothing ran."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from services.router.escalation import due_acts
from services.router.falling_due import FallingDue
from services.router.routing import BY_RULE
from services.router.storage import EMERGENCIES
from shared.policy.ladder import BREACH
from shared.runtime.platform import Platform
from shared.telemetry import logger, metrics
from shared.tickets import NotAllowed, Ticket
from shared.tickets.acts import Act, Fire


class Deadlines:
    """Warns and breaks what is due; the conditional write decides which replica does it."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        due = partial(FallingDue, platform.store, "tickets", self.fire)
        self._due, self._due_of_emergencies = due(), due(lane="urgent", only=EMERGENCIES)

    async def fire_due(self) -> int:
        """Fire every deadline due now; how many tickets were touched."""
        return await self._due.do_all()

    async def fire_due_of_emergencies(self) -> int:
        """The same of emergencies alone, however many others fall due and give way to them."""
        return await self._due_of_emergencies.do_all()

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
