"""Which ticket a report's key stands for: reserved before there is a ticket of that number, and
given to a new request when the matter is long over (docs/decisions/031).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

from typing_extensions import override

from services.intake.registration.domain import Alerting, IdempotencyKey
from shared.contracts import Step
from shared.contracts.refusals import Unfit
from shared.documents import Shape
from shared.readers.emergencies import EmergencyState, emergency_state
from shared.store import Collection, CollectionSpec, Store
from shared.tickets import TICKET, Ticket
from shared.tickets.lifecycle import DONE
from shared.tickets.numbers import new_number
from shared.triage.taxonomy import EMERGENCY

REQUEST_REPEATS: Final = timedelta(days=1)
"""So long after a ticket is over its report may still be repeated: a sender that was cut off tries
again for hours, and an inquiry that was answered on the call is over at once.
"""
EMERGENCY_REPEATS: Final = timedelta(minutes=10)
"""So long after an emergency ended: redeliveries and retries come within minutes. A cry for help
that comes later means a new danger, and one team too many does less harm than none.
"""

NUMBER_TRIES: Final = 3
"""Numbers that are tried for one ticket."""


class Conflict(Unfit):
    """The same key came with another body; `number` is the ticket of the first."""

    def __init__(self, number: str) -> None:
        super().__init__(
            "conflict",
            "This key was used for another request",
            "to add to that request, supplement it "
            f"(POST /v1/tickets/{number}/supplement); for another one use another key",
            field="Idempotency-Key",
            number=number,
            instead="ticket.supplement",
        )

    @override
    def __str__(self) -> str:
        """For the operator who finds the message parked."""
        return "this key was used for another request; to add to it, supplement it"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a key gives: a number, and the ticket that has it already, with its emergency."""

    number: str
    key: IdempotencyKey | None = None
    ticket: Ticket | None = None
    emergency: EmergencyState | None = None


@dataclass(frozen=True, slots=True)
class Reservation:
    """The number that a key stands for since `at`; `body` is of the report that reserved it. Its
    time tells the auditor that the ticket it had before is no second one. Where it is `shared`,
    another key made the ticket, and this report was added to it.
    """

    id: str
    number: str
    body: str
    at: datetime
    version: int = 0
    shared: bool = False


RESERVATIONS: Final = CollectionSpec(
    name="reservations", shape=Shape(value=Reservation, lean={Reservation: {"shared"}})
)


