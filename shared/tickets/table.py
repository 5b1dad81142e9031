"""The lifecycle of a ticket and its work orders: one table that everything else is derived from.

A row says all there is to say of a transition. What does `accept` do? Its row names the act, from
where to where it moves, the event, who may do it and at which path, the clocks it stops, what it
does besides (`effects`) and what must hold besides (`conditions`). The code that applies acts, the
API's paths and rights, the page in the docs and the tests read `TABLE`. Its rows stand in the order
of the story. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from typing import Any, Final, Generic, Literal, TypeVar

from shared.contracts import intake, router
from shared.tickets import acts, conditions, effects
from shared.tickets.effects import Effect
from shared.tickets.lifecycle import (
    ALL_CLOCKS,
    DONE,
    OPEN,
    UNFINISHED,
    Clock,
    OrderStatus,
    TicketStatus,
    Transition,
)
from shared.tickets.model import LifecycleRules, Ticket

Subject = Literal["ticket", "work_order"]
A = TypeVar("A", bound=acts.Act | acts.Registration)
BASES: Final[dict[Subject, str]] = {
    "ticket": "/v1/tickets/{number}",
    "work_order": "/v1/work-orders/{id}",
}
"""Where the thing is that an act is done to."""

STAFF: Final = frozenset({"agent", "dispatcher", "supervisor"})
CALLERS_SIDE: Final = STAFF | {"system", "service"}
DEPARTMENT: Final = frozenset({"department"})
SERVICE: Final = frozenset({"service"})
"""Our services, which do it by rule and at nobody's request."""


@dataclass(frozen=True, slots=True)
class Row(Generic[A]):
    """One transition: who may move what from where to where, what is said of it, which clocks stop.

    `to` is None where the status stays (or, for resume, returns to the state before). Without an
    `effect` the move is all, without a `condition` the states decide alone. `new_round` starts the
    work again; `ends_orders` cancels what is unfinished.
    """

    act: type[A]
    _: KW_ONLY
    from_: frozenset[TicketStatus] | frozenset[OrderStatus]
    to: TicketStatus | OrderStatus | None = None
    says: type[intake.TicketEvent]
    roles: frozenset[str]
    at: str | None = None
    stops: tuple[Clock, ...] = ()
    new_round: bool = False
    ends_orders: bool = False
    effect: Callable[[Ticket, A, datetime, LifecycleRules], Effect] | None = None
    condition: Callable[[Ticket, A, datetime, LifecycleRules], str | None] | None = None

    @property
    def transition(self) -> Transition:
        """The verb."""
        return self.act.transition

    @property
    def on(self) -> Subject:
        """What is moved."""
        return "work_order" if issubclass(self.says, router.WorkOrderEvent) else "ticket"

    @property
    def creates(self) -> bool:
        """Whether it makes something new, from no state."""
        return not self.from_

    @property
    def endpoint(self) -> str | None:
        """The path where it is asked for; None where nobody can."""
        if self.at is None or self.at.startswith("/v1/"):
            return self.at
        return BASES[self.on] + self.at

    @property
    def is_built(self) -> bool:
        """Whether it can happen: our services' by rule, everybody else's at its path. What has no
        path yet is in nobody's choice, so neither the docs nor a refusal (409) offer it.
        """
        return self.at is not None or self.roles == SERVICE


_S, _O = TicketStatus, OrderStatus
_NOT_MERGED: Final = frozenset(_S) - {_S.MERGED}
_UNTOUCHED: Final = frozenset({_S.REGISTERED, _S.DISPATCHED})
_TAKEN: Final = frozenset({_O.ACCEPTED, _O.IN_PROGRESS})
_BEGUN: Final = _TAKEN | {_O.SUSPENDED}
_ROUTERS_DESK: Final = frozenset({"dispatcher", "supervisor", "service"})
_SUPERVISOR: Final = frozenset({"supervisor"})
_ANYONE_AT_WORK: Final = DEPARTMENT | STAFF

