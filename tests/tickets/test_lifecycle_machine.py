"""Random lives of a ticket against a simple model of the design's table.

The model knows statuses, rounds, orders and marks as plain words; it was written from the design
and shares no code with `shared.tickets`. Only the times of deadlines are read from the ticket.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from shared.contracts import known_events
from shared.contracts.intake import FeedbackOutcome
from shared.contracts.router import Payer
from shared.documents import difference
from shared.policy.calendar import Scale
from shared.tickets import (
    ROWS,
    TICKET,
    Applied,
    Clock,
    NoSuchOrder,
    NotAllowed,
    Ticket,
    Transition,
    acts,
    apply,
    overdue,
    register,
)
from shared.tickets.clocks import ClockState
from shared.tickets.costs import Item
from shared.tickets.effects import Effect
from shared.tickets.facts import order_facts, ticket_facts
from tests.tickets.samples import MONDAY, REPORTED, plan_of, registration, sample_rules

OPEN = {"registered", "dispatched", "in_progress", "suspended", "resolved", "handed_over"}
OVER = {"closed", "answered", "cancelled", "merged"}
DONE = {"resolved", "handed_over"}
UNTOUCHED = {"registered", "dispatched"}
UNFINISHED = {"dispatched", "accepted", "in_progress", "suspended"}
VOID = {"declined", "transferred", "cancelled"}
TAKEN = {"accepted", "in_progress"}

TICKET_FROM: Mapping[str, set[str]] = {
    "reclassify": OPEN, "answer": UNTOUCHED, "tell": (OPEN | OVER) - {"merged"},
    "supplement": OPEN, "urge": OPEN, "own": OPEN,
    "raise": (OPEN | OVER) - {"merged"}, "feedback": DONE,
    "feedback_attempt": DONE,
    "not_satisfied": DONE, "reopen": {"closed", "answered"}, "cancel": UNTOUCHED,
    "request_cancel": {"dispatched", "in_progress", "suspended"}, "merge": UNTOUCHED,
    "hold": OPEN, "link": OPEN, "unlink": OPEN, "join": OPEN - DONE, "part": OPEN,
    "flag": (OPEN | OVER) - {"merged"}, "warn": OPEN, "breach": OPEN,
}  # fmt: skip
ORDER_FROM: Mapping[str, set[str]] = {
    "accept": {"dispatched"}, "decline": {"dispatched"}, "transfer": UNFINISHED,
    "set_out": {"accepted"}, "start": {"accepted"}, "arrive": TAKEN, "control": {"in_progress"},
    "note": UNFINISHED, "quote": TAKEN | {"suspended"}, "consent": TAKEN | {"suspended"},
    "appoint": UNFINISHED, "ask_extension": UNFINISHED, "extend": UNFINISHED,
    "refuse_extension": UNFINISHED, "suspend": TAKEN, "resume": {"suspended"},
    "resolve": TAKEN, "hand_over": TAKEN, "confirm_cancel": TAKEN | {"suspended"},
    "withdraw": {"dispatched"},
}  # fmt: skip
ORDER_TO: Mapping[str, str] = {
    "accept": "accepted", "decline": "declined", "transfer": "transferred", "start": "in_progress",
    "arrive": "in_progress", "suspend": "suspended", "resolve": "resolved",
    "hand_over": "handed_over", "confirm_cancel": "cancelled", "withdraw": "cancelled",
}  # fmt: skip
MARKS: Mapping[str, str] = {
    "answer": "answered", "feedback": "closed", "cancel": "cancelled", "merge": "merged",
}  # fmt: skip
SAYS: Mapping[str, str] = {
    "reclassify": "ticket.reclassified", "answer": "ticket.answered", "tell": "ticket.told",
    "supplement": "ticket.supplemented", "urge": "ticket.urged", "own": "ticket.owned",
    "raise": "ticket.raised", "feedback": "ticket.closed",
    "feedback_attempt": "ticket.feedback_attempted", "not_satisfied": "ticket.reopened",
    "reopen": "ticket.reopened", "cancel": "ticket.cancelled",
    "request_cancel": "ticket.cancel_requested", "merge": "ticket.merged", "hold": "ticket.held",
    "link": "ticket.linked", "unlink": "ticket.unlinked",
    "join": "ticket.joined", "part": "ticket.parted", "flag": "ticket.flagged",
    "dispatch": "work_order.dispatched", "accept": "work_order.accepted",
    "decline": "work_order.declined", "transfer": "work_order.transferred",
    "set_out": "work_order.set_out", "start": "work_order.started", "arrive": "work_order.arrived",
    "control": "work_order.controlled", "note": "work_order.noted",
    "quote": "work_order.quoted", "consent": "work_order.consent_recorded",
    "appoint": "work_order.appointed", "ask_extension": "work_order.extension_asked",
    "extend": "work_order.extended", "refuse_extension": "work_order.extension_refused",
    "suspend": "work_order.suspended", "resume": "work_order.resumed",
    "resolve": "work_order.resolved", "hand_over": "work_order.handed_over",
    "confirm_cancel": "work_order.cancelled", "withdraw": "work_order.withdrawn",
    "warn": "clock.warned", "breach": "clock.breached",
}  # fmt: skip
ATTEMPTS = 3
FEEDBACK_GAP = timedelta(hours=2)
REOPEN_WITHIN = timedelta(days=30)
LONGEST = {"access": timedelta(hours=12), "parts": timedelta(days=7)}
IN_ALL = timedelta(days=14)
"""The sample policy's: how long all pauses of a limit are together."""
ESCALATION = {
    1: timedelta(0),
    2: timedelta(hours=2),
    3: timedelta(hours=24),
    4: timedelta(hours=72),
}
"""The sample policy's: how long after its end a limit calls which level."""
ROUTERS = {"nobody_on_duty", "declined_twice"}


