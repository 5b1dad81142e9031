"""Who is told what, at once or not at all, and what of it is shown."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any, Final

import pytest
from pydantic import ValidationError

from hotline.demo.clients import Json, until
from hotline.demo.steps import acknowledge, first_order, secured
from services.notifier.domain import recipients
from shared.policy.policy import Rules, load_documents
from shared.triage.taxonomy import load_sample_taxonomy
from tests.notifier import samples
from tests.support.command import hotline
from tests.support.floor import Floor, caller

TAP: Final = {"text": "厨房水龙头滴水，请来修一下", "type": "repair", "area": "plumbing",
              "estate": "jinyuan", "caller": caller()}  # fmt: skip
LINK: Final = re.compile(r"http://\S+/w/\S+")
LIFT: Final = {"text": "二号楼电梯困人了，快来人", "estate": "jinyuan", "caller": caller()}


async def messages_of(floor: Floor, number: str, **wanted: Any) -> list[Json]:
    """The messages of a ticket to staff, once there is one of these and it was handed over."""

    async def look() -> list[Json] | None:
        answer = await floor.clients.call(
            "GET", "notifier", "/v1/messages", params={"number": number, **wanted}
        )
        found = [m for m in answer.json()["items"] if m["recipient"] != "caller"]
        return found if found and all(m["ended_at"] for m in found) else None

    return list(await until(look, f"messages of {number}"))


def without_name(body: str) -> list[str]:
    """The lines after the first, which names the reader."""
    return [line for line in body.splitlines()[1:] if line]


async def test_b21_what_is_shown_of_a_message_is_what_was_sent(floor: Floor) -> None:
    for report, purpose in ((TAP, "assignment"), (LIFT, "alert"), (LIFT, "assignment")):
        number = (await floor.clients.post_ticket(report))["number"]
        await first_order(floor.clients, number)
        sent = [m for m in await messages_of(floor, number) if m["purpose"] == purpose]
        assert sent, purpose

        for message in sent:
            path = f"/v1/messages/{message['id']}"
            shown = (await floor.clients.call("GET", "notifier", path)).json()
            mail = mail_of(floor, message["id"])

            assert shown["subject"] == str(mail["Subject"])
            sent_words = LINK.sub("https://…", mail.get_content())
            assert without_name(shown["body"]) == without_name(sent_words)


def mail_of(floor: Floor, message: str) -> EmailMessage:
    return next(mail for mail in floor.postbox.mails if message in str(mail["Message-ID"]))


def test_b34_an_outage_s_notice_never_waits_for_the_morning() -> None:
    at = datetime(2026, 11, 29, 14, 10, tzinfo=UTC)  # 22:10
    for restore_by in (None, at + timedelta(hours=2), at + timedelta(days=1)):
        for notice in (1, 2):
            told = recipients(samples.incident_announced(notice=notice, restore_by=restore_by))

            assert [n.can_wait_until(at + timedelta(hours=10), at) for n in told] == [False, False]


@pytest.mark.parametrize("more", [{"can_wait": ["outage"]}, {"quiet_hours": {
    "start": "22:00", "end": "08:00", "purposes": ["outage"]}}])  # fmt: skip
def test_b34_no_policy_can_say_that_it_waits(more: dict[str, Any]) -> None:
    rules = load_documents()["rules"]
    Rules.model_validate(rules)

    with pytest.raises(ValidationError, match=r"Extra inputs are not permitted"):
        Rules.model_validate(rules | more)


ROOF: Final = {"text": "6号楼楼顶有个人要跳楼，快来人", "estate": "jinyuan", "caller": caller()}


async def test_b26_no_machine_writes_to_the_caller_of_a_suicide_risk_and_a_person_tells(
    floor: Floor,
) -> None:
    clients = floor.clients
    answer = await clients.post_ticket(ROOF)
    number = answer["number"]
    assert answer["emergency_kind"] == "suicide_risk"
    receipt = await clients.until_message(number, "receipt", "failed")
    assert receipt["reason"] == "withheld"
    alert = await clients.until_message(number, "alert")
    await acknowledge(clients, number, alert["recipient"])
    departments = (await clients.ticket(number))["plans"][-1]["departments"]
    ticket = await clients.until_ticket(
        number, lambda t: len(t["work_orders"]) == len(departments), "everybody's work"
    )
    for order in ticket["work_orders"]:
        await secured(clients, number, order)

    async def to_tell() -> Json | None:
        found = await clients.call("GET", "router", "/v1/follow-ups", params={"number": number})
        return next((t for t in found.json()["items"] if t["why"] == "tell"), None)

    task = await until(to_tell, "the task to tell the result")
    assert task["reason"] == "tell"
    for named in (task["id"], number.lower()):
        code, said = await hotline(floor, "link", "task", named)
        assert code == 0, said
        page = await clients.http.get(said.strip())
        assert (page.status_code, "电话告知业主处理结果" in page.text) == (200, True)
    told = await clients.call(
        "POST", "intake", f"/v1/tickets/{number}/feedback", json={"outcome": "told"}
    )
    assert told.status_code == 200, told.text
    await clients.until_status(number, "closed")

    to_caller = [m for m in await clients.messages(number) if m["recipient"] == "caller"]
    assert {(m["status"], m["reason"]) for m in to_caller} == {("failed", "withheld")}
    surveys = await clients.call("GET", "survey", "/v1/surveys", role="supervisor",
                                 params={"number": number})  # fmt: skip
    assert surveys.json()["items"] == []


def test_b26_the_policy_says_of_which_kinds_a_person_tells() -> None:
    taxonomy = load_sample_taxonomy()

    told = {kind.id for kind in taxonomy.emergency_kinds if taxonomy.is_told_by_person(kind.id)}

    assert told == {"suicide_risk"}
    assert not taxonomy.is_told_by_person(None)
    assert not taxonomy.is_told_by_person("of_a_policy_of_before")


GARDENERS: Final = "/v1/rosters/jinyuan/greening"
SUPERVISOR: Final = {"role": "supervisor", "place": "jinyuan", "by": "jy-manager"}


async def put_gardeners(floor: Floor, people: list[Json]) -> None:
    answer = await floor.clients.call(
        "PUT", "router", f"{GARDENERS}/people", **SUPERVISOR, json={"people": people}
    )
    assert answer.status_code == 200, answer.text


async def test_b33_the_lead_hears_of_work_for_somebody_without_an_address_and_doctor_names_them(
    floor: Floor,
) -> None:
    clients = floor.clients
    shown = await clients.call("GET", "router", GARDENERS, **SUPERVISOR)
    present = shown.json()["people"]
    await put_gardeners(floor, [{"id": "b33-new", "name": "新人", "mail": "to.come"}, *present])
    try:
        number = (await clients.post_ticket(TAP))["number"]
        order = await first_order(clients, number)

        async def moved() -> bool | None:
            answer = await clients.call(
                "POST", "router", f"/v1/work-orders/{order['id']}/transfer", role="supervisor",
                json={"department": "greening", "assignee": "b33-new", "reason": "other"},
            )  # fmt: skip
            return answer.is_success or None

        await until(moved, "the list is known and the work is theirs")

        told = await clients.until_message(number, "unreached")
        assert told["recipient"] == "jy-greening-2"
        code, said = await hotline(floor, "doctor")
        assert code == 1
        assert "b33-new" in said
    finally:
        await put_gardeners(floor, present)
