"""A ticket is made from a call: who rang is taken over, and nobody sees the number."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from services.intake.registration.domain import WITHHELD
from shared.audit import NotAnchored, Trail
from shared.calls.facts import Presentation
from shared.contracts.intake import TicketRegistered
from shared.privacy.open import Opener
from tests.intake.privacy_bench import LAMP, STUCK, PrivacyBench
from tests.intake.test_joining import send
from tests.telephony.played import NUMBER, kept_call

UNKNOWN: Final = "caaaabbbbccccddddeeee"


async def opened(bench: PrivacyBench, number: str) -> dict[str, Any]:
    doc = await bench.store.get("tickets", number)
    assert doc is not None
    return await Opener(bench.platform.vault).open_person(doc["persons"]["caller"])


async def test_who_rang_is_the_ticket_s_caller_and_the_audit_has_a_line(
    bench: PrivacyBench,
) -> None:
    call = await kept_call(bench)

    answer = await send(bench, LAMP | {"call": call, "caller": {"name": "王桂兰"}})

    assert answer.status_code == 201, answer.text
    number = answer.json()["number"]
    person = await opened(bench, number)
    assert (person["phone"], person["name"]) == (NUMBER, "王桂兰")
    doc = await bench.store.get("tickets", number)
    assert doc is not None
    assert doc["index"]["phone"] == bench.platform.index.phone(NUMBER)
    assert doc["call"] == call
    [said] = await bench.said(TicketRegistered, number=number)
    assert said.call == call
    [act] = await bench.audit("person.taken_over")
    assert (act["subject"]["id"], act["by"]) == (call, "agent-1")
    shown = await bench.ask("GET", f"/v1/tickets/{number}", as_="agent")
    assert shown.json()["caller"]["phone"] == "138****8000"
    for told in (answer.text, shown.text, json.dumps([e.data for e in bench.heard]), str(act)):
        assert NUMBER not in told


async def test_several_tickets_come_of_one_call_and_each_has_the_caller(
    bench: PrivacyBench,
) -> None:
    call = await kept_call(bench)
    numbers = [
        (await send(bench, {**LAMP, "text": text, "call": call})).json()["number"]
        for text in ("楼道灯不亮，请来修", "厨房水龙头滴水")
    ]
    assert [(await opened(bench, number))["phone"] for number in numbers] == [NUMBER, NUMBER]


async def test_a_withheld_number_goes_along_sealed_and_is_shown_and_found_nowhere(
    bench: PrivacyBench,
) -> None:
    call = await kept_call(bench, presentation=Presentation.WITHHELD)

    number = (await send(bench, LAMP | {"call": call})).json()["number"]

    person = await opened(bench, number)
    assert (person[WITHHELD], person.get("phone")) == (NUMBER, None)
    doc = await bench.store.get("tickets", number)
    assert doc is not None
    assert "phone" not in doc["index"]
    revealed = await bench.reveal(number)
    assert revealed.status_code == 201
    assert revealed.json()["phone"] is None
    shown = await bench.ask("GET", f"/v1/tickets/{number}", as_="agent")
    assert "phone" not in (shown.json().get("caller") or {})
    looked = await bench.ask("POST", "/v1/callers/look-up", as_="agent", json={"phone": NUMBER})
    assert looked.json()["persons"] == []
    for told in (revealed.text, shown.text, str(doc)):
        assert NUMBER not in told
        assert "****8000" not in told


async def test_a_typed_number_is_the_ticket_s_and_nobody_is_opened(bench: PrivacyBench) -> None:
    call = await kept_call(bench)
    typed = {"phone": "13800138001"}

    number = (await send(bench, LAMP | {"call": call, "caller": typed})).json()["number"]

    assert (await opened(bench, number))["phone"] == "13800138001"
    assert await bench.audit("person.taken_over") == []
    assert await bench.said(TicketRegistered, number=number, call=call)


async def test_a_call_that_nobody_knows_is_refused_with_the_field(bench: PrivacyBench) -> None:
    refused = await send(bench, LAMP | {"call": UNKNOWN})

    assert refused.status_code == 422
    [fault] = refused.json()["faults"]
    assert fault["field"] == "call"
    assert fault["fault_zh"]
    danger = await send(bench, STUCK | {"call": UNKNOWN})
    assert danger.status_code == 201
    assert "call" in [each["field"] for each in danger.json()["faults"]]
    number = danger.json()["number"]
    assert await bench.said(TicketRegistered, number=number, call=None)


async def test_a_system_takes_no_caller_over(bench: PrivacyBench) -> None:
    call = await kept_call(bench)

    refused = await send(bench, LAMP | {"call": call}, as_="system", id="system:app")

    assert refused.status_code == 422
    assert await bench.audit("person.taken_over") == []


async def test_a_call_without_a_number_and_the_desk_s_own_id_are_kept_as_they_are(
    bench: PrivacyBench,
) -> None:
    silent = await kept_call(bench, number=None)

    for call, linked in ((silent, silent), ("desk-call-a", None)):
        answer = await send(bench, LAMP | {"call": call})
        assert answer.status_code == 201
        number = answer.json()["number"]
        assert (await opened(bench, number)).get("phone") is None
        assert await bench.said(TicketRegistered, number=number, call=linked)


async def test_nobody_is_opened_off_record_and_an_emergency_is_taken_all_the_same(
    bench: PrivacyBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = await kept_call(bench)

    async def broken(*_: object, **__: object) -> None:
        raise NotAnchored("no disk")

    monkeypatch.setattr(Trail, "record", broken)
    refused = await send(bench, LAMP | {"call": call})
    danger = await send(bench, STUCK | {"call": call})

    assert refused.status_code >= 500
    assert danger.status_code == 201
    assert (await opened(bench, danger.json()["number"])).get("phone") is None
    assert "call" in [fault["field"] for fault in danger.json()["faults"]]