class Reservations:
    """One document per key."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._reservations = Collection(store, RESERVATIONS)

    async def claim(
        self,
        key: IdempotencyKey,
        own: IdempotencyKey | None = None,
        *,
        earlier: str | None = None,
    ) -> Claim:
        """The number that this key stands for: its ticket's until the repeats of that have come,
        then a new one, which of several replicas one gives to it. In the place of a new one it is
        that of the `earlier` ticket that the report was added to.

        `own` is an emergency's key under its body alone: another body under a key in use gets
        that one's number. Raises Conflict where there is none, Contested after five losses.
        """
        now, shared = self._store.clock.now(), earlier is not None
        fresh = Reservation(key.id, earlier or new_number(), key.body, now, shared=shared)
        if await self._reservations.insert(Step(fresh), now):
            return Claim(fresh.number, key)
        claim: Claim | None = None

        async def decide(there: Reservation, now: datetime) -> Step[Reservation] | None:
            nonlocal claim
            standing = await self.look(there.number, key, shared=there.shared)
            is_same = there.body == key.body and not (own and _was_calm(standing.ticket))
            is_unfilled = shared and standing.ticket is None  # and will be by nobody: it was added
            over = is_unfilled or self._is_spent(standing)
            if is_same and not over:
                claim = standing
                return None
            # What cried under this key before has a ticket of its own, perhaps, and keeps it.
            if own is not None and not is_same and (not over or await self._is_in_use(own)):
                claim = None
                return None
            if not over:
                raise Conflict(there.number)
            claim = Claim(earlier or new_number(), key)
            return Step(replace(there, number=claim.number, body=key.body, at=now, shared=shared))

        await self._reservations.change(key.id, decide)
        if claim is not None:
            return claim
        assert own is not None, "only an emergency has another key"
        return await self.claim(own, earlier=earlier)

    async def standing(self, key: IdempotencyKey) -> Claim | None:
        """The ticket of this very report, where one was made of it before; nothing is reserved."""
        there = await self._reservations.get(key.id)
        if there is None or there.body != key.body:
            return None
        found = await self.look(there.number, key, shared=there.shared)
        return found if found.ticket is not None and not self._is_spent(found) else None

    async def look(self, number: str, key: IdempotencyKey, *, shared: bool = False) -> Claim:
        """What there is of a number, if it is this key's, or `shared` with the key that made it; a
        stranger's ticket is not looked at.
        """
        doc = await self._store.get("tickets", number)
        if doc is None or not (shared or doc["key"] == key.id):
            return Claim(number, key)
        ticket = TICKET.from_doc(doc)
        has_danger = ticket.is_emergency or not _was_calm(ticket)
        # What has joined another emergency is over when that one is.
        alert = ticket.joins or number
        emergency = await emergency_state(self._store, alert) if has_danger else None
        return Claim(number, key, ticket, emergency)

    async def another(self, key: IdempotencyKey, taken: str) -> Claim:
        """Give a key another number, because `taken` turned out to be somebody else's: of several
        replicas one does, and the others go on with its number.
        """

        def decide(there: Reservation, _now: datetime) -> Step[Reservation] | None:
            is_taken = there.number == taken
            return Step(replace(there, number=new_number(), shared=False)) if is_taken else None

        changed = await self._reservations.change(key.id, decide)
        assert changed is not None, "a reservation is renewed, and never deleted"
        number, shared = changed.after.number, changed.after.shared
        if changed.is_change:
            return Claim(number, key)
        return await self.look(number, key, shared=shared)

    async def after_loss(self, key: IdempotencyKey, taken: str) -> Claim:
        """What a key gives when its number turned out to be `taken`: the ticket that somebody else
        made of it, or another number.
        """
        found = await self.look(taken, key)
        return found if found.ticket else await self.another(key, taken)

    async def _is_in_use(self, key: IdempotencyKey) -> bool:
        """Whether a key stands for something whose repeats may still come."""
        there = await self._reservations.get(key.id)
        if there is None:
            return False
        return not self._is_spent(await self.look(there.number, key, shared=there.shared))

    def _is_spent(self, standing: Claim) -> bool:
        """A number without its ticket is under way, or left by a crash: it is to be filled."""
        ticket, now = standing.ticket, self._store.clock.now()
        return ticket is not None and is_spent(ticket, standing.emergency, now)


def is_spent(ticket: Ticket, emergency: EmergencyState | None, now: datetime) -> bool:
    """Whether the report that made this ticket is a new request when it comes again.

    By what it was reported as, for a repeat says the same: what the desk made an emergency of
    repeats like any request.
    """
    if _was_calm(ticket):
        return ticket.over_at is not None and now >= ticket.over_at + REQUEST_REPEATS
    ended = ended_at(ticket, emergency)
    return ended is not None and now >= ended + EMERGENCY_REPEATS


def ended_at(ticket: Ticket, emergency: EmergencyState | None) -> datetime | None:
    """Since when an emergency is over; None while it runs, or begins again. It ends by somebody who
    is there, by the desk's word that it is none, or with its ticket, whichever came first.
    """
    ends = (ticket.over_at, _calmed_at(ticket), _stopped_at(ticket, emergency))
    return min((end for end in ends if end is not None), default=None)


def alerting_of(
    ticket: Ticket, emergency: EmergencyState | None, *, published: bool
) -> Alerting | None:
    """What is so now of an emergency's alert; None for what never was one. Until the router has
    begun, what counts is whether our own word of it could be `published`.
    """
    if not ticket.is_emergency:
        return None if emergency is None else "ended"
    if ended_at(ticket, emergency) is not None:
        return "ended"
    if emergency is not None and emergency.ended_at is None:
        if emergency.acknowledged_at:
            return "acknowledged"
        return "unheard" if emergency.unheard else "started"
    return "started" if published else "delayed"


def _was_calm(ticket: Ticket | None) -> bool:
    """Whether it was reported as something other than an emergency."""
    return ticket is not None and ticket.plans[0].urgency != EMERGENCY


def _calmed_at(ticket: Ticket) -> datetime | None:
    calm = list(takewhile(lambda plan: plan.urgency != EMERGENCY, reversed(ticket.plans)))
    return calm[-1].at if calm else None


def _stopped_at(ticket: Ticket, emergency: EmergencyState | None) -> datetime | None:
    """When the router's emergency ended, unless it begins again for what was decided since."""
    if emergency is None or not ticket.is_emergency:
        return None
    is_news = ticket.round > emergency.round or len(ticket.plans) > emergency.plans
    begins_again = is_news and ticket.mark is None and ticket.status not in DONE
    return None if begins_again else emergency.ended_at
