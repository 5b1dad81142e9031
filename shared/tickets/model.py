"""The ticket and its work orders as values; how they are kept is `documents`, what may happen to
them is `lifecycle` and `apply`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from shared.contracts import Lane
from shared.policy.calendar import Calendar
from shared.policy.ladder import Ladder
from shared.policy.plan import Plan, Undecided
from shared.tickets.clocks import ClockState
from shared.tickets.costs import Item, Quote
from shared.tickets.lifecycle import (
    UNFINISHED,
    Clock,
    OrderStatus,
    TicketStatus,
    Transition,
    derive_status,
)
from shared.triage.taxonomy import Limit

HeldReason = Literal["place", "category", "faults", "nobody_on_duty", "declined_twice", "conflict"]
ROUND_BEGINS: Final = frozenset({Transition.NOT_SATISFIED, Transition.REOPEN})
BY_SERVICE: Final = "service:"
"""What the id of one of our own services begins with, which acts by rule."""
LINKING: Final = frozenset({Transition.LINK, Transition.UNLINK})
ROUTERS_REASONS: Final = frozenset({"nobody_on_duty", "declined_twice", "conflict"})
"""Reasons that the router's manual dispatch ends; intake's reclassification ends the others."""


@dataclass(frozen=True, slots=True)
class Held:
    """Why the ticket waits in the manual queue, and since when."""

    reason: HeldReason
    since: datetime


@dataclass(frozen=True, slots=True)
class About:
    """Whom a matter is about, such as a complaint: ids of departments and of our staff. They do
    not handle it, and they do not see it (A5.3).
    """

    departments: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


NOBODY: Final = About()


@dataclass(frozen=True, slots=True)
class Promise:
    """What the caller was promised (B4.1): times by clock, by whom, how, and whether told yet."""

    at: datetime
    by: str
    how: str
    policy: str
    times: Mapping[str, datetime]
    told: bool


@dataclass(frozen=True, slots=True)
class AskedVisit:
    """Between when and when the caller asked for somebody to come."""

    from_: datetime
    to: datetime


@dataclass(frozen=True, slots=True)
class Planned:
    """One plan as it was made; the last one counts. `reason` is a code: why a person decided so."""

    at: datetime
    by: str
    policy: str
    type: str
    area: str
    urgency: str
    emergency_kind: str | None
    departments: tuple[str, ...]
    undecided: tuple[Undecided, ...]
    confidence: float
    limits: Mapping[str, Limit]
    reason: str | None = None

    @classmethod
    def from_plan(cls, plan: Plan, *, at: datetime, by: str, reason: str | None = None) -> Planned:
        """Put a plan on record."""
        return cls(
            at,
            by,
            plan.policy,
            plan.type,
            plan.area,
            plan.urgency,
            plan.emergency_kind,
            plan.departments,
            plan.undecided,
            plan.confidence,
            plan.limits,
            reason,
        )


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One transition as it happened; `note` holds a code or scrubbed words, never a person. Only a
    `public` note may be told to the caller. `form_key` is that of the form it was asked for with.
    """

    at: datetime
    transition: str
    by: str
    order: str | None = None
    note: str | None = None
    public: bool = False
    form_key: str | None = None


_MERGE: Final = "merge/"


def merge_key(number: str) -> str:
    """The form key of the line with which a ticket takes another in."""
    return f"{_MERGE}{number}"


def merged_number(form_key: str | None) -> str | None:
    """The ticket that a line with this form key takes in; None for any other line."""
    return form_key.removeprefix(_MERGE) if form_key and form_key.startswith(_MERGE) else None


class Beginning(NamedTuple):
    """Why work begins again: in the caller's own words, where they said any, or that a danger was
    told.
    """

    words: str = ""
    is_danger: bool = False


