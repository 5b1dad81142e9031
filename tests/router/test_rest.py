"""Rest between shifts: what counts as one stretch of work, and what is refused and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.router.rosters.rest import RestRules, TooLittleRest, TooLong, tiring
from services.router.rosters.shifts import Shift
from tests.router.conftest import RouterBench
from tests.router.test_shift_plans import (
    FIRST,
    HOUR,
    LIST,
    SECOND,
    ask,
    engineer,
    from_now,
    planned,
    shift,
)

MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
RULES = RestRules(rest=11 * HOUR, longest=13 * HOUR)
OFF = RestRules(rest=timedelta(0), longest=timedelta(0))


def at(begin: float, end: float, id: str = "new") -> Shift:
    """A shift between two hours of a day, or of those before and after it."""
    return Shift(
        id=id, version=1, place="jinyuan", department="security", person="li",
        begins=MIDNIGHT + begin * HOUR, ends=MIDNIGHT + end * HOUR,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("others", "other", "missing"),
    [
        ([], None, None),
        ([(-16, -4)], None, None),  # yesterday by day: twelve hours of rest
        ([(-5, 6)], "0", 9),  # in the night before: two hours
        ([(31, 43)], None, None),  # eleven hours, on the dot
        ([(30, 43)], "0", 1),
        ([(20, 21)], None, None),  # another hour of the same thirteen
        ([(20, 21.25)], "0", 11),
        ([(22, 26)], "0", 9),
        ([(7.5, 8), (20, 20.75)], "1", 11),  # each alone would do
    ],
)
def test_what_lies_closer_than_the_rest_is_one_stretch(
    others: list[tuple[float, float]], other: str | None, missing: float | None
) -> None:
    """The shift is from 8 to 20; `missing` are the hours of rest before or after the other."""
    around = [at(begin, end, str(n)) for n, (begin, end) in enumerate(others)]

    found = tiring(at(8, 20), around, RULES)

    if other is None:
        assert found is None
    else:
        assert isinstance(found, TooLittleRest)
        assert (found.other.id, found.missing) == (other, (missing or 0) * HOUR)


def test_a_day_in_two_parts_is_well_while_the_whole_is_no_longer_than_a_shift() -> None:
    morning = at(8, 12, "morning")

    assert tiring(at(13.5, 17.5), [morning], RULES) is None
    assert isinstance(tiring(at(18, 22), [morning], RULES), TooLittleRest)


def test_a_shift_alone_may_be_too_long() -> None:
    assert tiring(at(8, 22), [], RULES) == TooLong(HOUR)
    assert tiring(at(8, 21), [], RULES) is None


@pytest.mark.parametrize(
    ("rules", "free"),
    [
        (OFF, True),
        (RestRules(rest=11 * HOUR, longest=timedelta(0)), False),  # a day and a night, no more
        (RestRules(rest=timedelta(0), longest=13 * HOUR), True),
    ],
)
def test_what_the_policy_does_not_ask_for_is_not_judged(rules: RestRules, *, free: bool) -> None:
    before = [at(-16, -4, "a"), at(-4, 8, "b")]

    assert (tiring(at(8, 20), before, rules) is None) is free


async def refused(bench: RouterBench, path: str, body: Any, **more: Any) -> dict[str, Any]:
    answer = await ask(bench, "POST", path, body=body, **more)
    assert answer.status_code == 409, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_night_before_a_day_is_refused_with_both_shifts_and_what_is_missing(
    bench: RouterBench,
) -> None:
    night = await planned(bench, FIRST, 10 * HOUR, 22 * HOUR, department="security")

    body = shift(bench, FIRST, 24 * HOUR, 36 * HOUR)
    problem = await refused(bench, "/v1/shifts", body)
    too_long = await refused(bench, "/v1/shifts", shift(bench, SECOND, 10 * HOUR, 24 * HOUR))

    assert problem["type"] == "urn:hotline:problem:too-little-rest"
    assert night["id"] in problem["shifts"]
    assert (len(problem["shifts"]), problem["missing_hours"]) == (2, 9.0)
    assert too_long["type"] == "urn:hotline:problem:shift-too-long"
    await planned(bench, FIRST, 33 * HOUR, 45 * HOUR)


async def test_who_plans_answers_for_it_with_a_reason_on_record(bench: RouterBench) -> None:
    await planned(bench, FIRST, 10 * HOUR, 22 * HOUR)

    body = shift(bench, FIRST, 24 * HOUR, 36 * HOUR, despite="typhoon")
    answer = await ask(bench, "POST", "/v1/shifts", body=body)
    again = await ask(bench, "POST", "/v1/shifts", body=body)
    rested = await planned(bench, SECOND, 24 * HOUR, 36 * HOUR, despite="not_needed")

    assert answer.json()["despite"] == "typhoon"
    assert again.json()["id"] == answer.json()["id"]
    assert rested["despite"] is None
    entries = await bench.store.find("audit", {"act": "shift.plan"}, limit=10)
    assert [e["why"] for e in entries if e["subject"]["id"] == answer.json()["id"]] == [
        "typhoon", "typhoon",
    ]  # fmt: skip


async def test_nobody_swaps_their_rest_away_but_it_may_be_given_with_a_reason(
    bench: RouterBench,
) -> None:
    await planned(bench, SECOND, 10 * HOUR, 22 * HOUR)
    day = await planned(bench, FIRST, 24 * HOUR, 36 * HOUR)
    path = f"/v1/shifts/{day['id']}"
    await ask(bench, "POST", f"{path}/offer", engineer(FIRST), body={"person": SECOND})

    taken = await refused(bench, f"{path}/take", None, who=engineer(SECOND))
    given = await refused(bench, f"{path}/give", {"person": SECOND})
    answer = await ask(
        bench, "POST", f"{path}/give", body={"person": SECOND, "despite": "nobody_else"}
    )

    assert taken["type"] == given["type"] == "urn:hotline:problem:too-little-rest"
    assert (answer.json()["person"], answer.json()["despite"]) == (SECOND, "nobody_else")
    back = await ask(bench, "POST", f"{path}/give", body={"person": FIRST})
    assert back.json()["despite"] is None


async def test_a_pattern_names_what_leaves_too_little_rest_and_plans_the_rest(
    bench: RouterBench,
) -> None:
    first = datetime.fromisoformat(from_now(bench, 48 * HOUR, 49 * HOUR)["begins"]).date()
    pattern = {
        "people": [FIRST], "cycle": ["night", "day", None],
        "hours": {"day": {"start": "07:00", "end": "19:00"},
                  "night": {"start": "19:00", "end": "07:00"}},
        "first": first.isoformat(), "last": (first + timedelta(days=2)).isoformat(),
    }  # fmt: skip

    answer = (await ask(bench, "POST", f"{LIST}/plan", body=pattern)).json()
    despite = (await ask(bench, "POST", f"{LIST}/plan", body=pattern | {"despite": "flood"})).json()

    assert len(answer["planned"]) == 1
    assert [r["why"]["type"] for r in answer["refused"]] == ["urn:hotline:problem:too-little-rest"]
    assert [found["despite"] for found in despite["planned"]] == [None, "flood"]
