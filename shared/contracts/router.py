"""What the router says: work orders, clocks, emergencies, rosters."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from shared.contracts.base import Event
from shared.contracts.intake import TicketEvent


class TicketResolved(TicketEvent):
    """The last work order of the round is finished; the caller is to be told."""

    name: ClassVar[str] = "ticket.resolved"
    outcome: str = ""


RaiseReason = Literal["repeated", "false_completion", "risk"]


class TicketRaised(TicketEvent):
    """The caller had to come back, for the `contacts`th time within the policy's span; or what was
    said to be done was not; or they say that they will go to an authority or the press.
    `recipients` stand as far up as `level`; where the `place_differs`, a photo of what was said to
    be done had been taken elsewhere.
    """

    name: ClassVar[str] = "ticket.raised"
    level: int
    reason: RaiseReason
    contacts: int
    recipients: tuple[str, ...] = ()
    place_differs: bool = False


class TicketHeld(TicketEvent):
    """No rule could choose anybody; it waits in the manual queue."""

    name: ClassVar[str] = "ticket.held"
    reason: str


class TicketLinked(TicketEvent):
    """It is one of many that one outage brought about: `incident` is looked after as one."""

    name: ClassVar[str] = "ticket.linked"
    incident: str


class TicketUnlinked(TicketEvent):
    """It is a matter of its own again; `reason` is a code."""

    name: ClassVar[str] = "ticket.unlinked"
    incident: str
    reason: str


class TicketJoined(TicketEvent):
    """It tells of the same emergency as the ticket that it `joins`, and shares its alert."""

    name: ClassVar[str] = "ticket.joined"
    joins: str


class TicketParted(TicketEvent):
    """It is a matter of its own again, and had `joined` an emergency; `reason` is a code."""

    name: ClassVar[str] = "ticket.parted"
    joined: str
    reason: str


class WorkOrderEvent(TicketEvent):
    """What every fact about a work order carries; `assignee` is a person of the duty list."""

    work_order: str
    department: str
    assignee: str | None = None


class WorkOrderDispatched(WorkOrderEvent):
    """A department has it; `due` holds its limits by clock (UTC). Without an assignee it is offered
    to `recipients`: whoever accepts first has it. What is part of an `incident`, or `joins` an
    emergency, is nobody's own errand: they have that.
    """

    name: ClassVar[str] = "work_order.dispatched"
    due: dict[str, AwareDatetime] = Field(default_factory=dict)
    recipients: tuple[str, ...] = ()
    incident: str | None = None
    joins: str | None = None


class WorkOrderAccepted(WorkOrderEvent):
    """The assignee took it."""

    name: ClassVar[str] = "work_order.accepted"


class WorkOrderDeclined(WorkOrderEvent):
    """The assignee sent it back, with the reason."""

    name: ClassVar[str] = "work_order.declined"
    reason: str = ""


class WorkOrderTransferred(WorkOrderEvent):
    """Another department takes over, as `to_department`."""

    name: ClassVar[str] = "work_order.transferred"
    to_department: str
    reason: str = ""


class WorkOrderSetOut(WorkOrderEvent):
    """Somebody is on the way; by when they are to be there, its `arrive` clock says."""

    name: ClassVar[str] = "work_order.set_out"


class WorkOrderStarted(WorkOrderEvent):
    """Work has begun."""

    name: ClassVar[str] = "work_order.started"


class WorkOrderArrived(WorkOrderEvent):
    """Somebody is on site."""

    name: ClassVar[str] = "work_order.arrived"


class WorkOrderControlled(WorkOrderEvent):
    """The danger is over; the work goes on."""

    name: ClassVar[str] = "work_order.controlled"


class WorkOrderNoted(WorkOrderEvent):
    """Progress was noted. Only what is `public` may ever reach the caller, who hears of it at
    `tell_at`, if at all; the words are in no event.
    """

    name: ClassVar[str] = "work_order.noted"
    public: bool = False
    tell_at: AwareDatetime | None = None


class WorkOrderAppointed(WorkOrderEvent):
    """A visit was agreed, to begin between `at` and `until`; it has been so since `agreed_at`."""

    name: ClassVar[str] = "work_order.appointed"
    at: AwareDatetime
    until: AwareDatetime | None = None
    agreed_at: AwareDatetime | None = None


class WorkOrderExtensionAsked(WorkOrderEvent):
    """The department cannot keep the time and asks for a later one; `recipients` are to see that a
    supervisor decides.
    """

    name: ClassVar[str] = "work_order.extension_asked"
    until: AwareDatetime
    reason: str
    recipients: tuple[str, ...] = ()
    at: AwareDatetime | None = None


class WorkOrderExtensionRefused(WorkOrderEvent):
    """The time stays as it was promised: `due`. It was decided `at`: the same may be asked for, and
    refused, again.
    """

    name: ClassVar[str] = "work_order.extension_refused"
    due: AwareDatetime | None = None
    at: AwareDatetime | None = None


class WorkOrderExtended(WorkOrderEvent):
    """A later time was approved, `asked` for or not; the first promise stays on record."""

    name: ClassVar[str] = "work_order.extended"
    until: AwareDatetime
    at: AwareDatetime | None = None
    asked: bool = False


class WorkOrderSuspended(WorkOrderEvent):
    """Work waits, for a reason, until a time."""

    name: ClassVar[str] = "work_order.suspended"
    reason: str
    until: AwareDatetime | None = None


class WorkOrderResumed(WorkOrderEvent):
    """Work goes on."""

    name: ClassVar[str] = "work_order.resumed"


Payer = Literal["owner", "group", "warranty"]
ConsentHow = Literal["phone", "link", "on_site"]


class WorkOrderQuoted(WorkOrderEvent):
    """What the work will cost was estimated: `total` in fen. Where `needs_consent`, `recipients`
    are to ask the owner before it may be done.
    """

    name: ClassVar[str] = "work_order.quoted"
    quote: int
    total: int
    payer: Payer
    needs_consent: bool
    recipients: tuple[str, ...] = ()


class WorkOrderConsentRecorded(WorkOrderEvent):
    """The owner agreed to the `quote` of that number, or refused it; `total` in fen."""

    name: ClassVar[str] = "work_order.consent_recorded"
    quote: int
    total: int
    given: bool
    how: ConsentHow


class WorkOrderResolved(WorkOrderEvent):
    """The work is done, as the photos of `proof` show; where the `place_differs`, one of them was
    taken elsewhere, as its tag says. What was used costs `total` fen, which `payer` pays (None:
    nobody said).
    """

    name: ClassVar[str] = "work_order.resolved"
    proof: tuple[str, ...] = ()
    place_differs: bool = False
    total: int = 0
    payer: Payer | None = None


class WorkOrderHandedOver(WorkOrderEvent):
    """Not ours: the caller is told who is responsible."""

    name: ClassVar[str] = "work_order.handed_over"


class WorkOrderCancelled(WorkOrderEvent):
    """The department confirms that nobody needs it any more."""

    name: ClassVar[str] = "work_order.cancelled"


class WorkOrderWithdrawn(WorkOrderEvent):
    """Nobody had taken it, and the last plan names its department no more."""

    name: ClassVar[str] = "work_order.withdrawn"


class ClockEvent(TicketEvent):
    """A deadline; `recipients` are the people of the duty list who are to know. `due` is when the
    limit ends, `fell_due` since when the first rung could be called that this call stands for: long
    ago where nothing ran meanwhile. Those of an `incident`, and of the emergency that it `joins`,
    hear of its own time instead. `assignee`
    is who has the work order, where it is the clock of one and somebody has it.
    """

    clock: str
    due: AwareDatetime
    fell_due: AwareDatetime | None = None
    work_order: str | None = None
    department: str | None = None
    recipients: tuple[str, ...] = ()
    incident: str | None = None
    joins: str | None = None
    assignee: str | None = None


class ClockWarned(ClockEvent):
    """A set share of the time is used up; `level` 0 is the last warning, those below it came
    earlier.
    """

    name: ClassVar[str] = "clock.warned"
    level: int = 0


class ClockBreached(ClockEvent):
    """The time is over (level 1), or has been for so long that the rung `level` of the ladder was
    called.
    """

    name: ClassVar[str] = "clock.breached"
    level: int = 1


class EmergencyEvent(Event):
    """What every fact about a running emergency carries; always on lane urgent. `test` marks a
    drill.
    """

    number: str
    kind: str
    estate: str | None = None
    test: bool = False
    recipients: tuple[str, ...] = ()


class EmergencyStarted(EmergencyEvent):
    """The plan of this kind is running."""

    name: ClassVar[str] = "emergency.started"


class EmergencyAlerted(EmergencyEvent):
    """These people are alerted now; `step` 0 is the parallel alert, then the chain."""

    name: ClassVar[str] = "emergency.alerted"
    step: int = 0


class EmergencySlowed(EmergencyEvent):
    """The whole chain was called again and again, and nobody has acknowledged: from this `step` on
    the next is called less often, at `next_at` for the first time. `recipients` is the superior who
    is to see to it.
    """

    name: ClassVar[str] = "emergency.slowed"
    step: int
    next_at: AwareDatetime | None = None


class EmergencyAcknowledged(EmergencyEvent):
    """Somebody has taken the alert."""

    name: ClassVar[str] = "emergency.acknowledged"
    by: str


class EmergencyArrived(EmergencyEvent):
    """Somebody is on site."""

    name: ClassVar[str] = "emergency.arrived"


class EmergencyReleased(EmergencyEvent):
    """The people in danger are safe."""

    name: ClassVar[str] = "emergency.released"


class EmergencyReplanned(EmergencyEvent):
    """It is of another kind than `before`, or `elsewhere` than at `estate_before` (None: nobody
    knew). `recipients` were called and are not needed any more; whom it concerns now, the alert of
    the same `step` names.
    """

    name: ClassVar[str] = "emergency.replanned"
    before: str
    step: int
    elsewhere: bool = False
    estate_before: str | None = None


class EmergencyDowngraded(EmergencyEvent):
    """It turned out to be no emergency, or (`reason` is `joined`) the same as another one, which
    goes on. `recipients` were called before this `step` and are not
    there yet.
    """

    name: ClassVar[str] = "emergency.downgraded"
    reason: str
    step: int = 0


class EmergencyEnded(EmergencyEvent):
    """It is over. `outcome` says how: `ended` by somebody on site, `resolved` with its work,
    `withdrawn` by the desk, or a `false_alarm`, which `reason` explains.
    """

    name: ClassVar[str] = "emergency.ended"
    outcome: str = "ended"
    reason: str | None = None


class ShiftEvent(Event):
    """What every fact about a shift carries: who stands for a department of a place between two
    moments (UTC). `revision` counts what was done to it, `recipients` are the people of the duty
    list who are to know.
    """

    can_be_urgent: ClassVar[bool] = False

    shift: str
    revision: int
    place: str
    department: str
    person: str
    begins: AwareDatetime
    ends: AwareDatetime
    recipients: tuple[str, ...] = ()


class ShiftOffered(ShiftEvent):
    """Somebody else may take it over."""

    name: ClassVar[str] = "roster.shift_offered"


class ShiftTaken(ShiftEvent):
    """`person` stands instead of whoever did before."""

    name: ClassVar[str] = "roster.shift_taken"


class ShiftStruck(ShiftEvent):
    """It counts no more; `reason` is `leave`, `unqualified` or `cancelled`."""

    name: ClassVar[str] = "roster.shift_struck"
    reason: str


class ShiftCut(ShiftEvent):
    """It is shorter than it was, because of leave: from `begins` to `ends` now."""

    name: ClassVar[str] = "roster.shift_cut"


class GapFound(Event):
    """Too few people stand for a department of a place, first between `begins` and `ends`, where
    `missing` are missing; `gaps` counts all that are new. `near` when it begins within a day.
    `revision` counts what was told of this list.
    """

    name: ClassVar[str] = "roster.gap_found"
    can_be_urgent: ClassVar[bool] = False

    place: str
    department: str
    revision: int
    begins: AwareDatetime
    ends: AwareDatetime
    missing: int
    gaps: int = 1
    near: bool = False
    recipients: tuple[str, ...] = ()


FollowUpWhy = Literal["share", "watch", "by_hand", "tell"]
"""A share of the limit is used up, something must not be lost sight of, somebody wants it, or the
result is to be told by telephone.
"""
FollowUpSaid = Literal["told_owner", "still_waiting", "no_answer", "handed_on", "not_needed"]
"""What whoever did a task says of it."""
FollowUpOutcome = Literal[FollowUpSaid, "fed_back"]
"""Or that the result was fed back: how that went is the ticket's own."""