@dataclass
class Order:
    round: int
    department: str
    status: str = "dispatched"
    before: str = ""
    resume_at: datetime | None = None
    decided: bool = False
    assignee: str | None = None
    quotes: int = 0
    cost: int = 0
    owner_pays: bool = False
    agreed: bool | None = None

    def note(self, act: acts.OrderAct) -> None:
        """Who has it, what it costs, and what the owner said."""
        match act:
            case acts.Accept():
                self.assignee = act.assignee or act.by
            case acts.PutQuote():
                self.quotes += 1
                self.cost = sum(item.quantity * item.unit_price for item in act.items)
                self.owner_pays, self.agreed = act.payer == "owner", None
            case acts.RecordConsent():
                self.agreed = act.given
            case _:
                pass

    def may_be_done(self, used: int | None) -> bool:
        """Of the owner's money nothing is spent that they did not agree to."""
        spent = self.cost if used is None else used
        if not self.quotes:
            return spent == 0
        if not self.owner_pays or (self.cost == 0 and spent == 0):
            return True
        return self.agreed is not None and spent <= (self.cost if self.agreed else 0)


@dataclass
class Model:
    """What the design says a ticket is, as plainly as it can be said."""

    undecided: str | None
    where: tuple[str | None, str]
    mark: str | None = None
    round: int = 1
    orders: dict[str, Order] = field(default_factory=dict)
    held: str | None = None
    attempts: int = 0
    tried_at: datetime | None = None
    cancel_requested: bool = False
    over_at: datetime | None = None
    extension_asked: bool = False
    extensions: int = 0
    arrived: bool = False
    incident: str | None = None
    joins: str | None = None
    risk: bool = False
    latest: datetime = MONDAY

    def __post_init__(self) -> None:
        self.held = self.undecided

    @property
    def present(self) -> list[Order]:
        return [order for order in self.orders.values() if order.round == self.round]

    @property
    def status(self) -> str:
        if self.mark:
            return self.mark
        counting = [order.status for order in self.present if order.status not in VOID]
        unfinished = {status for status in counting if status in UNFINISHED}
        if not counting:
            return "registered"
        if "in_progress" in unfinished:
            return "in_progress"
        if unfinished:
            return "suspended" if unfinished == {"suspended"} else "dispatched"
        return "resolved" if "resolved" in counting else "handed_over"

    def allows(self, act: acts.Act, now: datetime, ticket: Ticket) -> bool:
        name = act.transition.value
        if isinstance(act, acts.OrderAct):
            order = self.orders[act.order]
            here = order.round == self.round and self.mark is None
            return here and order.status in ORDER_FROM[name] and self._may(act, now, ticket)
        if name == "dispatch":
            return self.mark is None and self._may(act, now, ticket)
        return self.status in TICKET_FROM[name] and self._may(act, now, ticket)

    def _may(  # noqa: C901, PLR0911, PLR0912 - one condition an act, as the design lists them
        self, act: acts.Act, now: datetime, ticket: Ticket
    ) -> bool:
        taken = any(o.status in UNFINISHED - {"dispatched"} for o in self.present)
        match act:
            case acts.Feedback(outcome="unreachable"):
                return self.attempts >= ATTEMPTS
            case acts.FeedbackAttempt():
                return self.tried_at is None or now >= self.tried_at + FEEDBACK_GAP
            case acts.Decline(order=id):
                return not self.orders[id].decided
            case acts.Reopen():
                return self.over_at is not None and now - self.over_at <= REOPEN_WITHIN
            case acts.AnswerQuestion():
                return not ticket.is_emergency
            case acts.Cancel():
                return not (taken or ticket.is_emergency)
            case acts.Resolve(order=id, used=used):
                spent = None if used is None else sum(i.quantity * i.unit_price for i in used)
                there = self.arrived or not ticket.is_emergency or self.joins is not None
                return there and self.orders[id].may_be_done(spent)
            case acts.RecordConsent(order=id):
                order = self.orders[id]
                in_person = act.how == "on_site" and act.by == order.assignee
                counts = order.owner_pays and act.quote == order.quotes > 0
                return counts and (act.at_desk or in_person)
            case acts.Merge(into=into):
                return into != ticket.number and not (taken or ticket.is_emergency)
            case acts.RequestCancel():
                return taken
            case acts.ConfirmCancel():
                return self.cancel_requested
            case acts.Dispatch(department=department):
                return not self._is_at_it(department)
            case acts.Transfer(order=id, to_department=department):
                changes_hands = self.orders[id].department == department
                return changes_hands or not self._is_at_it(department)
            case acts.Fire():
                return self._is_due(act, now, ticket)
            case acts.Join(joins=joins):
                return self.incident is None and self.joins is None and joins != ticket.number
            case acts.Part():
                return self.joins is not None
            case acts.Link():
                is_free = self.incident is None and self.joins is None
                return is_free and not ticket.is_emergency
            case acts.Unlink():
                return self.incident is not None
            case acts.Flag():
                return not self.risk
            case acts.Extend(until=until):
                return self._can_extend(until, now, ticket)
            case acts.AskExtension(until=until):
                return not self.extension_asked and self._can_extend(until, now, ticket)
            case acts.RefuseExtension():
                return self.extension_asked
            case acts.Suspend(order=id, reason=reason, until=until):
                self.latest = min([now + LONGEST[reason], *_ends_of_waiting(ticket, id, now)])
                return self.latest > now and (until is None or now < until <= self.latest)
            case acts.Appoint(at=at, until=until):
                return at < until and until > now
            case _:
                return True

    def _is_at_it(self, department: str) -> bool:
        return any(o.department == department and o.status in UNFINISHED for o in self.present)

    def _can_extend(self, until: datetime, now: datetime, ticket: Ticket) -> bool:
        clock = ticket.clocks.get(Clock.RESOLVE)
        if clock is None or clock.due is None or clock.breached_at or self.extensions:
            return False
        return until > clock.due and (clock.due > now or not runs(clock))

    def _is_due(self, act: acts.Fire, now: datetime, ticket: Ticket) -> bool:
        clocks = ticket.clocks
        if act.order is not None:
            order = ticket.order(act.order)
            if order is None or order.round != self.round:
                return False
            clocks = order.clocks
        clock = clocks.get(act.clock)
        if clock is None or clock.due is None or not runs(clock):
            return False
        reached = max((rung.level for rung in clock.fired), default=-1)
        # Working time is not over at noon: what follows the end counts as the limit does.
        on: Scale = clock.limit.on if clock.limit else "wall"
        calendar, due = sample_rules().ladder.calendar, clock.due
        passed = [
            level
            for level, span in ESCALATION.items()
            if (calendar.add(due, span, on) if span else due) <= now
        ]
        if clock.next is not None and clock.next.level == 0 and clock.next.at <= now:
            passed.append(0)
        highest = max((level for level in passed if level > reached), default=None)
        return act.level == highest and isinstance(act, acts.Breach) == (act.level > 0)

    def carry_out(self, act: acts.Act, now: datetime) -> list[str]:
        """Move, and name the events."""
        name, was, before = act.transition.value, self.status, self.mark
        events = [SAYS[name]]
        if isinstance(act, acts.OrderAct):
            self._move(self.orders[act.order], name)
        if isinstance(act, acts.Transfer):
            self._add(act.to_department, act.assignee, decided=act.decided)
            events.append("work_order.dispatched")
        if isinstance(act, acts.Dispatch):
            self._add(act.department, act.assignee, decided=act.decided)
            self.held = None if self.held in ROUTERS else self.held
        if isinstance(act, acts.Hold):
            self.held = self.held or act.reason
        if isinstance(act, acts.Reclassify):
            events += self._plan_anew(act)
        self._note(act)
        if isinstance(act, acts.Suspend):
            self.orders[act.order].resume_at = act.until or self.latest
        self.extension_asked = name == "ask_extension" or (
            self.extension_asked and name not in {"extend", "refuse_extension"}
        )
        self.extensions += name == "extend"
        self.arrived |= name == "arrive"
        self.attempts += name == "feedback_attempt"
        self.tried_at = now if name == "feedback_attempt" else self.tried_at
        self.cancel_requested |= name == "request_cancel"
        if name in {"reopen", "not_satisfied"}:
            events += self._part()
            self._begin_again()
        if name in MARKS:
            self._end(MARKS[name], now)
        return events + self._follows(was, before, now)

    def _note(self, act: acts.Act) -> None:
        self.risk |= isinstance(act, acts.Flag)
        if isinstance(act, acts.Link | acts.Unlink):
            self.incident = act.incident if isinstance(act, acts.Link) else None
        if isinstance(act, acts.Join | acts.Part):
            self.joins = act.joins if isinstance(act, acts.Join) else None
        if isinstance(act, acts.OrderAct):
            self.orders[act.order].note(act)

    def _plan_anew(self, act: acts.Reclassify) -> list[str]:
        self.undecided = next(iter(act.plan.undecided), None)
        self.held = self.held if self.held in ROUTERS else self.undecided
        was, self.where = self.where, (act.estate, act.plan.area)
        elsewhere = act.plan.urgency == "emergency" or was != self.where
        return self._part() if elsewhere or self.joins else []

    def _part(self) -> list[str]:
        """An emergency, another matter and a matter that comes back are no part of an outage."""
        was, self.incident = self.incident, None
        joined, self.joins = self.joins, None
        return ["ticket.unlinked"] * bool(was) + ["ticket.parted"] * bool(joined)

    def _follows(self, was: str, before: str | None, now: datetime) -> list[str]:
        idle = not any(order.status in UNFINISHED for order in self.present)
        if self.mark is None and self.cancel_requested and idle and self.status == "registered":
            self._end("cancelled", now)
            return ["ticket.cancelled"]
        over = before is not None or self.mark is not None
        return [] if over or was in DONE or self.status not in DONE else ["ticket.resolved"]

    def _move(self, order: Order, name: str) -> None:
        if name == "suspend":
            order.before = order.status
        order.status = order.before if name == "resume" else ORDER_TO.get(name, order.status)
        if order.status != "suspended":
            order.resume_at = None

    def _add(self, department: str, assignee: str | None, *, decided: bool) -> None:
        order = Order(self.round, department, decided=decided, assignee=assignee)
        self.orders[f"JY0001-{len(self.orders) + 1}"] = order

    def _begin_again(self) -> None:
        self.mark = self.over_at = None
        self.held, self.attempts, self.cancel_requested = self.undecided, 0, False
        self.extension_asked, self.extensions, self.tried_at = False, 0, None
        self.arrived = False
        self.round += 1

    def _end(self, mark: str, now: datetime) -> None:
        self.mark, self.held, self.over_at = mark, None, now
        for order in self.present:
            if order.status in UNFINISHED:
                order.status, order.resume_at = "cancelled", None


