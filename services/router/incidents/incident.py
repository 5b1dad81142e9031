"""An incident as a value: where the outage is, what was promised, who was told; what belongs to
it, and what is done to a request because of it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from shared.policy.outages import is_only_outage
from shared.policy.policy import IncidentRules, Policy
from shared.tickets import NOBODY, OrderStatus, Ticket, Transition, WorkOrder
from shared.tickets.acts import Accept, Act, Dispatch, Link, Resolve, Resume, Transfer
from shared.tickets.lifecycle import UNFINISHED

Status = Literal["offered", "dismissed", "confirmed", "restored", "closed"]
OPEN: Final[frozenset[Status]] = frozenset({"offered", "confirmed", "restored"})
WHOLE_ESTATE: Final = "*"
"""Where a scope names no building; also how it is told apart in the index."""
OUTCOME: Final = "restored"
"""How the work of a request ends that an outage brought about."""


@dataclass(frozen=True, slots=True)
class Restoration:
    """A promise: over by `restore_by`. A later one stands beside it with its reason, a code."""

    at: datetime
    by: str
    restore_by: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ScopeChange:
    """Where the outage was thought to be, since when and by whom."""

    at: datetime
    by: str
    buildings: tuple[str, ...]
    restored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Linked:
    """A request that belongs to an incident. `household` is a keyed digest; `can_be_told` when its
    caller left a number.
    """

    number: str
    at: datetime
    building: str | None
    household: str
    can_be_told: bool
    is_open: bool


def covering(running: Iterable[Incident], ticket: Ticket, rules: IncidentRules) -> Incident | None:
    """The confirmed incident that a new request is a part of; None for what is its own: dangers,
    drills, what tells of no outage, and what is about somebody.
    """
    if ticket.incident or ticket.joins or ticket.is_emergency or ticket.test:
        return None
    if ticket.about != NOBODY:
        return None
    if not rules.tells_of_outage(ticket.plan.type, None):
        return None
    area, estate = ticket.plan.area, ticket.estate
    near = (i for i in running if (i.estate, i.area, i.status) == (estate, area, "confirmed"))
    return next((i for i in near if i.covers(ticket.building)), None)


def may_share_alert(ticket: Ticket, words: str, policy: Policy) -> bool:
    """Whether an emergency may be part of an outage that others were alerted to: as it was
    reported, by words that tell of nobody in danger. What was parted from an outage once, decided
    anew or reopened is a matter of its own. `policy` is that of its estate.
    """
    if not may_be_part(ticket) or ticket.estate is None:
        return False
    if ticket.test or ticket.about != NOBODY or ticket.mark is not None:
        return False
    was_linked = any(entry.transition == Transition.LINK for entry in ticket.timeline)
    plan = ticket.plan
    is_outage = plan.area in policy.rules.incidents.areas and is_only_outage(
        plan.emergency_kind, words, policy
    )
    return is_outage and not was_linked


def may_be_part(ticket: Ticket) -> bool:
    """Whether an emergency that was to share an alert still may: it was not decided anew since."""
    is_as_reported = (ticket.round, len(ticket.plans)) == (1, 1)
    is_free = ticket.incident is None and ticket.joins is None
    return ticket.is_emergency and is_free and is_as_reported


LINKED: Final = "incident"
"""The note of work that counts as accepted as part of an incident: nobody has said so."""


def link(ticket: Ticket, given: Sequence[Act], incident: str, *, by: str) -> list[Act]:
    """`given`, which gives out the work of a ticket, and that all its work is part of an incident:
    whoever has it is at it already, so nobody is to accept it.

    Without anybody who has the work it stays as it is: a person has to look at it first.
    """
    new = any(isinstance(act, Dispatch | Transfer) for act in given)
    if not new and not any(order.status in UNFINISHED for order in ticket.orders):
        return list(given)
    part = Link(by=by, incident=incident, note=incident, shares_alert=ticket.is_emergency)
    return [part, *given, *taken_as_part(ticket, given)]


def taken_as_part(ticket: Ticket, given: Sequence[Act]) -> Iterator[Act]:
    """That whoever has, or is `given`, the work of a ticket is at it already, as part of another
    one.
    """
    moved = {act.order for act in given if isinstance(act, Transfer)}
    waits = (order for order in ticket.orders if order.status is OrderStatus.DISPATCHED)
    accepted = [(order.id, _whoever(order)) for order in waits if order.id not in moved]
    first = len(ticket.work_orders) + 1
    new = (act for act in given if isinstance(act, Dispatch | Transfer))
    accepted += [(f"{ticket.number}-{n}", _whoever(act)) for n, act in enumerate(new, first)]
    return (Accept(by=who, order=id, note=LINKED) for id, who in accepted if who)


def _whoever(work: WorkOrder | Dispatch | Transfer) -> str | None:
    asked = () if isinstance(work, Transfer) else work.offered_to
    return work.assignee or next(iter(asked), None)


def finish(ticket: Ticket, *, by: str, outcome: str = OUTCOME) -> Iterator[Act]:
    """What a request is part of is over, and so is its work."""
    for order in ticket.orders:
        if order.status not in UNFINISHED:
            continue
        if order.status is OrderStatus.DISPATCHED:
            yield Accept(by=_whoever(order) or by, order=order.id)
        if order.status is OrderStatus.SUSPENDED:
            yield Resume(by=by, order=order.id)
        yield Resolve(by=by, order=order.id, outcome=outcome)


def households(linked: Iterable[Linked], incident: Incident) -> list[str]:
    """One ticket of each household that still waits and can be told: its first with a number."""
    firsts: dict[str, str] = {}
    for each in linked:
        if each.can_be_told and not incident.is_over_in(each.building):
            firsts.setdefault(each.household, each.number)
    return list(firsts.values())


@dataclass(frozen=True, slots=True)
class Announcement:
    """What the households concerned are told. To many it goes out only once somebody else has
    released it.
    """

    n: int
    at: datetime
    by: str
    households: int
    restore_by: datetime | None = None
    released_at: datetime | None = None
    released_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One outage of an area at an estate: of some buildings, or of all when none is named.
    `restored_in` have it over while others wait. `beyond` are buildings outside the scope from
    which requests came. `told` are the tickets for whose callers the last announcement was handed
    on; whether they got it, the messages say. `is_gathered` says that all requests of the scope
    were looked for and linked, or, once it is dismissed, parted. `emergency` is the ticket whose
    alert its other emergencies share.
    """

    id: str
    version: int = 0
    estate: str
    area: str
    buildings: tuple[str, ...]
    status: Status
    began_at: datetime
    households: int = 0
    beyond: tuple[str, ...] = ()
    restored_in: tuple[str, ...] = ()
    decided_at: datetime | None = None
    decided_by: str | None = None
    reason: str | None = None
    scopes: tuple[ScopeChange, ...] = ()
    promises: tuple[Restoration, ...] = ()
    notices: tuple[Announcement, ...] = ()
    told: tuple[str, ...] = ()
    is_gathered: bool = True
    restored_at: datetime | None = None
    restored_by: str | None = None
    closed_at: datetime | None = None
    reminded: int = 0
    emergency: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is still looked after, or to be decided."""
        return self.status in OPEN

    @property
    def restore_by(self) -> datetime | None:
        """The promise that counts."""
        return self.promises[-1].restore_by if self.promises else None

    @property
    def notice(self) -> Announcement | None:
        """The last announcement that was let go."""
        return next((n for n in reversed(self.notices) if n.released_at is not None), None)

    def covers(self, building: str | None) -> bool:
        """Whether a request from there is a part of it; of one that says nothing of where it is,
        only when the whole estate is concerned.
        """
        if building in self.restored_in:
            return False
        return not self.buildings or building in self.buildings

    def has_left(self, building: str | None) -> bool:
        """Whether it was thought to be there, and is not any more."""
        if building is None or not self.buildings or building in self.buildings:
            return False
        return any(not s.buildings or building in s.buildings for s in self.scopes)

    def is_over_in(self, building: str | None) -> bool:
        """Whether the outage is over for a request from there."""
        return self.restored_at is not None or building in self.restored_in
