"""The one store function through which tickets change: load, apply, write, repeat when lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from shared.contracts import Step
from shared.identity import Principal, can
from shared.policy.policy import Policy
from shared.readers.ticket_counts import count_change
from shared.store.collection import Collection, CollectionSpec
from shared.store.store import Store
from shared.telemetry import logger, metrics
from shared.tickets import TICKET, Applied, LifecycleRules, NotAllowed, Possible, Steps, Ticket
from shared.tickets.acts import Act

TICKETS: Final = CollectionSpec(
    name="tickets", kind="ticket", shape=TICKET, lane=lambda ticket: ticket.lane, alerts=True
)

Choose = Callable[[Ticket, datetime], Act | Sequence[Act] | None]
"""Given the ticket as it is now, what to do to it: an act, several, or None for nothing."""
Walk = Callable[[Steps], Steps]
"""From the ticket as it is now step by step to what it is to be."""


class NoSuchTicket(Exception):
    """There is no ticket of that number."""

    def __init__(self, number: str) -> None:
        self.number = number
        super().__init__(f"ticket {number} does not exist")


class Tickets:
    """Reads and changes of tickets, for the two services that write them."""

    def __init__(self, store: Store, rules: Callable[[str | None], LifecycleRules]) -> None:
        """Use `rules` of the estate that a ticket is about."""
        self._tickets = Collection(store, TICKETS)
        self._rules = rules
        self._clock = store.clock

    async def get(self, number: str) -> Ticket | None:
        """The ticket as it is now."""
        return await self._tickets.get(number)

    async def insert(self, applied: Applied, beside: Mapping[str, Any]) -> bool:
        """Write a new ticket with what is kept beside it; False when the number is taken."""
        ticket = applied.ticket
        is_new = await self._tickets.insert(
            Step(ticket, applied.events), ticket.registered_at, beside=beside
        )
        if is_new:
            count_change(None, ticket)
        return is_new

    async def change(self, number: str, choose: Choose) -> Ticket:
        """Change a ticket by what `choose` says of its present state, all acts in one write.

        Raises NoSuchTicket, NotAllowed when the table forbids it, Contested after five losses.
        """

        def walk(steps: Steps) -> Steps:
            chosen = choose(steps.ticket, steps.now)
            return steps.must(*([chosen] if isinstance(chosen, Act) else chosen or ()))

        return (await self.walk(number, walk)).ticket

    def allows(self, ticket: Ticket, act: Act) -> bool:
        """Whether the table would let it happen now, for who has to say so before it does."""
        try:
            Steps.begin(ticket, self._clock.now(), self._rules).must(act)
        except NotAllowed:
            return False
        return True

    def possible(self, ticket: Ticket, principal: Principal) -> Possible:
        """What somebody may do now to a ticket and its work orders, said before they try."""
        return can(principal, ticket, self._clock.now(), self._rules)

    async def walk(self, number: str, walk: Walk) -> Steps:
        """Change a ticket by the steps that `walk` takes from its present state, in one write.

        What time has brought about, a pause that is over, comes before. What is dropped is counted
        and logged here.

        Raises NoSuchTicket, whatever `walk` raises, Contested after five losses.
        """
        walked: list[tuple[Ticket, Steps]] = []

        def decide(ticket: Ticket, now: datetime) -> Step[Ticket] | None:
            steps = walk(Steps.begin(ticket, now, self._rules))
            walked[:] = [(ticket, steps)]
            # Several acts are one change: one version, all events in order.
            return Step(steps.ticket, steps.events) if steps.is_change else None

        changed = await self._tickets.change(number, decide)
        if changed is None:
            raise NoSuchTicket(number)
        [(before, steps)] = walked
        if changed.is_change:
            _note_dropped(steps)
            count_change(before, changed.after)
        return replace(steps, ticket=changed.after)


def _note_dropped(steps: Steps) -> None:
    """Tell whoever runs this what fell due and was refused: nobody else would ever hear of it."""
    for dropped in steps.dropped:
        transition = dropped.act.transition.value
        metrics.DROPPED.labels(transition, dropped.clock).inc()
        logger.warning(
            "due_act_dropped",
            ticket=steps.ticket.number,
            transition=transition,
            clock=dropped.clock,
            why=str(dropped.why),
        )


def rules_of(policy: Policy) -> LifecycleRules:
    """What the lifecycle needs of the policy as it is for the ticket's estate."""
    rules = policy.rules
    return LifecycleRules(
        calendar=policy.calendar,
        ladder=rules.ladder(policy.calendar),
        undecided_limit=rules.undecided_limit,
        reopen_within_seconds=rules.reopen_within.total_seconds(),
        feedback_attempts=rules.feedback_attempts,
        longest_pause=rules.longest_pause,
        longest_pauses=rules.longest_pauses,
        appointment_notice=rules.appointment_notice,
        extensions=rules.extensions,
        feedback_gap=rules.feedback_gap,
        tell_progress=rules.tell_progress,
        quiet_until=policy.quiet_until,
        free_up_to=rules.free_up_to,
        wants_proof=rules.wants_proof,
        outages=rules.incidents.kinds,
    )