# One row a line reads as the table it is. It has no declared type, so that mypy checks the effect
# and the condition of each row against the row's own act.
# fmt: off
_TABLE: Final = (
    Row(acts.Registration, from_=frozenset(), to=_S.REGISTERED, says=intake.TicketRegistered, roles=CALLERS_SIDE, at="/v1/tickets"),
    Row(acts.Reclassify, from_=OPEN, says=intake.TicketReclassified, roles=STAFF, at="/reclassify", effect=effects.reclassify),
    Row(acts.AnswerQuestion, from_=_UNTOUCHED, to=_S.ANSWERED, says=intake.TicketAnswered, roles=STAFF, at="/answer", stops=ALL_CLOCKS, ends_orders=True, condition=conditions.is_no_emergency),
    Row(acts.Tell, from_=_NOT_MERGED, says=intake.TicketTold, roles=STAFF | SERVICE, at="/tell", stops=(Clock.FIRST_REPLY,), effect=effects.tell, condition=conditions.still_promised),
    Row(acts.Supplement, from_=OPEN, says=intake.TicketSupplemented, roles=CALLERS_SIDE, at="/supplement", effect=effects.tell_workers),
    Row(acts.Urge, from_=OPEN, says=intake.TicketUrged, roles=CALLERS_SIDE, at="/urge", effect=effects.tell_workers),
    Row(acts.Own, from_=OPEN, says=intake.TicketOwned, roles=STAFF, at="/own", effect=effects.own, condition=conditions.not_about_owner),
    Row(acts.Raise, from_=_NOT_MERGED, says=router.TicketRaised, roles=SERVICE, effect=effects.raise_level),
    Row(acts.Feedback, from_=DONE, to=_S.CLOSED, says=intake.TicketClosed, roles=STAFF | SERVICE, at="/feedback", stops=ALL_CLOCKS, effect=effects.feedback, condition=conditions.attempts_made),
    Row(acts.FeedbackAttempt, from_=DONE, says=intake.TicketFeedbackAttempted, roles=STAFF | SERVICE, at="/feedback", effect=effects.feedback_attempt, condition=conditions.not_too_soon),
    Row(acts.NotSatisfied, from_=DONE, to=_S.REGISTERED, says=intake.TicketReopened, roles=STAFF | SERVICE, at="/feedback", stops=ALL_CLOCKS, new_round=True, effect=effects.begin_round),
    Row(acts.Reopen, from_=frozenset({_S.CLOSED, _S.ANSWERED}), to=_S.REGISTERED, says=intake.TicketReopened, roles=CALLERS_SIDE, at="/reopen", new_round=True, effect=effects.begin_round, condition=conditions.still_in_time),
    Row(acts.Cancel, from_=_UNTOUCHED, to=_S.CANCELLED, says=intake.TicketCancelled, roles=CALLERS_SIDE, at="/cancel", stops=ALL_CLOCKS, ends_orders=True, condition=conditions.nobody_accepted),
    Row(acts.RequestCancel, from_=frozenset({_S.DISPATCHED, _S.IN_PROGRESS, _S.SUSPENDED}), says=intake.TicketCancelRequested, roles=CALLERS_SIDE, at="/cancel", effect=effects.request_cancel, condition=conditions.somebody_accepted),
    Row(acts.Merge, from_=_UNTOUCHED, to=_S.MERGED, says=intake.TicketMerged, roles=STAFF, at="/merge", stops=ALL_CLOCKS, ends_orders=True, effect=effects.merge, condition=conditions.goes_on_elsewhere),
    Row(acts.Hold, from_=OPEN, says=router.TicketHeld, roles=SERVICE, effect=effects.hold),
    Row(acts.Link, from_=OPEN, says=router.TicketLinked, roles=SERVICE, effect=effects.link, condition=conditions.may_be_linked),
    Row(acts.Unlink, from_=OPEN, says=router.TicketUnlinked, roles=SERVICE, effect=effects.unlink, condition=conditions.is_linked),
    Row(acts.Join, from_=OPEN - DONE, says=router.TicketJoined, roles=STAFF | SERVICE, at="/v1/emergencies/{number}/join", effect=effects.join, condition=conditions.may_join),
    Row(acts.Part, from_=OPEN, says=router.TicketParted, roles=STAFF | SERVICE, at="/v1/emergencies/{number}/part", effect=effects.part, condition=conditions.has_joined),
    Row(acts.Flag, from_=_NOT_MERGED, says=intake.TicketFlagged, roles=SERVICE, effect=effects.flag, condition=conditions.not_flagged),
    Row(acts.Dispatch, from_=frozenset(), to=_O.DISPATCHED, says=router.WorkOrderDispatched, roles=_ROUTERS_DESK, at="/v1/manual-queue/{number}/dispatch", effect=effects.dispatch, condition=conditions.department_free),
    Row(acts.Accept, from_=frozenset({_O.DISPATCHED}), to=_O.ACCEPTED, says=router.WorkOrderAccepted, roles=DEPARTMENT, at="/accept", stops=(Clock.ACCEPT,), effect=effects.accept),
    Row(acts.Decline, from_=frozenset({_O.DISPATCHED}), to=_O.DECLINED, says=router.WorkOrderDeclined, roles=DEPARTMENT, at="/decline", stops=ALL_CLOCKS, effect=effects.decline, condition=conditions.not_decided),
    Row(acts.Transfer, from_=UNFINISHED, to=_O.TRANSFERRED, says=router.WorkOrderTransferred, roles=DEPARTMENT | _ROUTERS_DESK, at="/transfer", stops=ALL_CLOCKS, effect=effects.transfer, condition=conditions.receiver_free),
    Row(acts.SetOut, from_=frozenset({_O.ACCEPTED}), says=router.WorkOrderSetOut, roles=DEPARTMENT, at="/set-out"),
    Row(acts.Start, from_=frozenset({_O.ACCEPTED}), to=_O.IN_PROGRESS, says=router.WorkOrderStarted, roles=DEPARTMENT, at="/start", stops=(Clock.APPOINTMENT,)),
    Row(acts.Arrive, from_=_TAKEN, to=_O.IN_PROGRESS, says=router.WorkOrderArrived, roles=DEPARTMENT, at="/arrive", stops=(Clock.ARRIVE, Clock.APPOINTMENT)),
    Row(acts.Control, from_=frozenset({_O.IN_PROGRESS}), says=router.WorkOrderControlled, roles=DEPARTMENT, at="/control", stops=(Clock.CONTROL,)),
    Row(acts.Note, from_=UNFINISHED, says=router.WorkOrderNoted, roles=_ANYONE_AT_WORK, at="/note", effect=effects.note),
    Row(acts.Appoint, from_=UNFINISHED, says=router.WorkOrderAppointed, roles=_ANYONE_AT_WORK | SERVICE, at="/appoint", effect=effects.appoint, condition=conditions.visit_ahead),
    Row(acts.PutQuote, from_=_BEGUN, says=router.WorkOrderQuoted, roles=DEPARTMENT, at="/quote", effect=effects.put_quote, condition=conditions.not_endless),
    Row(acts.RecordConsent, from_=_BEGUN, says=router.WorkOrderConsentRecorded, roles=_ANYONE_AT_WORK, at="/consent", effect=effects.record_consent, condition=conditions.owner_was_asked),
    Row(acts.AskExtension, from_=UNFINISHED, says=router.WorkOrderExtensionAsked, roles=DEPARTMENT, at="/extend", effect=effects.ask_extension, condition=conditions.asks_once),
    Row(acts.Extend, from_=UNFINISHED, says=router.WorkOrderExtended, roles=_SUPERVISOR, at="/extend", effect=effects.extend, condition=conditions.extends_forward),
    Row(acts.RefuseExtension, from_=UNFINISHED, says=router.WorkOrderExtensionRefused, roles=_SUPERVISOR, at="/extend", effect=effects.refuse_extension, condition=conditions.extension_asked),
    Row(acts.Suspend, from_=_TAKEN, to=_O.SUSPENDED, says=router.WorkOrderSuspended, roles=DEPARTMENT, at="/suspend", effect=effects.suspend, condition=conditions.ends_in_time),
    Row(acts.Resume, from_=frozenset({_O.SUSPENDED}), says=router.WorkOrderResumed, roles=DEPARTMENT | SERVICE, at="/resume", effect=effects.resume),
    Row(acts.Resolve, from_=_TAKEN, to=_O.RESOLVED, says=router.WorkOrderResolved, roles=DEPARTMENT, at="/resolve", stops=ALL_CLOCKS, effect=effects.resolve, condition=conditions.can_be_done),
    Row(acts.HandOver, from_=_TAKEN, to=_O.HANDED_OVER, says=router.WorkOrderHandedOver, roles=DEPARTMENT, at="/hand-over", stops=ALL_CLOCKS, effect=effects.hand_over),
    Row(acts.ConfirmCancel, from_=_BEGUN, to=_O.CANCELLED, says=router.WorkOrderCancelled, roles=DEPARTMENT, at="/confirm-cancel", stops=ALL_CLOCKS, condition=conditions.cancel_wanted),
    Row(acts.Withdraw, from_=frozenset({_O.DISPATCHED}), to=_O.CANCELLED, says=router.WorkOrderWithdrawn, roles=SERVICE, stops=ALL_CLOCKS, effect=effects.withdraw),
    Row(acts.Warn, from_=OPEN, says=router.ClockWarned, roles=SERVICE, effect=effects.fire, condition=conditions.not_yet_fired),
    Row(acts.Breach, from_=OPEN, says=router.ClockBreached, roles=SERVICE, effect=effects.fire, condition=conditions.not_yet_fired),
)
# fmt: on

TABLE: Final[tuple[Row[Any], ...]] = _TABLE
ROWS: Final[dict[Transition, Row[Any]]] = {row.transition: row for row in TABLE}


def possible_from(wanted: Transition, status: str) -> list[str]:
    """What somebody may do instead of `wanted`, by the table, to a ticket or order in `status`: by
    the paths below it, not by those of other things.
    """
    on = ROWS[wanted].on
    return [
        row.transition.value
        for row in TABLE
        if row.on == on
        and row.at
        and not row.at.startswith("/v1/")
        and any(state.value == status for state in row.from_)
    ]
