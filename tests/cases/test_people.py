"""People are known by ids: who is given one, whose it is, and who may be named by it."""

from __future__ import annotations

import json
from typing import Any, Final

import httpx
import pytest

from hotline.demo.steps import first_order
from tests.support.floor import Floor, caller, with_account

WORDS: Final = "张三 13800138000"
LIST: Final = "/v1/rosters/jinyuan/greening"
LAMP: Final = {"text": "楼道灯不亮，请来修", "type": "repair", "area": "electrical",
               "estate": "jinyuan", "caller": caller()}  # fmt: skip
CRY: Final = {"text": "三号楼电梯困人了，快来人", "estate": "jinyuan"}
THEIRS: Final = {"role": "supervisor", "place": "jinyuan", "by": "jy-manager"}


async def put(floor: Floor, *people: dict[str, Any], **who: str) -> httpx.Response:
    """Put these behind those who are on the list of jinyuan's gardeners."""
    present = (await floor.clients.call("GET", "router", LIST, role="supervisor")).json()["people"]
    return await floor.clients.call(
        "PUT", "router", f"{LIST}/people", **(who or THEIRS), json={"people": [*present, *people]}
    )


def person(id: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "name": "新人", "mail": "new@duty.example"} | more


def faults(answer: httpx.Response) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    assert "13800138000" not in answer.text
    return [(fault["field"], fault["fault"]) for fault in answer.json()["faults"]]


async def of_binjiang(floor: Floor) -> dict[str, Any]:
    answer = await floor.clients.call(
        "GET", "router", "/v1/rosters/binjiang/engineering", role="supervisor"
    )
    found: dict[str, Any] = answer.json()["people"][0]
    return found


async def test_a11_a_list_cannot_say_how_people_of_another_place_are_reached(
    floor: Floor,
) -> None:
    before = await of_binjiang(floor)

    refused = await put(floor, person("bj-engineering-1", webhook="https://elsewhere.example/in"))

    assert faults(refused) == [
        ("people.2.id", "is a person of the list binjiang/engineering")
    ]  # fmt: skip
    assert await of_binjiang(floor) == before


async def test_a11_nobody_is_on_two_lists_whoever_puts_them_there(floor: Floor) -> None:
    everywhere = {"role": "manager"}

    refused = await put(floor, person("jy-security-1"), **everywhere)

    assert faults(refused) == [("people.2.id", "is a person of the list jinyuan/security")]


async def test_a11_a_list_cannot_say_how_the_account_of_another_place_is_reached(
    floor: Floor,
) -> None:
    await with_account(floor, "a11.elsewhere", places=["binjiang"])
    await with_account(floor, "a11.here", places=["jinyuan"])

    refused = await put(floor, person("a11.elsewhere", webhook="https://elsewhere.example/in"))

    assert [field for field, _ in faults(refused)] == ["people.2.id"]
    assert (await put(floor, person("a11.here"))).status_code == 200
    await take_off(floor, "a11.here")


async def take_off(floor: Floor, id: str) -> None:
    shown = await floor.clients.call("GET", "router", LIST, role="supervisor")
    people = [each for each in shown.json()["people"] if each["id"] != id]
    await floor.clients.call(
        "PUT", "router", f"{LIST}/people", **THEIRS, json={"people": people}
    )  # fmt: skip


@pytest.mark.parametrize(
    "id",
    ["caller", "on_site_contact", "router", "intake", "system", "a/b 13800138000", WORDS, "Chen",
     "x13800138000", "x-138-0013-8000", "a" * 41, "", "chen..jie"],
)  # fmt: skip
async def test_a12_an_id_that_is_somebody_s_number_or_another_word_is_given_to_nobody(
    floor: Floor, id: str
) -> None:
    assert [field for field, _ in faults(await put(floor, person(id)))] == ["people.2.id"]

    account = await floor.clients.call(
        "POST", "admin", "/v1/users", role="administrator", json={"id": id, "role": "agent"}
    )
    assert [field for field, _ in faults(account)] == ["id"]


