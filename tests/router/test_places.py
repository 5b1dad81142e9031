"""What a place has of its own decides about the work there, and about no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.router.emergencies.alerting import Alerting
from services.router.work_orders.routing import Routing
from services.router.work_orders.workload import Workload
from shared.tickets import Ticket
from shared.tickets.acts import Act, Decline, Dispatch
from tests.router.conftest import RouterBench
from tests.support.tickets import LAMP, LIFT, moved, registered

GIVEN = Dispatch(by="router", department="engineering", assignee="ch-engineering-1")
DECLINED = Decline(by="p", order="23456789-1", reason="not_ours")


def at(bench: RouterBench, estate: str, *acts: Act, text: str = LAMP) -> Ticket:
    ticket = registered(text, estate=estate, at=bench.now())
    return moved(replace(ticket, estate=estate), *acts, at=bench.now())


@pytest.mark.parametrize(("estate", "held"), [("cuihu", "declined_twice"), ("jinyuan", None)])
async def test_a_place_sends_declined_work_to_a_person_when_it_says_so(
    bench: RouterBench, estate: str, held: str | None
) -> None:
    await bench.let_places_differ(cuihu={"rules": {"decline_limit": 1}})
    await bench.put(at(bench, estate, GIVEN, DECLINED))

    await Routing(bench.platform, Workload(bench.platform.store), tuple).dispatch("23456789")

    ticket = await bench.read()
    assert (ticket.held.reason if ticket.held else None) == held


@pytest.mark.parametrize(("estate", "within"), [("binjiang", 90), ("jinyuan", 60)])
async def test_a_place_waits_for_its_people_as_long_as_it_says(
    bench: RouterBench, estate: str, within: int
) -> None:
    await bench.let_places_differ(lakeside={"rules": {"acknowledge_within": "PT90S"}})
    ticket = at(bench, estate, text=LIFT)
    await bench.put(ticket)

    await Alerting(bench.platform).start(ticket)

    doc = await bench.store.get("emergencies", "23456789")
    assert doc is not None
    assert doc["next_due"] - doc["started_at"] == timedelta(seconds=within)
