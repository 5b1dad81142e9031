"""What no message brought: work nobody was given, emergencies nobody was called to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.router.emergencies.alerting import Alerting
from services.router.emergencies.untaken import untaken_emergencies
from services.router.follow_ups.reminders import Reminders
from services.router.work_orders.routing import Routing
from services.router.work_orders.untaken import untaken_tickets
from services.router.work_orders.workload import Workload
from shared.bus.lengths import QueueLengths
from shared.bus.reconciliation import Reconciliation, Untaken
from shared.tickets import TicketStatus
from shared.tickets.acts import (
    Accept,
    Arrive,
    Decline,
    Dispatch,
    Reclassify,
    Resolve,
    Transfer,
)
from tests.router.conftest import RouterBench
from tests.support.bench import until
from tests.support.tickets import LAMP, LIFT, moved, plan_of, registered


class Looks:
    """One look for each, when the test says so."""

    def __init__(self, bench: RouterBench) -> None:
        platform = bench.platform
        routing = Routing(platform, Workload(platform.store), lambda: ())
        self.alerting = Alerting(platform)
        self.lengths = QueueLengths(bench.corner.amqp_url)
        self._bench = bench
        self.tickets = self._of(untaken_tickets(platform, routing, Reminders(platform)))
        self.emergencies = self._of(untaken_emergencies(platform, self.alerting, routing))

    def _of(self, untaken: Untaken) -> Reconciliation:
        platform = self._bench.platform
        return Reconciliation(platform.store, platform.consumers, self.lengths, untaken)


@pytest.fixture
async def looks(bench: RouterBench) -> Looks:
    made = Looks(bench)
    bench.stack.push_async_callback(made.lengths.aclose)
    return made


async def test_a_request_nobody_heard_of_is_given_out_when_it_is_no_longer_on_its_way(
    bench: RouterBench, looks: Looks
) -> None:
    await bench.put(registered(LAMP, at=bench.now()))

    assert await looks.tickets.look() == 0
    await bench.forward(timedelta(seconds=21))
    assert await looks.tickets.look() == 1

    assert (await bench.read()).status is TicketStatus.DISPATCHED
    assert await looks.tickets.look() == 0


@pytest.mark.parametrize(
    ("department", "first", "next_"),
    [
        ("engineering", "jy-engineering-2", "jy-engineering-3"),
        ("security", "jy-security-1", "jy-security-2"),
    ],
)
async def test_work_that_was_passed_on_and_sent_back_is_given_on_though_no_message_came(
    bench: RouterBench, looks: Looks, department: str, first: str, next_: str
) -> None:
    given = Dispatch(by="router", department="engineering", assignee="jy-engineering-1")
    passed_on = Transfer(by="router", order="23456789-1", to_department=department, assignee=first,
                         reason="not_accepted")  # fmt: skip
    sent_back = Decline(by=first, order="23456789-2", reason="busy")
    at = bench.now()
    await bench.put(moved(registered(LAMP, at=at), given, passed_on, sent_back, at=at))
    await bench.forward(timedelta(seconds=30))

    assert await looks.tickets.look() == 1

    assert (await bench.read()).orders[-1].assignee == next_
    assert await looks.tickets.look() == 0


async def test_what_is_held_or_given_out_is_left_alone(bench: RouterBench, looks: Looks) -> None:
    await bench.put(registered(LAMP, estate=None, at=bench.now()))
    await bench.forward(timedelta(seconds=21))

    await looks.tickets.look()
    assert (await bench.read()).status is TicketStatus.REGISTERED
    assert await looks.emergencies.look() == 0


async def test_an_emergency_nobody_heard_of_is_alerted_within_three_seconds(
    bench: RouterBench, looks: Looks
) -> None:
    await bench.put(registered(LIFT, at=bench.now()))

    async def is_alerted() -> bool:
        await looks.emergencies.look()
        return await bench.store.get("emergencies", "23456789") is not None

    await until(is_alerted, seconds=3)
    assert (await bench.read()).orders
    assert await looks.emergencies.look() == 0


async def test_that_somebody_took_it_and_that_it_is_over_is_heard_too(
    bench: RouterBench, looks: Looks
) -> None:
    await bench.put(registered(LIFT, at=bench.now()))
    await bench.forward(timedelta(seconds=2))
    await looks.emergencies.look()

    async def emergency() -> dict[str, object]:
        doc = await bench.store.get("emergencies", "23456789")
        assert doc is not None
        return doc

    async def do(*kinds: type) -> None:
        ticket = await bench.read()
        order = ticket.orders[0]
        for kind in kinds:
            more = {"outcome": "safe"} if kind is Resolve else {}
            act = kind(by=order.assignee or "x", order=order.id, **more)
            await bench.platform.tickets.change(ticket.number, lambda *_, act=act: act)

    await do(Accept)
    await bench.forward(timedelta(seconds=2))
    await looks.emergencies.look()
    assert (await emergency())["acknowledged_at"] is not None

    await do(Arrive, Resolve)
    for order in (await bench.read()).orders[1:]:
        for act in (Accept(by="x", order=order.id), Arrive(by="x", order=order.id),
                    Resolve(by="x", order=order.id, outcome="safe")):  # fmt: skip
            await bench.platform.tickets.change("23456789", lambda *_, act=act: act)
    await bench.forward(timedelta(seconds=2))
    await looks.emergencies.look()
    assert (await emergency())["outcome"] == "resolved"


async def emergency_of(bench: RouterBench) -> dict[str, Any]:
    doc = await bench.store.get("emergencies", "23456789")
    assert doc is not None
    return doc


async def test_whoever_took_it_before_its_place_was_known_has_not_taken_it_for_there(
    bench: RouterBench, looks: Looks
) -> None:
    await bench.put(registered(LIFT, estate=None, at=bench.now()))
    await bench.forward(timedelta(seconds=2))
    await looks.emergencies.look()
    order = (await bench.read()).orders[0]
    taken = Accept(by=order.assignee or "x", order=order.id)
    await bench.platform.tickets.change("23456789", lambda *_: taken)
    await bench.forward(timedelta(seconds=2))
    await looks.emergencies.look()
    assert (await emergency_of(bench))["acknowledged_at"] is not None

    moved_to = Reclassify(by="he", plan=plan_of(LIFT, bench.now()), estate="jinyuan")
    await bench.platform.tickets.change("23456789", lambda *_: moved_to)
    await bench.forward(timedelta(seconds=2))
    await looks.emergencies.look()

    after = await emergency_of(bench)
    assert (after["estate"], after["acknowledged_at"]) == ("jinyuan", None)
    await bench.forward(timedelta(seconds=2))
    await looks.emergencies.look()
    assert (await emergency_of(bench))["acknowledged_at"] is None


async def test_what_is_no_emergency_any_more_is_called_off(
    bench: RouterBench, looks: Looks
) -> None:
    await bench.put(registered(LIFT, at=bench.now()))
    await bench.forward(timedelta(seconds=2))
    await looks.emergencies.look()
    calm = Reclassify(by="he", plan=plan_of(LAMP, bench.now()), estate="jinyuan", reason="calm")
    await bench.platform.tickets.change("23456789", lambda *_: calm)

    await bench.forward(timedelta(seconds=2))
    await looks.emergencies.look()

    assert (await emergency_of(bench))["outcome"] == "downgraded"


async def test_whom_everybody_declined_is_given_to_somebody_else(
    bench: RouterBench, looks: Looks
) -> None:
    await bench.put(registered(LAMP, at=bench.now()))
    await bench.forward(timedelta(seconds=21))
    await looks.tickets.look()
    first = (await bench.read()).orders[0]
    declined = Decline(by=first.assignee or "x", order=first.id, reason="busy")
    await bench.platform.tickets.change("23456789", lambda *_: declined)

    await bench.forward(timedelta(seconds=21))
    await looks.tickets.look()

    [_, second] = (await bench.read()).orders
    assert (second.department, second.status) == (first.department, "dispatched")
    assert second.assignee != first.assignee


async def test_an_emergency_that_begins_again_is_called_again(
    bench: RouterBench, looks: Looks
) -> None:
    await bench.put(registered(LIFT, at=bench.now()))
    await bench.forward(timedelta(seconds=2))
    await looks.emergencies.look()
    for text in (LAMP, LIFT):
        plan = plan_of(text, bench.now())
        act = Reclassify(by="he", plan=plan, estate="jinyuan", reason="calm")
        await bench.platform.tickets.change("23456789", lambda *_, act=act: act)
        await bench.forward(timedelta(seconds=2))
        await looks.emergencies.look()

    again = await emergency_of(bench)
    assert (again["ended_at"], again["plans"]) == (None, 3)
    assert len(again["alerts"]) >= 2