def _ends_of_waiting(ticket: Ticket, order: str, now: datetime) -> Iterator[datetime]:
    """Until when each limit that runs may wait, for all its pauses since it counts."""
    found, calendar = ticket.order(order), sample_rules().calendar
    assert found is not None
    own = [state for clock, state in found.clocks.items() if clock is not Clock.APPOINTMENT]
    for state in (*ticket.clocks.values(), *own):
        if state.due is None or state.stopped_at is not None:
            continue
        in_workdays = state.limit is not None and state.limit.on in {"business", "workdays"}
        on: Scale = "workdays" if in_workdays else "days"
        whole = ticket.clocks.get(Clock.RESOLVE)
        since = (whole.extended_at if whole else None) or state.segments[0].start
        left = IN_ALL
        for each in state.segments:
            if each.kind == "pause" and each.end is not None and each.end > since:
                left -= calendar.between(max(each.start, since), each.end, on)
        yield calendar.add(now, left, on) if left > timedelta() else now


def runs(clock: ClockState) -> bool:
    return clock.stopped_at is None and clock.segments[-1].kind == "run"


ORDER_ACTS: Mapping[type[acts.OrderAct], Mapping[str, Any]] = {
    acts.Accept: {}, acts.Decline: {"reason": "busy"}, acts.SetOut: {}, acts.Start: {},
    acts.Arrive: {}, acts.Control: {}, acts.Note: {}, acts.Resume: {}, acts.RefuseExtension: {},
    acts.Resolve: {"outcome": "fixed"}, acts.HandOver: {"outcome": "municipal"},
    acts.ConfirmCancel: {}, acts.Withdraw: {},
}  # fmt: skip
TICKET_ACTS: Mapping[type[acts.Act], Mapping[str, Any]] = {
    acts.Own: {"owner": "agent-9"},
    acts.Raise: {"level": 1, "reason": "repeated", "contacts": 3},
    acts.AnswerQuestion: {}, acts.Tell: {}, acts.Supplement: {}, acts.Urge: {},
    acts.FeedbackAttempt: {},
    acts.NotSatisfied: {}, acts.Reopen: {"reason": "caller"}, acts.Cancel: {},
    acts.RequestCancel: {}, acts.Merge: {"into": "JY0002"},
}  # fmt: skip
OUTCOMES: tuple[FeedbackOutcome, ...] = ("told", "unreachable", "by_publisher")
DEPARTMENTS = ("engineering", "security", "environment")
STEPS = st.sampled_from(
    [timedelta(0), timedelta(seconds=1), timedelta(minutes=9), timedelta(hours=5),
     timedelta(days=2), timedelta(days=20)]
)  # fmt: skip

