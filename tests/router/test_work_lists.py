"""Lists of work: whoever reads them sees what is theirs, what comes first, and what they may do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.router.work_orders.domain import as_asked
from shared.contracts.intake import TicketRegistered
from shared.tickets import Ticket, apply
from shared.tickets.acts import Accept, Act, Decline, Dispatch, Hold, Reclassify
from shared.tickets.facts import ticket_facts
from shared.tickets.model import AskedVisit
from tests.router.conftest import RouterBench
from tests.support.bench import until
from tests.support.tickets import LAMP, LIFT, MONDAY, moved, plan_of, registered
from tests.tickets.samples import sample_rules

NUMBERS = ("22222223", "22222224", "22222225", "22222226")
OURS = Dispatch(by="router", department="engineering", assignee="li")
POOL = Dispatch(by="router", department="security", assignee=None, offered_to=("li", "wu"))


async def held(
    bench: RouterBench,
    number: str,
    text: str = LAMP,
    *,
    reason: Any = "nobody_on_duty",
    **more: Any,
) -> Ticket:
    ticket = registered(text, at=bench.now(), number=number, **more)
    ticket = moved(ticket, Hold(by="router", reason=reason), at=bench.now())
    await bench.put(ticket, building="3", scrubbed=text)
    return ticket


async def given(bench: RouterBench, number: str, *acts: Act, estate: str = "jinyuan") -> Ticket:
    ticket = moved(registered(at=bench.now(), number=number, estate=estate), *acts, at=bench.now())
    await bench.put(ticket, building="3", scrubbed=LAMP)
    return ticket


async def get(bench: RouterBench, path: str, role: str = "dispatcher", *places: str,
              id: str = "agent-7") -> Any:  # fmt: skip
    headers = bench.signed_in(role, *places, id=id)
    answer = await bench.http.get(f"/v1{path}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def numbers(found: Any) -> list[str]:
    return [item["number"] for item in found["items"]]


async def test_the_queue_has_emergencies_on_top_and_then_the_longest_waiting(
    bench: RouterBench,
) -> None:
    for number, text in zip(NUMBERS, (LAMP, LAMP, LIFT, LAMP), strict=True):
        await held(bench, number, text)
        await bench.forward(timedelta(minutes=1))

    first = await get(bench, "/manual-queue?limit=2")
    rest = await get(bench, f"/manual-queue?limit=2&after={first['next']}")

    assert numbers(first) == [NUMBERS[2], NUMBERS[0], NUMBERS[1]]
    assert (numbers(rest), rest["next"]) == ([NUMBERS[3]], None)
    assert first["all"] == rest["all"] == {"count": 4, "more": False}


async def test_the_queue_is_asked_by_reason_and_estate_and_foreign_ones_hold_nothing(
    bench: RouterBench,
) -> None:
    await held(bench, NUMBERS[0])
    await held(bench, NUMBERS[1], reason="conflict")
    await held(bench, NUMBERS[2], estate="binjiang")

    by_reason = await get(bench, "/manual-queue?reason=conflict")
    by_estate = await get(bench, "/manual-queue?estate=binjiang")
    foreign = await get(bench, "/manual-queue?estate=binjiang", "agent", "jinyuan")
    theirs = await get(bench, "/manual-queue", "agent", "jinyuan")
    rubbish = await bench.http.get(
        "/v1/manual-queue?after=%00x", headers=bench.signed_in("dispatcher")
    )
    no_reason = await bench.http.get(
        "/v1/manual-queue?reason=bored", headers=bench.signed_in("dispatcher")
    )

    assert numbers(by_reason) == [NUMBERS[1]]
    assert numbers(by_estate) == [NUMBERS[2]]
    assert (foreign["items"], foreign["all"]["count"]) == ([], 0)
    assert theirs["all"]["count"] == 2
    assert (rubbish.status_code, no_reason.status_code) == (422, 422)


async def test_a_card_of_the_queue_says_by_when_what_it_was_taken_for_and_who_declined(
    bench: RouterBench,
) -> None:
    ticket = registered(at=bench.now(), number=NUMBERS[0])
    other = plan_of("投诉楼下天天放音乐扰民", bench.now())
    acts = [
        OURS,
        Decline(by="li", order=f"{NUMBERS[0]}-1", reason="no_parts"),
        Reclassify(by="agent", plan=other, estate="jinyuan"),
        Hold(by="router", reason="declined_twice"),
    ]
    await bench.put(moved(ticket, *acts, at=bench.now()), scrubbed=LAMP)

    [card] = (await get(bench, "/manual-queue"))["items"]

    assert card["held"]["reason"] == "declined_twice"
    assert card["due"] is not None
    assert [reading["type"] for reading in card["readings"]] == ["complaint", "repair"]
    [decline] = card["declines"]
    assert (decline["reason"], decline["by"], decline["department"]) == (
        "no_parts", "li", "engineering"
    )  # fmt: skip
    assert card["scrubbed"] == LAMP
    assert {"dispatch", "reclassify", "merge"} <= {*card["can"]}
    assert not card["emergency_runs"]


async def test_somebodys_work_is_theirs_or_offered_to_them_and_says_what_they_can_do(
    bench: RouterBench,
) -> None:
    await given(bench, NUMBERS[0], OURS)
    await given(bench, NUMBERS[1], OURS, Accept(by="li", order=f"{NUMBERS[1]}-1"))
    await given(bench, NUMBERS[2], POOL)
    await given(bench, NUMBERS[3], replace(OURS, assignee="wu"))

    mine = await get(bench, "/work-orders?mine=true", "department", id="li")
    accepted = await get(bench, "/work-orders?assignee=li&status=accepted")
    security = await get(bench, "/work-orders?department=security")
    declined = await get(bench, "/work-orders?status=declined&mine=true", id="li")
    of_all = await bench.http.get(
        "/v1/work-orders?status=declined", headers=bench.signed_in("dispatcher")
    )

    assert {item["id"] for item in mine["items"]} == {f"{n}-1" for n in NUMBERS[:3]}
    can = {item["id"]: {*item["can"]} for item in mine["items"]}
    assert "accept" in can[f"{NUMBERS[0]}-1"]
    assert {"arrive", "resolve"} <= can[f"{NUMBERS[1]}-1"]
    assert "accept" not in can[f"{NUMBERS[1]}-1"]
    assert [item["id"] for item in accepted["items"]] == [f"{NUMBERS[1]}-1"]
    assert accepted["items"][0]["ticket"]["words"] == LAMP
    assert [item["id"] for item in security["items"]] == [f"{NUMBERS[2]}-1"]
    assert declined["items"] == []
    assert (of_all.status_code, of_all.json()["faults"][0]["field"]) == (422, "assignee")


async def test_lists_of_work_reach_as_far_as_the_board_and_go_on_page_by_page(
    bench: RouterBench,
) -> None:
    for number in NUMBERS[:3]:
        await given(bench, number, OURS)
        await bench.forward(timedelta(seconds=1))
    await given(bench, NUMBERS[3], OURS, estate="binjiang")

    first = await get(bench, "/work-orders?limit=2", "agent", "jinyuan")
    rest = await get(bench, f"/work-orders?limit=2&after={first['next']}", "agent", "jinyuan")
    auditor = await bench.http.get("/v1/work-orders", headers=bench.signed_in("auditor"))

    found = [item["ticket"]["number"] for item in (*first["items"], *rest["items"])]
    assert found == [NUMBERS[2], NUMBERS[1], NUMBERS[0]]
    assert rest["next"] is None
    assert auditor.status_code == 403


async def test_a_card_of_the_board_says_what_its_reader_can_do(bench: RouterBench) -> None:
    await given(bench, NUMBERS[0], OURS)

    [desk] = (await get(bench, "/board"))["items"]
    [lead] = (await get(bench, "/board", "manager"))["items"]

    assert {"urge", "reclassify", "request_cancel"} & {*desk["can"]} == {"urge", "reclassify"}
    assert {"transfer", "note", "support"} <= {*desk["work_orders"][0]["can"]}
    assert "accept" not in desk["work_orders"][0]["can"]
    assert (lead["can"], lead["work_orders"][0]["can"]) == ([], [])


def asked(begins: timedelta, ends: timedelta) -> Ticket:
    return replace(registered(), asked_appointment=AskedVisit(MONDAY + begins, MONDAY + ends))


def test_a_visit_asked_for_in_the_report_is_agreed_with_the_first_order_and_only_with_it() -> None:
    ticket = asked(timedelta(hours=4), timedelta(hours=6))

    acts = as_asked(ticket, [OURS], MONDAY, by="service:router")
    after = moved(ticket, *acts)

    order = after.orders[0]
    assert [act.transition for act in acts] == ["dispatch", "appoint"]
    assert after.asked_appointment is None
    assert order.clocks["appointment"].due == MONDAY + timedelta(hours=6)  # type: ignore[index]
    again = moved(ticket, OURS)
    assert as_asked(again, [POOL], MONDAY, by="x") == [POOL]
    assert as_asked(ticket, [], MONDAY, by="x") == []


def test_what_is_over_by_then_and_a_danger_wait_for_no_visit() -> None:
    late = asked(timedelta(hours=-3), timedelta(hours=-1))
    danger = replace(
        registered(LIFT), asked_appointment=AskedVisit(MONDAY, MONDAY + timedelta(hours=1))
    )

    for ticket in (late, danger):
        assert as_asked(ticket, [OURS], MONDAY, by="x") == [OURS]
        assert apply(ticket, OURS, MONDAY, sample_rules()).ticket.asked_appointment is not None


async def test_the_router_agrees_on_the_visit_as_soon_as_somebody_has_the_work(
    bench: RouterBench,
) -> None:
    now = bench.now()
    wish = AskedVisit(now + timedelta(hours=4), now + timedelta(hours=6))
    ticket = replace(registered(at=now, number=NUMBERS[0]), asked_appointment=wish)
    await bench.put(ticket, scrubbed=LAMP)
    await bench.publish(TicketRegistered(**ticket_facts(ticket)), id="ticket/a/1/0")

    async def is_agreed() -> bool:
        return bool((await bench.read(NUMBERS[0])).orders)

    await until(is_agreed)
    found = await bench.read(NUMBERS[0])
    assert found.asked_appointment is None
    assert [p.times["visit"] for p in found.promised if p.how == "visit"] == [wish.from_]


async def test_an_act_on_an_order_answers_with_what_can_be_done_next(bench: RouterBench) -> None:
    await given(bench, NUMBERS[0], OURS)

    answer = await bench.http.post(
        f"/v1/work-orders/{NUMBERS[0]}-1/accept", headers=bench.signed_in("department", id="li")
    )

    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "accepted"
    assert {"arrive", "resolve", "suspend"} <= {*answer.json()["can"]}
    assert not {"accept", "decline"} & {*answer.json()["can"]}
