"""The edges: what is asked for beyond them is refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.floor import Floor


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "1900-01-01"])
@pytest.mark.parametrize("what", ["cover", "shifts"])
async def test_b27_a_day_beyond_the_calendar_is_refused_by_name(
    floor: Floor, what: str, day: str
) -> None:
    path = f"/v1/rosters/jinyuan/engineering/{what}?first={day}"
    answer = await floor.clients.call("GET", "router", path, role="supervisor")

    assert answer.status_code == 422
    [fault] = answer.json()["faults"]
    assert fault["field"] == "first"


async def test_b32_what_a_caller_does_not_say_the_desk_asks_later(floor: Floor) -> None:
    answer = await floor.clients.post_ticket({"text": "楼道灯坏了，来个人"})

    assert (answer["status"], answer["held"]) == ("registered", "place")
    assert [fault["field"] for fault in answer["faults"]] == ["estate"]


async def test_b32_a_system_knows_where_it_is(floor: Floor) -> None:
    report = {"text": "楼道灯坏了，来个人"}
    answer = await floor.clients.post_ticket(report, role="system", by="system:app")

    assert [fault["field"] for fault in answer["faults"]] == ["estate"]
    assert answer["status"] == 422


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("attachments", ["https://photos.invalid/1.jpg"]),
        ("due_by", "2030-01-01T08:00:00+08:00"),
        ("area", "bathroom"),
    ],
)
async def test_b24_what_nobody_goes_by_is_said_to_be(floor: Floor, field: str, value: Any) -> None:
    report = {"estate": "cuihu", "text": "路灯不亮，请来修", field: value}
    answer = await floor.clients.post_ticket(report)

    assert [fault["field"] for fault in answer["faults"]] == [field]


async def test_b24_a_ticket_shows_until_when_others_want_it_done(floor: Floor) -> None:
    report = {"estate": "cuihu", "text": "路灯不亮，请来修", "due_by": "2030-01-01T08:00:00+08:00"}
    answer = await floor.clients.post_ticket(report)

    assert (await floor.clients.ticket(answer["number"]))["due_by"] == "2030-01-01T00:00:00Z"


async def test_b23_an_area_that_there_is_not_moves_nothing(floor: Floor) -> None:
    ticket = await floor.clients.post_ticket({"estate": "cuihu", "text": "楼道灯不亮，请来修"})
    path = f"/v1/tickets/{ticket['number']}/reclassify"

    answer = await floor.clients.call("POST", "intake", path, json={"area": "bathroom"})

    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["faults"]] == ["area"]
    left = await floor.clients.ticket(ticket["number"])
    assert left["area"] == ticket["area"]
    assert "reclassify" not in [entry["transition"] for entry in left["timeline"]]


async def test_b23_a_filter_that_is_not_known_does_not_answer_with_everything(
    floor: Floor,
) -> None:
    answer = await floor.clients.call("GET", "intake", "/v1/tickets?phone=13800138000&words=x")

    assert answer.status_code == 422
    faults = [(fault["field"], fault["fault"]) for fault in answer.json()["faults"]]
    assert faults == [("phone", "is not a known field"), ("words", "is not a known field")]


async def test_b23_what_others_have_added_to_a_cry_for_help_keeps_nobody_from_it(
    floor: Floor,
) -> None:
    ticket = await floor.clients.post_ticket({"estate": "cuihu", "text": "楼道灯不亮，请来修"})
    path = f"/v1/tickets/{ticket['number']}/urge?from=singlemessage"

    answer = await floor.clients.call("POST", "intake", path, json={"note": "请快一点"})

    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("service", ["intake", "router"])
async def test_b27_a_number_is_found_in_any_case_and_with_a_hyphen(
    floor: Floor, service: str
) -> None:
    report = {"estate": "cuihu", "text": "三号楼电梯困人了，快来人"}
    number = (await floor.clients.post_ticket(report))["number"]
    await floor.clients.until_message(number, "alert", "received")
    path = {"intake": "/v1/tickets/", "router": "/v1/emergencies/"}[service]

    written = (number, number.lower(), f"{number[:4]}-{number[4:].lower()}")
    answers = [await floor.clients.call("GET", service, f"{path}{each}") for each in written]

    assert [(a.status_code, a.json()["number"]) for a in answers] == [(200, number)] * 3


async def test_b27_lists_find_a_number_however_it_is_written(floor: Floor) -> None:
    report = {"estate": "cuihu", "text": "三号楼电梯困人了，快来人"}
    number = (await floor.clients.post_ticket(report))["number"]
    await floor.clients.until_message(number, "alert", "received")

    path = f"/v1/messages?number={number[:4].lower()}-{number[4:]}"
    found = await floor.clients.call("GET", "notifier", path)

    assert {item["number"] for item in found.json()["items"]} == {number}
