"""The desk names an emergency before anybody has said a word; and what else it adds to a report."""

from __future__ import annotations

from typing import Any

import pytest

from tests.intake.privacy_bench import LAMP, PrivacyBench
from tests.intake.test_joining import send

FROM, TO = "2026-12-01T14:00:00+08:00", "2026-12-01T16:00:00+08:00"


@pytest.mark.parametrize(
    ("report", "kind"),
    [
        ({"type": "emergency"}, "unknown"),
        ({"type": "emergency", "text": ""}, "unknown"),
        ({"type": "emergency", "text": "\u200b \n"}, "unknown"),
        ({"type": "emergency", "text": None}, "unknown"),
        ({"type": "emergency", "text": "来电人没有说话"}, "unknown"),
        ({"type": "emergency", "emergency_kind": "unknown"}, "unknown"),
        ({"emergency_kind": "fire"}, "fire"),
        ({"emergency_kind": "moon"}, "unknown"),
        ({"emergency_kind": "fire", "text": "楼道灯不亮了", "type": "repair"}, "fire"),
    ],
)
async def test_the_emergency_key_works_on_an_empty_form(
    bench: PrivacyBench, report: dict[str, Any], kind: str
) -> None:
    answer = await send(bench, report)

    shown = answer.json()
    assert (answer.status_code, shown["emergency_kind"]) == (201, kind)
    assert shown["alerting"] == "started"
    assert shown["advice_parts"].keys() == {"say", "ask", "do"}
    ticket = await bench.platform.tickets.get(shown["number"])
    assert ticket is not None
    assert ticket.plan.departments[0] == "security"
    assert ticket.estate is None


async def test_a_kind_that_the_policy_does_not_know_is_told(bench: PrivacyBench) -> None:
    shown = (await send(bench, {"emergency_kind": "moon", "text": "着火了，快来"})).json()

    assert shown["emergency_kind"] == "fire"
    assert "emergency_kind" in [fault["field"] for fault in shown["faults"]]


@pytest.mark.parametrize(
    "report", [{}, {"text": ""}, {"type": "repair"}, {"emergency_kind": 7}, {"type": ["emergency"]}]
)
async def test_without_words_nothing_else_is_taken(
    bench: PrivacyBench, report: dict[str, Any]
) -> None:
    answer = await send(bench, {"estate": "jinyuan", **report})

    assert answer.status_code == 422
    assert "text" in [fault["field"] for fault in answer.json()["faults"]]


@pytest.mark.parametrize("report", [{"type": "emergency"}, {"emergency_kind": "fire"}])
async def test_a_system_has_to_say_what_it_is_about(
    bench: PrivacyBench, report: dict[str, Any]
) -> None:
    answer = await send(bench, {"estate": "jinyuan", **report}, as_="system", id="system:iot")

    assert answer.status_code == 422


async def test_the_kind_that_a_system_names_counts_where_its_words_tell_of_none(
    bench: PrivacyBench,
) -> None:
    report = {"estate": "jinyuan", "text": "ZONE 7 ALARM", "emergency_kind": "fire"}
    drill = report | {"text": "明天上午消防演练，三号楼会冒烟起火"}

    alarm = await send(bench, report, as_="system", id="system:panel")
    rehearsed = await send(bench, drill, as_="system", id="system:panel")

    assert alarm.json()["emergency_kind"] == "fire"
    assert not rehearsed.json()["emergency"]


async def test_the_kind_is_corrected_later(bench: PrivacyBench) -> None:
    number = (await send(bench, {"type": "emergency"})).json()["number"]

    answer = await bench.ask(
        "POST", f"/v1/tickets/{number}/reclassify", as_="agent", id="agent-1",
        json={"emergency_kind": "flooding", "estate": "jinyuan"},
    )  # fmt: skip

    assert answer.status_code == 200, answer.text
    ticket = await bench.platform.tickets.get(number)
    assert ticket is not None
    assert (ticket.plan.emergency_kind, ticket.estate) == ("flooding", "jinyuan")


async def test_an_appointment_and_the_call_are_kept_as_asked(bench: PrivacyBench) -> None:
    visit = {"from": FROM, "to": TO}
    report = LAMP | {"appointment": visit, "call": "call.1a-7"}

    shown = (await send(bench, report)).json()

    assert shown["appointment"] == {"from": "2026-12-01T06:00:00Z", "to": "2026-12-01T08:00:00Z"}
    doc = await bench.store.get("tickets", shown["number"])
    assert doc is not None
    assert doc["asked_appointment"].keys() == {"from", "to"}
    assert doc["call"] == "call.1a-7"
    ticket = await bench.platform.tickets.get(shown["number"])
    assert ticket is not None
    assert ticket.asked_appointment is not None
    assert ticket.asked_appointment.to.hour == 8


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"appointment": {}}, "appointment.from"),
        ({"appointment": {"from": TO, "to": FROM}}, "appointment"),
        ({"appointment": {"from": FROM, "to": FROM}}, "appointment"),
        ({"appointment": {"from": FROM}}, "appointment.to"),
        ({"appointment": {"from": FROM, "to": TO, "at": 1}}, "appointment.at"),
        ({"appointment": {"from": "2026-12-01T14:00:00", "to": TO}}, "appointment.from"),
        ({"appointment": {"from": "1999-12-01T14:00:00Z", "to": TO}}, "appointment.from"),
        ({"appointment": "tomorrow"}, "appointment"),
        ({"call": "13800138000"}, "call"),
        ({"call": "call 138-0013-8000"}, "call"),
        ({"call": ""}, "call"),
        ({"call": "x" * 101}, "call"),
        ({"joins": 5}, "joins"),
        ({"emergency_kind": "x" * 61}, "emergency_kind"),
    ],
)
async def test_rubbish_is_refused_in_routine_work_and_read_over_in_an_emergency(
    bench: PrivacyBench, change: dict[str, Any], field: str
) -> None:
    refused = await send(bench, LAMP | change)
    taken = await send(bench, {"estate": "jinyuan", "text": "电梯里困了两个人", **change})

    assert (refused.status_code, taken.status_code) == (422, 201)
    assert field in [fault["field"] for fault in refused.json()["faults"]]
    assert field in [fault["field"] for fault in taken.json()["faults"]]
