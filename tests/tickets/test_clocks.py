"""Limits end when people expect them to, pauses do not count, and each deadline comes once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.router import (
    ClockBreached,
    WorkOrderAppointed,
    WorkOrderExtended,
    WorkOrderExtensionRefused,
)
from shared.policy.calendar import Block, Calendar
from shared.policy.ladder import Ladder
from shared.tickets import (
    TICKET,
    Clock,
    NotAllowed,
    Ticket,
    TicketStatus,
    acts,
    apply,
    overdue,
)
from shared.tickets.clocks import (
    ClockState,
    due_rung,
    extend_clock,
    fire_clock,
    pause_clock,
    resume_clock,
    start_clock,
    start_visit,
    stop_clock,
)
from shared.triage.taxonomy import Limit
from tests.tickets.samples import after, registered, sample_policy, sample_rules

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
SHARE = 0.75
LADDER = Ladder((SHARE,), (timedelta(hours=2), timedelta(days=1)))
HOURS = (
    Block.model_validate({"start": "08:30", "end": "12:00"}),
    Block.model_validate({"start": "13:30", "end": "18:00"}),
)
IN_BERLIN = Calendar(time_zone="Europe/Berlin", business=HOURS)


def sample() -> Calendar:
    return sample_policy().calendar


def limit(span: str, on: str) -> Limit:
    return Limit.model_validate({"for": span, "on": on})


def shanghai(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI)


def berlin(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("start", "span", "on", "due"),
    [
        # The wall's clock never rests.
        ("2026-10-01 23:50", "PT15M", "wall", "2026-10-02 00:05"),
        # Business: within a block, over lunch, over night, over the weekend.
        ("2026-11-23 09:00", "PT2H", "business", "2026-11-23 11:00"),
        ("2026-11-23 11:00", "PT2H", "business", "2026-11-23 14:30"),
        ("2026-11-23 10:00", "PT2H", "business", "2026-11-23 12:00"),
        ("2026-11-23 12:30", "PT1H", "business", "2026-11-23 14:30"),
        ("2026-11-23 17:00", "PT2H", "business", "2026-11-24 09:30"),
        ("2026-11-20 17:00", "PT2H", "business", "2026-11-23 09:30"),
        ("2026-11-21 15:00", "PT1H", "business", "2026-11-23 09:30"),
        ("2026-11-23 06:00", "PT8H", "business", "2026-11-23 18:00"),
        ("2026-11-23 06:00", "PT16H", "business", "2026-11-24 18:00"),
        # Holidays: Thursday 1 October to Wednesday 7 October; Saturday the 10th is worked.
        ("2026-09-30 17:00", "PT2H", "business", "2026-10-08 09:30"),
        ("2026-10-09 17:30", "PT1H", "business", "2026-10-10 09:00"),
        ("2026-10-10 17:30", "PT1H", "business", "2026-10-12 09:00"),
        # Days end with the last calendar day, workday or not.
        ("2026-11-23 09:00", "P1D", "days", "2026-11-25 00:00"),
        ("2026-11-23 23:59", "P1D", "days", "2026-11-25 00:00"),
        ("2026-11-24 00:00", "P1D", "days", "2026-11-26 00:00"),
        ("2026-09-30 17:20", "P7D", "days", "2026-10-08 00:00"),
        # Workdays: the same time of day on the nth workday after.
        ("2026-09-30 17:20", "P5D", "workdays", "2026-10-13 17:20"),
        ("2026-11-23 09:00", "P1D", "workdays", "2026-11-24 09:00"),
        ("2026-11-20 09:00", "P1D", "workdays", "2026-11-23 09:00"),
        ("2026-11-21 09:00", "P1D", "workdays", "2026-11-23 09:00"),
        ("2026-10-09 20:00", "P1D", "workdays", "2026-10-10 20:00"),
        ("2026-10-10 20:00", "P1D", "workdays", "2026-10-12 20:00"),
    ],
)
def test_a_limit_ends_where_the_sample_calendar_says(
    start: str, span: str, on: str, due: str
) -> None:
    assert sample().due(shanghai(start), limit(span, on)) == shanghai(due)


@pytest.mark.parametrize(
    ("start", "span", "on", "due"),
    [
        # 29 March 2026: the hour from two to three is not there.
        ("2026-03-28 20:00", "PT24H", "wall", "2026-03-29 21:00"),
        ("2026-03-27 17:00", "PT2H", "business", "2026-03-30 09:30"),
        ("2026-03-27 09:00", "P1D", "workdays", "2026-03-30 09:00"),
        ("2026-03-28 09:00", "P1D", "days", "2026-03-30 00:00"),
        # 25 October 2026: the hour from two to three comes twice.
        ("2026-10-24 20:00", "PT24H", "wall", "2026-10-25 19:00"),
        ("2026-10-23 09:00", "P1D", "workdays", "2026-10-26 09:00"),
        ("2026-10-24 09:00", "P1D", "days", "2026-10-26 00:00"),
    ],
)
def test_a_limit_keeps_the_local_hour_where_the_clocks_change(
    start: str, span: str, on: str, due: str
) -> None:
    found = IN_BERLIN.due(berlin(start), limit(span, on))

    assert found.astimezone(UTC) == berlin(due).astimezone(UTC)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_a_day_and_night_shift_has_as_many_hours_as_the_day(day: str, hours: int) -> None:
    always = Calendar.model_validate(
        {
            "time_zone": "Europe/Berlin",
            "business": [{"start": "00:00", "end": "23:59"}],
            "workweek": [1, 2, 3, 4, 5, 6, 7],
        }
    )
    midnight = berlin(f"{day} 00:00").astimezone(UTC)
    next_midnight = (berlin(f"{day} 12:00") + timedelta(days=1)).replace(hour=0).astimezone(UTC)

    worked = always.between(midnight, next_midnight, "business")

    assert worked == timedelta(hours=hours, minutes=-1)


def minutes_of(calendar: Calendar, start: datetime, end: datetime) -> int:
    """The reference: walk every minute and look at the wall clock."""
    count = 0
    while start < end:
        local = start.astimezone(calendar.zone)
        inside = any(b.start <= local.time() < b.end for b in calendar.business)
        count += calendar.is_workday(local.date()) and inside
        start += timedelta(minutes=1)
    return count


def due_of(calendar: Calendar, start: datetime, minutes: int) -> datetime:
    """The reference: walk until that many working minutes have passed."""
    moment = start.astimezone(UTC)
    while minutes:
        minutes -= minutes_of(calendar, moment, moment + timedelta(minutes=1))
        moment += timedelta(minutes=1)
    return moment


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Blocks by day: nobody's business hours begin or end while the clocks change."""
    times = sorted(draw(st.sets(st.integers(6 * 60, 22 * 60), min_size=4, max_size=4)))
    first, second = [{"start": clock(a), "end": clock(b)} for a, b in pairwise(times)][::2]
    days = [f"2026-03-{day}" for day in range(25, 32)] + ["2026-10-24", "2026-10-26"]
    return Calendar.model_validate(
        {
            "time_zone": draw(st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "UTC"])),
            "business": [first, second],
            "workweek": draw(st.sets(st.integers(1, 7), min_size=3)),
            "days_off": draw(st.sets(st.sampled_from(days), max_size=3)),
            "make_up_workdays": draw(st.sets(st.sampled_from(days), max_size=2)),
        }
    )


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


