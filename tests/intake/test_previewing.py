"""A preview tells what a report would become, and keeps nothing."""

from __future__ import annotations

import time
import uuid
from typing import Any, Final

import pytest

from shared.identity import Role
from tests.intake.privacy_bench import LI, STUCK, WANG, PrivacyBench

THREE: Final = "楼上漏水，我家顶上湿了一大片；上回来的师傅鞋套都不穿；还有物业费发票怎么开？"


async def preview(
    bench: PrivacyBench,
    report: object,
    *,
    as_: Role = "agent",
    id: str | None = None,
    place: str = "*",
) -> dict[str, Any]:
    """As somebody who has not asked just now, unless said otherwise."""
    answer = await bench.ask(
        "POST",
        "/v1/tickets/preview",
        as_=as_,
        id=id or f"agent-{uuid.uuid4().hex[:8]}",
        place=place,
        json=report,
    )
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def run(bench: PrivacyBench, number: str, *, kind: str, estate: str | None = "jinyuan",
              **more: Any) -> None:  # fmt: skip
    """The emergency of a ticket, as the router keeps it."""
    now = bench.platform.store.clock.now()
    doc = {"_id": number, "version": 1, "kind": kind, "estate": estate, "started_at": now,
           "round": 1, "plans": 1, "acknowledged_at": None, "ended_at": None, "alerts": [],
           "test": False, **more}  # fmt: skip
    await bench.store.documents("emergencies").insert_one(doc)


async def test_each_matter_has_its_plan_its_people_and_what_to_say(bench: PrivacyBench) -> None:
    shown = await preview(bench, {"text": THREE, "estate": "锦园"})

    leak, rude, invoice = shown["matters"]
    assert [(m["type"], m["area"]) for m in shown["matters"]] == [
        ("repair", "plumbing"), ("complaint", "staff_service"), ("inquiry", "fees"),
    ]  # fmt: skip
    assert THREE[rude["start"] : rude["end"]] == "上回来的师傅鞋套都不穿；"
    assert [THREE[w["start"] : w["end"]] for w in leak["words"]] == ["漏水"]
    assert [d["id"] for d in leak["departments"]] == ["engineering"]
    assert leak["departments"][0]["zh"] == "工程"
    assert leak["departments"][0]["on_duty"][0].keys() == {"id", "name"}
    assert {p["clock"] for p in leak["promised"]} == {"accept", "arrive", "resolve"}
    assert "前到场" in leak["say"]["zh"]
    assert "on site by" in leak["say"]["en"].lower()
    assert invoice["undecided"] == []
    assert shown["missing"] == ["building", "phone", "flat"]
    assert shown["advice"] is None


async def test_nothing_is_kept(bench: PrivacyBench) -> None:
    before = {
        name: await bench.store.documents(name).count_documents({})
        for name in ("tickets", "reservations", "audit", "parked")
    }

    await preview(bench, STUCK | {"caller": WANG})

    after = {name: await bench.store.documents(name).count_documents({}) for name in before}
    assert before == after


async def test_an_emergency_has_advice_in_three_parts(bench: PrivacyBench) -> None:
    shown = await preview(bench, STUCK | {"caller": WANG})

    [matter] = shown["matters"]
    assert matter["emergency_kind"] == "elevator_entrapment"
    assert shown["advice"].keys() == {"say", "ask", "do"}
    assert "不扒门" in shown["advice"]["say"]["zh"]
    assert matter["departments"][0]["id"] == "engineering"
    assert shown["place"]["building"]["id"] == "3"  # by the caller's flat


async def test_the_place_is_found_in_the_words(bench: PrivacyBench) -> None:
    text = "  滨江花园二期十二栋，水管漏水"

    shown = await preview(bench, {"text": text})

    estate, building = shown["place"]["estate"], shown["place"]["building"]
    assert (estate["id"], estate["found_in"], estate["zh"]) == ("binjiang", "words", "滨江")
    assert text[estate["start"] : estate["end"]] == "滨江花园"
    assert building["id"] == "2期12"
    assert text[building["start"] : building["end"]] == "二期十二栋"
    assert shown["matters"][0]["undecided"] == []


@pytest.mark.parametrize(
    "report",
    [
        {}, {"text": ""}, {"text": None}, {"text": 7}, {"text": "\u200b"}, {"caller": "x"},
        {"estate": [], "type": "wish", "joins": 5, "appointment": {}, "cosmos": {"a": []}},
    ],
)  # fmt: skip
async def test_of_nothing_there_is_nothing_to_tell_but_what_is_missing(
    bench: PrivacyBench, report: dict[str, Any]
) -> None:
    shown = await preview(bench, report)

    assert shown["matters"] == []
    assert shown["missing"] == ["text", "estate", "building", "phone", "flat"]


