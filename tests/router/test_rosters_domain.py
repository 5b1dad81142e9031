"""Patterns, gaps and leave as values."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import pytest

from services.router.rosters.leave import Leave, decide_leave
from services.router.rosters.lists import DutyList, Gap, gaps_of, note_gaps
from services.router.rosters.patterns import Hours, Pattern, rolled_out
from services.router.rosters.shifts import (
    cut,
    new_shift,
    offer,
    plan_again,
    rest_of,
    strike,
    take,
)
from shared.contracts import MalformedMessage
from shared.contracts.router import GapFound, ShiftStruck, ShiftTaken
from shared.policy.policy import build_policy, sample_documents
from shared.policy.roster import Need, Stretch

CALENDAR = build_policy("sample", sample_documents()).calendar
MIDNIGHT = datetime(2026, 11, 29, 16, tzinfo=UTC)
"""The beginning of Monday 30 November in Shanghai."""
HOUR = timedelta(hours=1)
AROUND_THE_CLOCK = (Need(start=time(8), end=time(20), people=2),
                    Need(start=time(20), end=time(8), people=1))  # fmt: skip


def pattern(**changes: Any) -> Pattern:
    facts: dict[str, Any] = {
        "people": ("tian", "luo", "wei", "xue"),
        "hours": {"day": Hours(time(8), time(20)), "night": Hours(time(20), time(8))},
        "cycle": ("day", "night", None, None),
        "first": date(2026, 11, 30), "last": date(2026, 12, 7),
    }  # fmt: skip
    return Pattern(**facts | changes)


def test_a_pattern_gives_everybody_the_same_turns_one_behind_the_other() -> None:
    rolled = list(rolled_out(pattern(), "jinyuan", "security", CALENDAR.zone))

    def begun(person: str) -> list[str]:
        return [f"{s.begins.astimezone(CALENDAR.zone):%d %H}" for s in rolled if s.person == person]

    assert begun("tian") == ["30 08", "01 20", "04 08", "05 20"]
    assert begun("luo") == ["01 08", "02 20", "05 08", "06 20"]
    # At each moment one by day and one by night, on every day.
    assert len(rolled) == 2 * 8
    assert {s.ends - s.begins for s in rolled} == {12 * HOUR}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"cycle": ("day", "late")}, "cycle.1"),
        ({"last": date(2026, 11, 29)}, "last"),
        ({"last": date(2027, 11, 29)}, "last"),
    ],
)
def test_a_pattern_that_does_not_fit_is_refused_by_name(changes: Any, field: str) -> None:
    with pytest.raises(MalformedMessage) as refused:
        pattern(**changes).check()

    assert refused.value.faults[0].field == field


def stretch(begin: timedelta, end: timedelta) -> Stretch:
    return Stretch("jinyuan", "security", "tian", MIDNIGHT + begin, MIDNIGHT + end)


@pytest.mark.parametrize(
    ("begin", "end", "field"),
    [
        (timedelta(minutes=1), 8 * HOUR, "begins"),
        (HOUR, timedelta(minutes=100), "ends"),
        (8 * HOUR, 8 * HOUR, "ends"),
        (8 * HOUR, 7 * HOUR, "ends"),
        (HOUR, 26 * HOUR, "ends"),
    ],
)
def test_a_shift_that_does_not_fit_is_refused_by_name(
    begin: timedelta, end: timedelta, field: str
) -> None:
    with pytest.raises(MalformedMessage) as refused:
        new_shift(stretch(begin, end))

    assert refused.value.faults[0].field == field


def test_a_shift_may_be_a_whole_day_and_is_the_same_when_planned_again() -> None:
    shift = new_shift(stretch(8 * HOUR, 32 * HOUR))

    assert shift.id == new_shift(stretch(8 * HOUR, 32 * HOUR)).id
    assert len(shift.slots) == 96
    assert shift.id != new_shift(stretch(8 * HOUR, 31 * HOUR)).id


def test_a_struck_shift_is_told_once_takes_no_time_and_can_count_again() -> None:
    shift = new_shift(stretch(8 * HOUR, 20 * HOUR))

    struck = strike(shift, "leave")

    assert struck is not None
    assert struck.value.slots == []
    (event,) = struck.events
    assert isinstance(event, ShiftStruck)
    assert (event.recipients, event.reason) == (("tian",), "leave")
    assert strike(struck.value, "cancelled") is None
    assert offer(struck.value, "luo") is None
    again = plan_again(struck.value, shift)
    assert again is not None
    assert again.value.slots == shift.slots
    assert plan_again(again.value, shift) is None


def test_whoever_gives_a_shift_away_is_told() -> None:
    shift = new_shift(stretch(8 * HOUR, 20 * HOUR))

    taken = take(shift, "luo")

    assert taken is not None
    (event,) = taken.events
    assert isinstance(event, ShiftTaken)
    assert (event.person, event.recipients) == ("luo", ("tian",))
    assert take(taken.value, "luo") is None


EMPTY = DutyList(id="jinyuan/security", version=4, place="jinyuan", department="security")


def note(duty_list: DutyList, gaps: list[Gap]) -> tuple[DutyList, list[GapFound]]:
    step = note_gaps(duty_list, gaps, lead=("lead",), managers=("manager",))
    if step is None:
        return duty_list, []
    return step.value, [event for event in step.events if isinstance(event, GapFound)]


def gap(begin: float, end: float, missing: int = 1, *, near: bool = False) -> Gap:
    begins, ends = MIDNIGHT + begin * HOUR, MIDNIGHT + end * HOUR
    return Gap(begins, ends, missing, "near" if near else "found")


def test_gaps_are_found_two_weeks_ahead_and_are_near_a_day_before() -> None:
    """Two are needed by day and one by night; one stands on Monday by day."""
    now = MIDNIGHT
    monday = (MIDNIGHT + 8 * HOUR, MIDNIGHT + 20 * HOUR)

    gaps = gaps_of(AROUND_THE_CLOCK, [monday], now, CALENDAR)

    # The last night but one, then Monday's day with one missing, then whole days without anybody.
    assert [(g.missing, g.told) for g in gaps[:4]] == [
        (1, "near"), (1, "near"), (1, "near"), (2, "found"),
    ]  # fmt: skip
    assert gaps[-1].ends == MIDNIGHT + 14 * 24 * HOUR


def test_a_gap_is_told_to_the_lead_when_found_and_to_the_manager_when_near() -> None:
    known, found = note(EMPTY, [gap(100, 112), gap(124, 136)])
    (event,) = found
    assert (event.recipients, event.gaps, event.near) == (("lead",), 2, False)
    assert event.begins == MIDNIGHT + 100 * HOUR

    same, nothing = note(known, [gap(100, 112), gap(124, 136)])
    assert (same, nothing) == (known, [])

    _, (near,) = note(known, [gap(100, 112, near=True), gap(124, 136)])
    assert (near.recipients, near.gaps, near.near) == (("lead", "manager"), 1, True)


@pytest.mark.parametrize(
    ("now_missing", "is_told"),
    [
        (gap(102, 112), False),
        (gap(100, 106), False),
        (gap(100, 112, 2), True),
        (gap(100, 113), True),
        (gap(200, 201), True),
    ],
)
def test_a_gap_is_told_again_only_when_it_is_worse(now_missing: Gap, *, is_told: bool) -> None:
    known, _ = note(EMPTY, [gap(100, 112)])

    _, events = note(known, [now_missing])

    assert bool(events) is is_told


def test_a_gap_that_was_filled_and_is_there_again_is_told_again() -> None:
    known, _ = note(EMPTY, [gap(100, 112)])
    filled, nothing = note(known, [])
    assert (filled.gaps, nothing) == ((), [])

    _, (event,) = note(filled, [gap(100, 112)])

    assert event.revision == EMPTY.version + 1


def leave(**changes: Any) -> Leave:
    facts: dict[str, Any] = {
        "id": "1", "person": "tian", "begins": MIDNIGHT, "ends": MIDNIGHT + 72 * HOUR,
        "reason": "annual", "asked_at": MIDNIGHT - HOUR,
    }  # fmt: skip
    return Leave(**facts | changes)


LATE: Final = timedelta(minutes=5)


@pytest.mark.parametrize(
    ("begins", "ends", "left"),
    [
        (24 * HOUR, 96 * HOUR, [(20 * HOUR, 24 * HOUR)]),
        (24 * HOUR + LATE, 96 * HOUR, [(20 * HOUR, 24 * HOUR)]),
        (0 * HOUR, 22 * HOUR, [(22 * HOUR, 32 * HOUR)]),
        (0 * HOUR, 22 * HOUR + LATE, [(22.25 * HOUR, 32 * HOUR)]),
        (24 * HOUR, 26 * HOUR, [(20 * HOUR, 24 * HOUR), (26 * HOUR, 32 * HOUR)]),
        (20 * HOUR, 32 * HOUR, []),
        (0 * HOUR, 96 * HOUR, []),
        (20 * HOUR + LATE, 96 * HOUR, []),
    ],
)
def test_leave_takes_its_own_time_out_of_a_shift_and_no_more(
    begins: timedelta, ends: timedelta, left: list[tuple[timedelta, timedelta]]
) -> None:
    night = new_shift(stretch(20 * HOUR, 32 * HOUR))
    away = leave(begins=MIDNIGHT + begins, ends=MIDNIGHT + ends)

    first = cut(night, away)
    assert first is not None
    rest = rest_of(first.value)
    steps = [step for step in (first, rest) if step is not None]

    standing = [step.value for step in steps if step.value.counts]
    assert [(s.begins - MIDNIGHT, s.ends - MIDNIGHT) for s in standing] == left
    assert first.value.id == night.id
    assert len({step.value.id for step in steps}) == len(steps)
    assert [len(step.events) for step in steps] == [1] * len(steps)
    assert all(cut(shift, away) is None for shift in standing)


@pytest.mark.parametrize("hours", [(0, 20), (32, 96)])
def test_leave_beside_a_shift_leaves_it_alone(hours: tuple[int, int]) -> None:
    first, last = hours
    away = leave(begins=MIDNIGHT + first * HOUR, ends=MIDNIGHT + last * HOUR)

    assert cut(new_shift(stretch(20 * HOUR, 32 * HOUR)), away) is None


def test_a_shift_that_was_cut_stands_whole_when_it_is_planned_again() -> None:
    night = new_shift(stretch(20 * HOUR, 32 * HOUR))
    away = leave(begins=MIDNIGHT + 24 * HOUR, ends=MIDNIGHT + 26 * HOUR)
    short = cut(night, away)
    assert short is not None

    again = plan_again(short.value, night)

    assert again is not None
    assert again.value == night


def test_leave_is_decided_and_may_be_decided_otherwise() -> None:
    granted = decide_leave(leave(), "granted", "chief")

    assert granted is not None
    assert (granted.value.status, granted.value.decided_by) == ("granted", "chief")
    assert decide_leave(granted.value, "granted", "other") is None
    refused = decide_leave(granted.value, "refused", "other")
    assert refused is not None
    assert refused.value.decided_by == "other"


@pytest.mark.parametrize("ends", [MIDNIGHT, MIDNIGHT - HOUR, MIDNIGHT + timedelta(days=400)])
def test_leave_that_does_not_fit_is_refused(ends: datetime) -> None:
    with pytest.raises(MalformedMessage):
        leave(ends=ends).check()
