"""The journey of a request through all services, one test per promise to a user."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from functools import partial

import pytest

from hotline.demo.clients import Json, until
from hotline.demo.steps import acknowledge, asked, done_by, first_order, handled, told
from tests.support.floor import Floor, caller, orders_of

LEAK = {"estate": "jinyuan", "text": "厨房水龙头滴水，请来修一下", "caller": caller()}


async def test_a_repair_goes_from_the_call_to_the_survey(floor: Floor) -> None:
    clients = floor.clients

    answer = await clients.post_ticket(LEAK)
    order = await first_order(clients, answer["number"])
    await done_by(clients, order, "accept", "start", "resolve")
    await told(clients, answer["number"])
    await asked(clients, answer["number"], 1, 5)

    ticket = await clients.ticket(answer["number"])
    assert (ticket["status"], ticket["round"]) == ("closed", 1)
    assert set(answer["promised"]) == {"accept_by", "arrive_by", "resolve_by"}
    purposes = [m["purpose"] for m in await clients.messages(answer["number"])]
    assert sorted(purposes) == ["assignment", "feedback", "receipt", "survey"]
    survey = await clients.call("GET", "survey", "/v1/surveys", params={"number": ticket["number"]})
    assert [s["answer"]["score"] for s in survey.json()["items"]] == [5]


async def test_the_department_gets_one_mail_with_the_number_and_no_caller(floor: Floor) -> None:
    answer = await floor.clients.post_ticket(LEAK)
    order = await first_order(floor.clients, answer["number"])
    await floor.clients.until_message(answer["number"], "assignment")

    mails = [m for m in floor.postbox.mails if answer["number"] in str(m["Subject"]) + body_of(m)]

    assert len(mails) == 1
    assert order["assignee"] == "jy-engineering-1"
    assert "jy.engineering.1@duty.example" in str(mails[0]["To"])


def body_of(mail: object) -> str:
    return str(mail.get_content())  # type: ignore[attr-defined]  # an EmailMessage


async def test_an_inquiry_answered_on_the_call_is_over_in_the_same_answer(floor: Floor) -> None:
    answer = await floor.clients.post_ticket(
        {"estate": "cuihu", "type": "inquiry", "text": "物业费怎么交", "answer": "前台可以交"}
    )

    assert answer["status"] == "answered"
    assert orders_of(await floor.clients.ticket(answer["number"])) == []


async def test_an_emergency_alerts_everybody_concerned_and_starts_its_plan(floor: Floor) -> None:
    clients = floor.clients

    answer = await clients.post_ticket(
        {"estate": "binjiang", "text": "三号楼电梯里困了两个人", "caller": caller()}
    )
    await clients.until_message(answer["number"], "alert")
    await acknowledge(clients, answer["number"], "bj-engineering-1")
    await handled(clients, answer["number"])

    assert (answer["emergency_kind"], answer["alerting"]) == ("elevator_entrapment", "started")
    assert answer["advice"]
    path = f"/v1/emergencies/{answer['number']}"
    emergency = (await clients.call("GET", "router", path)).json()
    assert emergency["acknowledged_by"] == "bj-engineering-1"
    alerted = {a for alert in emergency["alerts"] for a in alert["recipients"]}
    assert alerted == {
        "bj-engineering-1", "bj-security-1", "bj-customer-service-1", "lift-firm-1",
    }  # fmt: skip


async def test_an_unacknowledged_alert_calls_the_next_in_the_chain_each_minute(
    floor: Floor,
) -> None:
    clients = floor.clients
    answer = await clients.report({"estate": "cuihu", "text": "十楼着火了，窗户在冒烟"})
    await clients.until_message(answer["number"], "alert")

    for step in (1, 2, 3):
        await floor.forward(timedelta(seconds=61))
        await until(partial(alerts, floor, answer["number"], step + 1), f"step {step}")

    emergency = await alerts(floor, answer["number"], 4)
    assert emergency is not None
    chain = [alert["recipients"] for alert in emergency["alerts"][1:4]]
    assert chain == [["chain-1"], ["chain-2"], ["chain-3"]]
    await acknowledge(clients, answer["number"], "chain-3")


async def alerts(floor: Floor, number: str, wanted: int) -> Json | None:
    answer = await floor.clients.call("GET", "router", f"/v1/emergencies/{number}")
    found: Json = answer.json()
    return found if len(found.get("alerts", [])) >= wanted else None


async def test_an_emergency_in_a_wrong_estate_reaches_the_groups_own_duty(floor: Floor) -> None:
    clients = floor.clients

    answer = await clients.report(
        {"estate": "不存在的小区", "text": "有人触电倒在地上了", "reported_at": "昨天"},
        key="ticket.report.urgent",
    )
    alert = await clients.until_message(answer["number"], "alert")

    assert answer["emergency"] is True
    assert answer["held"] == "place"
    assert {fault["field"] for fault in answer["faults"]} == {"reported_at", "estate"}
    assert alert["recipient"].startswith("group-")
    queue = await clients.call("GET", "router", "/v1/manual-queue", role="dispatcher")
    assert answer["number"] in {item["number"] for item in queue.json()["items"]}


async def test_a_place_nobody_knows_waits_for_the_desk_and_then_goes_on(floor: Floor) -> None:
    clients = floor.clients
    answer = await clients.post_ticket({"estate": "幸福里", "text": "楼道灯不亮了，请来修"})
    assert (answer["held"], answer["status"]) == ("place", "registered")

    path = f"/v1/tickets/{answer['number']}/reclassify"
    decided = await clients.call("POST", "intake", path, json={"estate": "锦园"})
    order = await first_order(clients, answer["number"])

    assert decided.status_code == 200
    assert order["department"] == "engineering"
    assert (await clients.ticket(answer["number"]))["held"] is None


async def test_declined_twice_waits_for_a_person_who_decides(floor: Floor) -> None:
    clients = floor.clients
    answer = await clients.post_ticket(LEAK)
    for n in range(2):
        order = await first_order(clients, answer["number"], after=n)
        assert (await clients.work(order, "decline", reason="not_mine")).status_code == 200
    held = await clients.until_ticket(answer["number"], lambda t: t["held"] is not None, "held")

    path = f"/v1/manual-queue/{answer['number']}/dispatch"
    body = {"department": "engineering", "assignee": "jy-engineering-3"}
    given = await clients.call("POST", "router", path, role="dispatcher", json=body)

    assert held["held"]["reason"] == "declined_twice"
    assert given.status_code == 200
    assert (await clients.ticket(answer["number"]))["held"] is None


async def test_an_overdue_order_is_warned_escalated_once_and_given_to_the_next(
    floor: Floor,
) -> None:
    clients = floor.clients
    answer = await clients.post_ticket(LEAK)
    order = await first_order(clients, answer["number"])

    await floor.forward(timedelta(minutes=12))
    warning = await clients.until_message(answer["number"], "warning")
    await floor.forward(timedelta(minutes=4))
    breach = await clients.until_message(answer["number"], "breach")
    following = await first_order(clients, answer["number"], after=1)
    await done_by(clients, following, "accept")
    await floor.forward(timedelta(minutes=30))

    assert following["assignee"] == "jy-engineering-2"
    assert warning["recipient"] == order["assignee"] == "jy-engineering-1"
    assert breach["recipient"] == "jy-engineering-3"
    messages = await clients.messages(answer["number"])
    assert sorted(m["purpose"] for m in messages if m["purpose"] in {"warning", "breach"}) == [
        "breach", "warning",
    ]  # fmt: skip


async def test_a_dissatisfied_answer_reopens_and_todays_duty_does_it_again(floor: Floor) -> None:
    clients = floor.clients
    answer = await clients.post_ticket(LEAK)
    order = await first_order(clients, answer["number"])
    await done_by(clients, order, "accept", "start", "resolve")
    await told(clients, answer["number"])

    await asked(clients, answer["number"], 1, 1)
    again = await first_order(clients, answer["number"], round_=2)

    assert again["id"] != order["id"]
    assert (await clients.ticket(answer["number"]))["round"] == 2


async def test_the_same_key_gives_the_same_ticket_by_http_and_by_queue(floor: Floor) -> None:
    clients = floor.clients
    headers = {"Idempotency-Key": "desk-1001"}
    sent = await asyncio.gather(
        *(
            clients.call("POST", "intake", "/v1/tickets", json=LEAK, headers=headers)
            for _ in range(8)
        )
    )
    event = {
        "specversion": "1.0", "id": "e-1", "source": "/iot", "type": "hotline.ticket.report.v1",
        "data": {"estate": "cuihu", "text": "水泵房地面有水，请来看", "external_id": "1001"},
    }  # fmt: skip
    replies = [await clients.report(event) for _ in range(3)]

    assert sorted(answer.status_code for answer in sent) == [200] * 7 + [201]
    assert len({answer.json()["number"] for answer in sent}) == 1
    assert len({reply["number"] for reply in replies}) == 1

    other = {**LEAK, "text": "路灯不亮，请来修"}
    refused = await clients.call("POST", "intake", "/v1/tickets", json=other, headers=headers)
    assert refused.status_code == 422
    assert refused.json()["number"] == sent[0].json()["number"]
    changed = {**event, "data": {**event["data"], "text": "水泵不转了"}}  # type: ignore[dict-item]
    assert (await clients.report(changed))["status"] == 422


async def test_an_emergency_under_a_used_key_still_gets_its_ticket(floor: Floor) -> None:
    first = await floor.clients.report(
        {"estate": "jinyuan", "text": "灯坏了", "external_id": "k-7"}
    )
    second = {"estate": "jinyuan", "text": "电梯困人了快来", "external_id": "k-7"}

    answers = [await floor.clients.report(second) for _ in range(2)]

    assert answers[0]["emergency"] is True
    assert answers[0]["number"] == answers[1]["number"] != first["number"]


async def test_a_foreign_ticket_looks_like_a_missing_one(floor: Floor) -> None:
    answer = await floor.clients.post_ticket(LEAK)
    order = await first_order(floor.clients, answer["number"])

    foreign, missing = [
        await floor.clients.call("GET", "intake", f"/v1/tickets/{number}", place="cuihu")
        for number in (answer["number"], "AAAAAAAA")
    ]
    others, none = [
        await floor.clients.call(
            "POST", "router", f"/v1/work-orders/{id}/accept",
            role="department", department="finance", json={},
        )
        for id in (order["id"], "AAAAAAAA-1")
    ]  # fmt: skip

    assert {each.status_code for each in (foreign, missing, others, none)} == {404}
    assert foreign.json() == missing.json()
    assert others.json() == none.json()


async def test_without_a_token_nothing_is_told(floor: Floor) -> None:
    for service, path in [("intake", "/v1/tickets"), ("router", "/v1/board"),
                          ("notifier", "/v1/messages"), ("survey", "/v1/surveys")]:  # fmt: skip
        address = floor.endpoints.services[service]
        answer = await floor.clients.http.get(address + path)
        assert answer.status_code == 401, service
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("service", "role", "path"),
    [
        ("router", "agent", "/v1/work-orders/{order}/resolve"),
        ("intake", "department", "/v1/tickets/{number}/feedback"),
    ],
)
async def test_nobody_handles_what_is_not_theirs(
    floor: Floor, service: str, role: str, path: str
) -> None:
    answer = await floor.clients.post_ticket(LEAK)
    order = await first_order(floor.clients, answer["number"])
    await done_by(floor.clients, order, "accept")
    body = {"outcome": "done"} if service == "router" else {"outcome": "told"}

    address = path.format(order=order["id"], number=answer["number"])
    refused = await floor.clients.call("POST", service, address, role=role, json=body)

    assert refused.status_code == 403


async def test_what_the_desk_sees_of_a_caller_is_masked(floor: Floor) -> None:
    planted = {"name": "欧阳静怡", "phone": "13800138777", "room": "12-2-2203"}
    text = "我是欧阳静怡，家住12-2-2203，电话138 0013 8777，水管滴水请来修"
    answer = await floor.clients.post_ticket({"estate": "jinyuan", "text": text, "caller": planted})

    shown = json.dumps(await floor.clients.ticket(answer["number"]), ensure_ascii=False)
    await floor.clients.until_message(answer["number"], "receipt")
    sent = json.dumps(await floor.clients.messages(answer["number"]), ensure_ascii=False)

    for secret in planted.values():
        assert secret not in shown
        assert secret not in sent
    assert "水管滴水请来修" in shown
