"""Until when a link shows something, and what may be asked of the table there. Pure.

No rule of the lifecycle stands here: what can be done now is asked of the rows, and what may be
done of the rights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from services.router.emergencies.emergency import (
    Emergency,
    acknowledge,
    arrive,
    end,
    release,
)
from services.router.proofs.domain import MOST, Proof, resolved_with, takes_photos
from shared.identity import DESK, Principal, allows
from shared.policy.duty import EMERGENCY_CHAIN, MANAGEMENT, Duty
from shared.tickets import OrderStatus, Ticket, Transition, WorkOrder
from shared.tickets.acts import (
    Accept,
    Arrive,
    AskExtension,
    ConfirmCancel,
    Decline,
    Note,
    OrderAct,
    PutQuote,
    Resume,
    SetOut,
    Suspend,
)
from shared.tickets.lifecycle import FINISHED, UNFINISHED, Clock

LOOK_BACK: Final = timedelta(days=1)
"""So long after their work is done somebody may look at it again, for their own papers."""
_AT_WORK: Final = frozenset({OrderStatus.ACCEPTED, OrderStatus.IN_PROGRESS, OrderStatus.SUSPENDED})
_FINISHING: Final = frozenset({Transition.RESOLVE, Transition.HAND_OVER})
ENDS_THE_WORK: Final = frozenset({"done", "confirm_cancel"})
"""What would end a running emergency with the work: whoever is there says first that it is over."""
RIGHTS: Final[Mapping[str, str]] = {
    "acknowledge": "emergency.acknowledge",
    "arrive": "emergency.attend",
    "check": "emergency.check",
    "release": "emergency.attend",
    "end": "emergency.attend",
}
"""What somebody may do to an emergency, by the action of the table of rights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One matter as somebody in the field has it: their work order, the emergency, or both. `doer`
    does the work, `attendant` attends the emergency: the same person by what makes it theirs.
    """

    ticket: Ticket
    order: WorkOrder | None
    emergency: Emergency | None
    doer: Principal | None
    attendant: Principal
    building: str | None
    place: str | None
    words: str
    inside: bool
    """Of the house: a firm outside sees no photo, and of the notes only what is no secret."""
    proofs: tuple[Proof, ...] = ()
    knows_person: bool = False
    photo_wanted: bool = False
    can: frozenset[str] = field(default_factory=frozenset)

    @property
    def person(self) -> str:
        """Whose link it is."""
        return self.attendant.id

    @property
    def danger_runs(self) -> bool:
        """Whether there is an emergency that is not over."""
        return self.emergency is not None and self.emergency.ended_at is None

    @property
    def is_there(self) -> bool:
        """Whether its reader is on site of the emergency, with or without work of it."""
        return self.emergency is not None and self.person in self.emergency.on_site

    @property
    def goes_there(self) -> bool:
        """Whether its reader is on their way to somebody: they have taken the work and not finished
        it, or were alerted to what still runs. What they are shown, intake decides.
        """
        if self.order is not None:
            return self.knows_person and self.order.status in _AT_WORK
        return self.knows_person and self.danger_runs and self.attendant.role == "department"

    @property
    def waits_for_danger(self) -> bool:
        """Whether their work, which they have taken, can be ended only after the danger."""
        return self.danger_runs and self.order is not None and self.order.status in _AT_WORK

    @property
    def opens_after_accept(self) -> bool:
        """Whether flat and number, which are not opened now, are once its reader has accepted."""
        waits = self.order is not None and self.order.status is OrderStatus.DISPATCHED
        return self.knows_person and waits

    @property
    def lacks_photo(self) -> bool:
        """Whether it is not done before there is a photo."""
        return self.photo_wanted and not self.proofs and self.order is not None


def has_ended(order: WorkOrder, ticket: Ticket, person: str, now: datetime) -> bool:
    """Whether a link shows nothing any more: the work is somebody else's or nobody's, or was done
    more than a day ago.
    """
    if person not in _whose(order):
        return True
    if order.status not in FINISHED:
        return order.status not in UNFINISHED
    done = (e.at for e in ticket.timeline if e.order == order.id and e.transition in _FINISHING)
    return now - max(done, default=ticket.registered_at) > LOOK_BACK


def alert_has_ended(emergency: Emergency, now: datetime) -> bool:
    """Whether an emergency has been over for more than a day."""
    return emergency.ended_at is not None and now - emergency.ended_at > LOOK_BACK


def order_of_person(ticket: Ticket, person: str, now: datetime) -> WorkOrder | None:
    """The work order that somebody has of a ticket besides an alert, the last first."""
    theirs = (order for order in reversed(ticket.orders))
    return next((o for o in theirs if not has_ended(o, ticket, person, now)), None)


def _whose(order: WorkOrder) -> set[str]:
    return {order.assignee} if order.assignee else {*order.offered_to}


def attendant_of(person: str, estate: str | None, duty: Duty) -> Principal:
    """Somebody who was alerted and has no work of it, with what their lists make them: who manages
    a place, the desk, or somebody of a department.
    """
    lists = {department for _, department in duty.lists_of(person)}
    departments = frozenset(lists - {MANAGEMENT, EMERGENCY_CHAIN})
    if MANAGEMENT in lists:
        return Principal(person, "manager", places_of(estate))
    if lists == {DESK}:
        return Principal(person, "agent", places_of(estate))
    return Principal(person, "department", places_of(estate), departments)


def places_of(estate: str | None) -> frozenset[str]:
    """The one place that a link reaches; all of them where nobody knows which it is."""
    return frozenset({estate or "*"})


def wishes(
    order: WorkOrder, ticket: Ticket, person: str, proofs: Sequence[Proof], now: datetime
) -> Mapping[str, OrderAct]:
    """One of each act as somebody might want it now, to ask the table whether it can be done."""
    resolve = ticket.clocks.get(Clock.RESOLVE)
    later = max(now, (resolve.due if resolve else None) or now) + timedelta(hours=1)
    of: dict[str, Any] = {"by": person, "order": order.id}
    return {
        "accept": Accept(**of),
        "decline": Decline(**of, reason="busy"),
        "set_out": SetOut(**of),
        "arrive": Arrive(**of),
        "tell": Note(**of, public=True),
        "note": Note(**of),
        "pause": Suspend(**of, reason="parts"),
        "resume": Resume(**of),
        "more_time": AskExtension(**of, until=later, reason="parts"),
        "quote": PutQuote(**of, items=(), payer="group"),
        "done": resolved_with(proofs, **of, outcome="done"),
        "confirm_cancel": ConfirmCancel(**of),
    }


def already_said(order: WorkOrder, ticket: Ticket) -> frozenset[str]:
    """What the table would take again, and nobody has to say twice: that they are on the way, and
    that they are there, which says the former too.
    """
    said = {entry.transition for entry in ticket.timeline if entry.order == order.id}
    if Transition.ARRIVE in said:
        return frozenset({"set_out", "arrive"})
    return frozenset({"set_out"} if Transition.SET_OUT in said else ())


def takes_photo(order: WorkOrder, ticket: Ticket, proofs: Sequence[Proof]) -> bool:
    """Whether one more can be added now."""
    return len(proofs) < MOST and takes_photos(ticket, order)


def possible_of(emergency: Emergency, who: Principal, now: datetime) -> Iterator[str]:
    """What somebody may do to an emergency that would change it now."""
    there = who.id in emergency.on_site
    would_change = {
        "acknowledge": acknowledge(emergency, who.id, now) is not None,
        "arrive": arrive(emergency, who.id, now) is not None,
        "check": emergency.ended_at is None,
        "release": there and release(emergency, now) is not None,
        "end": there and end(emergency, "ended", now, by=who.id) is not None,
    }
    for act, changes in would_change.items():
        if changes and allows(who, RIGHTS[act]):
            yield act
