"""What became of a time that was promised, by the clocks that measure it and by what happened.
Pure.

A clock that stopped before a promise was made cannot keep it, and what is promised anew is what
counts from then on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, Literal

from services.console.clients.shapes.whole import (
    ClockSeen,
    EntrySeen,
    OrderSeen,
    PromiseSeen,
    TicketSeen,
)
from services.console.tickets.story import AS_PART, ROUND_BEGINS

State = Literal[
    "kept", "late", "broken", "paused", "open", "replaced", "part", "moot", "past"
]  # fmt: skip
"""Kept, done too late, not done and past its time, waiting, still to come; promised anew; seen to
with what the ticket is part of, and not by itself; not needed any more, since all ended without
it; of no clock any more.
"""
WORST_FIRST: Final[Sequence[State]] = (
    "broken", "late", "paused", "open", "replaced", "part", "kept", "moot", "past",
)  # fmt: skip
ACCEPT: Final = "accept"
APPOINTMENT: Final = "appointment"
ANSWERED: Final = "answered"
MERGED: Final = "merged"
WITHOUT_WORK: Final = frozenset({ANSWERED, "cancelled", MERGED})
ENDS_WITHOUT: Final = frozenset({"cancel", "confirm_cancel"})
"""With these an order's clocks stop, and nothing was done."""
CANCELLED: Final = "cancelled"
NOT_PLANNED: Final = "not_planned"
"""Why an order is cancelled that was taken back, and not with its ticket."""
GIVEN_AWAY: Final = frozenset({"declined", "transferred"})
"""Work orders that somebody else has now: what they were to do is measured there."""
KEPT_BY_ANSWER: Final = frozenset({"first_reply", "resolve"})
BY_WHOEVER_IS_THERE: Final = frozenset({"arrive", "control"})
"""Of a part of something nobody says these: who is there says them of the other ticket."""
KEEPS_A_VISIT: Final = frozenset({"start", "arrive"})
Measured = tuple[str | None, ClockSeen]
"""A clock, and whose: a work order's, or (None) the whole's."""


