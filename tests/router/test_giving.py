"""Work that is given on by hand reaches somebody who is known, and who hears of it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from shared.identity import Principal, issue_token
from shared.tickets import Ticket
from shared.tickets.acts import Dispatch, Hold
from tests.router.conftest import RouterBench
from tests.support.tickets import LAMP, moved, registered

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
