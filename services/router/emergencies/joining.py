"""Use case: several call about one emergency. What somebody says is the same shares its alert, ends
with it, and goes on by itself when it turns out to be another matter, or was never over.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.router.access import BY_RULE
from services.router.emergencies.emergency import Emergency, Outcome, share
from services.router.emergencies.storage import EMERGENCIES, joined_to, still_joined
from services.router.incidents.incident import finish, taken_as_part
from shared.bus import each
from shared.contracts import MalformedMessage, Step
from shared.contracts.refusals import NotNow, NotThere
from shared.identity import Principal, require, sees
from shared.runtime.platform import Platform
from shared.store import Collection
from shared.telemetry import logger
from shared.tickets import NotAllowed, Ticket, Transition
from shared.tickets.acts import Act, Join, Part
from shared.tickets.lifecycle import DONE, OPEN

ChangeEmergency = Callable[
    [str, Callable[[Emergency, datetime], Step[Emergency] | None]],
    Awaitable[Emergency | None],
]
OUTCOME: Final = "same_emergency"
"""How the work of a request ends that told of the same emergency."""
NOT_RUNNING: Final = "not_running"
ALERT_OVER: Final = "alert_over"
OWN_WORK: Final = "own_work"
"""Why what had joined is a matter of its own: there is no such emergency, it ended as none, or what
is left to do here was not its.
"""
_OVER: Final[frozenset[Outcome]] = frozenset({"ended", "resolved"})
"""How an emergency ends where there was one, and somebody was there."""
_TO_WORK_ON: Final = OPEN - DONE


@dataclass(frozen=True, slots=True)
class Joinable:
    """What others join: the ticket, and its emergency once it was begun."""

    ticket: Ticket
    emergency: Emergency | None

    @property
    def runs(self) -> bool:
        """Whether people are called to it, or in a moment: it joins none itself and is not over."""
        if self.ticket.joins is not None:
            return False
        if self.emergency is None:
            return self.ticket.is_emergency and self.ticket.status in _TO_WORK_ON
        return self.emergency.ended_at is None

    def is_elsewhere(self, ticket: Ticket) -> bool:
        """Whether a ticket is known to be about another place: two lifts have two people in
        them.
        """
        places = (self.ticket.estate, ticket.estate), (self.ticket.building, ticket.building)
        return any(None not in pair and pair[0] != pair[1] for pair in places)


class Joins:
    """Knows what shares the alert of another emergency, and looks after it to its end."""

    def __init__(self, platform: Platform, change: ChangeEmergency) -> None:
        """Change emergencies by `change`, which counts what ends."""
        self._platform = platform
        self._store = platform.store
        self._emergencies = Collection(platform.store, EMERGENCIES)
        self._change = change

    async def join(self, number: str, principal: Principal, ticket: str) -> None:
        """Let `ticket` share the alert of the emergency `number`, which whoever asks may see:
        nobody is called a second time, and nobody more to its own. The same again changes nothing.

        Raises MalformedMessage for a ticket that is not there for them, NotNow where the one is
        over or the other cannot be the same.
        """
        require(principal, Transition.JOIN)
        lead, joining = await self._lead(number), await self._seen(ticket, principal)
        if lead is None:
            raise NotThere
        if joining.joins != number:
            await self._check(lead, joining)
        act = Join(by=principal.id, joins=number, note=number)

        def choose(present: Ticket, _now: datetime) -> list[Act]:
            if not sees(principal, present):
                raise NotThere
            return [] if present.joins == number else [act, *taken_as_part(present, ())]

        await self.settle(await self._platform.tickets.change(ticket, choose))
        logger.info("emergency_joined", ticket=ticket, emergency=number)

    async def part(self, number: str, principal: Principal, ticket: str, reason: str) -> None:
        """Take what has joined for a matter of its own: an emergency is alerted anew. The same
        again changes nothing.
        """
        require(principal, Transition.PART)
        await self._seen(ticket, principal)
        parted = await self._part(ticket, number, reason, by=principal.id)
        if parted.joins is not None:
            raise NotNow(
                "joins-another",
                "It has joined another emergency",
                "part it from that one",
                emergency=parted.joins,
            )

    async def settle(self, ticket: Ticket) -> Ticket:
        """See that what has joined an emergency has no alert of its own; what has joined none that
        runs at its place is parted. The ticket as it is then.
        """
        if ticket.joins is None:
            return ticket
        lead = await self._lead(ticket.joins)
        if lead is None or not lead.runs or lead.is_elsewhere(ticket):
            return await self._part(ticket.number, ticket.joins, NOT_RUNNING, by=BY_RULE.id)
        called = lead.emergency.calls if lead.emergency else ()
        going = {person for alert in called for person in alert.recipients}
        await self._change(ticket.number, lambda e, now: share(e, now, going_there=going))
        return ticket

    async def look(self) -> None:
        """What has joined ends with its emergency, or goes on by itself."""
        by_number = {
            number: joined
            for joined, numbers in (await still_joined(self._store)).items()
            for number in numbers
        }

        async def follow(number: str) -> None:
            await self._follow(number, by_number[number])

        await each(follow, by_number)

    async def _follow(self, number: str, joined: str) -> None:
        lead = await self._lead(joined)
        if lead is not None and lead.runs:
            return
        emergency = lead.emergency if lead else None
        if emergency is None or emergency.outcome not in _OVER:
            await self._part(number, joined, ALERT_OVER, by=BY_RULE.id)
            return

        def choose(ticket: Ticket, _now: datetime) -> list[Act]:
            if ticket.joins != joined:
                return []
            since = ticket.last_of(Transition.JOIN) or ticket.registered_at
            ended_before = emergency.ended_at is None or emergency.ended_at < since
            by = emergency.ended_by or BY_RULE.id
            over = [] if ended_before else [*finish(ticket, by=by, outcome=OUTCOME)]
            return over or [Part(by=BY_RULE.id, reason=OWN_WORK, note=OWN_WORK)]

        try:
            await self._platform.tickets.change(number, choose)
        except NotAllowed as own:
            logger.info("own_work_remains", ticket=number, status=str(own.status))
            await self._part(number, joined, OWN_WORK, by=BY_RULE.id)

    async def _part(self, number: str, joined: str, reason: str, *, by: str) -> Ticket:
        def choose(ticket: Ticket, _now: datetime) -> list[Act]:
            return [Part(by=by, reason=reason, note=reason)] if ticket.joins == joined else []

        return await self._platform.tickets.change(number, choose)

    async def _lead(self, number: str) -> Joinable | None:
        ticket = await self._platform.tickets.get(number)
        return None if ticket is None else Joinable(ticket, await self._emergencies.get(number))

    async def _seen(self, number: str, principal: Principal) -> Ticket:
        ticket = await self._platform.tickets.get(number)
        if ticket is None or not sees(principal, ticket):
            raise MalformedMessage("ticket", "is no ticket that you see", "check the number")
        return ticket

    async def _check(self, lead: Joinable, joining: Ticket) -> None:
        """Raise NotNow unless the one runs and the other may be the same."""
        if lead.ticket.joins is not None:
            raise NotNow(
                "joins-another",
                "It has joined another emergency",
                "join that one",
                emergency=lead.ticket.joins,
            )
        if not lead.runs:
            raise NotNow(
                "emergency-over", "This emergency is over", "leave the ticket its own alert"
            )
        if lead.is_elsewhere(joining):
            raise NotNow(
                "other-place",
                "They are about two places",
                "put the place right first, or leave each its own alert",
            )
        if lead.ticket.test != joining.test:
            raise NotNow("a-drill", "One of them is a drill", "leave both as they are")
        is_other = joining.number != lead.ticket.number  # itself the row refuses
        if is_other and await joined_to(self._store, joining.number):
            raise NotNow(
                "others-joined",
                "Others have joined the one that was to join",
                "let this one join that one instead",
            )