MOMENTS = st.sampled_from(
    [datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 10, 23, tzinfo=UTC)]
).flatmap(lambda day: st.integers(0, 3 * 24 * 60).map(lambda m: day + timedelta(minutes=m)))


@given(calendars(), MOMENTS, st.integers(0, 2 * 24 * 60))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_business_time_is_what_walking_minute_by_minute_finds(
    calendar: Calendar, start: datetime, minutes: int
) -> None:
    end = start + timedelta(minutes=minutes)

    found = calendar.between(start, end, "business")

    assert found == timedelta(minutes=minutes_of(calendar, start, end))


@given(calendars(), MOMENTS, st.integers(1, 10 * 60))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_a_business_limit_ends_where_walking_minute_by_minute_ends(
    calendar: Calendar, start: datetime, minutes: int
) -> None:
    due = calendar.add(start, timedelta(minutes=minutes), "business")

    assert due == due_of(calendar, start, minutes)
    assert calendar.between(start, due, "business") == timedelta(minutes=minutes)


BEGIN = shanghai("2026-11-23 09:00")


def at(**span: float) -> datetime:
    return BEGIN + timedelta(**span)


def started(span: str = "PT4H", on: str = "wall") -> ClockState:
    return start_clock(limit(span, on), BEGIN, sample(), LADDER)


