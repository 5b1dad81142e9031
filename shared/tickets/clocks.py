"""Clocks: append-only segments of running and pausing, and when they warn, break and escalate.
Pure.

All times are aware. A clock without limit is measured, not due.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from shared.policy.calendar import IN_DAYS, Calendar, Scale
from shared.policy.ladder import BREACH, Ladder
from shared.triage.taxonomy import Limit


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch; `end` is None while it lasts. Nobody waits in an `idle` one: the work was taken
    to be done (documents of before call it a pause, too).
    """

    kind: Literal["run", "pause", "idle"]
    start: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class RungTime:
    """A level of the ladder and its time: when it falls due, or when it was called."""

    level: int
    at: datetime


@dataclass(frozen=True, slots=True)
class ClockState:
    """One clock. `due` and `next` are computed from the segments whenever they change, or from the
    last extension where there is one. `fired` are the rungs that were called; one that was passed
    over, because a higher one fell due meanwhile, is not among them.
    """

    limit: Limit | None
    segments: tuple[Segment, ...]
    due: datetime | None = None
    next: RungTime | None = None
    fired: tuple[RungTime, ...] = ()
    stopped_at: datetime | None = None
    extended_at: datetime | None = None
    extended_to: datetime | None = None

    @property
    def is_running(self) -> bool:
        """Neither stopped nor paused."""
        return self.stopped_at is None and self.segments[-1].kind == "run"

    @property
    def next_due(self) -> datetime | None:
        """The time of the next warning, breach or escalation, each of which comes once."""
        return self.next.at if self.is_running and self.next is not None else None

    @property
    def callable_since(self) -> datetime | None:
        """Since when the next rung could be called: from its time on, but not while the clock
        paused, and not before the time it has now was given to it.
        """
        if self.next is None:
            return None
        return max(self.next.at, self.segments[-1].start, self.counted_since)

    @property
    def breached_at(self) -> datetime | None:
        """When the limit was found broken."""
        return next((rung.at for rung in self.fired if rung.level >= BREACH), None)

    @property
    def kept(self) -> bool | None:
        """Whether the limit was kept; None while that is open or there is none."""
        if self.due is None or self.stopped_at is None:
            return False if self.breached_at else None
        return self.stopped_at <= self.due

    @property
    def scale(self) -> Scale:
        """What of the time counts for it."""
        return self.limit.on if self.limit is not None else "wall"

    @property
    def counted_since(self) -> datetime:
        """From when the shares of its time are taken: its start, or the last extension."""
        return self.extended_at or self.segments[0].start


def start_clock(
    limit: Limit | None, now: datetime, calendar: Calendar, ladder: Ladder
) -> ClockState:
    """A clock that runs from `now`."""
    state = ClockState(limit=limit, segments=(Segment("run", now),))
    return _with_due(state, calendar, ladder)


def start_visit(since: datetime, warn_at: datetime, until: datetime) -> ClockState:
    """The clock of an appointment: it ends at the end of the window and warns once before it."""
    rung = RungTime(BREACH - 1, warn_at) if warn_at > since else RungTime(BREACH, until)
    return ClockState(limit=None, segments=(Segment("run", since),), due=until, next=rung)


def stop_clock(state: ClockState, now: datetime) -> ClockState:
    """End the clock for good; a stopped one stays as it was."""
    if state.stopped_at is not None:
        return state
    return replace(state, segments=_closed(state.segments, now), stopped_at=now)


def pause_clock(state: ClockState, now: datetime) -> ClockState:
    """Time from `now` does not count."""
    if not state.is_running:
        return state
    return replace(state, segments=(*_closed(state.segments, now), Segment("pause", now)))


def resume_clock(
    state: ClockState, now: datetime, calendar: Calendar, ladder: Ladder
) -> ClockState:
    """Time counts again; what was left is left."""
    if state.stopped_at is not None or state.is_running:
        return state
    resumed = replace(state, segments=(*_closed(state.segments, now), Segment("run", now)))
    if state.due is not None and state.due <= state.segments[-1].start:
        return resumed  # it ran out before it paused; what is late is not less late for waiting
    return _with_due(resumed, calendar, ladder)