@pytest.mark.parametrize("unknown", [WORDS, "13800138000", "nobody-here", "caller", "router"])
async def test_a13_only_who_is_known_is_named(floor: Floor, unknown: str) -> None:
    number = (await floor.clients.post_ticket(LAMP))["number"]
    order = await first_order(floor.clients, number)
    tried = {
        ("intake", f"/v1/tickets/{number}/own"): ("owner", {"owner": unknown}),
        ("intake", "/v1/cases/hand-over"): ("to", {"to": unknown}),
        ("intake", f"/v1/tickets/{number}/reclassify"): (
            "about.people.1", {"about": {"people": ["jy-security-1", unknown]}},
        ),
        ("intake", "/v1/tickets"): ("about.people.0", LAMP | {"about": {"people": [unknown]}}),
        ("router", f"/v1/work-orders/{order['id']}/transfer"): (
            "assignee", {"department": "security", "assignee": unknown, "reason": "not_ours"},
        ),
        ("router", f"/v1/work-orders/{order['id']}/support"): (
            "assignee", {"department": "security", "assignee": unknown},
        ),
        ("router", "/v1/follow-ups"): ("person", {
            "number": number, "at": "2099-01-01T09:00:00+08:00", "reason": "watch",
            "person": unknown,
        }),
        ("router", "/v1/shifts"): ("person", {
            "place": "jinyuan", "department": "greening", "person": unknown,
            "begins": "2099-01-01T08:00:00+08:00", "ends": "2099-01-01T16:00:00+08:00",
        }),
    }  # fmt: skip

    for (service, path), (field, body) in tried.items():
        answer = await floor.clients.call("POST", service, path, role="supervisor", json=body)
        assert [named for named, _ in faults(answer)] == [field], path


async def test_a13_a_report_of_the_queue_names_only_who_is_known(floor: Floor) -> None:
    about = {"people": ["13800138000", "jy-security-1"], "departments": ["x13800138000"]}

    answer = await floor.clients.report({**LAMP, "about": about})

    named = [fault["field"] for fault in answer["faults"]]
    assert named == ["about.departments.0", "about.people.0"]
    assert "13800138000" not in json.dumps(answer)


@pytest.mark.parametrize("door", ["http", "queue"])
async def test_a13_an_emergency_is_taken_and_tells_of_whom_nobody_knows(
    floor: Floor, door: str
) -> None:
    report = CRY | {"about": {"people": [WORDS, "jy-security-1"], "departments": ["nowhere"]}}
    take = floor.clients.post_ticket if door == "http" else floor.clients.report

    answer = await take(report)

    assert answer["alerting"] == "started"
    named = {fault["field"] for fault in answer["faults"]}
    assert {"about.people.0", "about.departments.0"} <= named
    assert "about.people.1" not in named
    ticket = await floor.clients.ticket(answer["number"])
    assert ticket["about"] == {"people": ["jy-security-1"], "departments": []}


async def test_a13_who_has_an_account_or_signs_is_known(floor: Floor) -> None:
    await with_account(floor, "a13.he")
    number = (await floor.clients.post_ticket(LAMP))["number"]
    path = f"/v1/tickets/{number}/own"

    for by, owner in (("agent", "a13.he"), ("agent-99", "agent-99"), ("agent-98", None)):
        answer = await floor.clients.call("POST", "intake", path, by=by, json={"owner": owner})
        assert answer.json()["owner"] == (owner or by)