CallAnswer = Literal[
    "satisfied", "said_nothing", "not_satisfied", "told", "no_answer", "unreachable"
]
"""What came of ringing a caller. Of a result they were told, and are satisfied, say nothing of it,
or are not satisfied; of all else they were `told`. Nobody answered, or nobody has as often as the
policy wants them rung.
"""


class FollowUpEvent(TicketEvent):
    """What every fact about a task of the desk carries: `person` is to look after the ticket by
    `due`; `recipients` are the people of the duty list who are to know.
    """

    can_be_urgent: ClassVar[bool] = False

    follow_up: str
    why: FollowUpWhy
    reason: str
    due: AwareDatetime
    person: str | None = None
    recipients: tuple[str, ...] = ()


class FollowUpOpened(FollowUpEvent):
    """Now is the time to do it."""

    name: ClassVar[str] = "follow_up.opened"


class FollowUpMissed(FollowUpEvent):
    """Nobody has done it in time; it is still to be done."""

    name: ClassVar[str] = "follow_up.missed"


class FollowUpDone(FollowUpEvent):
    """It was done, with what came of it."""

    name: ClassVar[str] = "follow_up.done"
    outcome: FollowUpOutcome


class FollowUpDangerTold(FollowUpEvent):
    """The caller told of a danger, of the kind `danger`: the ticket is to be an emergency."""

    name: ClassVar[str] = "follow_up.danger_told"
    can_be_urgent: ClassVar[bool] = True
    must_be_founded: ClassVar[bool] = True
    danger: str


class FollowUpRung(FollowUpEvent):
    """Whoever has the task (`by`) rang the caller: `call` names that call, `cause` says as a code
    why the caller is not satisfied, `danger` of which kind a danger is that they told of,
    `promised` when the promises were made that the caller was told; without it all that there are.
    Intake does to the ticket what follows; the words of it lie with the task.
    """

    name: ClassVar[str] = "follow_up.rung"
    can_be_urgent: ClassVar[bool] = True
    must_be_founded: ClassVar[bool] = True
    by: str
    call: str
    answer: CallAnswer
    cause: str | None = None
    danger: str | None = None
    promised: tuple[AwareDatetime, ...] | None = None


class FollowUpDropped(FollowUpEvent):
    """Nobody has to do it any more; `dropped_for` says why, as a code."""

    name: ClassVar[str] = "follow_up.dropped"
    dropped_for: str
