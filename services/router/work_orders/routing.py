"""Use cases of work orders: give them to whoever has least in hand, move them, and let nobody's
request be forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from services.router.access import BY_RULE, order_of
from services.router.incidents.incident import (
    Incident,
    covering,
    link,
    may_be_part,
    taken_as_part,
)
from services.router.people import (
    choose_person,
    desk_lead,
    desk_of,
    require_there,
    whom_it_is_about,
)
from services.router.work_orders.domain import as_asked, is_said, was_done, work_to_give
from services.router.work_orders.workload import Workload
from shared.contracts import MalformedMessage
from shared.contracts.refusals import NotThere
from shared.identity import Principal, require, sees
from shared.readers.tickets import Choose
from shared.runtime.platform import Platform
from shared.telemetry import logger
from shared.tickets import NotAllowed, Possible, Ticket, Transition
from shared.tickets.acts import Accept, Act, AskExtension, Dispatch, OrderAct, PutQuote, Transfer
from shared.tickets.conditions import is_given_by_hand
from shared.tickets.lifecycle import UNFINISHED


class Routing:
    """Moves work orders by the rows of the table that are the router's."""

    def __init__(
        self, platform: Platform, workload: Workload, running: Callable[[], Sequence[Incident]]
    ) -> None:
        """Link what comes in to the incidents that are `running`."""
        self._platform = platform
        self._workload = workload
        self._running = running

    async def dispatch(self, number: str, *, part_of: str | None = None) -> Ticket:
        """See that every department of the last plan has its work order; the ticket as it is then.
        An emergency may be `part_of` an incident, whose alert it shares.

        Reads the ticket as it is now, so that a late, repeated or disordered event does only what
        is still missing. Raises NoSuchTicket, and the event is tried again.
        """

        def choose(ticket: Ticket, now: datetime) -> list[Act]:
            policy, duty = self._platform.policy.at(ticket.estate), self._platform.duty.current
            how_busy = self._workload.beyond(policy.rules.busy_from)
            given = work_to_give(ticket, duty, policy, by=BY_RULE.id, how_busy=how_busy)
            given = as_asked(ticket, given, now, by=BY_RULE.id)
            if ticket.joins is not None:
                return [*given, *taken_as_part(ticket, given)]
            if part_of is not None and may_be_part(ticket):
                return link(ticket, given, part_of, by=BY_RULE.id)
            rules = policy.rules.incidents
            incident = covering(self._running(), ticket, rules) if given else None
            if incident is not None:
                return link(ticket, given, incident.id, by=BY_RULE.id)
            return given

        ticket = await self._change(number, choose)
        logger.info("ticket_looked_at", ticket=number, status=ticket.status.value)
        return ticket

    async def act(self, order: str, principal: Principal, act: OrderAct) -> Ticket:
        """Carry out one act on a work order for somebody of its department.

        Foreign and missing orders look the same (404). What is sent again changes nothing.
        """
        number = order.rpartition("-")[0]

        def choose(ticket: Ticket, _now: datetime) -> Act | None:
            found = order_of(ticket, order, principal, act.transition)
            if isinstance(act, Transfer):
                self._check_receiver(ticket, act.to_department, act.assignee)
            if was_done(act, ticket) or is_said(act, found):
                return None
            return self._completed(act, ticket, principal)

        return await self._change(number, choose)

    def possible(self, ticket: Ticket, principal: Principal) -> Possible:
        """What somebody may do now to a ticket and its work orders."""
        return self._platform.tickets.possible(ticket, principal)

    def _completed(self, act: OrderAct, ticket: Ticket, principal: Principal) -> Act:
        """With the people that duty list and ticket name."""
        duty = self._platform.duty.current
        match act:
            case Accept() if duty.person(act.by) is None:
                # Warnings find who has the work by the duty list: an account that many use, such
                # as a department's, accepts for whom it was given to.
                order = ticket.order(act.order)
                return replace(act, assignee=order.assignee if order else None)
            case Transfer():
                self._check_not_about(ticket, act.to_department, act.assignee)
                person = act.assignee or self._first(ticket, act.to_department)
                return replace(act, assignee=person, decided=principal.role != "department")
            case AskExtension():
                return replace(act, recipients=desk_lead(ticket, duty))
            case PutQuote():
                return replace(act, recipients=desk_of(ticket, duty))
            case _:
                return act

    async def dispatch_by_hand(
        self, number: str, principal: Principal, *, department: str, assignee: str | None
    ) -> Ticket:
        """A person decides who gets a ticket that no rule could give to anybody."""

        def check(ticket: Ticket) -> None:
            if (why_not := is_given_by_hand(ticket)) is not None:
                raise NotAllowed(
                    Transition.DISPATCH,
                    status=ticket.status,
                    last_by=ticket.timeline[-1].by,
                    remedy=why_not,
                )

        return await self._give(number, principal, department, assignee, check)

    async def support(
        self, order: str, principal: Principal, *, department: str, assignee: str | None
    ) -> Ticket:
        """Let another department help with what is under way; the lead keeps its own order.

        Raises NotAllowed where they are at it already.
        """

        def check(ticket: Ticket) -> None:
            found = ticket.order(order)
            if found is None:
                raise NotThere
            if found.status not in UNFINISHED:
                raise NotAllowed(
                    Transition.DISPATCH,
                    status=found.status,
                    last_by=ticket.timeline[-1].by,
                    remedy="this work order is over: name one that is under way",
                )

        return await self._give(order.rpartition("-")[0], principal, department, assignee, check)

    async def _give(
        self,
        number: str,
        principal: Principal,
        department: str,
        assignee: str | None,
        check: Callable[[Ticket], None],
    ) -> Ticket:
        """Dispatch by hand what `check` does not refuse."""
        require(principal, Transition.DISPATCH)

        def choose(ticket: Ticket, now: datetime) -> list[Act]:
            if not sees(principal, ticket):
                raise NotThere
            check(ticket)
            self._check_receiver(ticket, department, assignee)
            self._check_not_about(ticket, department, assignee)
            person = assignee or self._first(ticket, department)
            given = Dispatch(by=principal.id, department=department, assignee=person, decided=True)
            return as_asked(ticket, [given], now, by=principal.id)

        return await self._change(number, choose)

    def _check_receiver(self, ticket: Ticket, department: str, assignee: str | None) -> None:
        """Work is given to whom policy and duty list know, and who is there: of the department's
        list at this estate or for all of them, or lent to it. Asked of a ticket that was seen, so
        that nobody learns of other places who works there.
        """
        if department not in {d.id for d in self._platform.policy.taxonomy.departments}:
            raise MalformedMessage(
                "department", "is not a department of the policy", "see the taxonomy for their ids"
            )
        if assignee is not None:
            duty = self._platform.duty.current
            require_there(assignee, duty, "assignee")
            if assignee not in duty.ids_for(ticket.estate, department):
                raise MalformedMessage(
                    "assignee",
                    "is on no list of this department for this estate",
                    "name somebody of its list, or leave it to the department",
                )

    def _check_not_about(self, ticket: Ticket, department: str, assignee: str | None) -> None:
        """Nobody handles what is about them (A5.3)."""
        if department in ticket.about.departments:
            raise MalformedMessage(
                "department", "is whom the matter is about", "send it to another"
            )
        if assignee in whom_it_is_about(ticket, self._platform.duty.current):
            raise MalformedMessage("assignee", "is whom the matter is about", "send it to another")

    def _first(self, ticket: Ticket, department: str) -> str | None:
        rules = self._platform.policy.at(ticket.estate).rules
        how_busy = self._workload.beyond(rules.busy_from)
        person = choose_person(self._platform.duty.current, ticket, department, how_busy=how_busy)
        return person.id if person else None

    async def _change(self, number: str, choose: Choose) -> Ticket:
        """Change a ticket, and note what it gives to whom or takes from them."""
        seen: list[Ticket] = []

        def see(ticket: Ticket, now: datetime) -> Act | Sequence[Act] | None:
            seen[:] = [ticket]
            return choose(ticket, now)

        ticket = await self._platform.tickets.change(number, see)
        self._workload.note(seen[0], ticket)
        return ticket
