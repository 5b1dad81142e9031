"""Cover is told for every quarter hour, and a roster says whose shift it is."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.policy.calendar import Block, Calendar
from shared.policy.duty import Duty, Person
from shared.policy.roster import QUARTER, Absence, Need, Rosters, Stretch, cover

SHANGHAI = Calendar(
    time_zone="Asia/Shanghai",
    business=(Block(start=time(8, 30), end=time(18)),),
    days_off=frozenset({date(2026, 10, 1)}),
    make_up_workdays=frozenset({date(2026, 10, 10)}),
)
BERLIN = SHANGHAI.model_copy(update={"time_zone": "Europe/Berlin"})
BEGIN = datetime(2026, 9, 30, 16, tzinfo=UTC)
QUARTERS = st.integers(0, 95).map(lambda n: time(n // 4, n % 4 * 15))
NEEDS = st.builds(
    Need, start=QUARTERS, end=QUARTERS, people=st.integers(1, 3),
    days=st.sampled_from(["all", "workdays", "days_off"]),
)  # fmt: skip
SHIFTS = st.tuples(st.integers(-96, 96 * 11), st.integers(1, 96)).map(
    lambda at: (BEGIN + at[0] * QUARTER, BEGIN + (at[0] + at[1]) * QUARTER)
)


@given(st.lists(NEEDS, max_size=4), st.lists(SHIFTS, max_size=8), st.integers(1, 96 * 11))
def test_every_quarter_hour_is_told_as_it_is(
    needs: list[Need], shifts: list[tuple[datetime, datetime]], quarters: int
) -> None:
    """Counted one by one, from the hands of the wall clock, it comes to the same."""
    end = BEGIN + quarters * QUARTER

    pieces = cover(needs, shifts, BEGIN, end, SHANGHAI)

    assert (pieces[0].begins, pieces[-1].ends) == (BEGIN, end)
    assert all(a.ends == b.begins for a, b in itertools.pairwise(pieces))
    for n in range(quarters):
        at = BEGIN + n * QUARTER
        (piece,) = [p for p in pieces if p.begins <= at < p.ends]
        assert piece.people == sum(first <= at < last for first, last in shifts)
        assert piece.needed == sum(need.people for need in needs if _is_needed(need, at))
        assert piece.missing == max(0, piece.needed - piece.people)


def _is_needed(need: Need, at: datetime) -> bool:
    local = at.astimezone(SHANGHAI.zone)
    today, yesterday = local.date(), local.date() - timedelta(days=1)
    wall = local.time()
    if need.start < need.end:
        return _is_day(need, today) and need.start <= wall < need.end
    return (_is_day(need, today) and wall >= need.start) or (
        _is_day(need, yesterday) and wall < need.end
    )


def _is_day(need: Need, day: date) -> bool:
    return need.days == "all" or SHANGHAI.is_workday(day) == (need.days == "workdays")


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 11), (date(2026, 10, 25), 13), (date(2026, 6, 1), 12)]
)
def test_a_night_is_as_long_as_the_clocks_make_it(day: date, hours: int) -> None:
    """On the nights on which the clocks are moved an hour is missing, or there twice."""
    night = Need(start=time(20), end=time(8), people=1)
    noon = datetime.combine(day, time(12), BERLIN.zone).astimezone(UTC)

    pieces = cover([night], [], noon - timedelta(hours=20), noon, BERLIN)

    needed = sum((p.ends - p.begins for p in pieces if p.needed), timedelta())
    assert needed == timedelta(hours=hours)


@pytest.mark.parametrize("wall", ["08:10", "08:00:30", "08:00+08:00"])
def test_shifts_change_on_the_quarter_hour(wall: str) -> None:
    with pytest.raises(ValidationError, match="quarter hour"):
        Need.model_validate({"start": wall, "end": "20:00", "people": 1})


def person(id: str, **more: object) -> Person:
    return Person.model_validate({"id": id, "name": id, "mail": f"{id}@duty.example", **more})


DAY = Stretch("jinyuan", "security", "tian", BEGIN, BEGIN + timedelta(hours=12))
NIGHT = Stretch(
    "jinyuan", "security", "luo", BEGIN + timedelta(hours=12), BEGIN + timedelta(hours=24)
)
LENT = Stretch("jinyuan", "security", "wei", BEGIN, BEGIN + timedelta(hours=24))
PLACES = {
    "jinyuan": {"security": (person("luo"), person("tian"), person("chief")),
                "engineering": (person("xu"),)},
    "binjiang": {"security": (person("wei"),)},
    "*": {"security": (person("group"),)},
}  # fmt: skip


def duty_at(rosters: Rosters, at: datetime) -> list[str]:
    duty = Duty(places=PLACES, on_shift=rosters.on_shift(at))
    return [found.id for found in duty.on_duty("jinyuan", "security")]


@pytest.mark.parametrize(
    ("shifts", "hours", "expected"),
    [
        ((DAY, NIGHT), 0, ["tian"]),
        ((DAY, NIGHT), 11.99, ["tian"]),
        ((DAY, NIGHT), 12, ["luo"]),
        ((DAY, NIGHT), 24, ["group"]),
        ((DAY, LENT), 1, ["tian", "wei"]),
        ((LENT, NIGHT), 13, ["luo", "wei"]),
        ((), 0, ["group"]),
    ],
)
def test_a_list_that_goes_by_shifts_has_nobody_else_on_duty(
    shifts: tuple[Stretch, ...], hours: float, expected: list[str]
) -> None:
    """In a gap the group's own people answer; whoever is lent comes after a list's own people."""
    rosters = Rosters(frozenset({("jinyuan", "security")}), shifts)

    assert duty_at(rosters, BEGIN + timedelta(hours=hours)) == expected


def test_without_shifts_everybody_on_a_list_is_on_duty() -> None:
    assert duty_at(Rosters(shifts=(DAY,)), BEGIN) == ["luo", "tian", "chief"]


def test_the_lead_answers_for_the_department_off_shift_too() -> None:
    rosters = Rosters(frozenset({("jinyuan", "security")}), (DAY,))
    duty = Duty(places=PLACES, on_shift=rosters.on_shift(BEGIN))

    lead = duty.lead("jinyuan", "security")

    assert lead is not None
    assert lead.id == "chief"


def ids(people: Iterable[Person]) -> list[str]:
    return [found.id for found in people]


def test_who_is_on_leave_or_frozen_is_there_for_nobody_who_asks() -> None:
    rosters = Rosters(
        frozenset({("jinyuan", "security")}),
        (DAY, LENT),
        (Absence("tian", BEGIN + timedelta(hours=1), BEGIN + timedelta(hours=3)),),
    )
    there = {}
    for hour in (0, 1, 3):
        at = BEGIN + timedelta(hours=hour)
        duty = Duty(places=PLACES, on_shift=rosters.on_shift(at), on_leave=rosters.on_leave(at))
        there[hour] = ids(duty.on_duty("jinyuan", "security"))
    assert there == {0: ["tian", "wei"], 1: ["wei"], 3: ["tian", "wei"]}
    assert rosters.stands_until(BEGIN, timedelta(days=1)) == BEGIN + timedelta(hours=1)

    frozen = Duty(places=PLACES, frozen=frozenset({"luo", "group"}))
    assert ids(frozen.on_duty("jinyuan", "security")) == ["tian", "chief"]
    assert ids(frozen.on_duty("cuihu", "security")) == []
    assert ids(frozen.answering("jinyuan", "security")) == ["tian", "chief"]
    assert frozen.of_departments(["security"]) >= {"luo", "group"}, "it may still be about them"


@pytest.mark.parametrize(
    ("away", "lead"),
    [
        ({"chief"}, "tian"),
        ({"chief", "tian", "luo"}, "group"),
        ({"chief", "tian", "luo", "group"}, "chief"),
    ],
)
def test_while_a_lead_is_away_the_next_of_the_list_answers(away: set[str], lead: str) -> None:
    duty = Duty(places=PLACES, on_leave=frozenset(away))

    found = duty.lead("jinyuan", "security")

    assert found is not None
    assert found.id == lead


def test_who_names_no_skill_is_fit_for_everything() -> None:
    assert person("xu").is_fit_for("elevator")
    assert person("xu", skills=["elevator"]).is_fit_for("elevator")
    assert not person("xu", skills=["plumbing"]).is_fit_for("elevator")