def resumed(state: ClockState, pause: datetime, resume: datetime) -> ClockState:
    return resume_clock(pause_clock(state, pause), resume, sample(), LADDER)


@pytest.mark.parametrize(
    ("span", "on", "pause", "resume", "due"),
    [
        ("PT4H", "wall", "2026-11-23 10:00", "2026-11-23 15:00", "2026-11-23 18:00"),
        ("PT4H", "wall", "2026-11-23 10:00", "2026-11-30 15:00", "2026-11-30 18:00"),
        # What ran in business time is what counts: 09:00-10:00 is an hour.
        ("PT2H", "business", "2026-11-23 10:00", "2026-11-23 15:00", "2026-11-23 16:00"),
        ("PT2H", "business", "2026-11-23 10:00", "2026-11-23 17:30", "2026-11-24 09:00"),
        # A pause over lunch gives nothing back but the lunch's neighbours.
        ("PT2H", "business", "2026-11-23 10:00", "2026-11-23 12:30", "2026-11-23 14:30"),
        # Days move by as long as it paused.
        ("P3D", "days", "2026-11-23 10:00", "2026-11-25 10:00", "2026-11-29 00:00"),
        ("P5D", "workdays", "2026-11-23 10:00", "2026-11-23 12:00", "2026-11-30 11:00"),
    ],
)
def test_time_in_a_pause_does_not_count(
    span: str, on: str, pause: str, resume: str, due: str
) -> None:
    state = resumed(started(span, on), shanghai(pause), shanghai(resume))

    assert state.due == shanghai(due)


def test_a_paused_clock_falls_due_at_no_time() -> None:
    paused = pause_clock(started(), at(hours=1))

    assert paused.next_due is None
    assert not paused.is_running


def test_two_pauses_add_up() -> None:
    state = resumed(started(), at(hours=1), at(hours=2))
    state = resumed(state, at(hours=3), at(hours=6))

    assert state.due == at(hours=8)
    assert [segment.kind for segment in state.segments] == ["run", "pause", "run", "pause", "run"]
    assert all(a.end == b.start for a, b in pairwise(state.segments))


PAUSED = pause_clock(started(), at(hours=1))
STOPPED = stop_clock(started(), at(hours=1))


@pytest.mark.parametrize(
    ("state", "again"),
    [
        (PAUSED, pause_clock(PAUSED, at(hours=2))),
        (STOPPED, stop_clock(STOPPED, at(hours=2))),
        (STOPPED, pause_clock(STOPPED, at(hours=2))),
        (STOPPED, resume_clock(STOPPED, at(hours=2), sample(), LADDER)),
        (started(), resume_clock(started(), at(hours=2), sample(), LADDER)),
    ],
    ids=["pause twice", "stop twice", "pause stopped", "resume stopped", "resume running"],
)
def test_what_is_done_already_changes_nothing(state: ClockState, again: ClockState) -> None:
    assert again == state