def may_pause_until(
    state: ClockState,
    now: datetime,
    calendar: Calendar,
    in_all: timedelta,
    *,
    since: datetime | None = None,
) -> datetime:
    """Until when a clock may pause from `now` on, when all its pauses come to `in_all` at most, in
    workdays or days as its limit counts; those `since` a time, where that is given.
    """
    on = IN_DAYS[state.scale]
    pauses = tuple(segment for segment in state.segments if segment.kind == "pause")
    left = in_all - _paused(pauses, calendar, on, since=since or state.segments[0].start)
    return calendar.add(now, left, on) if left > timedelta() else now


def restart_clock(
    state: ClockState, now: datetime, calendar: Calendar, ladder: Ladder
) -> ClockState:
    """What was done is not done after all: time counts again, but not what lay in between."""
    if state.stopped_at is None:
        return state
    idle = Segment("idle", state.stopped_at)
    paused = replace(state, segments=(*state.segments, idle), stopped_at=None)
    return resume_clock(paused, now, calendar, ladder)


def due_rung(state: ClockState, now: datetime, ladder: Ladder) -> RungTime | None:
    """The highest rung that is due at `now`, or None; those below it are passed over.

    What was due by the ladder of its time still is, whatever the policy says since.
    """
    if state.next is None or state.next_due is None or state.next.at > now:
        return None
    above = (rung for rung in _rungs_above(state, state.next.level, ladder) if rung.at <= now)
    return max((state.next, *above), key=lambda rung: rung.level)


def fire_clock(state: ClockState, level: int, now: datetime, ladder: Ladder) -> ClockState:
    """A rung was called; the next one is that above it."""
    fired = replace(state, fired=(*state.fired, RungTime(level, now)))
    return replace(fired, next=_next_above(fired, ladder))


def pass_over(state: ClockState, now: datetime, ladder: Ladder) -> ClockState:
    """The rung that is due was refused and is not called: the next one is that above it. A new time
    for the clock, such as after a pause, brings it back.
    """
    due = due_rung(state, now, ladder)
    if due is None:
        return state
    return replace(state, next=next(iter(_rungs_above(state, due.level, ladder)), None))


def extend_clock(state: ClockState, until: datetime, now: datetime, ladder: Ladder) -> ClockState:
    """A later time was approved; the warnings come anew for it. Pauses from `now` on move it."""
    longer = replace(state, due=until, fired=(), extended_at=now, extended_to=until)
    return replace(longer, next=_next_above(longer, ladder))


def _next_above(state: ClockState, ladder: Ladder) -> RungTime | None:
    reached = max((rung.level for rung in state.fired), default=None)
    return next(iter(_rungs_above(state, reached, ladder)), None)


def _rungs_above(state: ClockState, level: int | None, ladder: Ladder) -> list[RungTime]:
    if state.due is None:
        return []
    times = ladder.times(state.counted_since, state.due, state.scale)
    return [RungTime(n, at) for n, at in times if level is None or n > level]


def _closed(segments: tuple[Segment, ...], now: datetime) -> tuple[Segment, ...]:
    *before, last = segments
    return (*before, replace(last, end=now))


def _with_due(state: ClockState, calendar: Calendar, ladder: Ladder) -> ClockState:
    due = None
    if state.extended_to is not None:
        paused = _paused(state.segments, calendar, state.scale, since=state.counted_since)
        due = calendar.add(state.extended_to, paused, state.scale) if paused else state.extended_to
    elif state.limit is not None:
        due = _due(state.segments, state.limit, calendar)
    if due is None:
        return state
    counted = replace(state, due=due)
    return replace(counted, next=_next_above(counted, ladder))


def _due(segments: tuple[Segment, ...], limit: Limit, calendar: Calendar) -> datetime:
    """Wall and business limits count what ran; day limits move by as long as it paused, of the time
    that counts for them.
    """
    if limit.on in {"wall", "business"}:
        *before, last = [s for s in segments if s.kind == "run"]
        ran = (calendar.between(s.start, s.end or s.start, limit.on) for s in before)
        left = limit.for_ - sum(ran, timedelta())
        return calendar.add(last.start, max(left, timedelta()), limit.on)
    begun = segments[0].start
    due, paused = calendar.due(begun, limit), _paused(segments, calendar, limit.on, since=begun)
    return calendar.add(due, paused, limit.on) if paused else due


def _paused(
    segments: tuple[Segment, ...], calendar: Calendar, on: Scale, *, since: datetime
) -> timedelta:
    pauses = ((s.start, s.end) for s in segments if s.kind != "run" and s.end is not None)
    spans = (calendar.between(max(start, since), end, on) for start, end in pauses if end > since)
    return sum(spans, timedelta())