SEEDS = st.integers(0, 2**32)
LIKELY = {
    "dispatch": 12, "accept": 12, "start": 6, "arrive": 4, "control": 6, "suspend": 8, "resume": 8,
    "resolve": 8, "hand_over": 6, "request_cancel": 3, "confirm_cancel": 8, "feedback": 6,
    "not_satisfied": 6, "feedback_attempt": 6, "reopen": 8, "warn": 4, "breach": 4, "extend": 6,
    "ask_extension": 3, "appoint": 4, "quote": 4, "consent": 6, "merge": 1, "answer": 1,
    "cancel": 1,
}  # fmt: skip
"""So that most lives are long; what is not named comes now and then."""


VALVE, NOTHING = Item("part", "阀门", 2, 4_500), Item("labour", "工时", 1, 0)


def costs(order: str) -> list[acts.Act]:
    """Everything somebody could say about what an order costs."""
    payers: tuple[Payer, ...] = ("owner", "group")
    found: list[acts.Act] = [
        acts.PutQuote(by="li", order=order, items=items, payer=payer)
        for payer in payers
        for items in ((VALVE,), (NOTHING,), ())
    ]
    found += [
        acts.RecordConsent(
            by=by, order=order, quote=quote, given=given, how="on_site", at_desk=by == "agent-7"
        )
        for quote in (1, 2)
        for given in (True, False)
        for by in ("li", "wu", "agent-7")
    ]
    found += [
        acts.Resolve(by="li", order=order, outcome="fixed", used=used)
        for used in ((), (VALVE,), (VALVE, VALVE))
    ]
    return found


