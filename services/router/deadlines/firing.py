"""Use case: deadlines fire once, by the database's clock, also those missed while nothing ran."""

from __future__ import annotations

from functools import partial

from services.router.access import BY_RULE
from services.router.deadlines.escalation import fire_due
from services.router.deadlines.falling_due import EMERGENCIES, FallingDue
from services.router.work_orders.workload import Workload
from shared.policy.ladder import BREACH
from shared.runtime.platform import Platform
from shared.telemetry import logger, metrics
from shared.tickets import Steps, Ticket
from shared.tickets.acts import Fire


class Deadlines:
    """Warns and breaks what is due; the conditional write decides which replica does it."""

    def __init__(self, platform: Platform, workload: Workload) -> None:
        self._platform = platform
        self._workload = workload
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
        seen: list[Ticket] = []

        def walk(steps: Steps) -> Steps:
            seen[:] = [steps.ticket]
            policy = self._platform.policy.at(steps.ticket.estate)
            return fire_due(
                steps,
                self._platform.duty.current,
                policy,
                by=BY_RULE.id,
                how_busy=self._workload.beyond(policy.rules.busy_from),
            )

        walked = await self._platform.tickets.walk(number, walk)
        self._workload.note(seen[0], walked.ticket)
        for act in walked.done:
            if isinstance(act, Fire):
                outcome = outcome_of(act)
                if not walked.ticket.test:
                    metrics.CLOCKS.labels(act.clock.value, outcome).inc()
                logger.info("deadline_fired", ticket=number, clock=act.clock, outcome=outcome)


def outcome_of(act: Fire) -> str:
    """As the metric tells it."""
    if act.level > BREACH:
        return "escalated"
    return "breached" if act.level == BREACH else "warned"
