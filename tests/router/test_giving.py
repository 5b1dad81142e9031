"""Work that is given on by hand reaches somebody who is known, and who hears of it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from services.router.work_orders.domain import work_to_give
from shared.identity import Principal, issue_token
from shared.policy.plan import Reported, plan
from shared.tickets import Ticket
from shared.tickets.acts import Dispatch, Hold, Reclassify, Transfer
from tests.router.conftest import RouterBench
from tests.support.tickets import LAMP, duty, moved, policy, registered

ORDER = "23456789-1"
GIVEN = Dispatch(by="router", department="engineering", assignee="jy-engineering-1")


def given(bench: RouterBench) -> Ticket:
    return moved(registered(LAMP, at=bench.now()), GIVEN, at=bench.now())


async def transfer(bench: RouterBench, **body: Any) -> httpx.Response:
    who = Principal("p", "department", frozenset({"jinyuan"}), frozenset({"engineering"}))
    token = issue_token(who, bench.keys.token, now=bench.now())
    return await bench.http.post(
        f"/v1/work-orders/{ORDER}/transfer",
        json={"reason": "not_ours"} | body,
        headers={"Authorization": f"Bearer {token}"},
    )


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"department": "13800138000"}, "department"),
        ({"department": "security", "assignee": "王师傅"}, "assignee"),
    ],
)
async def test_work_is_not_given_to_whom_nobody_knows(
    bench: RouterBench, body: dict[str, str], field: str
) -> None:
    await bench.put(given(bench))

    answer = await transfer(bench, **body)

    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["faults"]] == [field]
    assert [order.id for order in (await bench.read()).work_orders] == [ORDER]


async def test_whoever_is_on_duty_gets_what_is_given_to_a_department(bench: RouterBench) -> None:
    await bench.put(given(bench))

    answer = await transfer(bench, department="security")

    assert answer.status_code == 200
    assert (await bench.read()).work_orders[-1].assignee == "jy-security-1"


async def test_the_manual_queue_gives_to_nobody_unknown_either(bench: RouterBench) -> None:
    ticket = registered(LAMP, at=bench.now())
    await bench.put(moved(ticket, Hold(by="router", reason="nobody_on_duty"), at=bench.now()))

    answer = await bench.http.post(
        f"/v1/manual-queue/{ticket.number}/dispatch",
        json={"department": "engineering", "assignee": "王师傅"},
        headers=bench.signed_in("dispatcher"),
    )

    assert answer.status_code == 422
    assert (await bench.read()).work_orders == ()


async def support(bench: RouterBench, role: str = "dispatcher", **body: Any) -> httpx.Response:
    return await bench.http.post(
        f"/v1/work-orders/{ORDER}/support", json=body, headers=bench.signed_in(role)
    )


async def test_another_department_helps_and_the_lead_keeps_its_order(bench: RouterBench) -> None:
    await bench.put(given(bench))

    answer = await support(bench, department="security")
    again = await support(bench, department="security")

    assert answer.json()["assignee"] == "jy-security-1"
    assert again.status_code == 409
    orders = (await bench.read()).orders
    assert [(o.department, o.status.value) for o in orders] == [
        ("engineering", "dispatched"), ("security", "dispatched"),
    ]  # fmt: skip
    # Planning anew does not take it from whoever the desk asked to help.
    anew = plan(Reported(LAMP, "jinyuan", area="plumbing", decided=True), policy(), bench.now())
    act = Reclassify(by="desk", plan=anew, estate="jinyuan")
    await bench.platform.tickets.change("23456789", lambda _t, _n: act)
    assert work_to_give(await bench.read(), duty(), policy(), by="router") == []


async def test_nobody_helps_with_what_is_not_there_or_over(bench: RouterBench) -> None:
    assert (await support(bench, department="security")).status_code == 404
    await bench.put(given(bench))
    assert (await support(bench, "department", department="security")).status_code == 403
    away = Transfer(by="desk", order=ORDER, to_department="security", assignee=None, reason="x")
    unknown = await support(bench, department="fire_brigade")
    await bench.platform.tickets.change("23456789", lambda _t, _n: away)
    assert (await support(bench, department="environment")).status_code == 409
    assert unknown.json()["faults"][0]["field"] == "department"