def wishes(ticket: Ticket, now: datetime) -> list[acts.Act]:
    """Everything somebody could want of this ticket, possible or not."""
    found: list[acts.Act] = [kind(by="agent-7", **facts) for kind, facts in TICKET_ACTS.items()]
    found += [acts.Feedback(by="agent-7", outcome=outcome) for outcome in OUTCOMES]
    found += [
        acts.Reclassify(by="agent-7", plan=plan_of(name), estate="jinyuan") for name in REPORTED
    ]
    found += [acts.Hold(by="router", reason="nobody_on_duty")]
    found += [acts.Link(by="router", incident=name) for name in ("o-1", "o-2")]
    found += [acts.Unlink(by="agent-7", reason="own_work"), acts.Flag(by="intake")]
    found += [acts.Join(by="agent-7", joins="JY0003"), acts.Part(by="agent-7", reason="other")]
    found += [
        acts.Dispatch(by="router", department=d, assignee="li", decided=d == "security")
        for d in DEPARTMENTS
    ]
    owners = [None, *(order.id for order in ticket.work_orders)]
    found += [
        kind(by="router", clock=clock, order=owner, level=level)
        for kind, levels in ((acts.Warn, (0, -1, 1)), (acts.Breach, (0, *ESCALATION)))
        for level in levels
        for owner in owners
        for clock in Clock
    ]
    for order in ticket.work_orders:
        found += [kind(by="li", order=order.id, **facts) for kind, facts in ORDER_ACTS.items()]
        for later in (now + timedelta(days=1), now + timedelta(days=60)):
            found += [
                acts.Extend(by="chief", order=order.id, until=later),
                acts.AskExtension(by="li", order=order.id, until=later, reason="parts"),
            ]
        found += [
            acts.Suspend(
                by="li", order=order.id, reason=reason, until=None if hours is None else now + hours
            )
            for reason in LONGEST
            for hours in (None, timedelta(0), timedelta(hours=5), timedelta(hours=30))
        ]
        found += [
            acts.Appoint(by="agent-7", order=order.id, at=now + begins, until=now + ends)
            for begins, ends in (
                (timedelta(hours=1), timedelta(hours=3)),
                (timedelta(hours=-2), timedelta(minutes=1)),
                (timedelta(hours=-3), timedelta(hours=-2)),
                (timedelta(hours=3), timedelta(hours=3)),
            )
        ]
        found += costs(order.id)
        found.append(
            acts.Transfer(
                by="li", order=order.id, to_department="greening", assignee=None, reason="wrong"
            )
        )
    return found


