"""Clocks: append-only segments of running and pausing, and when they warn and break. Pure.

All times are aware. A clock without limit is measured, not due.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from shared.policy.calendar import Calendar
from shared.policy.taxonomy import Limit


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch; `end` is None while it lasts."""

    kind: Literal["run", "pause"]
    start: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClockState:
    """One clock. `due` and `warn_at` are computed from the segments whenever they change, or from
    the last extension where there is one.
    """

    limit: Limit | None
    segments: tuple[Segment, ...]
    due: datetime | None = None
    warn_at: datetime | None = None
    stopped_at: datetime | None = None
    warned_at: datetime | None = None
    breached_at: datetime | None = None
    extended_at: datetime | None = None
    extended_to: datetime | None = None

    @property
    def is_running(self) -> bool:
        """Neither stopped nor paused."""
        return self.stopped_at is None and self.segments[-1].kind == "run"

    @property
    def next_due(self) -> datetime | None:
        """The time of the next warning or breach, each of which comes once."""
        if not self.is_running or self.due is None or self.breached_at is not None:
            return None
        if self.warned_at is None and self.warn_at is not None:
            return self.warn_at
        return self.due

    @property
    def kept(self) -> bool | None:
        """Whether the limit was kept; None while that is open or there is none."""
        if self.due is None or self.stopped_at is None:
            return False if self.breached_at else None
        return self.stopped_at <= self.due


def start_clock(
    limit: Limit | None, now: datetime, calendar: Calendar, warn_at_share: float
) -> ClockState:
    """A clock that runs from `now`."""
    state = ClockState(limit=limit, segments=(Segment("run", now),))
    return _with_due(state, calendar, warn_at_share)


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
    state: ClockState, now: datetime, calendar: Calendar, warn_at_share: float
) -> ClockState:
    """Time counts again; what was left is left."""
    if state.stopped_at is not None or state.is_running:
        return state
    resumed = replace(state, segments=(*_closed(state.segments, now), Segment("run", now)))
    return _with_due(resumed, calendar, warn_at_share)


def restart_clock(
    state: ClockState, now: datetime, calendar: Calendar, warn_at_share: float
) -> ClockState:
    """What was done is not done after all: time counts again, but not what lay in between."""
    if state.stopped_at is None:
        return state
    idle = Segment("pause", state.stopped_at)
    paused = replace(state, segments=(*state.segments, idle), stopped_at=None)
    return resume_clock(paused, now, calendar, warn_at_share)


def mark_warned(state: ClockState, now: datetime) -> ClockState:
    """The warning has been given."""
    return replace(state, warned_at=state.warned_at or now)


def mark_breached(state: ClockState, now: datetime) -> ClockState:
    """The limit is broken; a warning that was still to come is passed over."""
    return replace(state, warned_at=state.warned_at or now, breached_at=state.breached_at or now)


def extend_clock(
    state: ClockState, until: datetime, now: datetime, warn_at_share: float
) -> ClockState:
    """A later time was approved; the warning comes anew for it. Pauses from `now` on move it."""
    return replace(
        state,
        due=until,
        warn_at=now + (until - now) * warn_at_share,
        warned_at=None,
        extended_at=now,
        extended_to=until,
    )


def _closed(segments: tuple[Segment, ...], now: datetime) -> tuple[Segment, ...]:
    *before, last = segments
    return (*before, replace(last, end=now))


def _with_due(state: ClockState, calendar: Calendar, warn_at_share: float) -> ClockState:
    begun, due = state.segments[0].start, None
    if state.extended_at is not None and state.extended_to is not None:
        begun = state.extended_at
        due = state.extended_to + _paused(state.segments, since=begun)
    elif state.limit is not None:
        due = _due(state.segments, state.limit, calendar)
    if due is None:
        return state
    return replace(state, due=due, warn_at=begun + (due - begun) * warn_at_share)


def _due(segments: tuple[Segment, ...], limit: Limit, calendar: Calendar) -> datetime:
    """Wall and business limits count what ran; day limits move by as long as it paused."""
    runs = [s for s in segments if s.kind == "run"]
    last = runs[-1].start
    if limit.on == "wall":
        ran = sum(((s.end or s.start) - s.start for s in runs[:-1]), timedelta())
        return last + max(limit.for_ - ran, timedelta())
    if limit.on == "business":
        ran = sum(
            (calendar.business_between(s.start, s.end or s.start) for s in runs[:-1]), timedelta()
        )
        return calendar.add_business(last, max(limit.for_ - ran, timedelta()))
    begun = segments[0].start
    return calendar.due(begun, limit) + _paused(segments, since=begun)


def _paused(segments: tuple[Segment, ...], *, since: datetime) -> timedelta:
    pauses = (s for s in segments if s.kind == "pause" and s.end is not None and s.end > since)
    return sum(((s.end or since) - max(s.start, since) for s in pauses), timedelta())
