"""Error answers, read aloud: the field, the fault, and the way out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hotline.demo.clients import Json
from hotline.demo.steps import first_order
from shared.store import connect
from shared.store.clock import FURTHEST, forward_trial
from tests.support.floor import Floor

LAMP = {"estate": "jinyuan", "text": "楼道灯不亮，请来修"}


def said(answer: Json) -> dict[str, tuple[str, str]]:
    return {f["field"]: (f["fault"], f["remedy"]) for f in answer["faults"]}


async def test_each_field_at_fault_has_a_way_out(floor: Floor) -> None:
    report = {**LAMP, "reported_at": "2026-11-23T08:00:00", "channel": "pigeon", "colour": "red",
              "attachments": ["a"] * 30, "caller": {"phone": 7}}  # fmt: skip

    faults = said(await floor.clients.post_ticket(report))

    assert faults["reported_at"] == ("has no time zone", "write it as 2026-11-23T08:00:00+08:00")
    assert faults["colour"][0] == "is not a known field"
    assert faults["attachments"] == ("has more than 20 entries", "send fewer")
    assert faults["caller.phone"] == ("is not text", "send a string")
    assert "phone" in faults["channel"][1]
    assert all(remedy for _, remedy in faults.values())


async def test_two_thousand_faults_are_told_as_twenty_and_a_count(floor: Floor) -> None:
    answer = await floor.clients.post_ticket({**LAMP, **{f"x_{'y' * n}": n for n in range(1, 40)}})

    assert len(answer["faults"]) == 20
    assert answer["more_faults"] == 19


async def test_what_is_taken_with_a_doubt_says_the_doubt(floor: Floor) -> None:
    report = {"estate": "幸福里", "text": "楼道灯不亮", "caller": {"phone": "打我手机"}}

    faults = said(await floor.clients.post_ticket(report))

    assert faults["estate"][1] == "a person will look at it"
    assert faults["caller.phone"][0] == "is not a number that can be called"


async def test_a_step_out_of_turn_says_which_are_possible(floor: Floor) -> None:
    answer = await floor.clients.post_ticket(LAMP)
    order = await first_order(floor.clients, answer["number"])

    refused = (await floor.clients.work(order, "resolve")).json()

    assert (refused["present"], refused["set_by"]) == ("dispatched", "service:router")
    assert {"accept", "decline"} <= set(refused["possible"])


async def test_who_may_not_learns_who_may(floor: Floor) -> None:
    answer = await floor.clients.post_ticket(LAMP)
    order = await first_order(floor.clients, answer["number"])

    path = f"/v1/work-orders/{order['id']}/accept"
    refused = await floor.clients.call("POST", "router", path, role="agent", json={})

    assert refused.status_code == 403
    assert "ask one of: department" in refused.json()["detail"]


@pytest.mark.parametrize("service", ["intake", "router"])
async def test_a_body_without_its_content_type_is_read_as_json(floor: Floor, service: str) -> None:
    answer = await floor.clients.post_ticket(LAMP)
    order = await first_order(floor.clients, answer["number"])
    paths = {
        "intake": (f"/v1/tickets/{answer['number']}/tell", "agent", None),
        "router": (f"/v1/work-orders/{order['id']}/accept", "department", order["department"]),
    }
    path, role, department = paths[service]

    done = await floor.clients.call(
        "POST", service, path, role=role, department=department, content=b'{"note": "ok"}'
    )

    assert done.status_code == 200


async def test_an_answer_must_say_something(floor: Floor) -> None:
    answer = await floor.clients.post_ticket(LAMP)

    path = f"/v1/tickets/{answer['number']}/answer"
    refused = await floor.clients.call("POST", "intake", path, json={})

    assert said(refused.json())["answer"] == ("is missing", "send it")


async def test_the_trials_clock_stays_within_what_calendars_know(floor: Floor) -> None:
    client = connect(floor.endpoints.mongo)
    try:
        with pytest.raises(ValueError, match="at most 3650 days"):
            await forward_trial(client["hotline"], FURTHEST + timedelta(days=1))
    finally:
        client.close()