async def test_what_cannot_be_read_is_named_and_the_rest_is_previewed(bench: PrivacyBench) -> None:
    shown = await preview(bench, {"text": "水管漏水", "type": "wish", "caller": {"role": "king"}})

    assert {fault["field"] for fault in shown["faults"]} == {"type", "caller.role"}
    assert all(fault["fault_zh"] for fault in shown["faults"])
    assert shown["matters"][0]["area"] == "plumbing"


async def test_without_words_an_emergency_has_a_plan_all_the_same(bench: PrivacyBench) -> None:
    unknown = await preview(bench, {"type": "emergency"})
    named = await preview(bench, {"emergency_kind": "fire", "text": "快来"})

    assert unknown["matters"][0]["emergency_kind"] == "unknown"
    assert unknown["advice"]["ask"]["zh"]
    assert named["matters"][0]["emergency_kind"] == "fire"


async def test_running_emergencies_of_the_place_are_offered_the_likeliest_first(
    bench: PrivacyBench,
) -> None:
    stuck = await bench.register(STUCK | {"location": "5号楼"})
    flood = await bench.register({"estate": "jinyuan", "text": "3号楼水管爆了，水淹到一楼了"})
    away = await bench.register(STUCK | {"estate": "cuihu"})
    over = await bench.register(STUCK, caller=LI)
    now = bench.platform.store.clock.now()
    await run(bench, stuck, kind="elevator_entrapment")
    await run(bench, flood, kind="flooding")
    await run(bench, away, kind="elevator_entrapment", estate="cuihu")
    await run(bench, over, kind="elevator_entrapment", ended_at=now)

    shown = await preview(bench, {"estate": "jinyuan", "text": "电梯里困了两个人"})
    anywhere = await preview(bench, {"text": "电梯里困了两个人"})

    assert [each["number"] for each in shown["emergencies"]] == [stuck, flood]
    assert shown["emergencies"][0]["building"] == "5"
    assert shown["emergencies"][0]["kind"]["zh"] == "电梯困人"
    assert {each["number"] for each in anywhere["emergencies"]} == {stuck, flood, away}


async def test_nothing_beyond_reach_is_shown(bench: PrivacyBench) -> None:
    number = await bench.register(STUCK)
    await run(bench, number, kind="elevator_entrapment")
    await bench.store.documents("incidents").insert_one(
        {"_id": "i", "area": "elevator", "estate": "jinyuan", "buildings": ["3"],
         "status": "offered", "began_at": bench.platform.store.clock.now()})  # fmt: skip

    own = await preview(bench, STUCK)
    foreign = await preview(bench, STUCK, place="cuihu", id="agent-2")
    system = await preview(bench, STUCK, as_="system", place="jinyuan", id="system:iot")

    assert [each["number"] for each in own["emergencies"]] == [number]
    assert [(each["id"], each["same_area"]) for each in own["incidents"]] == [("i", True)]
    for shown in (foreign, system):
        assert shown["emergencies"] == shown["incidents"] == []
        assert all(d["on_duty"] == [] for m in shown["matters"] for d in m["departments"])


async def test_a_matter_about_the_reader_shows_them_nothing(bench: PrivacyBench) -> None:
    await bench.have_account("agent-9", "*")
    number = await bench.register(STUCK | {"about": {"people": ["agent-9"]}})
    await run(bench, number, kind="elevator_entrapment")

    shown = await preview(bench, STUCK, id="agent-9")

    assert shown["emergencies"] == []


@pytest.mark.parametrize("role", ["auditor", "privacy_officer", "administrator"])
async def test_who_does_not_register_previews_nothing(bench: PrivacyBench, role: Role) -> None:
    answer = await bench.ask("POST", "/v1/tickets/preview", as_=role, json=STUCK)

    assert answer.status_code == 403


async def test_who_asks_too_often_is_told_to_wait_in_both_languages(bench: PrivacyBench) -> None:
    answers = [
        await bench.ask("POST", "/v1/tickets/preview", as_="agent", id="quick", json={})
        for _ in range(40)
    ]

    late = [answer for answer in answers if answer.status_code == 429]
    assert late
    assert late[0].headers["Retry-After"] == "1"
    assert late[0].json()["title_zh"] == "查询过于频繁"


async def test_a_letter_is_previewed_as_fast_as_a_sentence_twenty_times_over(
    bench: PrivacyBench,
) -> None:
    begun = time.monotonic()
    shown = await preview(bench, {"text": "漏水。还有物业费。" * 2_000, "estate": "jinyuan"})

    assert len(shown["matters"]) == 1
    assert time.monotonic() - begun < 5
