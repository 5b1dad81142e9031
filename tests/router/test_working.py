"""What time does to work that is under way: pauses end, visits are missed, others take over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from shared.contracts.router import (
    ClockBreached,
    ClockWarned,
    WorkOrderDispatched,
    WorkOrderExtensionAsked,
    WorkOrderResumed,
    WorkOrderTransferred,
)
from shared.identity import Principal, issue_token
from shared.tickets import Clock
from shared.tickets.acts import Accept, Dispatch
from tests.router.conftest import RouterBench
from tests.support.tickets import moved, registered

ORDER = "23456789-1"
HERS = Principal("li", "department", frozenset({"jinyuan"}), frozenset({"engineering"}))
CHIEF = Principal("chief", "supervisor", frozenset({"jinyuan"}))
GIVEN = Dispatch(by="router", department="engineering", assignee="jy-engineering-1")


async def ask(
    bench: RouterBench, action: str, who: Principal = HERS, **body: Any
) -> httpx.Response:
    token = issue_token(who, bench.keys.token, now=bench.now())
    return await bench.http.post(
        f"/v1/work-orders/{ORDER}/{action}", json=body or None,
        headers={"Authorization": f"Bearer {token}"},
    )  # fmt: skip


async def put_accepted(bench: RouterBench) -> datetime:
    now = bench.now()
    ticket = registered(at=now)
    await bench.put(moved(ticket, GIVEN, Accept(by="li", order=ORDER), at=now))
    return now


async def test_what_nobody_accepts_in_time_is_given_to_the_next_on_duty(
    bench: RouterBench,
) -> None:
    await bench.put(moved(registered(at=bench.now()), GIVEN, at=bench.now()))

    await bench.forward(timedelta(minutes=16))

    (gone,) = await bench.said(WorkOrderTransferred)
    (come,) = await bench.said(WorkOrderDispatched)
    assert (gone.assignee, gone.reason) == ("jy-engineering-1", "not_accepted")
    assert come.assignee == "jy-engineering-2"
    assert "accept" in come.due


async def test_a_pause_ends_by_itself_and_the_clocks_go_on_from_there(bench: RouterBench) -> None:
    await put_accepted(bench)
    due = (await bench.read()).clocks[Clock.RESOLVE].due
    begun = bench.now()

    answer = await ask(bench, "suspend", reason="access")
    assert answer.status_code == 200, answer.text
    await bench.forward(timedelta(hours=15))
    await bench.said(WorkOrderResumed)

    ticket = await bench.read()
    assert ticket.status == "dispatched"
    assert due is not None
    later = ticket.clocks[Clock.RESOLVE].due
    assert later is not None
    assert later - due - timedelta(hours=12) < bench.now() - begun - timedelta(hours=15)


async def test_a_department_finds_a_pause_ended_that_nobody_has_noticed_yet(
    bench: RouterBench,
) -> None:
    """Whoever acts first ends it; nobody is refused what the router was too late for."""
    await put_accepted(bench)
    await ask(bench, "suspend", reason="access")
    resumed = await bench.read()
    assert resumed.orders[0].resume_at is not None

    await bench.forward(timedelta(hours=13))
    answer = await ask(bench, "resolve", outcome="fixed")

    assert answer.status_code == 200, answer.text
    assert len(await bench.said(WorkOrderResumed)) == 1


@pytest.mark.parametrize(
    ("until_hours", "says"), [(13.0, "12 hours at most"), (-1.0, "over already")]
)
async def test_a_pause_beyond_the_policy_is_refused_with_the_way_out(
    bench: RouterBench, until_hours: float, says: str
) -> None:
    now = await put_accepted(bench)
    ends = (now + timedelta(hours=until_hours)).isoformat()

    answer = await ask(bench, "suspend", reason="access", until=ends)

    assert answer.status_code == 409
    assert says in answer.text


async def test_a_visit_is_reminded_of_and_missed_once(bench: RouterBench) -> None:
    now = await put_accepted(bench)
    begins = now + timedelta(hours=2)
    answer = await ask(
        bench, "appoint", at=begins.isoformat(), until=(begins + timedelta(hours=1)).isoformat()
    )
    assert answer.status_code == 200, answer.text
    assert "appointment" in answer.json()["due"]

    await bench.forward(timedelta(minutes=95))
    await bench.said(ClockWarned, clock="appointment")
    await bench.forward(timedelta(minutes=90))
    breached = await bench.said(ClockBreached, clock="appointment")
    warned = await bench.said(ClockWarned, clock="appointment")

    assert [(e.recipients, e.level) for e in warned] == [(("li",), 0)]
    assert [(e.recipients, e.level) for e in breached] == [
        (("jy-engineering-3", "jy-customer-service-1"), 1)
    ]


async def test_the_department_asks_for_more_time_and_only_a_supervisor_grants_it(
    bench: RouterBench,
) -> None:
    now = await put_accepted(bench)
    later = (now + timedelta(days=40)).isoformat()

    asked = await ask(bench, "extend", until=later, reason="parts")
    again = await ask(bench, "extend", until=later, reason="parts")
    wish = (await bench.read()).extension
    granted = await ask(bench, "extend", CHIEF, until=later)
    twice = await ask(bench, "extend", CHIEF, until=(now + timedelta(days=50)).isoformat())

    assert [a.status_code for a in (asked, again, granted, twice)] == [200, 409, 200, 409]
    assert wish is not None
    assert (wish.reason, wish.by) == ("parts", "li")
    ticket = await bench.read()
    assert ticket.clocks[Clock.RESOLVE].due == now + timedelta(days=40)
    assert [sorted(promise.times) for promise in ticket.promised][-1] == ["resolve"]
    assert len(await bench.said(WorkOrderExtensionAsked)) == 1


async def test_a_department_cannot_refuse_its_own_wish(bench: RouterBench) -> None:
    now = await put_accepted(bench)
    later = (now + timedelta(days=40)).isoformat()
    await ask(bench, "extend", until=later, reason="parts")

    answer = await ask(bench, "extend", refused=True)

    assert answer.status_code == 403


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+08:00"])
async def test_nothing_is_agreed_for_times_that_nobody_lives_in(
    bench: RouterBench, at: str
) -> None:
    await put_accepted(bench)

    answers = [
        await ask(bench, "appoint", at=at),
        await ask(bench, "extend", until=at, reason="parts"),
        await ask(bench, "suspend", until=at, reason="parts"),
    ]

    assert [answer.status_code for answer in answers] == [422] * 3


@pytest.mark.parametrize(
    ("who", "body", "field"),
    [(HERS, {"until": "2099-01-01T09:00:00+08:00"}, "reason"), (CHIEF, {}, "until")],
)
async def test_an_extension_says_which_part_of_it_is_missing(
    bench: RouterBench, who: Principal, body: dict[str, Any], field: str
) -> None:
    await put_accepted(bench)

    answer = await ask(bench, "extend", who, **({"refused": False} | body))

    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["faults"]] == [field]
