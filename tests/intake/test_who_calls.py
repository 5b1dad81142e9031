"""Who calls is shown behind masks, on record, and not without end."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, Final

import pytest

from services.intake.finding import look_ups
from shared.audit import NotAnchored, Trail
from shared.calls.facts import Presentation
from shared.readers import switchboards
from shared.store.tries import TryLimit
from tests.intake.privacy_bench import LI, WANG, PrivacyBench, problem
from tests.telephony.played import kept_call

PHONE: Final = {"phone": "+86 138 0013 8000"}
FLAT: Final = {"estate": "锦园", "flat": "3栋1单元502"}
TAP: Final = {"text": "厨房水龙头滴水，请来修一下", "type": "repair", "area": "plumbing"}


async def look(bench: PrivacyBench, body: dict[str, Any], **who: Any) -> Any:
    return await bench.ask("POST", "/v1/callers/look-up", as_="agent", json=body, **who)


async def test_a_caller_is_known_by_number_and_by_flat_and_nobody_is_unmasked(
    bench: PrivacyBench,
) -> None:
    over = await bench.register(TAP)
    await bench.end(over)
    open_ = await bench.register(confidential=True)
    other = await bench.register(caller={**LI, "room": WANG["room"]})

    by_phone, by_flat = await look(bench, PHONE), await look(bench, FLAT)

    told = by_phone.json()
    [wang] = told["persons"]
    assert (wang["name"], wang["phone"], wang["room"]) == ("王**", "138****8000", "3-…")
    assert (wang["estate"], wang["building"], wang["tickets"]) == ("jinyuan", "3", 2)
    assert [card["number"] for card in told["open"]] == [open_]
    assert [card["number"] for card in told["recent"]] == [over]
    assert (told["contacts"], told["confidential"], told["about_staff"]) == (2, True, False)
    assert by_phone.headers["cache-control"] == "no-store"
    assert {person["name"] for person in by_flat.json()["persons"]} == {"王**", "李**"}
    assert {card["number"] for card in by_flat.json()["open"]} == {open_, other}
    for answer in (by_phone, by_flat):
        for secret in ("王桂兰", "李建国", "13800138000", "138 0013 8000", "502"):
            assert secret not in answer.text


async def test_whoever_is_only_the_contact_is_known_as_well(bench: PrivacyBench) -> None:
    number = await bench.register(on_site_contact={"name": "赵明", "phone": "13800138009"})

    [person] = (await look(bench, {"phone": "13800138009"})).json()["persons"]

    assert (person["name"], person["number"]) == ("赵**", number)


async def test_each_look_up_is_on_record_before_anybody_is_shown(
    bench: PrivacyBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await bench.register()
    await look(bench, PHONE)
    await look(bench, {"phone": "13800138007"})

    acts = await bench.audit("person.looked_up")
    assert [act["subject"]["id"] for act in acts] == [f"{number}/caller", "unknown"]
    assert {act["by"] for act in acts} == {"agent-7"}
    assert "138" not in json.dumps([act["details"] for act in acts])
    seen = await bench.ask("POST", "/v1/persons/seen", as_="auditor", json=PHONE)
    assert [item["way"] for item in seen.json()["items"] if "way" in item].count("looked_up") == 1

    async def broken(*_: object, **__: object) -> None:
        raise NotAnchored("no disk")

    monkeypatch.setattr(Trail, "record", broken)
    answer = await look(bench, PHONE)
    assert answer.status_code >= 500
    assert "王" not in answer.text


async def test_who_tries_numbers_one_after_the_other_is_stopped_and_colleagues_are_not(
    bench: PrivacyBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look_ups, "LIMITS", (TryLimit(2, timedelta(hours=1)),))
    await bench.register()

    answers = [await look(bench, PHONE, id="busy") for _ in range(3)]
    other = await look(bench, PHONE, id="calm")

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert problem(answers[2]) == (429, "too-many-look-ups")
    assert answers[2].json()["title_zh"]
    assert int(answers[2].headers["retry-after"]) > 0
    assert other.status_code == 200
    await bench.forward(timedelta(hours=1, seconds=1))
    assert (await look(bench, PHONE, id="busy")).status_code == 200


async def test_what_is_foreign_or_about_whoever_asks_or_erased_shows_nobody(
    bench: PrivacyBench,
) -> None:
    nobody = {"persons": [], "open": [], "recent": [], "contacts": 0, "confidential": False,
              "about_staff": False, "many": False}  # fmt: skip
    await bench.have_account("agent-7")
    await bench.register(estate="cuihu")
    assert (await look(bench, PHONE, place="jinyuan")).json() == nobody
    await bench.register(caller=LI, about={"people": ["agent-7"]})
    assert (await look(bench, {"phone": LI["phone"]})).json() == nobody
    assert (await look(bench, {"phone": LI["phone"]}, id="lin")).json()["about_staff"]


@pytest.mark.parametrize(
    "body",
    [{}, {"phone": "110"}, {"phone": "x"}, {"estate": "jinyuan"}, {"flat": "3-1-502"},
     {**PHONE, **FLAT}, {"estate": "nowhere", "flat": "3-1-502"},
     {"estate": "jinyuan", "flat": "？"}, {"phone": "1" * 41}, {**PHONE, "name": "王"}],
    ids=str,
)  # fmt: skip
async def test_what_names_nobody_is_refused_in_both_languages(
    bench: PrivacyBench, body: dict[str, Any]
) -> None:
    answer = await look(bench, body)

    assert answer.status_code == 422
    assert all(fault["fault_zh"] for fault in answer.json()["faults"])
    assert await bench.audit("person.looked_up") == []


@pytest.mark.parametrize("role", ["department", "manager", "auditor", "privacy_officer"])
async def test_nobody_but_the_desk_looks_callers_up(bench: PrivacyBench, role: Any) -> None:
    answer = await bench.ask("POST", "/v1/callers/look-up", as_=role, json=PHONE)

    assert answer.status_code == 403


async def test_a_ticket_shows_caller_contact_and_building_behind_masks(
    bench: PrivacyBench,
) -> None:
    number = await bench.register(on_site_contact={"name": "赵明", "phone": "13800138009"})

    shown = (await bench.ask("GET", f"/v1/tickets/{number}", as_="agent")).json()

    assert shown["caller"] == {
        "name": "王**", "phone": "138****8000", "room": "3-…", "role": "owner",
    }  # fmt: skip
    assert shown["contact"] == {"name": "赵**", "phone": "138****8009"}
    assert shown["building"] == "3"
    assert not {"terms", "persons", "index", "outbox", "said", "made_by", "key"} & shown.keys()


async def test_a_firm_outside_the_group_sees_no_mask(bench: PrivacyBench) -> None:
    [firm, *_] = sorted(bench.platform.policy.taxonomy.contractors)
    number = await bench.register()
    await bench.give(number, firm)

    answer = await bench.ask("GET", f"/v1/tickets/{number}", as_="department", departments=firm)

    assert answer.status_code == 200
    assert not {"caller", "contact"} & answer.json().keys()


async def test_a_call_tells_who_it_may_be_without_the_number(
    bench: PrivacyBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await bench.register()
    call = await kept_call(bench)
    hidden = await kept_call(bench, "1.2", presentation=Presentation.WITHHELD)

    told = await look(bench, {"call": call})

    assert [person["phone"] for person in told.json()["persons"]] == ["138****8000"]
    assert [card["number"] for card in told.json()["open"]] == [number]
    assert "13800138000" not in told.text
    assert (await look(bench, {"call": call}, place="cuihu")).json()["persons"] == []
    assert (await look(bench, {"call": hidden})).json()["persons"] == []
    monkeypatch.setattr(switchboards, "SWITCHBOARD", 0)
    assert (await look(bench, {"call": call})).json()["persons"] == []
    for body in ({"call": "caaaabbbbccccddddeeee"}, {"call": "desk-1"}, {"call": call, **PHONE}):
        refused = await look(bench, body)
        assert refused.status_code == 422
        assert [fault["field"] for fault in refused.json()["faults"]] == ["call"]
        assert refused.json()["faults"][0]["fault_zh"]
