"""Whoever has much in hand is passed over."""

from __future__ import annotations

from dataclasses import replace

from services.router.work_orders.routing import Workload
from shared.tickets.acts import Accept, Dispatch, Resolve
from tests.router.conftest import RouterBench
from tests.support.tickets import moved, registered

GIVEN = Dispatch(by="router", department="engineering", assignee="jy-engineering-1")


async def test_open_work_is_counted_and_what_was_given_since_is_added(bench: RouterBench) -> None:
    workload = Workload(bench.store)
    for number in ("23456789", "34567892"):
        await bench.put(moved(replace(registered(at=bench.now()), number=number), GIVEN))
    order = "45678923-1"
    done = moved(
        replace(registered(at=bench.now()), number="45678923"), GIVEN,
        Accept(by="li", order=order), Resolve(by="li", order=order, outcome="done"),
    )  # fmt: skip
    await bench.put(done)

    assert not workload.busy_from(1)("jy-engineering-1")
    workload.note([GIVEN])
    await workload.refresh()
    assert workload.busy_from(2)("jy-engineering-1")
    assert not workload.busy_from(3)("jy-engineering-1")
    workload.note([GIVEN])
    assert workload.busy_from(3)("jy-engineering-1")
    assert not workload.busy_from(1)("jy-engineering-2")
