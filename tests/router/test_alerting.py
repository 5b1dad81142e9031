"""Emergencies on the real store and broker: help is called whenever it is needed, and once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.router.queues import EMERGENCIES
from shared.contracts.intake import TicketRegistered
from shared.contracts.notifier import MessageAccepted, MessageReceived
from shared.contracts.router import (
    EmergencyAcknowledged,
    EmergencyArrived,
    EmergencyReplanned,
    EmergencySlowed,
    EmergencyStarted,
    TicketResolved,
    WorkOrderAccepted,
    WorkOrderArrived,
)
from shared.identity import Principal, issue_token, sign_link
from shared.policy.plan import Reported, plan
from shared.tickets import OrderStatus, Ticket
from shared.tickets.acts import Accept, Act, Arrive, NotSatisfied, Reclassify, Resolve
from shared.tickets.facts import order_facts, ticket_facts
from tests.router.conftest import RouterBench
from tests.support.bench import handled, until
from tests.support.tickets import LAMP, LIFT, policy, registered
from tests.support.work_page import press

NUMBER = "23456789"


async def begin(bench: RouterBench) -> None:
    """An emergency that is alerted and given out."""
    ticket = registered(LIFT, at=bench.now())
    await bench.put(ticket)
    event = TicketRegistered(**ticket_facts(ticket), departments=ticket.plan.departments,
                             channel="phone", promised={})  # fmt: skip
    await bench.publish(event, id=f"ticket/{NUMBER}/1/0", lane="urgent")

    async def is_given() -> bool:
        return bool((await bench.read()).orders)

    await until(is_given)
    await started(bench, 1)


async def started(bench: RouterBench, times: int) -> None:
    assert len(await bench.said(EmergencyStarted, times)) == times


async def emergency(bench: RouterBench) -> dict[str, Any]:
    doc = await bench.store.get("emergencies", NUMBER)
    assert doc is not None
    return doc


async def over(bench: RouterBench) -> None:
    async def ended() -> bool:
        return (await emergency(bench))["ended_at"] is not None

    await until(ended)


async def reclassify(bench: RouterBench, text: str, estate: str = "jinyuan") -> None:
    made = plan(Reported(text=text, estate=estate, decided=True), policy(), bench.now())
    act = Reclassify(by="agent", plan=made, estate=estate)
    await bench.platform.tickets.change(NUMBER, lambda _ticket, _now: act)


def solve(ticket: Ticket, _now: object) -> list[Act]:
    ids = [order.id for order in ticket.orders]
    there: list[Act] = [act(by="p", order=id) for id in ids for act in (Accept, Arrive)]
    return [*there, *(Resolve(by="p", order=id, outcome="done") for id in ids)]


async def test_an_emergency_that_was_not_solved_after_all_is_alerted_again(
    bench: RouterBench,
) -> None:
    await begin(bench)
    await bench.platform.tickets.change(NUMBER, solve)
    await over(bench)

    await bench.platform.tickets.change(NUMBER, lambda _t, _n: NotSatisfied(by="agent"))

    await started(bench, 2)
    before = handled([EMERGENCIES.name])
    await bench.publish(TicketResolved(number=NUMBER, round=1), id="ticket/late", lane="urgent")
    await until(lambda: handled([EMERGENCIES.name]) > before)
    doc = await emergency(bench)
    assert doc["ended_at"] is None, "the end of the first round is old news"
    assert doc["acknowledged_at"] is None


async def test_an_emergency_that_was_taken_for_none_is_alerted_when_it_is_one_after_all(
    bench: RouterBench,
) -> None:
    await begin(bench)
    await reclassify(bench, LAMP)
    await over(bench)

    await reclassify(bench, LIFT)

    await started(bench, 2)
    assert (await emergency(bench))["ended_at"] is None


async def test_at_another_place_the_work_is_given_anew_to_whoever_is_alerted_there(
    bench: RouterBench,
) -> None:
    await begin(bench)
    had = {order.assignee for order in (await bench.read()).orders}

    await reclassify(bench, "着火了，快来人", estate="binjiang")

    [said] = await bench.said(EmergencyReplanned)
    ours = {person for person in had if person is not None and person.startswith("jy-")}
    assert ours <= set(said.recipients)

    async def is_moved() -> bool:
        orders = [order for order in (await bench.read()).orders if order.is_unfinished]
        return {order.place for order in orders} == {"binjiang"}

    await until(is_moved)
    orders = [order for order in (await bench.read()).orders if order.is_unfinished]
    assert {order.assignee for order in orders}.isdisjoint(said.recipients)
    assert {order.department for order in orders} == {*(await bench.read()).plan.departments}


@pytest.mark.parametrize(
    ("id", "department", "status"),
    [("p", "cleaning", 404), ("p", "engineering", 200), ("jy-engineering-1", "cleaning", 200)],
)
async def test_only_whoever_works_on_it_or_was_called_takes_an_emergency_for_a_department(
    bench: RouterBench, id: str, department: str, status: int
) -> None:
    """Somebody of elsewhere who takes it keeps the next in the chain from being called."""
    await begin(bench)
    who = Principal(id, "department", frozenset({"jinyuan"}), frozenset({department}))
    token = issue_token(who, bench.keys.token, now=bench.now())
    headers = {"Authorization": f"Bearer {token}"}

    seen = await bench.http.get(f"/v1/emergencies/{NUMBER}", headers=headers)
    taken = await bench.http.post(f"/v1/emergencies/{NUMBER}/acknowledge", headers=headers)

    assert (seen.status_code, taken.status_code) == (status, status)
    assert (await emergency(bench))["acknowledged_by"] == (id if status == 200 else None)
    accepted = [o.assignee for o in (await bench.read()).orders if o.status is OrderStatus.ACCEPTED]
    assert accepted == (["jy-engineering-1"] if id == "jy-engineering-1" else []), (
        "who has the alert has their work of it, as by the page of that work, and nobody else's"
    )


FIRE = "楼道着火了，冒浓烟，快来人"


@pytest.mark.parametrize("deed", [WorkOrderAccepted, WorkOrderArrived])
async def test_what_was_done_for_what_it_was_before_takes_nothing_of_what_it_is_now(
    bench: RouterBench, deed: type[WorkOrderAccepted | WorkOrderArrived]
) -> None:
    await begin(bench)
    order = (await bench.read()).orders[0]
    took = [Accept(by="p", order=order.id), Arrive(by="p", order=order.id)]
    await bench.platform.tickets.change(NUMBER, lambda _ticket, _now: took)
    await bench.said(EmergencyAcknowledged)
    await bench.said(EmergencyArrived)
    facts = order_facts(await bench.read(), order.id) | {"assignee": "late"}
    await reclassify(bench, FIRE)
    await bench.said(EmergencyReplanned)
    before = handled([EMERGENCIES.name])

    await bench.publish(deed(**facts), id="ticket/late", lane="urgent")

    await until(lambda: handled([EMERGENCIES.name]) > before)
    doc = await emergency(bench)
    assert (doc["acknowledged_at"], doc["next_due"] is None) == (None, False)
    assert ("late" in doc["on_site"]) == (deed is WorkOrderArrived), "who is there is there"


async def test_whoever_accepts_it_under_the_last_plan_has_it(bench: RouterBench) -> None:
    await begin(bench)
    await reclassify(bench, FIRE)
    await bench.said(EmergencyReplanned)
    order = (await bench.read()).orders[0]

    await bench.platform.tickets.change(NUMBER, lambda _t, _n: Accept(by="p", order=order.id))

    assert len(await bench.said(EmergencyAcknowledged)) == 1
    assert (await emergency(bench))["next_due"] is None


FAST = timedelta(seconds=60)
SLOW = timedelta(minutes=10)


async def called(bench: RouterBench, times: int, *, after: timedelta = FAST) -> dict[str, Any]:
    """The emergency when so many were called, the last after a while."""
    await bench.forward(after + timedelta(seconds=1))

    async def is_called() -> bool:
        return len((await emergency(bench))["alerts"]) >= times

    await until(is_called)
    return await emergency(bench)


async def test_a_chain_that_is_called_in_vain_slows_down_says_so_and_goes_on(
    bench: RouterBench,
) -> None:
    await bench.let_places_differ(jinyuan={"rules": {"chain_rounds": 1}})
    await begin(bench)
    for times in range(2, 5):
        doc = await called(bench, times)
        assert doc["slowed_at"] is None
        assert doc["next_due"] - doc["alerts"][-1]["at"] == FAST
    assert await bench.said(EmergencySlowed, 0) == []

    doc = await called(bench, 5)

    (said,) = await bench.said(EmergencySlowed)
    assert (said.recipients, said.step) == (("jy-manager",), 4)
    assert doc["slowed_at"] == doc["alerts"][-1]["at"]
    assert doc["next_due"] - doc["slowed_at"] == SLOW
    shown = await bench.http.get(f"/v1/emergencies/{NUMBER}", headers=bench.signed_in("dispatcher"))
    assert shown.json()["slowed_at"] is not None
    assert shown.json()["superiors"] == ["jy-manager"]
    link = sign_link("alert", f"{NUMBER}/jy-manager", bench.keys.link)
    page = await bench.http.get(f"/w/{link}")
    assert "已多次呼叫，无人接警" in page.text

    assert len((await called(bench, 6, after=SLOW))["alerts"]) == 6
    assert len(await bench.said(EmergencySlowed)) == 1

    taken = await press(bench.http, f"/w/{link}", "acknowledge")
    assert taken.status_code == 303, "the superior can take it"
    doc = await emergency(bench)
    assert (doc["acknowledged_by"], doc["next_due"]) == ("jy-manager", None)
    assert "已多次呼叫，无人接警" not in (await bench.http.get(f"/w/{link}")).text


async def test_that_an_alert_was_received_moves_no_chain(bench: RouterBench) -> None:
    await begin(bench)
    before = await emergency(bench)

    for event in (MessageAccepted, MessageReceived):
        told = event(
            message="m", number=NUMBER, recipient="jy-engineering-1", purpose="alert",
            channel="webhook",
        )  # fmt: skip
        await bench.publish(told, id=f"message/{event.name}", lane="urgent")

    doc = await called(bench, 2)
    assert (before["next_due"], doc["acknowledged_at"]) == (before["alerts"][0]["at"] + FAST, None)
    assert doc["alerts"][-1]["recipients"] == ["chain-1"]