def called(state: ClockState, *moments: datetime) -> ClockState:
    """Somebody looks at these moments and calls what is due."""
    for moment in moments:
        rung = due_rung(state, moment, LADDER)
        state = fire_clock(state, rung.level, moment, LADDER) if rung else state
    return state


def test_a_clock_climbs_its_ladder_rung_by_rung() -> None:
    moments = [at(hours=3), at(hours=4), at(hours=6), at(hours=28)]
    assert started().next_due == moments[0]

    for n, moment in enumerate(moments):
        state = called(started(), *moments[:n])
        assert state.next_due == moment
        assert due_rung(state, moment - timedelta(seconds=1), LADDER) is None

    top = called(started(), *moments)
    assert [rung.level for rung in top.fired] == [0, 1, 2, 3]
    assert [rung.at for rung in top.fired] == moments
    assert top.next_due is None


@pytest.mark.parametrize(
    ("looks", "levels"),
    [
        ([3.5, 3.6], [0]),
        ([9], [2]),
        ([3, 9, 9.5], [0, 2]),
        ([30], [3]),
        ([5, 30], [1, 3]),
    ],
)
def test_what_fell_due_meanwhile_calls_its_highest_rung_alone(
    looks: list[float], levels: list[int]
) -> None:
    state = called(started(), *(at(hours=hours) for hours in looks))

    assert [rung.level for rung in state.fired] == levels


def test_several_shares_warn_one_after_the_other() -> None:
    ladder = Ladder((0.25, 0.5, 0.75))
    state = start_clock(limit("PT4H", "wall"), BEGIN, sample(), ladder)

    found = []
    while state.next is not None:
        found.append((state.next.level, state.next.at))
        state = fire_clock(state, state.next.level, state.next.at, ladder)

    assert found == [(-2, at(hours=1)), (-1, at(hours=2)), (0, at(hours=3)), (1, at(hours=4))]


def test_a_rung_that_the_policy_takes_away_while_it_waits_is_still_called_once() -> None:
    state = called(started(), at(hours=3), at(hours=4))
    shorter = Ladder((SHARE,))

    rung = due_rung(state, at(hours=6), shorter)

    assert rung is not None
    assert rung.level == 2
    assert fire_clock(state, rung.level, at(hours=6), shorter).next_due is None


def test_a_pause_after_the_breach_puts_the_rungs_above_off() -> None:
    broken = called(started(), at(hours=4))

    paused = pause_clock(broken, at(hours=5))
    assert due_rung(paused, at(hours=50), LADDER) is None

    state = resume_clock(paused, at(hours=10), sample(), LADDER)
    assert (state.next and state.next.level) == 2
    assert state.breached_at == at(hours=4)


def test_a_visit_warns_before_its_window_and_is_missed_at_its_end() -> None:
    visit = start_visit(BEGIN, at(hours=1.5), at(hours=4))

    assert visit.next_due == at(hours=1.5)
    assert called(visit, at(hours=1.5)).next_due == at(hours=4)
    assert called(visit, at(hours=1.5), at(hours=4)).breached_at == at(hours=4)


def test_a_visit_at_once_warns_nobody() -> None:
    assert start_visit(BEGIN, at(hours=-0.5), at(hours=1)).next_due == at(hours=1)


@pytest.mark.parametrize(
    ("state", "kept"),
    [
        (started(), None),
        (stop_clock(started(), at(hours=4)), True),
        (stop_clock(started(), at(hours=4, seconds=1)), False),
        (called(started(), at(hours=4)), False),
        (start_clock(None, BEGIN, sample(), LADDER), None),
        (stop_clock(start_clock(None, BEGIN, sample(), LADDER), at(days=9)), None),
    ],
)
def test_a_limit_is_kept_by_stopping_in_time(state: ClockState, *, kept: bool | None) -> None:
    assert state.kept is kept