class TicketMachine(RuleBasedStateMachine):
    """One ticket and its model, pushed about."""

    @initialize(name=st.sampled_from(sorted(REPORTED)), wait=st.integers(0, 4))
    def begin(self, name: str, wait: int) -> None:
        answered = wait == 4
        plan = plan_of(name)
        self.now = MONDAY
        where = (registration().estate, plan.area)
        self.model = Model(undecided=next(iter(plan.undecided), None), where=where)
        applied = register(registration(answered=answered), plan, MONDAY, sample_rules())
        events = ["ticket.registered"]
        if answered:
            self.model._end("answered", MONDAY)
            events.append("ticket.answered")
        assert [event.name for event in applied.events] == events
        assert applied.ticket.version == 1
        self.ticket = applied.ticket

    @rule(step=STEPS, seed=SEEDS)
    def somebody_wants_something(self, step: timedelta, seed: int) -> None:
        self._pass(step)
        self._try(self._dice(seed).choice(wishes(self.ticket, self.now)))

    @rule(step=STEPS, seed=SEEDS, times=st.integers(1, 5))
    def somebody_does_what_is_allowed(self, step: timedelta, seed: int, times: int) -> None:
        self._pass(step)
        for n in range(times):
            by_name: dict[str, list[acts.Act]] = {}
            for act in wishes(self.ticket, self.now):
                if self.model.allows(act, self.now, self.ticket):
                    by_name.setdefault(act.transition.value, []).append(act)
            dice = self._dice(seed + n)
            weights = [LIKELY.get(name, 2) for name in by_name]
            if by_name:
                (name,) = dice.choices(list(by_name), weights)
                self._try(dice.choice(by_name[name]))

    def _pass(self, step: timedelta) -> None:
        """Time goes on, and a pause that is over meanwhile ends before anybody does anything."""
        self.now += step
        over = [
            (order.resume_at, id)
            for id, order in self.model.orders.items()
            if order.round == self.model.round and order.resume_at and order.resume_at <= self.now
        ]
        resumes = overdue(self.ticket, self.now)
        assert [act.order for act in resumes if isinstance(act, acts.Resume)] == [
            id for _, id in sorted(over)
        ]
        for act in resumes:
            self._try(act)

    def _dice(self, seed: int) -> Random:
        """Hypothesis prefers small numbers; a life should not always take the first turning."""
        return Random(f"{seed}/{self.ticket.version}")

    @rule()
    def the_next_deadline_fires(self) -> None:
        if self.ticket.next_due is None:
            return
        before = self.ticket.version
        self._pass(max(self.ticket.next_due - self.now, timedelta(0)))
        due = [
            kind(by="router", clock=clock, order=owner, level=level)
            for owner, clock, _, at in self.ticket.deadlines()
            for kind, levels in ((acts.Warn, [0]), (acts.Breach, ESCALATION))
            for level in levels
            if at <= self.now
        ]
        for act in due:
            self._try(act)
        assert self.ticket.version > before, "a deadline was due and nothing could fire"

    @rule()
    def somebody_names_an_order_that_is_not_there(self) -> None:
        with pytest.raises(NoSuchOrder):
            apply(self.ticket, acts.Accept(by="li", order="JY0001-99"), self.now, sample_rules())

    def _try(self, act: acts.Act) -> None:
        before = self.ticket
        kept = TICKET.to_doc(before)
        if not self.model.allows(act, self.now, before):
            with pytest.raises(NotAllowed) as caught:
                apply(before, act, self.now, sample_rules())
            assert caught.value.transition is act.transition
            return
        applied = apply(before, act, self.now, sample_rules())
        assert TICKET.to_doc(before) == kept, "the old ticket was changed in place"
        assert [event.name for event in applied.events] == self.model.carry_out(act, self.now)
        self.ticket = applied.ticket
        check_step(before, act, applied, self.now)

    @invariant()
    def the_ticket_is_what_the_model_says(self) -> None:
        ticket, model = self.ticket, self.model
        assert ticket.status.value == model.status
        assert (ticket.mark and ticket.mark.value) == model.mark
        assert (ticket.round, ticket.cancel_requested) == (model.round, model.cancel_requested)
        assert (ticket.held and ticket.held.reason) == model.held
        assert ticket.feedback_attempts == model.attempts
        assert ticket.over_at == model.over_at
        found = {
            order.id: (order.round, order.department, order.status.value)
            for order in ticket.work_orders
        }
        assert found == {
            id: (order.round, order.department, order.status) for id, order in model.orders.items()
        }

    @invariant()
    def somebody_has_it_or_it_is_visible(self) -> None:
        if self.ticket.status.value == "registered":
            assert self.ticket.held or self.ticket.plan.departments

    @invariant()
    def the_whole_s_clocks_run_only_while_they_should(self) -> None:
        ticket, status = self.ticket, self.ticket.status.value
        running = {clock.value for clock, state in ticket.clocks.items() if runs(state)}
        if status in OVER:
            assert ticket.next_due is None
            assert not running
        assert ticket.held or "accept" not in running
        assert ("feed_back" in running) == (status in DONE)
        assert ("resolve" in running) == (status in {"registered", "dispatched", "in_progress"})

    @invariant()
    def the_orders_clocks_run_only_while_they_should(self) -> None:
        for order in self.ticket.work_orders:
            status = order.status.value
            running = {clock.value for clock, state in order.clocks.items() if runs(state)}
            assert ("accept" in running) == (status == "dispatched")
            if status == "suspended":
                running.discard("appointment")
            if status not in {"dispatched", "accepted", "in_progress"}:
                assert not running
            if status not in UNFINISHED:
                assert all(clock.stopped_at for clock in order.clocks.values())

    @invariant()
    def next_due_is_the_first_of_all_that_can_fire(self) -> None:
        ticket = self.ticket
        clocks = [*ticket.clocks.values()]
        for order in ticket.work_orders:
            clocks += order.clocks.values() if order.round == ticket.round else ()
        due = [clock.next.at for clock in clocks if runs(clock) and clock.next is not None]
        due += [order.resume_at for order in self.model.present if order.resume_at]
        assert ticket.next_due == min(due, default=None)
        assert all(clock.due or clock.next is None for clock in clocks)

    @invariant()
    def segments_follow_each_other(self) -> None:
        owners = [self.ticket.clocks, *(order.clocks for order in self.ticket.work_orders)]
        for clock in (clock for clocks in owners for clock in clocks.values()):
            *closed, last = clock.segments
            assert (last.end is None) == (clock.stopped_at is None)
            assert clock.segments[0].kind == "run"
            for one, two in zip(closed, clock.segments[1:], strict=True):
                assert one.kind != two.kind
                assert one.start <= two.start
                assert one.end == two.start

    @invariant()
    def a_document_gives_the_ticket_back(self) -> None:
        assert TICKET.from_doc(TICKET.to_doc(self.ticket)) == self.ticket


