"""The one store function through which tickets change: load, apply, write, repeat when lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from weakref import WeakValueDictionary

from shared.contracts import Lane
from shared.lanes import lane_in_hand
from shared.policy.policy import Policy
from shared.store.change import Change, Verdict
from shared.store.errors import Contested
from shared.store.store import Store
from shared.telemetry import logger, metrics
from shared.tickets import (
    Applied,
    LifecycleRules,
    Steps,
    Ticket,
    changes_of,
    ticket_from_doc,
    ticket_to_doc,
)
from shared.tickets.acts import Act

ATTEMPTS: Final = 5
"""A writer that loses re-reads and repeats; who loses five times meets a hot spot, not a race."""

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
        self._store = store
        self._rules = rules
        self._turns: WeakValueDictionary[tuple[Lane, str], asyncio.Lock] = WeakValueDictionary()

    async def get(self, number: str) -> Ticket | None:
        """The ticket as it is now."""
        doc = await self._store.get("tickets", number)
        return ticket_from_doc(doc) if doc else None

    async def insert(self, applied: Applied, beside: Mapping[str, Any]) -> Verdict:
        """Write a new ticket with what is kept beside it; LOST when the number is taken."""
        ticket = applied.ticket
        return await self._store.write(
            Change(
                collection="tickets",
                id=ticket.number,
                version=ticket.version,
                lane=ticket.lane,
                at=ticket.registered_at,
                insert=ticket_to_doc(ticket) | dict(beside),
                events=applied.events,
            )
        )

    async def change(self, number: str, choose: Choose) -> Ticket:
        """Change a ticket by what `choose` says of its present state, all acts in one write.

        Raises NoSuchTicket, NotAllowed when the table forbids it, Contested after five losses.
        """

        def walk(steps: Steps) -> Steps:
            chosen = choose(steps.ticket, steps.now)
            return steps.must(*([chosen] if isinstance(chosen, Act) else chosen or ()))

        return (await self.walk(number, walk)).ticket

    async def walk(self, number: str, walk: Walk) -> Steps:
        """Change a ticket by the steps that `walk` takes from its present state, in one write.

        What time has brought about, a pause that is over, comes before. What is dropped is counted
        and logged here.

        Raises NoSuchTicket, whatever `walk` raises, Contested after five losses.
        """
        async with self._turn(number):
            for _ in range(ATTEMPTS):
                if (walked := await self._try(number, walk)) is not None:
                    return walked
        raise Contested("tickets", number)

    def _turn(self, number: str) -> asyncio.Lock:
        """Changes of one ticket in this process go one after the other: only another process can
        make one lose. A lane waits for its own kind alone, or an emergency would wait for what
        gives way to it.
        """
        key = (lane_in_hand(), number)
        turn = self._turns.get(key)
        if turn is None:
            turn = self._turns[key] = asyncio.Lock()
        return turn

    async def _try(self, number: str, walk: Walk) -> Steps | None:
        """The steps that were written; None when another writer was faster."""
        doc = await self._store.get("tickets", number)
        if doc is None:
            raise NoSuchTicket(number)
        ticket = ticket_from_doc(doc)
        steps = walk(Steps.begin(ticket, self._store.clock.now(), self._rules))
        if not steps.is_change:
            return steps
        # Several acts are one change: one version, all events in order.
        steps = replace(steps, ticket=replace(steps.ticket, version=ticket.version + 1))
        if await self._store.write(_to_change(ticket, steps)) is not Verdict.WON:
            return None
        _note_dropped(steps)
        return steps


def _note_dropped(steps: Steps) -> None:
    """Tell whoever runs this what fell due and was refused: nobody else would ever hear of it."""
    for dropped in steps.dropped:
        transition = dropped.act.transition.value
        metrics.DROPPED.labels(transition, dropped.clock).inc()
        logger.warning(
            "due_act_dropped", ticket=steps.ticket.number, transition=transition,
            clock=dropped.clock, why=str(dropped.why),
        )  # fmt: skip


def _to_change(before: Ticket, steps: Steps) -> Change:
    setting, pushing = changes_of(before, steps.ticket)
    setting.pop("version", None)
    return Change(
        collection="tickets",
        id=before.number,
        version=before.version + 1,
        lane=steps.ticket.lane,
        at=steps.now,
        set=setting,
        push=pushing,
        events=steps.events,
    )


def rules_of(policy: Policy) -> LifecycleRules:
    """What the lifecycle needs of the policy as it is for the ticket's estate."""
    rules = policy.rules
    return LifecycleRules(
        calendar=policy.calendar,
        ladder=rules.ladder,
        undecided_limit=rules.undecided_limit,
        reopen_within_seconds=rules.reopen_within.total_seconds(),
        feedback_attempts=rules.feedback_attempts,
        longest_pause=rules.longest_pause,
        appointment_notice=rules.appointment_notice,
        extensions=rules.extensions,
        feedback_gap=rules.feedback_gap,
        tell_progress=rules.tell_progress,
        quiet_until=policy.quiet_until,
        free_up_to=rules.free_up_to,
        wants_proof=rules.wants_proof,
    )
