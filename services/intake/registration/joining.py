"""Use case: a report names the running emergency that it is about. It has a ticket of its own, so
that whoever called can be rung, and nobody is alerted a second time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from services.intake.registration.domain import Arrival
from services.intake.registration.reservations import ended_at
from shared.contracts import Fault
from shared.identity import Principal, sees
from shared.policy.policy import Policy
from shared.readers.emergencies import EmergencyState, emergency_state
from shared.readers.tickets import Tickets
from shared.store import Store
from shared.tickets import Ticket
from shared.tickets.lifecycle import DONE, OPEN
from shared.tickets.numbers import read_number
from shared.triage.classify import dangers_in, decided_danger
from shared.triage.taxonomy import UNKNOWN_KIND

NOT_RUNNING: Final = Fault(
    "joins",
    "is no emergency that runs within your reach at this place",
    "leave it out, or name one that runs",
)
OWN_ALERT: Final = Fault(
    "joins",
    "is no emergency that runs within your reach at this place",
    "people are alerted to this one by itself; put the place right where it is the same",
)
"""The same of what is an emergency itself, which is never refused."""
TELLS_MORE: Final = Fault(
    "joins",
    "is kept, but the words tell of another danger, too",
    "reclassify it where help beyond the running alert is needed",
)
_RUNNING: Final = OPEN - DONE


class Joining:
    """Finds the emergency that a report joins."""

    def __init__(self, store: Store, tickets: Tickets, policy: Callable[[], Policy]) -> None:
        self._store = store
        self._tickets = tickets
        self._policy = policy

    async def joined(self, arrival: Arrival, principal: Principal, place: str | None) -> Arrival:
        """The report as one of that emergency: of its kind, at its place where it names none; of
        the kind that its own words tell while nobody knows that of the other. As it came where it
        names none that runs, with the fault: an emergency then has an alert of its own, and what
        is routine is refused, unless it was registered before.
        """
        said = arrival.report.joins
        if said is None:
            return arrival
        ticket = await self._running(said, principal)
        kind = ticket.plan.emergency_kind if ticket is not None else None
        taxonomy = self._policy().taxonomy
        is_there = ticket is not None and _may_be_there(arrival, place, ticket)
        if ticket is None or not is_there or kind is None or not taxonomy.has_kind(kind):
            fault = OWN_ALERT if arrival.found.emergency else NOT_RUNNING
            return replace(arrival, faults=(*arrival.faults, fault))
        if kind == UNKNOWN_KIND and arrival.found.emergency:
            return replace(arrival, joins=ticket)
        return replace(arrival, found=decided_danger(kind, taxonomy), joins=ticket)

    async def _running(self, said: str, principal: Principal) -> Ticket | None:
        """The emergency of that number, or the one whose alert it shares itself, while it runs."""
        ticket = await self._seen(said, principal)
        if ticket is not None and ticket.joins is not None:
            ticket = await self._seen(ticket.joins, principal)
        if ticket is None or not ticket.is_emergency or ticket.status not in _RUNNING:
            return None
        emergency = await emergency_state(self._store, ticket.number)
        return ticket if ended_at(ticket, emergency) is None else None

    async def _seen(self, said: str, principal: Principal) -> Ticket | None:
        ticket = await self._tickets.get(read_number(said))
        return ticket if ticket is not None and sees(principal, ticket) else None

    def tells_more(self, arrival: Arrival) -> tuple[Fault, ...]:
        """The notice for words that tell of a danger beyond that which people were called to."""
        if arrival.joins is None:
            return ()
        plan = arrival.joins.plan
        lexicon = self._policy().at(arrival.joins.estate).lexicon
        more = dangers_in(arrival.report.text, lexicon) - {plan.emergency_kind}
        return (TELLS_MORE,) if more else ()

    async def alert_of(self, ticket: Ticket) -> EmergencyState | None:
        """How the emergency stands whose alert a ticket shares by joining it."""
        assert ticket.joins is not None
        return await emergency_state(self._store, ticket.joins)


def _may_be_there(arrival: Arrival, place: str | None, ticket: Ticket) -> bool:
    """Whether a report may be about the place of an emergency. An emergency whose place nobody
    knows yet may be anywhere; a report that names an estate which nobody knows is not taken for
    one of the emergency's, as one that names none is.
    """
    if ticket.estate is None or place is None:
        return ticket.estate is None or not arrival.report.estate
    return place == ticket.estate