def beginning(by: str, note: str | None) -> Beginning:
    """That of the line with which a round begins. What stands there by rule is a code of ours, and
    there is one where a danger was told: nobody has said it.
    """
    if by.startswith(BY_SERVICE):
        return Beginning(is_danger=note is not None)
    return Beginning(note or "")


@dataclass(frozen=True, slots=True)
class ExtensionWish:
    """A department asks for a later time; a supervisor decides."""

    order: str
    until: datetime
    reason: str
    by: str
    at: datetime


UNKNOWN_PLACE: Final = "*"
NOT_PLANNED: Final = "not_planned"
"""Why an order that nobody had taken is nobody's any more."""


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """One department's share of a ticket in one round; `assignee` is of the duty list. While it is
    suspended, `resume_at` says when work goes on by itself; `reason` is why it waits, or went away.
    What the desk `decided` is theirs is not declined. Without an assignee it was `offered_to`
    several, and whoever accepts first has it. It is work at the `place`, an estate or `*` where
    nobody knew it; None in documents of before. `quotes` are the estimates of what it costs, the
    last of which counts, `used` what it took in the end. `proof` are the photos it was resolved
    with, which were taken elsewhere where the `place_differs`.
    """

    id: str
    round: int
    department: str
    status: OrderStatus
    assignee: str | None = None
    before: OrderStatus | None = None
    clocks: Mapping[Clock, ClockState] = field(default_factory=dict)
    outcome: str | None = None
    reason: str | None = None
    resume_at: datetime | None = None
    decided: bool = False
    offered_to: tuple[str, ...] = ()
    place: str | None = None
    proof: tuple[str, ...] = ()
    place_differs: bool = False
    quotes: tuple[Quote, ...] = ()
    used: tuple[Item, ...] = ()

    @property
    def is_gone(self) -> bool:
        """Whether the department has no part in it any more, so that a plan that names it gives it
        work: it declined, or was not needed for a while.
        """
        was_withdrawn = self.status is OrderStatus.CANCELLED and self.reason == NOT_PLANNED
        return self.status is OrderStatus.DECLINED or was_withdrawn

    @property
    def is_unfinished(self) -> bool:
        """Whether somebody still has to do it."""
        return self.status in UNFINISHED

    def is_elsewhere(self, estate: str | None) -> bool:
        """Whether it was given by rule for another place than this, and nobody is at work there:
        who is goes on, and so does whom the desk has chosen.
        """
        is_to_begin = self.status in {OrderStatus.DISPATCHED, OrderStatus.ACCEPTED}
        is_moved = self.place is not None and self.place != place_of(estate)
        return is_moved and is_to_begin and not self.decided

    @property
    def quote(self) -> Quote | None:
        """The estimate that counts."""
        return self.quotes[-1] if self.quotes else None


def place_of(estate: str | None) -> str:
    """As an order names the place it is for."""
    return estate or UNKNOWN_PLACE


def without_work(planned: Iterable[str], orders: Sequence[WorkOrder]) -> tuple[str, ...]:
    """Departments that are to do something and have no part in it, by this round's orders: those of
    the last plan, and whoever it was passed on to, when they were the last to get it and declined.
    """
    last = {order.department: order for order in orders}
    sent_back = (o for o in orders[-1:] if o.status is OrderStatus.DECLINED)
    wanted = (*planned, *(order.department for order in sent_back))
    lacking = (name for name in wanted if name not in last or last[name].is_gone)
    return tuple(dict.fromkeys(lacking))