def test_a_clock_without_limit_is_measured_and_never_due() -> None:
    state = start_clock(None, BEGIN, sample(), LADDER)

    assert (state.due, state.next_due) == (None, None)
    assert stop_clock(state, at(hours=1)).stopped_at == at(hours=1)


def test_an_extension_gives_a_later_limit_with_a_warning_of_its_own() -> None:
    warned = called(started(), at(hours=3))

    longer = extend_clock(warned, at(hours=12), at(hours=3.5), LADDER)

    assert longer.due == at(hours=12)
    assert longer.fired == ()
    assert longer.next_due == at(hours=3.5 + 8.5 * SHARE)


@pytest.mark.parametrize("on", ["wall", "business", "days", "workdays"])
def test_an_extension_outlives_a_pause_and_moves_by_what_of_it_counted(on: str) -> None:
    span = "PT4H" if on in {"wall", "business"} else "P1D"
    longer = extend_clock(started(span, on), at(days=9), at(hours=1), LADDER)

    state = resumed(longer, at(hours=2), at(hours=5))

    # Of 11:00 to 14:00 an hour and a half is lunch.
    assert state.due == at(days=9, hours=1.5 if on == "business" else 3)


def test_a_pause_before_the_extension_does_not_move_it() -> None:
    state = resumed(started(), at(hours=1), at(hours=3))

    assert extend_clock(state, at(hours=12), at(hours=4), LADDER).due == at(hours=12)


def test_an_extension_during_a_pause_moves_by_the_rest_of_the_pause() -> None:
    longer = extend_clock(pause_clock(started(), at(hours=1)), at(hours=12), at(hours=2), LADDER)

    assert resume_clock(longer, at(hours=5), sample(), LADDER).due == at(hours=15)


def accepted() -> Ticket:
    """An urgent-free repair that its only department has accepted."""
    ticket = registered()
    for wish in (
        acts.Dispatch(by="service:router", department="engineering", assignee="li"),
        acts.Accept(by="li", order="JY0001-1"),
    ):
        ticket = apply(ticket, wish, after(hours=1), sample_rules()).ticket
    return ticket


def suspended() -> Ticket:
    """It waits for parts; its limit is paused."""
    wish = acts.Suspend(by="li", order="JY0001-1", reason="parts")
    return apply(accepted(), wish, after(hours=1), sample_rules()).ticket


def test_a_paused_limit_is_not_broken_and_can_be_extended() -> None:
    extend = acts.Extend(by="chief", order="JY0001-1", until=after(days=40))

    extended = apply(suspended(), extend, after(days=5), sample_rules()).ticket

    assert extended.clocks[Clock.RESOLVE].due == after(days=40)
    assert extended.promised[-1].times == {"resolve": after(days=40)}


def test_a_limit_that_ran_out_is_not_extended() -> None:
    ticket = apply(
        suspended(), acts.Resume(by="li", order="JY0001-1"), after(hours=2), sample_rules()
    ).ticket
    extend = acts.Extend(by="chief", order="JY0001-1", until=after(days=40))

    with pytest.raises(NotAllowed, match="already broken"):
        apply(ticket, extend, after(days=30), sample_rules())


def test_a_pause_ends_by_itself_when_the_policy_says_so_however_late_it_is_noticed() -> None:
    ticket = suspended()
    rules = sample_rules()
    ends = after(hours=1) + rules.longest_pause("parts")
    assert ticket.orders[0].resume_at == ticket.next_due == ends
    assert overdue(ticket, ends - timedelta(seconds=1)) == []

    (resume,) = overdue(ticket, ends + timedelta(hours=9))
    late = apply(ticket, resume, ends + timedelta(hours=9), rules).ticket
    in_time = apply(ticket, resume, ends, rules).ticket

    assert late.status == TicketStatus.DISPATCHED
    assert late.clocks[Clock.RESOLVE].due == in_time.clocks[Clock.RESOLVE].due
    assert late.orders[0].resume_at is None