STOPS_ONE: Mapping[str, str] = {"accept": "accept", "arrive": "arrive", "control": "control"}


def check_step(before: Ticket, act: acts.Act, applied: Applied, now: datetime) -> None:
    """What holds of every step, whatever it was."""
    after = applied.ticket
    assert after.version == before.version + 1
    parts = isinstance(act, acts.Reclassify | acts.Reopen | acts.NotSatisfied)
    is_parted = parts and before.incident is not None and after.incident is None
    has_left = parts and before.joins is not None and after.joins is None
    entries = [act.transition.value, *["unlink"] * is_parted, *["part"] * has_left]
    assert after.timeline[: len(before.timeline)] == before.timeline
    new = after.timeline[len(before.timeline) :]
    assert [(e.at, e.transition, e.by) for e in new] == [(now, name, act.by) for name in entries]
    assert after.plans[: len(before.plans)] == before.plans
    promises = zip(before.promised, after.promised, strict=False)
    assert all(one.times == two.times and one.told <= two.told for one, two in promises)
    for order in before.work_orders:
        if order.round < before.round or after.round > before.round:
            assert after.order(order.id) == order, "history changed"
    check_facts(before, act, now)
    check_segments(before, after)
    check_stops(act, after)
    check_events(applied)
    check_update(before, after)