@dataclass(frozen=True, slots=True)
class Ticket:
    """One request from registration to its end. Nothing in here names a person outside our staff
    ids; what does is sealed beside it. `owner` is who at the desk sees it through, `former_owners`
    who did before, `level` how far up it was taken because the caller had to come back, `incident`
    the outage it is a part of, `risk` that it may go to an authority or the press, `building` the
    public place it is about, `repeat_of` the first ticket of the same caller about the same matter,
    `principal` the id of the person or system that registered it; None in documents that lost it,
    which are no system's. `joins` is the emergency whose alert it shares, because somebody said
    that it is the same; `asked_appointment` the visit asked for in the report, until it is agreed
    with whoever has the work; `merged_into` the ticket under which it went on.
    """

    number: str
    version: int
    registered_at: datetime
    channel: str
    estate: str | None
    plans: tuple[Planned, ...]
    promised: tuple[Promise, ...] = ()
    round: int = 1
    mark: TicketStatus | None = None
    held: Held | None = None
    work_orders: tuple[WorkOrder, ...] = ()
    clocks: Mapping[Clock, ClockState] = field(default_factory=dict)
    timeline: tuple[TimelineEntry, ...] = ()
    feedback_attempts: int = 0
    cancel_requested: bool = False
    extension: ExtensionWish | None = None
    extensions: int = 0
    over_at: datetime | None = None
    owner: str | None = None
    former_owners: tuple[str, ...] = ()
    level: int = 0
    incident: str | None = None
    risk: bool = False
    building: str | None = None
    test: bool = False
    about: About = NOBODY
    repeat_of: str | None = None
    principal: str | None = None
    joins: str | None = None
    asked_appointment: AskedVisit | None = None
    merged_into: str | None = None

    @property
    def plan(self) -> Planned:
        """The plan that counts."""
        return self.plans[-1]

    @property
    def is_emergency(self) -> bool:
        """Whether this rides the urgent lane."""
        return self.plan.urgency == "emergency"

    @property
    def shares_alert(self) -> bool:
        """Whether it is an emergency without an alert of its own: part of an outage that others
        reported before, or of an emergency that somebody said it joins.
        """
        return self.is_emergency and (self.incident is not None or self.joins is not None)

    @property
    def lane(self) -> Lane:
        """The lane of everything about this ticket."""
        return "urgent" if self.is_emergency else "routine"

    @property
    def orders(self) -> tuple[WorkOrder, ...]:
        """This round's work orders; those of earlier rounds are history."""
        return tuple(order for order in self.work_orders if order.round == self.round)

    @property
    def status(self) -> TicketStatus:
        """Derived, never kept as a decision."""
        return derive_status(self.mark, (order.status for order in self.orders))

    @property
    def at_work(self) -> tuple[str, ...]:
        """The departments with unfinished work orders in this round."""
        return tuple(sorted({o.department for o in self.orders if o.status in UNFINISHED}))

    @property
    def without_work(self) -> tuple[str, ...]:
        """Departments that are to do it and have no part in it."""
        return without_work(self.plan.departments, self.orders)

    @property
    def in_hand(self) -> tuple[str, ...]:
        """Who has unfinished work of it, each once: nobody of a drill, nor of a part of an
        incident or of what has joined an emergency, which is one errand however many called.
        """
        if self.test or self.incident is not None or self.joins is not None:
            return ()
        return tuple(sorted({o.assignee for o in self.orders if o.assignee and o.is_unfinished}))

    @property
    def next_due(self) -> datetime | None:
        """When the next rung of a clock or the end of a pause falls due; None while nothing can."""
        ends = (o.resume_at for o in self.orders if o.resume_at and self.mark is None)
        return min((*(due for _, _, _, due in self.deadlines()), *ends), default=None)

    @property
    def due(self) -> datetime | None:
        """The first limit that runs out, or has: of clocks that run, as whoever has to keep it is
        told. Warnings before and escalations after it are not limits (`next_due`).
        """
        if self.mark is not None:
            return None
        every = (self.clocks, *(order.clocks for order in self.orders))
        running = (state for clocks in every for state in clocks.values() if state.is_running)
        return min((state.due for state in running if state.due is not None), default=None)

    def deadlines(self) -> Iterator[tuple[str | None, Clock, ClockState, datetime]]:
        """Every clock that can still fire: order id (None: the whole's), clock, state, time."""
        owners = [(None, self.clocks), *((order.id, order.clocks) for order in self.orders)]
        for owner, clocks in owners:
            for clock, state in clocks.items():
                if (due := state.next_due) is not None:
                    yield owner, clock, state, due

    @property
    def entries(self) -> tuple[TimelineEntry, ...]:
        """The timeline from the last reopening on."""
        begun = (n for n, entry in enumerate(self.timeline) if entry.transition in ROUND_BEGINS)
        return self.timeline[max(begun, default=0) :]

    def entries_of(self, round_: int) -> tuple[TimelineEntry, ...]:
        """The timeline of one round."""
        now, found = 1, []
        for entry in self.timeline:
            now += entry.transition in ROUND_BEGINS
            if now == round_:
                found.append(entry)
        return tuple(found)

    def last_of(self, transition: Transition) -> datetime | None:
        """When it was done for the last time in this round."""
        return max((e.at for e in self.entries if e.transition == transition), default=None)

    @property
    def somebody_went(self) -> bool:
        """Whether somebody was there in this round whom the matter is not about."""
        return any(
            entry.transition == Transition.ARRIVE and not self._is_theirs(entry)
            for entry in self.entries
        )

    @property
    def has_stand_in(self) -> bool:
        """Whether a person gave work to as many departments that the matter is not about as have to
        do what would have been the share of those it is about.
        """
        standing_in = {
            order.department
            for order in self.orders
            if order.decided
            and order.status is not OrderStatus.DECLINED
            and order.department not in self.about.departments
        }
        theirs = {*self.plan.departments} & {*self.about.departments}
        return len(standing_in) >= max(len(theirs), 1)

    def _is_theirs(self, entry: TimelineEntry) -> bool:
        order = self.order(entry.order) if entry.order else None
        department = order.department if order else None
        return entry.by in self.about.people or department in self.about.departments

    def has_entry(self, transition: Transition, note: str) -> bool:
        """Whether this was put on record before, with the same note."""
        return any((e.transition, e.note) == (transition, note) for e in self.timeline)

    def was_asked(self, form_key: str) -> bool:
        """Whether what a form asked for is on record."""
        return any(entry.form_key == form_key for entry in self.timeline)

    def was_linked(self, at: datetime) -> bool:
        """Whether it was part of an incident after all that happened until then."""
        moves = (e.transition for e in self.timeline if e.at <= at and e.transition in LINKING)
        return next(iter(reversed(list(moves))), None) == Transition.LINK

    @property
    def public_notes(self) -> tuple[TimelineEntry, ...]:
        """What of this round's notes may be told to the caller; all others are the staff's."""
        return tuple(entry for entry in self.entries if entry.public)

    @property
    def place_differs(self) -> bool:
        """Whether a photo of what this round is said to have done was taken elsewhere."""
        return any(order.place_differs for order in self.orders)

    def order(self, id: str) -> WorkOrder | None:
        """A work order of any round."""
        return next((order for order in self.work_orders if order.id == id), None)

    def with_order(self, changed: WorkOrder) -> Ticket:
        """Put a work order in the place of the one with its id."""
        orders = tuple(changed if o.id == changed.id else o for o in self.work_orders)
        return replace(self, work_orders=orders)


@dataclass(frozen=True, slots=True)
class LifecycleRules:
    """What the table needs of the policy: the estate's calendar and the group's numbers."""

    calendar: Calendar
    ladder: Ladder
    undecided_limit: Limit
    reopen_within_seconds: float
    feedback_attempts: int
    longest_pause: Callable[[str], timedelta]
    longest_pauses: timedelta
    appointment_notice: timedelta
    extensions: int
    feedback_gap: timedelta
    tell_progress: timedelta | None
    quiet_until: Callable[[datetime], datetime | None]
    free_up_to: int
    wants_proof: Callable[[str, str, str], bool]
    outages: frozenset[str]