@pytest.mark.parametrize(
    ("until", "why"),
    [(after(hours=14), "12 hours at most"), (after(hours=1), "over already")],
)
def test_work_waits_no_longer_than_the_policy_allows_for_its_reason(
    until: datetime, why: str
) -> None:
    suspend = acts.Suspend(by="li", order="JY0001-1", reason="access", until=until)

    with pytest.raises(NotAllowed, match=why):
        apply(accepted(), suspend, after(hours=1), sample_rules())


VISIT = acts.Appoint(by="he", order="JY0001-1", at=after(hours=5), until=after(hours=7))


def test_a_visit_is_promised_and_neither_a_pause_nor_another_engineer_undoes_it() -> None:
    rules = sample_rules()
    ticket = apply(accepted(), VISIT, after(hours=2), rules).ticket
    assert dict(ticket.promised[-1].times) == {"visit": VISIT.at, "appointment": VISIT.until}

    waiting = acts.Suspend(by="li", order="JY0001-1", reason="access")
    ticket = apply(ticket, waiting, after(hours=3), rules).ticket
    assert ticket.next_due == after(hours=4.5)
    away = acts.Transfer(
        by="li", order="JY0001-1", to_department="engineering", assignee="guo", reason="ill"
    )
    ticket = apply(ticket, away, after(hours=4), rules).ticket

    visit = ticket.orders[-1].clocks[Clock.APPOINTMENT]
    assert (ticket.orders[-1].assignee, visit.due, visit.next_due) == (
        "guo", VISIT.until, after(hours=4.5),
    )  # fmt: skip


def test_a_visit_put_off_and_back_is_agreed_anew_and_the_same_said_again_is_not() -> None:
    other = replace(VISIT, at=VISIT.at + timedelta(days=1), until=VISIT.until + timedelta(days=1))
    ticket, said = accepted(), []
    for n, act in enumerate((VISIT, VISIT, other, VISIT)):
        outcome = apply(ticket, act, after(hours=2, minutes=n), sample_rules())
        ticket = outcome.ticket
        said += [e.agreed_at for e in outcome.events if isinstance(e, WorkOrderAppointed)]

    first, again, moved, back = said
    assert first == again
    assert len({first, moved, back}) == 3


@pytest.mark.parametrize("arrives", [acts.Arrive, acts.Start])
def test_whoever_comes_keeps_the_visit(arrives: type[acts.OrderAct]) -> None:
    ticket = apply(accepted(), VISIT, after(hours=2), sample_rules()).ticket

    there = apply(ticket, arrives(by="li", order="JY0001-1"), after(hours=6.5), sample_rules())

    assert there.ticket.orders[0].clocks[Clock.APPOINTMENT].kept is True


def test_a_visit_that_was_kept_is_not_made_again_by_whoever_gets_the_work() -> None:
    there = acts.Arrive(by="li", order="JY0001-1")
    away = acts.Transfer(
        by="li", order="JY0001-1", to_department="engineering", assignee="guo", reason="ill"
    )
    ticket = accepted()
    for hours, act in ((2, VISIT), (5.5, there), (6, away)):
        ticket = apply(ticket, act, after(hours=hours), sample_rules()).ticket

    assert Clock.APPOINTMENT not in ticket.orders[-1].clocks


def asked(*, until: datetime = after(days=6)) -> Ticket:
    wish = acts.AskExtension(by="li", order="JY0001-1", until=until, reason="parts")
    return apply(accepted(), wish, after(hours=2), sample_rules()).ticket


def test_an_extension_is_asked_for_granted_once_and_the_first_promise_stays() -> None:
    grant = acts.Extend(by="chief", order="JY0001-1", until=after(days=6))

    ticket = apply(asked(), grant, after(hours=3), sample_rules()).ticket

    assert (ticket.extension, ticket.extensions) == (None, 1)
    assert [sorted(p.times) for p in ticket.promised][-1] == ["resolve"]
    assert len(ticket.promised) == 2
    with pytest.raises(NotAllowed, match="as often as the policy allows"):
        apply(ticket, grant, after(hours=4), sample_rules())