def check_facts(before: Ticket, act: acts.Act, now: datetime) -> None:
    """The effect fills every field of its row's event, and gives no fact that the event drops."""
    row = ROWS[act.transition]
    effect = row.effect(before, act, now, sample_rules()) if row.effect else Effect(before)
    order = order_facts(before, act.order) if isinstance(act, acts.OrderAct) else {}
    said = ((row, {**order, **effect.facts}), *((ROWS[name], facts) for name, facts in effect.also))
    for saying, facts in said:
        assert {*ticket_facts(before), *facts} == set(saying.says.model_fields), saying.transition


def check_segments(before: Ticket, after: Ticket) -> None:
    """Segments are only ever added, and only the last one is closed."""
    owners = [(before.clocks, after.clocks, True)]
    for order in before.work_orders:
        moved = after.order(order.id)
        assert moved is not None
        owners.append((order.clocks, moved.clocks, False))
    for old, new, is_whole in owners:
        for clock, state in old.items():
            if clock is Clock.APPOINTMENT:
                continue  # a visit that is agreed anew takes the place of the one before
            restarts = is_whole and (after.round > before.round or state.stopped_at)
            if restarts and new.get(clock) != state:
                continue  # a new round, another wait in the queue, other work done
            *kept, last = state.segments
            found = new[clock].segments
            assert list(found[: len(kept)]) == kept
            assert (found[len(kept)].kind, found[len(kept)].start) == (last.kind, last.start)


def check_stops(act: acts.Act, after: Ticket) -> None:
    """The clocks in the table's last column stand still."""
    if act.transition is Transition.TELL:
        assert after.clocks[Clock.FIRST_REPLY].stopped_at
    if isinstance(act, acts.OrderAct):
        order = after.order(act.order)
        clock = STOPS_ONE.get(act.transition.value)
        assert order is not None
        assert not any(runs(state) for name, state in order.clocks.items() if name == clock)


def check_events(applied: Applied) -> None:
    """Each event is of the contracts, carries the ticket's own facts and survives the wire."""
    ticket = applied.ticket
    for event in applied.events:
        kind = known_events()[event.event_type()]
        assert kind.model_validate(event.model_dump(mode="json")) == event
        facts = event.model_dump()
        assert (facts["number"], facts["round"]) == (ticket.number, ticket.round)
        assert facts["urgency"] == ticket.plan.urgency


def check_update(before: Ticket, after: Ticket) -> None:
    """The update that is written makes the one document of the other."""
    update = difference(TICKET.to_doc(before), TICKET.to_doc(after))
    setting, pushing = update["set"], update["push"]
    assert not update["unset"]
    paths = [*setting, *pushing]
    assert not any(
        one != two and f"{two}.".startswith(f"{one}.") for one in paths for two in paths
    ), "MongoDB refuses paths that overlap"
    doc = TICKET.to_doc(before)
    for path, value in setting.items():
        key, _, index = path.partition(".")
        if index:
            doc[key][int(index)] = value
        else:
            doc[key] = value
    for key, values in pushing.items():
        doc[key] = [*doc[key], *values]
    assert doc == TICKET.to_doc(after)


TicketMachine.TestCase.settings = settings(
    max_examples=100, stateful_step_count=20, deadline=None, derandomize=True
)


TestAnyLifeOfATicket = TicketMachine.TestCase


def test_every_transition_has_an_act_that_the_machine_tries() -> None:
    ticket = register(registration(), plan_of("repair"), MONDAY, sample_rules()).ticket
    sent = apply(
        ticket, acts.Dispatch(by="r", department="security", assignee=None), MONDAY, sample_rules()
    ).ticket

    tried = {act.transition for act in wishes(sent, MONDAY)}

    assert tried == set(Transition) - {Transition.REGISTER}


def test_a_ticket_s_document_has_a_place_for_each_of_its_fields() -> None:
    doc = TICKET.to_doc(register(registration(), plan_of("repair"), MONDAY, sample_rules()).ticket)

    assert {f.name for f in fields(Ticket)} - {"number"} <= set(doc)
