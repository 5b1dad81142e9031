"""Rules of opening persons: limits, and what is unusual."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.intake.privacy.domain import (
    PER_DAY,
    PER_HOUR,
    Opening,
    Reader,
    Sign,
    alarm_id,
    signs_in,
    wait_for,
)
from shared.identity import PERMISSIONS
from tests.support.tickets import MONDAY

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def reader(*ago: timedelta, ended: bool = False, own: bool = True) -> Reader:
    """Somebody who opened persons so long before Monday, the longest ago first."""
    made = Reader(id="agent-7")
    for n, span in enumerate(sorted(ago, reverse=True)):
        opening = Opening(at=MONDAY - span, number=f"N{n}", ended=ended, own=own)
        made = made.with_opening(opening)
    return made


def test_every_role_that_may_open_has_its_limits() -> None:
    roles = PERMISSIONS["person.reveal"].roles

    assert set(PER_HOUR) == set(PER_DAY) == roles
    assert all(PER_HOUR[role] < PER_DAY[role] for role in roles)


def test_below_the_limit_nobody_waits() -> None:
    assert wait_for(reader(), "department", MONDAY) is None
    assert wait_for(reader(*[MINUTE] * 9), "department", MONDAY) is None


def test_at_the_limit_somebody_waits_until_the_first_of_them_is_an_hour_old() -> None:
    full = reader(50 * MINUTE, *[MINUTE] * 9)

    assert wait_for(full, "department", MONDAY) == 10 * MINUTE
    assert wait_for(full, "department", MONDAY + 10 * MINUTE) is None


def test_a_day_s_limit_is_waited_for_as_a_day() -> None:
    spread = reader(*(n * 30 * MINUTE for n in range(1, 41)))

    assert wait_for(spread, "department", MONDAY) == DAY - 40 * 30 * MINUTE
    assert wait_for(spread, "agent", MONDAY) is None


def test_what_is_older_than_a_day_and_a_month_is_forgotten() -> None:
    made = reader(31 * DAY, 2 * DAY, MINUTE)

    assert len(made.recent) == 1
    assert len(made.hours) == 2


def test_of_somebody_new_the_usual_hour_is_taken_to_be_four() -> None:
    assert signs_in(reader(*[MINUTE] * 12), MONDAY, of_the_flat=1) == {}
    assert signs_in(reader(*[MINUTE] * 13), MONDAY, of_the_flat=1) == {Sign.MORE_THAN_USUAL: 13}


@pytest.mark.parametrize(("usual", "most"), [(1, 6), (2, 6), (3, 9), (5, 15)])
def test_more_than_thrice_the_own_usual_hour_is_noticed(usual: int, most: int) -> None:
    past = [n * DAY for n in range(2, 9) for _ in range(usual)]

    assert signs_in(reader(*past, *[MINUTE] * most), MONDAY, of_the_flat=1) == {}
    assert signs_in(reader(*past, *[MINUTE] * (most + 1)), MONDAY, of_the_flat=1) == {
        Sign.MORE_THAN_USUAL: most + 1
    }


def test_a_spree_does_not_become_usual_while_it_goes_on() -> None:
    past = [n * DAY for n in range(2, 9)]
    spree = [n * HOUR for n in range(2, 9) for _ in range(15)]

    assert reader(*past, *spree).usual_hour(MONDAY) == 1


@pytest.mark.parametrize(
    ("of_the_flat", "ended", "own", "count", "sign"),
    [
        (3, False, True, 3, None),
        (4, False, True, 4, Sign.ONE_FLAT),
        (1, True, True, 3, None),
        (1, True, True, 4, Sign.ENDED_TICKETS),
        (1, False, False, 5, None),
        (1, False, False, 6, Sign.NOT_THEIR_WORK),
    ],
)
def test_each_sign_begins_above_its_line(
    of_the_flat: int, count: int, sign: Sign | None, *, ended: bool, own: bool
) -> None:
    openings = reader(*[MINUTE] * count, ended=ended, own=own)

    found = signs_in(openings, MONDAY, of_the_flat=of_the_flat)

    assert found == ({} if sign is None else {sign: count})


def test_one_alarm_a_person_sign_and_hour() -> None:
    first = alarm_id("agent-7", Sign.ONE_FLAT, MONDAY)

    assert alarm_id("agent-7", Sign.ONE_FLAT, MONDAY + 59 * MINUTE) == first
    others = {
        alarm_id("agent-8", Sign.ONE_FLAT, MONDAY),
        alarm_id("agent-7", Sign.ENDED_TICKETS, MONDAY),
        alarm_id("agent-7", Sign.ONE_FLAT, MONDAY + HOUR),
    }
    assert len({first, *others}) == 4