def test_a_refused_extension_leaves_the_time_as_it_was() -> None:
    refuse = acts.RefuseExtension(by="chief", order="JY0001-1")
    due = asked().clocks[Clock.RESOLVE].due

    outcome = apply(asked(), refuse, after(hours=3), sample_rules())

    ticket, (said,) = outcome.ticket, outcome.events
    assert (ticket.extension, ticket.clocks[Clock.RESOLVE].due) == (None, due)
    assert isinstance(said, WorkOrderExtensionRefused)
    assert (said.due, said.at) == (due, after(hours=3))


def test_an_extension_says_when_it_was_approved_and_whether_anybody_asked() -> None:
    grant = acts.Extend(by="chief", order="JY0001-1", until=after(days=6))

    for ticket, was_asked in ((asked(), True), (accepted(), False)):
        (said,) = apply(ticket, grant, after(hours=3), sample_rules()).events
        assert isinstance(said, WorkOrderExtended)
        assert (said.at, said.asked) == (after(hours=3), was_asked)


def test_an_extension_is_not_asked_for_twice_nor_after_the_time() -> None:
    wish = acts.AskExtension(by="li", order="JY0001-1", until=after(days=90), reason="parts")

    with pytest.raises(NotAllowed, match="asked for already"):
        apply(asked(), wish, after(hours=3), sample_rules())
    with pytest.raises(NotAllowed, match="must be asked for in time"):
        apply(accepted(), wish, after(days=80), sample_rules())


def test_a_clock_of_the_first_version_is_read_as_if_it_had_a_ladder() -> None:
    doc = TICKET.to_doc(accepted())
    new = doc["clocks"]["resolve"]
    old = {key: new[key] for key in new if key not in {"next", "fired"}}
    old |= {"warn_at": new["next"]["at"], "warned_at": None, "breached_at": None}

    ticket = TICKET.from_doc(doc | {"clocks": {"resolve": old}})

    assert ticket.clocks[Clock.RESOLVE] == accepted().clocks[Clock.RESOLVE]


def test_a_rung_can_be_called_from_its_time_on_but_not_while_the_clock_paused() -> None:
    """What falls due in a pause is not late for having waited."""
    begun = shanghai("2026-11-23 09:00")
    clock = start_clock(limit("PT1H", "wall"), begun, sample(), LADDER)
    warned = fire_clock(clock, 0, begun + timedelta(minutes=45), LADDER)
    broken = fire_clock(warned, 1, begun + timedelta(hours=1), LADDER)
    paused = pause_clock(broken, begun + timedelta(hours=2))
    resumed = resume_clock(paused, begun + timedelta(hours=9), sample(), LADDER)
    longer = extend_clock(resumed, begun, begun + timedelta(hours=10), LADDER)

    assert clock.callable_since == begun + timedelta(minutes=45)
    assert broken.callable_since == begun + timedelta(hours=3)
    assert resumed.callable_since == begun + timedelta(hours=9)
    assert longer.callable_since == begun + timedelta(hours=10)
    assert start_clock(None, begun, sample(), LADDER).callable_since is None


def test_an_event_of_a_deadline_says_since_when_it_could_be_called() -> None:
    dispatch = acts.Dispatch(by="router", department="engineering", assignee="li")
    given = apply(registered(), dispatch, registered().registered_at, sample_rules()).ticket
    order = given.orders[0]
    due = order.clocks[Clock.ACCEPT].next
    assert due is not None

    act = acts.Breach(by="router", clock=Clock.ACCEPT, order=order.id, level=2)
    (event,) = apply(given, act, due.at + timedelta(hours=9), sample_rules()).events

    assert isinstance(event, ClockBreached)
    assert event.fell_due == due.at
