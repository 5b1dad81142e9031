"""Use cases of emergencies: alert in parallel, wait for somebody to take it, call the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from services.router.deadlines.falling_due import FallingDue
from services.router.emergencies.domain import orders_attended, orders_taken
from services.router.emergencies.emergency import (
    Emergency,
    Outcome,
    acknowledge,
    alert_next,
    arrive,
    begin_again,
    downgrade,
    end,
    recuse,
    replan,
    start,
)
from services.router.emergencies.joining import Joins
from services.router.emergencies.storage import EMERGENCIES, outage_of
from services.router.incidents.outages import Outages
from services.router.people import (
    help_from_outside,
    next_in_chain,
    people_to_alert,
    rounds_called,
    superiors_of,
    whom_it_is_about,
)
from services.router.work_orders.domain import who_goes_on
from shared.contracts import Step
from shared.contracts.intake import TicketCancelled, TicketEvent
from shared.contracts.refusals import NotThere
from shared.contracts.router import (
    TicketResolved,
    WorkOrderAccepted,
    WorkOrderArrived,
    WorkOrderEvent,
)
from shared.identity import Principal, is_about, sees
from shared.readers.tickets import NoSuchTicket
from shared.runtime.platform import Platform
from shared.store import Collection
from shared.telemetry import logger, metrics
from shared.tickets import OrderStatus, Ticket
from shared.tickets.acts import Accept, Act
from shared.tickets.lifecycle import DONE
from shared.triage.taxonomy import EMERGENCY

MACHINES: Final = frozenset({"iot", "system"})
"""Channels on which nobody speaks."""

Choose = Callable[[Emergency, datetime], Step[Emergency] | None]
"""Given an emergency as it is now, what to do to it; None for nothing."""
_ENDS: Final[Mapping[type[TicketEvent], Outcome]] = {
    TicketResolved: "resolved",
    TicketCancelled: "withdrawn",
}


class Alerting:
    """Runs the plan of every emergency; whatever comes twice or late changes nothing."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._store = platform.store
        self._emergencies = Collection(platform.store, EMERGENCIES)
        self._outages = Outages(platform)
        self.joins = Joins(platform, self.change)
        self._due = FallingDue(platform.store, "emergencies", self._alert_next, lane="urgent")

    async def heed_plan(self, number: str) -> str | None:
        """Start the emergency plan of a ticket whose last plan asks for it, end it where the last
        plan asks for none any more. The id of the incident that it is part of, where others were
        alerted to the same outage: then it has no alert of its own.
        """
        found = await self._platform.tickets.get(number)
        ticket = None if found is None else await self.joins.settle(found)
        if ticket is None or ticket.shares_alert or ticket.joins is not None:
            return None
        if ticket.is_emergency:
            return await self._share_or_start(ticket)
        plans, reason = len(ticket.plans), ticket.plan.reason or "reclassified"
        await self.change(number, lambda e, now: downgrade(e, now, plans=plans, reason=reason))
        return None

    async def _share_or_start(self, ticket: Ticket) -> str | None:
        """The incident that it is part of; None when it has an alert of its own."""
        part_of = await self._outages.part_of(ticket)
        if part_of is not None or await self.start(ticket):
            return part_of
        # Somebody else of its building was alerted at the same moment.
        part_of = await self._outages.part_of(ticket)
        if part_of is None:
            await self.start(ticket, shared=False)
        return part_of

    async def start_alone(self, number: str) -> None:
        """Start the plan of what could not be made part of an incident after all."""
        ticket = await self._platform.tickets.get(number)
        if ticket is not None and not ticket.shares_alert:
            await self.start(ticket, shared=False)

    async def start(self, ticket: Ticket, *, shared: bool = True) -> bool:
        """Start the emergency plan of a ticket (B3.2.3); one that runs already follows the ticket's
        last plan, one that is over begins again for what is new.

        False, and nothing is started, where it was to be the `shared` alert of an outage and there
        is one.
        """
        if ticket.mark is not None or ticket.status in DONE or not ticket.is_emergency:
            return True
        kind = ticket.plan.emergency_kind
        assert kind is not None, "every emergency has a kind"
        now = self._store.clock.now()
        duty = self._platform.duty.current
        recipients = people_to_alert(ticket, duty)
        within = self._acknowledge_within(ticket.estate)
        basis = {"round": ticket.round, "plans": len(ticket.plans)}
        # A machine's report is acted on, and stays a suspicion until a person confirms it.
        by = ticket.timeline[0].by if ticket.channel not in MACHINES else None
        step = start(
            ticket.number,
            kind,
            ticket.estate,
            recipients,
            now,
            within,
            test=ticket.test,
            confirmed_by=by,
            outage=self._outage_of(ticket, kind) if shared else None,
            **basis,
        )
        if await self._emergencies.insert(step, now):
            logger.info("emergency_started", ticket=ticket.number, kind=kind)
            if not ticket.test:
                known = "at_once" if ticket.plans[0].urgency == EMERGENCY else "later"
                metrics.EMERGENCIES_STARTED.labels(kind, known).inc()
            return True
        if await self._emergencies.get(ticket.number) is None:
            return False

        chain = {person.id for person in help_from_outside(ticket, duty)}
        at_work, had_work = who_goes_on(ticket, duty, self._platform.policy.at(ticket.estate))

        def go_on(emergency: Emergency, at: datetime) -> Step[Emergency] | None:
            again = begin_again(emergency, kind, ticket.estate, recipients, at, within, **basis)
            return again or replan(
                emergency,
                kind,
                ticket.estate,
                recipients,
                at,
                within,
                plans=basis["plans"],
                chain=chain,
                at_work=at_work,
                had_work=had_work,
            )

        await self.change(ticket.number, go_on)
        await self._recuse(ticket)
        return True

    def _outage_of(self, ticket: Ticket, kind: str) -> str | None:
        """What others may share its alert of."""
        kinds = self._platform.policy.at(ticket.estate).rules.incidents.kinds
        may_be_shared = kind in kinds and not ticket.test
        return outage_of(ticket.estate, kind, ticket.building) if may_be_shared else None

    async def _recuse(self, ticket: Ticket) -> None:
        """Nothing stands that was done by whom the ticket is about; others are called instead."""
        duty = self._platform.duty.current
        not_for, others = whom_it_is_about(ticket, duty), people_to_alert(ticket, duty)
        within = self._acknowledge_within(ticket.estate)
        if not_for:
            await self.change(ticket.number, lambda e, now: recuse(e, not_for, others, now, within))

    async def recuse_if_about(self, number: str, person: str) -> None:
        """Whoever has just done something may have turned out meanwhile to be whom it is about."""
        ticket = await self._platform.tickets.get(number)
        if ticket is not None and self._is_not_for(ticket, person):
            await self._recuse(ticket)

    async def follow(self, number: str, event: TicketEvent) -> None:
        """What was done to its work orders in this round moves the emergency, but not what was
        done by somebody whom it is about. What was done before the ticket's last plan answers
        nothing that this plan asks.
        """
        ticket = await self._platform.tickets.get(number)
        if ticket is None:
            return
        if isinstance(event, WorkOrderEvent) and self._is_not_for(ticket, event.assignee):
            return

        def of_this_round(choose: Choose) -> Choose:
            return lambda e, now: None if event.round < e.round else choose(e, now)

        def is_of_last_plan(emergency: Emergency) -> bool:
            return emergency.plans <= len(ticket.plans)  # as it was when the ticket was read

        match event:
            case WorkOrderAccepted(work_order=order, assignee=by) if order in orders_taken(ticket):
                await self._note_acknowledged(
                    number,
                    of_this_round(
                        lambda e, now: acknowledge(e, by or "", now) if is_of_last_plan(e) else None
                    ),
                )
            case WorkOrderArrived(work_order=order, assignee=assignee):
                there, is_new = assignee or order, order in orders_attended(ticket)
                await self.change(
                    number,
                    of_this_round(
                        lambda e, now: arrive(e, there, now, has_it=is_new and is_of_last_plan(e))
                    ),
                )
            case TicketResolved() | TicketCancelled() if ticket.somebody_went:
                how = _ENDS[type(event)]
                await self.change(number, of_this_round(lambda e, now: end(e, how, now)))
            case _:
                pass

    def _is_not_for(self, ticket: Ticket, person: str | None) -> bool:
        return person in whom_it_is_about(ticket, self._platform.duty.current)

    async def acknowledge(self, number: str, principal: Principal) -> Emergency:
        """Somebody takes the alert; foreign and missing ones look the same (404)."""
        with self._store.precedence.urgent():
            emergency = await self.get(number, principal)
            taken = await self._note_acknowledged(
                number, lambda e, now: acknowledge(e, principal.id, now)
            )
            await self.recuse_if_about(number, principal.id)
        return taken or emergency

    async def accept_work(self, number: str, principal: Principal) -> None:
        """Who has said that they have it has their own work of it, as on the page of that work."""

        def choose(ticket: Ticket, _now: datetime) -> list[Act]:
            if self._is_not_for(ticket, principal.id) or not ticket.is_emergency:
                return []
            theirs = (order for order in ticket.orders if order.assignee == principal.id)
            wishes = (
                Accept(by=principal.id, order=order.id)
                for order in theirs
                if order.status is OrderStatus.DISPATCHED
            )
            return [wish for wish in wishes if self._platform.tickets.allows(ticket, wish)]

        with self._store.precedence.urgent():
            await self._platform.tickets.change(number, choose)

    async def _note_acknowledged(self, number: str, choose: Choose) -> Emergency | None:
        changed = await self.change(number, choose)
        if changed is not None and changed.acknowledged_at is not None and not changed.test:
            waited = changed.acknowledged_at - changed.started_at
            metrics.EMERGENCY_ACK_SECONDS.observe(waited.total_seconds())
        return changed

    async def get(self, number: str, principal: Principal) -> Emergency:
        """One emergency within reach: of a department only what it works on or was alerted to, and
        of nobody what is about them by its ticket as it is now, though they were alerted before.
        """
        emergency = await self._emergencies.get(number)
        ticket = await self._platform.tickets.get(number)
        if emergency is None or ticket is None:
            raise NotThere
        called = emergency.has_called(principal.id)
        if is_about(ticket, principal) or self._is_not_for(ticket, principal.id):
            raise NotThere
        if not (principal.reaches(emergency.estate) and (called or sees(principal, ticket))):
            raise NotThere
        return emergency

    async def alert_overdue(self) -> int:
        """Call the next in the chain wherever nobody has acknowledged in time; how many. That a
        message was received moves nothing: only somebody who says that they have it does.
        """
        return await self._due.do_all()

    async def _alert_next(self, number: str) -> None:
        ticket = await self._platform.tickets.get(number)
        if ticket is None:
            raise NoSuchTicket(number)
        await self.change(number, lambda e, now: self._next_alert(e, ticket, now))

    def _next_alert(
        self, emergency: Emergency, ticket: Ticket, now: datetime
    ) -> Step[Emergency] | None:
        called = [alert.recipients for alert in emergency.calls]
        duty, policy = self._platform.duty.current, self._platform.policy.at(emergency.estate)
        rounds = rounds_called(ticket, duty, called)
        is_slow = emergency.slowed_at is not None or rounds >= policy.rules.chain_rounds
        return alert_next(
            emergency,
            next_in_chain(ticket, duty, called),
            now,
            policy.rules.call_within(slowly=is_slow),
            superiors=superiors_of(ticket, duty, policy, called) if is_slow else None,
        )

    def _acknowledge_within(self, estate: str | None) -> timedelta:
        return self._platform.policy.at(estate).rules.call_within(slowly=False)

    async def change(self, number: str, choose: Choose) -> Emergency | None:
        """Change an emergency as it is now; None when there was nothing to change."""
        changed = await self._emergencies.change(number, choose)
        if changed is None or not changed.is_change:
            return None
        _count_ended(changed.before, changed.after)
        return changed.after


def _count_ended(before: Emergency, after: Emergency) -> None:
    """Put an emergency that this change ended into the figures, whoever ended it."""
    if before.outcome is None and after.outcome is not None:
        if not after.test:
            metrics.EMERGENCIES_ENDED.labels(after.kind, after.outcome).inc()
        logger.info("emergency_ended", ticket=after.number, outcome=after.outcome)
