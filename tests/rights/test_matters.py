"""Whoever a matter is about neither handles nor sees it, nor does their department (A5.3)."""

from __future__ import annotations

from typing import Any, Final

from hotline.demo.clients import Json
from hotline.demo.steps import first_order
from tests.support.floor import Floor, caller

RUDE: Final = {"text": "楼上装修太吵了，保安来了也不管", "type": "complaint", "area": "noise",
               "estate": "jinyuan", "caller": caller()}  # fmt: skip
SPIT: Final = {"text": "楼道灯不亮，请来修", "type": "repair", "area": "electrical",
               "estate": "jinyuan", "caller": caller()}  # fmt: skip
AGENT, BOSS = "jy-customer-service-1", "jy-manager"


async def registered(floor: Floor, report: dict[str, Any], **about: list[str]) -> str:
    answer = await floor.clients.post_ticket({**report, "about": about})
    assert "number" in answer, answer
    return str(answer["number"])


async def held(floor: Floor, number: str, reason: str) -> Json:
    return await floor.clients.until_ticket(
        number, lambda t: bool(t["held"]) and t["held"]["reason"] == reason, f"held: {reason}"
    )  # fmt: skip


async def sees(floor: Floor, number: str, **who: str) -> set[str]:
    """Where somebody finds anything of a ticket."""
    clients = floor.clients
    one = (await clients.call("GET", "intake", f"/v1/tickets/{number}", **who)).status_code
    found = {"ticket"} if one == 200 else set()
    for service, path in (("intake", "/v1/tickets"), ("router", "/v1/board"),
                          ("router", "/v1/manual-queue"), ("notifier", "/v1/messages"),
                          ("survey", "/v1/surveys")):  # fmt: skip
        answer = await clients.call("GET", service, path, params={"limit": 200}, **who)
        if number in answer.text:
            found.add(path)
    return found


async def test_a_complaint_about_a_department_goes_to_a_person_and_not_to_it(floor: Floor) -> None:
    number = await registered(floor, RUDE, departments=["security"])

    ticket = await held(floor, number, "conflict")

    assert [o for o in ticket["work_orders"] if o["department"] == "security"] == []
    answer = await floor.clients.call(
        "POST", "router", f"/v1/manual-queue/{number}/dispatch", role="supervisor",
        json={"department": "security"},
    )  # fmt: skip
    assert (answer.status_code, answer.json()["faults"][0]["field"]) == (422, "department")


async def test_nobody_of_the_department_finds_it_anywhere(floor: Floor) -> None:
    number = await registered(floor, RUDE, departments=["security"])
    await held(floor, number, "conflict")

    assert await sees(floor, number, role="department", department="security") == set()
    assert await sees(floor, number, role="department") == set()
    assert "ticket" in await sees(floor, number, role="agent")
    assert "ticket" in await sees(floor, number, role="supervisor")


async def test_whom_it_is_about_does_not_see_it_whatever_their_role(floor: Floor) -> None:
    number = await registered(floor, SPIT, people=[AGENT, BOSS])
    await first_order(floor.clients, number)

    for role, by in (("agent", AGENT), ("supervisor", BOSS), ("manager", BOSS)):
        assert await sees(floor, number, role=role, by=by) == set(), role
        refused = await floor.clients.call(
            "POST", "intake", f"/v1/tickets/{number}/urge", role=role, by=by, json={}
        )
        assert refused.status_code in {403, 404}
    assert {"ticket", "/v1/messages"} <= await sees(floor, number, role="agent", by="agent-18")


async def test_work_is_never_given_to_whom_it_is_about(floor: Floor) -> None:
    other = await first_order(floor.clients, await registered(floor, SPIT))

    number = await registered(floor, SPIT, people=[other["assignee"]])

    order = await first_order(floor.clients, number)
    assert order["assignee"] != other["assignee"]
    answer = await floor.clients.call(
        "POST", "router", f"/v1/work-orders/{order['id']}/transfer", role="supervisor",
        json={"department": "engineering", "assignee": other["assignee"], "reason": "other"},
    )  # fmt: skip
    assert (answer.status_code, answer.json()["faults"][0]["field"]) == (422, "assignee")


async def test_a_complaint_about_the_hotline_is_the_supervisor_s(floor: Floor) -> None:
    number = await registered(floor, SPIT, departments=["customer_service"])

    for role in ("agent", "dispatcher"):
        assert await sees(floor, number, role=role, by="anybody") == set(), role
    assert "ticket" in await sees(floor, number, role="supervisor")


async def test_what_turns_out_to_be_about_a_department_is_taken_out_of_its_hands(
    floor: Floor,
) -> None:
    number = await registered(floor, SPIT)
    order = await first_order(floor.clients, number)
    engineer = {"role": "department", "department": "engineering"}
    assert "ticket" in await sees(floor, number, **engineer)

    answer = await floor.clients.call(
        "POST", "intake", f"/v1/tickets/{number}/reclassify", role="supervisor",
        json={"about": {"departments": ["engineering"]}},
    )  # fmt: skip

    assert answer.status_code == 200
    await held(floor, number, "conflict")
    assert await sees(floor, number, **engineer) == set()
    assert (await floor.clients.work(order, "accept")).status_code == 404
    moved = await floor.clients.call(
        "POST", "router", f"/v1/work-orders/{order['id']}/transfer", role="supervisor",
        json={"department": "security", "reason": "conflict"},
    )  # fmt: skip
    assert moved.status_code == 200, moved.text


async def test_of_who_asks_for_confidence_the_department_hears_nothing(floor: Floor) -> None:
    number = await registered(floor, {**SPIT, "confidential": True, "location": "3号楼门厅"})
    await first_order(floor.clients, number)
    path = f"/v1/tickets/{number}"

    worker = await floor.clients.call("GET", "intake", path, role="department",
                                    department="engineering")  # fmt: skip
    desk = await floor.clients.call("GET", "intake", path, role="agent")

    hidden = {"caller_role", "has_contact", "channel", "language", "location"}
    assert hidden & set(worker.json()) == set()
    assert hidden <= set(desk.json())
