"""Whatever is done in which order, a limit ends where walking minute by minute ends.

The reference shares nothing with `shared`: it has a calendar of its own, typed in here, and looks
at every minute of the story. What it walks is the list of what was done, not the clock's segments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.tickets import Clock, NotAllowed, Ticket, acts, apply, overdue, register
from shared.triage.taxonomy import Limit
from tests.tickets.samples import plan_of, registration, sample_rules

ZONE: Final = ZoneInfo("Asia/Shanghai")
BEGIN: Final = datetime(2026, 9, 24, 9, 0, tzinfo=ZONE).astimezone(UTC)
"""Before Mid-Autumn, a make-up Sunday behind and National Day ahead."""
OFF: Final = {"09-25", "09-26", "09-27", *(f"10-0{n}" for n in range(1, 8))}
MADE_UP: Final = {"09-20", "10-10"}
LONGEST: Final = {"access": timedelta(hours=12), "weather": timedelta(days=3)}
ORDER: Final = "JY0001-1"
MINUTE: Final = timedelta(minutes=1)


def is_worked(day: datetime) -> bool:
    return f"{day:%m-%d}" in MADE_UP or (day.weekday() < 5 and f"{day:%m-%d}" not in OFF)


def is_business(moment: datetime) -> bool:
    local = moment.astimezone(ZONE)
    minute = local.hour * 60 + local.minute
    return is_worked(local) and (510 <= minute < 720 or 810 <= minute < 1080)


@dataclass(frozen=True)
class Done:
    """One thing that was done, so many minutes after the beginning."""

    minute: int
    what: str
    reason: str = "access"
    minutes: int | None = None


@dataclass
class Walker:
    """Goes through the story minute by minute."""

    limit: Limit
    moment: datetime = BEGIN
    counted: int = 0
    paused: int = 0
    ends: datetime | None = None
    due: datetime | None = None

    def go_to(self, moment: datetime) -> None:
        while self.moment < moment:
            self._look()
            self.moment += MINUTE

    def _look(self) -> None:
        if self.ends is not None and self.moment >= self.ends:
            self.ends = None
        if self.ends is not None:
            # What is late already is not less late for waiting; nor does a day off count.
            counts = self.limit.on == "days" or (
                self.limit.on == "workdays" and is_worked(self._here)
            )
            self.paused += counts and self.moment < self._moved()
        elif self.limit.on == "wall" or (self.limit.on == "business" and is_business(self.moment)):
            self.counted += 1
            if self.due is None and self.counted * MINUTE == self.limit.for_:
                self.due = self.moment + MINUTE

    def do(self, done: Done) -> None:
        self.go_to(BEGIN + done.minute * MINUTE)
        if self.ends is not None and self.moment >= self.ends:
            self.ends = None
        if done.what == "suspend" and self.ends is None:
            span = LONGEST[done.reason] if done.minutes is None else done.minutes * MINUTE
            self.ends = self.moment + span
        elif done.what == "resume":
            self.ends = None

    def end(self) -> datetime:
        """Nothing more is done; a pause that is open ends when it was to."""
        if self.limit.on in {"days", "workdays"}:
            self.go_to(max(self.ends or self.moment, self.moment))
            return self._moved()
        while self.due is None:
            self.go_to(self.moment + MINUTE)
        return self.due

    @property
    def _here(self) -> datetime:
        return self.moment.astimezone(ZONE)

    def _moved(self) -> datetime:
        """The day it ends, moved by what it paused: on worked days, where those are counted."""
        day, left = self._day(), self.paused
        if self.limit.on == "days":
            return day + left * MINUTE
        while left:
            left -= is_worked(day)
            day += MINUTE
        return day

    def _day(self) -> datetime:
        days, day = self.limit.for_.days, BEGIN.astimezone(ZONE)
        if self.limit.on == "days":
            midnight = day.replace(hour=0, minute=0)
            return midnight + timedelta(days=days + 1)
        while days:
            day += timedelta(days=1)
            days -= is_worked(day)
        return day


@cache
def ticket_with(limit: Limit) -> Ticket:
    """Accepted at once, the whole limited as wanted."""
    limits: Mapping[Any, Limit] = {Clock.RESOLVE.value: limit}
    made = replace(plan_of("repair"), limits=limits)
    ticket = register(registration(), made, BEGIN, sample_rules()).ticket
    for act in (
        acts.Dispatch(by="router", department="engineering", assignee="li"),
        acts.Accept(by="li", order=ORDER),
    ):
        ticket = apply(ticket, act, BEGIN, sample_rules()).ticket
    return ticket


def lived(limit: Limit, story: Sequence[Done]) -> tuple[Ticket, Walker]:
    """The ticket and the walker after the story; what is not allowed happens to neither."""
    ticket, walker = ticket_with(limit), Walker(limit)
    for done in story:
        now = BEGIN + done.minute * MINUTE
        for act in (*overdue(ticket, now), _act(done, now)):
            try:
                ticket = apply(ticket, act, now, sample_rules()).ticket
            except NotAllowed:
                break
        else:
            walker.do(done)
    return ticket, walker


def _act(done: Done, now: datetime) -> acts.Act:
    match done.what:
        case "suspend":
            until = None if done.minutes is None else now + done.minutes * MINUTE
            return acts.Suspend(by="li", order=ORDER, reason=done.reason, until=until)
        case "resume":
            return acts.Resume(by="li", order=ORDER)
        case "start":
            return acts.Start(by="li", order=ORDER)
        case "visit":
            visit = now + timedelta(hours=2)
            return acts.Appoint(by="he", order=ORDER, at=visit, until=visit + timedelta(hours=1))
        case _:
            return acts.Note(by="li", order=ORDER)


LIMITS = st.one_of(
    st.builds(
        lambda minutes, on: Limit.model_validate({"for": timedelta(minutes=minutes), "on": on}),
        st.integers(30, 40 * 60),
        st.sampled_from(["wall", "business"]),
    ),
    st.builds(
        lambda days, on: Limit.model_validate({"for": timedelta(days=days), "on": on}),
        st.integers(1, 6),
        st.sampled_from(["days", "workdays"]),
    ),
)
STORIES = st.lists(
    st.builds(
        Done,
        minute=st.integers(0, 9 * 24 * 60),
        what=st.sampled_from(["suspend", "suspend", "resume", "start", "visit", "note"]),
        reason=st.sampled_from(sorted(LONGEST)),
        minutes=st.one_of(st.none(), st.integers(1, 11 * 60)),
    ),
    max_size=12,
).map(lambda story: sorted(story, key=lambda done: done.minute))


@given(LIMITS, STORIES)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_a_limit_ends_where_walking_minute_by_minute_ends(limit: Limit, story: list[Done]) -> None:
    ticket, walker = lived(limit, story)
    ends = ticket.orders[0].resume_at
    for act in overdue(ticket, ends) if ends else ():
        assert ends is not None
        ticket = apply(ticket, act, ends, sample_rules()).ticket

    assert ticket.clocks[Clock.RESOLVE].due == walker.end()


@given(LIMITS, STORIES)
@settings(max_examples=20, deadline=None, derandomize=True)
def test_what_is_done_twice_changes_no_clock(limit: Limit, story: list[Done]) -> None:
    ticket, _ = lived(limit, story)
    twice, _ = lived(limit, [done for done in story for _ in range(2)])

    assert twice.clocks[Clock.RESOLVE].due == ticket.clocks[Clock.RESOLVE].due
