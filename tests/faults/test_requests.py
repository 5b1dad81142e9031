"""The requests of a played week are what they are called, and the same for the same seed."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from faults.requests import KINDS, requests
from shared.policy.plan import Reported, plan
from tests.support.tickets import MONDAY, policy

WEEK = timedelta(days=7)


@pytest.mark.parametrize("kind", KINDS)
def test_a_request_is_taken_for_what_it_is_called(kind: str) -> None:
    for asked in KINDS[kind]:
        text = asked["text"].format(n=7, m=12)
        made = plan(Reported(text=text, estate="jinyuan", type=asked.get("type")), policy(), MONDAY)

        assert not made.is_emergency, text
        assert bool(made.undecided) is (kind == "undecided"), text
        if kind in {"normal", "urgent"}:
            assert (made.type, made.urgency) == ("repair", kind), text
        elif kind != "undecided":
            assert made.type == kind, text


def test_they_come_in_order_within_the_span_and_again_the_same() -> None:
    week = requests(random.Random(5), 40, WEEK)

    assert week == requests(random.Random(5), 40, WEEK)
    assert [request.after for request in week] == sorted(request.after for request in week)
    assert week[0].after == timedelta() < week[-1].after < WEEK
    assert {request.is_worked for request in week} == {True, False}
    assert len({request.report["caller"]["phone"] for request in week}) == len(week)
