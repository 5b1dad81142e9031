"""Whom a matter is about is not alerted, cannot act on it and does not see it; others are."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from services.router.queues import EMERGENCIES
from shared.contracts.intake import TicketRegistered
from shared.contracts.router import EmergencyAlerted, EmergencyStarted, WorkOrderAccepted
from shared.identity import Principal, Role, issue_token, sign_link
from shared.tickets import About, Ticket
from shared.tickets.acts import Dispatch, Hold, Reclassify
from shared.tickets.facts import order_facts, ticket_facts
from tests.router.conftest import RouterBench
from tests.router.test_alerting import NUMBER, emergency
from tests.router.test_attending import CHIEF, GUARD, OTHER, ask, say
from tests.support.bench import handled, until
from tests.support.tickets import moved, plan_of, registered

BEATING: Final = "保安正在打人"
THE_GUARD: Final = About(people=("jy-security-1",))
SECURITY: Final = About(departments=("security",))
GUARDS: Final = {"jy-security-1", "jy-security-2", "jy-security-3", "group-duty-2"}
DEEDS: Final[tuple[tuple[str, dict[str, str]], ...]] = (
    ("acknowledge", {}), ("arrive", {}), ("check", {"step": "call_110"}), ("confirm", {}),
    ("release", {}), ("end", {}), ("false-alarm", {"reason": "misreported"}),
)  # fmt: skip


async def begin(bench: RouterBench, about: About, ticket: Ticket | None = None) -> None:
    """A fight that is alerted, and looked at for its work."""
    ticket = replace(ticket or registered(BEATING, at=bench.now()), about=about)
    await bench.put(ticket)
    event = TicketRegistered(**ticket_facts(ticket), departments=ticket.plan.departments,
                             channel="phone", promised={})  # fmt: skip
    await bench.publish(event, id=f"ticket/{NUMBER}/1/0", lane="urgent")
    await bench.said(EmergencyStarted)

    async def is_looked_at() -> bool:
        present = await bench.read()
        return bool(present.orders) or present.held is not None

    await until(is_looked_at)


async def alerted(bench: RouterBench) -> list[str]:
    return [who for alert in (await emergency(bench))["alerts"] for who in alert["recipients"]]


async def turns_out_to_be_about(bench: RouterBench, about: About) -> None:
    """The desk finds out later whom it is about."""
    ticket = await bench.read()
    act = Reclassify(by="desk", plan=plan_of(BEATING, bench.now()), estate="jinyuan", about=about)
    await bench.platform.tickets.change(ticket.number, lambda _t, _now: act)


async def test_the_guard_an_emergency_is_about_is_not_alerted_and_another_is(
    bench: RouterBench,
) -> None:
    await begin(bench, THE_GUARD)

    assert await alerted(bench) == ["jy-security-2", "jy-customer-service-1"]
    assignees = [order.assignee for order in (await bench.read()).orders]
    assert assignees == ["jy-security-2", "jy-customer-service-1"]


@pytest.mark.parametrize(("deed", "body"), DEEDS)
async def test_the_guard_an_emergency_is_about_can_do_nothing_to_it(
    bench: RouterBench, deed: str, body: dict[str, str]
) -> None:
    """As if there were none: whoever is refused learns nothing."""
    await begin(bench, THE_GUARD)
    before = await emergency(bench)

    refused = await say(bench, deed, GUARD, **body)

    missing = await ask(bench, "POST", f"/22222222/{deed}", GUARD, body or None)
    assert (refused.status_code, refused.json()["type"]) == (404, missing.json()["type"])
    assert await emergency(bench) == before


async def test_a_supervisor_an_emergency_is_about_does_not_review_it(bench: RouterBench) -> None:
    await begin(bench, About(people=("chief",)))
    await say(bench, "arrive", GUARD)
    await say(bench, "end", GUARD)

    refused = await say(bench, "review", CHIEF, verdict="handled_well")

    listed = await ask(bench, "GET", "?unreviewed=true", CHIEF)
    assert (refused.status_code, listed.json()["items"]) == (404, [])
    assert (await emergency(bench))["review"] is None


async def test_what_somebody_took_before_it_was_known_to_be_about_them_does_not_stand(
    bench: RouterBench,
) -> None:
    """Who was alerted first, has it and is there turns out to be whom it is about."""
    await begin(bench, About())
    assert (await say(bench, "acknowledge", GUARD)).status_code == 200
    assert (await say(bench, "arrive", GUARD)).status_code == 200
    assert (await say(bench, "release", GUARD)).status_code == 200

    await turns_out_to_be_about(bench, THE_GUARD)

    await bench.said(EmergencyAlerted, 2)
    doc = await emergency(bench)
    assert (doc["acknowledged_by"], doc["acknowledged_at"], doc["on_site"]) == (None, None, [])
    assert (doc["arrived_at"], doc["released_at"]) == (None, None)
    assert doc["alerts"][-1]["recipients"] == ["jy-security-2"]
    assert (await ask(bench, "GET", f"/{NUMBER}", GUARD)).status_code == 404
    assert (await ask(bench, "GET", "", GUARD)).json()["items"] == []
    for deed, body in DEEDS:
        assert (await say(bench, deed, GUARD, **body)).status_code == 404, deed


async def test_after_it_was_taken_away_the_chain_goes_on_until_another_has_it(
    bench: RouterBench,
) -> None:
    await begin(bench, About())
    await say(bench, "acknowledge", GUARD)
    await turns_out_to_be_about(bench, THE_GUARD)
    await bench.said(EmergencyAlerted, 2)

    await bench.forward(timedelta(minutes=3))
    await bench.said(EmergencyAlerted, 3)
    taken = await say(bench, "acknowledge", OTHER)

    assert (await alerted(bench))[-1] == "chain-1"
    assert (taken.status_code, taken.json()["acknowledged_by"]) == (200, "jy-security-2")


async def test_a_false_alarm_called_by_whom_it_is_about_does_not_end_it(
    bench: RouterBench,
) -> None:
    await begin(bench, About())
    await say(bench, "arrive", GUARD)
    assert (await say(bench, "false-alarm", GUARD, reason="misreported")).status_code == 200

    await turns_out_to_be_about(bench, THE_GUARD)

    await bench.said(EmergencyStarted, 2)
    doc = await emergency(bench)
    assert (doc["ended_at"], doc["outcome"], doc["ended_by"]) == (None, None, None)
    assert doc["alerts"][-1]["recipients"] == ["jy-security-2", "jy-customer-service-1"]


async def test_the_order_of_whom_it_turns_out_to_be_about_goes_to_the_next(
    bench: RouterBench,
) -> None:
    await begin(bench, About())
    first = (await bench.read()).orders[0]
    assert first.assignee == "jy-security-1"

    await turns_out_to_be_about(bench, THE_GUARD)

    async def is_moved() -> bool:
        return len((await bench.read()).orders) > 2

    await until(is_moved)
    assert (await bench.read()).orders[-1].assignee == "jy-security-2"
    refused = await act_on(bench, first.id, "accept", GUARD)
    assert refused == 404


async def act_on(bench: RouterBench, order: str, deed: str, who: Principal) -> int:
    token = issue_token(who, bench.keys.token, now=bench.now())
    headers = {"Authorization": f"Bearer {token}"}
    answer = await bench.http.post(f"/v1/work-orders/{order}/{deed}", headers=headers, json={})
    return answer.status_code


async def test_an_acceptance_that_comes_late_is_no_acknowledgement_of_whom_it_is_about(
    bench: RouterBench,
) -> None:
    await begin(bench, THE_GUARD)
    facts = order_facts(await bench.read(), f"{NUMBER}-1") | {"assignee": "jy-security-1"}
    before = handled([EMERGENCIES.name])

    await bench.publish(WorkOrderAccepted(**facts), id="ticket/late", lane="urgent")

    await until(lambda: handled([EMERGENCIES.name]) > before)
    assert (await emergency(bench))["acknowledged_at"] is None


async def test_an_emergency_about_a_department_is_nobody_s_of_it(bench: RouterBench) -> None:
    """Its people are called neither at first nor by the chain, and get no work; what would have
    been their share waits for a person who says who does it.
    """
    await begin(bench, SECURITY)
    await bench.forward(timedelta(minutes=3))
    await bench.said(EmergencyAlerted, 2)

    called = await alerted(bench)
    assert called[0] == "jy-customer-service-1"
    assert not GUARDS & set(called)
    ticket = await bench.read()
    assert [order.department for order in ticket.orders] == ["customer_service"]
    assert ticket.held is not None
    assert ticket.held.reason == "conflict"
    shown = await queue_of(bench, at_jinyuan("dispatcher-1", "dispatcher"))
    assert [card["number"] for card in shown] == [NUMBER]


async def test_an_emergency_of_just_the_department_it_is_about_goes_to_the_chain(
    bench: RouterBench,
) -> None:
    ticket = registered(BEATING, at=bench.now())
    alone = replace(ticket, plans=(replace(ticket.plan, departments=("security",)),))

    await begin(bench, SECURITY, alone)

    assert await alerted(bench) == ["chain-1"]
    held = (await bench.read()).held
    assert held is not None
    assert held.reason == "conflict"


async def test_the_link_of_a_contractor_the_matter_is_about_opens_nothing(
    bench: RouterBench,
) -> None:
    ticket = registered("三号楼电梯门关不上，请来修", at=bench.now())
    given = Dispatch(by="router", department="lift_firm", assignee="lift-firm-1")
    about = About(people=("lift-firm-1",))
    await bench.put(replace(moved(ticket, given, at=bench.now()), about=about), building="3")
    signed = sign_link("work", f"{NUMBER}-1/lift-firm-1", bench.keys.link)

    seen = await bench.http.get(f"/w/{signed}")
    taken = await bench.http.post(f"/w/{signed}/accept")

    assert (seen.status_code, taken.status_code) == (404, 404)


def at_jinyuan(id: str, role: Role) -> Principal:
    return Principal(id, role, frozenset({"jinyuan"}))


async def queue_of(bench: RouterBench, who: Principal, *, limit: int = 50) -> list[dict[str, Any]]:
    token = issue_token(who, bench.keys.token, now=bench.now())
    answer = await bench.http.get(
        "/v1/manual-queue", params={"limit": limit}, headers={"Authorization": f"Bearer {token}"}
    )
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def put_held(bench: RouterBench, number: str, about: About) -> None:
    ticket = replace(registered(at=bench.now(), number=number), about=about)
    held = moved(ticket, Hold(by="router", reason="conflict"), at=bench.now())
    await bench.put(held, building="3", scrubbed="前台态度很差")


async def test_the_manual_queue_keeps_a_complaint_from_whom_it_is_about(
    bench: RouterBench,
) -> None:
    """Also from a page of one: what is hidden takes nobody's place in it."""
    await put_held(bench, "22222223", About(people=("agent-17",)))
    await put_held(bench, "22222224", About(departments=("customer_service",)))
    await put_held(bench, "22222225", About())

    agent = await queue_of(bench, at_jinyuan("agent-17", "agent"), limit=1)
    other = await queue_of(bench, at_jinyuan("agent-18", "agent"))
    boss = await queue_of(bench, at_jinyuan("boss", "supervisor"))

    numbers = [[card["number"] for card in found] for found in (agent, other, boss)]
    assert numbers[0] == ["22222225"]
    assert numbers[1] == ["22222223", "22222225"]
    assert numbers[2] == ["22222223", "22222224", "22222225"]