@pytest.mark.parametrize("reason", ["r13978901234", "r139_7890_1234", "a1b1380013"])
async def test_a13_no_code_holds_a_number(floor: Floor, reason: str) -> None:
    number = (await floor.clients.post_ticket(LAMP))["number"]
    order = await first_order(floor.clients, number)
    orders, times = f"/v1/work-orders/{order['id']}", "2099-01-01T08:00:00+08:00"
    agents = "/v1/agents/a13"
    tried: list[tuple[str, str, str, str, dict[str, Any]]] = [
        ("intake", "POST", f"/v1/tickets/{number}/reclassify", "reason",
         {"no_danger": True, "reason": reason}),
        ("intake", "POST", f"/v1/tickets/{number}/feedback", "reason",
         {"outcome": "not_satisfied", "reason": reason}),
        ("router", "POST", f"{orders}/decline", "reason", {"reason": reason}),
        ("router", "POST", f"{orders}/suspend", "reason", {"reason": reason}),
        ("router", "POST", f"{orders}/resolve", "outcome", {"outcome": reason}),
        ("router", "POST", f"{orders}/hand-over", "outcome", {"outcome": reason}),
        ("router", "POST", f"{orders}/extend", "reason", {"until": times, "reason": reason}),
        ("router", "POST", "/v1/leaves", "reason",
         {"begins": times, "ends": "2099-01-02T08:00:00+08:00", "reason": reason}),
        ("router", "POST", f"/v1/emergencies/{number}/false-alarm", "reason", {"reason": reason}),
        ("router", "POST", f"/v1/emergencies/{number}/check", "step", {"step": reason}),
        ("router", "POST", "/v1/incidents/x/dismiss", "reason", {"reason": reason}),
        ("admin", "POST", "/v1/users", "why",
         {"id": "a13", "role": "agent", "why": reason}),
        ("admin", "PUT", agents, "skills.0", {"skills": [reason]}),
        ("router", "PUT", f"{LIST}/people", "people.0.skills.0",
         {"people": [person("new", skills=[reason])]}),
        ("router", "PATCH", f"{LIST}/people/jy-greening-1", "skills.0", {"skills": [reason]}),
    ]  # fmt: skip
    for service, method, path, field, body in tried:
        role = {"admin": "administrator"}.get(service, "supervisor")
        if path.startswith("/v1/work-orders"):
            role = "department"
        answer = await floor.clients.call(method, service, path, role=role, json=body)
        if answer.status_code == 403:
            answer = await floor.clients.call(method, service, path, role="manager", json=body)
        assert [named for named, _ in faults(answer)] == [field], path


async def test_a13_no_building_and_no_publisher_is_a_number(floor: Floor) -> None:
    incident = await floor.clients.call(
        "POST", "router", "/v1/incidents", role="supervisor",
        json={"estate": "jinyuan", "area": "community", "buildings": ["13800138000"]},
    )  # fmt: skip
    assert [field for field, _ in faults(incident)] == ["buildings.0"]

    key = await floor.clients.call(
        "POST", "admin", "/v1/api-keys", role="administrator",
        json={"publisher": "p13800138000", "actions": ["ticket.register"]},
    )  # fmt: skip
    assert [field for field, _ in faults(key)] == ["publisher"]


async def test_b30_a_list_that_was_read_can_be_put_back(floor: Floor) -> None:
    shown = (await floor.clients.call("GET", "router", LIST, **THEIRS)).json()

    again = await floor.clients.call(
        "PUT", "router", f"{LIST}/people", **THEIRS, json={"people": shown["people"]}
    )

    assert again.status_code == 200, again.text
    assert again.json()["people"] == shown["people"]
    assert {each["mail"] for each in shown["people"]} == {
        "jy.greening.1@duty.example", "jy.greening.2@duty.example",
    }  # fmt: skip


async def test_b30_one_person_is_changed_and_the_rest_stays(floor: Floor) -> None:
    before = (await floor.clients.call("GET", "router", LIST, **THEIRS)).json()["people"]
    path = f"{LIST}/people/jy-greening-1"

    changed = await floor.clients.call(
        "PATCH", "router", path, **THEIRS, json={"phone": "138 0013 8000"}
    )

    assert changed.json()["people"] == [before[0] | {"phone": "138 0013 8000"}, before[1]]
    back = await floor.clients.call(
        "PATCH", "router", path, **THEIRS, json={"phone": before[0]["phone"]}
    )
    assert back.json()["people"] == before
    missing = await floor.clients.call(
        "PATCH", "router", f"{LIST}/people/bj-greening-1", **THEIRS, json={"phone": ""}
    )
    assert missing.status_code == 404


async def test_b30_addresses_are_read_by_who_may_change_them_alone(floor: Floor) -> None:
    for role in ("agent", "dispatcher", "department"):
        shown = await floor.clients.call("GET", "router", LIST, role=role)
        assert shown.status_code == 200
        assert "duty.example" not in shown.text
    elsewhere = await floor.clients.call("GET", "router", LIST, role="supervisor", place="binjiang")
    assert elsewhere.status_code == 404
    everywhere = await floor.clients.call("GET", "router", "/v1/rosters", role="supervisor")
    assert "duty.example" not in everywhere.text