class Keeping:
    """Tells of one ticket what became of what was promised."""

    def __init__(self, ticket: TicketSeen, now: datetime) -> None:
        self._ticket = ticket
        self._now = now
        self._begins = [each.at for each in ticket.timeline if each.transition in ROUND_BEGINS]
        self._parts = {
            each.order: each.at
            for each in ticket.timeline
            if each.transition == ACCEPT and each.note == AS_PART
        }

    def state(self, n: int, name: str) -> State:
        """Of the promise `n` the time named so; what all were to do is kept when all have."""
        promise = self._ticket.promised[n]
        later = self._ticket.promised[n + 1 :]
        anew = next((each.at for each in later if name in each.times), None)
        measured = self._measured(promise, name, anew)
        if not measured:
            return self._unmeasured(promise, name, anew)
        return min(
            (self._of(each, promise, name, anew) for each in measured), key=WORST_FIRST.index
        )

    def _measured(
        self, promise: PromiseSeen, name: str, anew: datetime | None
    ) -> Sequence[Measured]:
        """The clocks that can keep it: the whole's, else that of every department that has work."""
        return [
            (order, clock)
            for order, clock in self._named(promise, name)
            if _counts(clock, promise) and (name != APPOINTMENT or not _began_by(clock, anew))
        ]

    def _named(self, promise: PromiseSeen, name: str) -> Sequence[Measured]:
        round_ = self._ticket.round - sum(begin > promise.at for begin in self._begins)
        own = self._ticket.clocks.get(name) if round_ == self._ticket.round else None
        if own is not None and not (name == ACCEPT and _is_only_queues(own, promise)):
            return [(None, own)]
        return [
            (order.id, order.clocks[name])
            for order in self._ticket.work_orders
            if order.round == round_ and not self._is_given_away(order) and name in order.clocks
        ]

    def _is_given_away(self, order: OrderSeen) -> bool:
        """Whether somebody else has it now, or nobody needs it while the ticket goes on."""
        is_with_ticket = self._ticket.status == CANCELLED and order.reason != NOT_PLANNED
        return order.status in GIVEN_AWAY or (order.status == CANCELLED and not is_with_ticket)

    def _of(
        self, measured: Measured, promise: PromiseSeen, name: str, anew: datetime | None
    ) -> State:
        order, clock = measured
        due, done = promise.times[name], clock.stopped_at
        was_open = anew is not None and (done is None or done > anew)
        if anew is not None and was_open and (due >= anew or _paused_at(clock, anew)):
            return "replaced"
        if done is None:
            return _running(clock, due, self._now)
        if self._is_moot(order, name, done):
            return self._ended(due, done)
        if self._is_part(order, name, done):
            return "part"
        return "kept" if done <= due else "late"

    def _unmeasured(self, promise: PromiseSeen, name: str, anew: datetime | None) -> State:
        """Of what no clock measures (any more), by what happened."""
        due = promise.times[name]
        if name == APPOINTMENT and anew is not None:
            until = (e.at for e in self._after(promise.at) if e.transition in KEEPS_A_VISIT)
            came = next((at for at in until if at <= anew), None)
            if came is not None:
                return "kept" if came <= due else "late"
            return "replaced" if due >= anew else "broken"
        if anew is not None and due >= anew:
            return "replaced"
        if any(not _counts(clock, promise) for _, clock in self._named(promise, name)):
            return "moot"  # it had been done before it was promised anew
        over = self._ticket.over_at
        if self._ticket.status in WITHOUT_WORK and over is not None and promise.at <= over:
            return self._ended(due, over)
        return "past" if due < self._now else "open"

    def _ended(self, due: datetime, at: datetime) -> State:
        """Of what was not done when it ended without work: broken by then, it stays so."""
        if due < at:
            return "broken"
        return "part" if self._ticket.status == MERGED else "moot"

    def _after(self, at: datetime) -> Iterable[EntrySeen]:
        return (entry for entry in self._ticket.timeline if entry.at > at)

    def _is_moot(self, order: str | None, name: str, done: datetime) -> bool:
        """Whether a clock stopped with the ticket, or the order, and not since it was done: nobody
        arrives where the question was answered.
        """
        ticket = self._ticket
        is_kept_so = name in KEPT_BY_ANSWER and ticket.status == ANSWERED
        is_ended = done == ticket.over_at or any(
            each.at == done and each.order == order and each.transition in ENDS_WITHOUT
            for each in ticket.timeline
        )
        return ticket.status in WITHOUT_WORK and is_ended and not is_kept_so

    def _is_part(self, order: str | None, name: str, done: datetime) -> bool:
        """Whether nobody did it for this ticket: its work counted as taken with that of another."""
        if order is None or order not in self._parts:
            return False
        if name == ACCEPT:
            return done == self._parts[order]
        said = ((entry.transition, entry.order) for entry in self._ticket.timeline)
        return name in BY_WHOEVER_IS_THERE and (name, order) not in said


def _counts(clock: ClockSeen, promise: PromiseSeen) -> bool:
    """What stopped before a promise was made tells nothing of it."""
    return clock.stopped_at is None or clock.stopped_at >= promise.at


def _is_only_queues(own: ClockSeen, promise: PromiseSeen) -> bool:
    """Whether the manual queue's clock stopped: no department has accepted anything by it."""
    return own.stopped_at is not None and not is_of_queue(promise)


def is_of_queue(promise: PromiseSeen) -> bool:
    """Whether it promises only that somebody looks at the request, while nobody has decided."""
    return list(promise.times) == [ACCEPT]


def _began_by(clock: ClockSeen, anew: datetime | None) -> bool:
    """Whether it measures the visit that was agreed later."""
    return anew is not None and bool(clock.segments) and clock.segments[0].start >= anew


def _running(clock: ClockSeen, due: datetime, now: datetime) -> State:
    if clock.segments and clock.segments[-1].kind != "run":
        return "paused"
    return "broken" if due < now else "open"


def _paused_at(clock: ClockSeen, at: datetime) -> bool:
    return any(
        each.kind != "run" and each.start <= at and (each.end is None or at < each.end)
        for each in clock.segments
    )
