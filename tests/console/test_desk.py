"""The desk over the console: what is said beside the form, and what becomes of what was typed."""

from __future__ import annotations

import gzip
import re
from typing import Any, Final

import httpx
import pytest

from tests.console.bench import CALLER, Bench
from tests.support.bench import until

PHONE: Final = "13800138000"
S4: Final = "楼上漏水，我家顶上湿了一大片；上回来的师傅鞋套都不穿；还有物业费发票怎么开？"
PART: Final = {"hx-request": "true"}
LEAK: Final = {"estate": "锦园", "flat": "6-2-1502", "phone": PHONE, "text": "厨房水龙头漏水"}


async def at_the_desk(bench: Bench, id: str = "xiao.he", **facts: Any) -> httpx.AsyncClient:
    await bench.hire(id, **facts)
    return await bench.signed_in_browser(id)


async def look(browser: httpx.AsyncClient, **form: str) -> str:
    answer = await browser.post("/desk/look", data=form, headers=PART)
    assert answer.status_code == 200, answer.text
    return answer.text


async def save(browser: httpx.AsyncClient, *, person: str = "xiao.he", **form: str) -> Any:
    sent = {"key": "key-of-this-form", "call": "call-of-today", "person": person, **form}
    return await browser.post("/desk/save", data=sent, headers=PART)


async def tickets(bench: Bench) -> int:
    return await bench.store.documents("tickets").count_documents({})


async def test_the_desk_is_for_whoever_registers_and_there_they_begin(bench: Bench) -> None:
    browser = await at_the_desk(bench)
    page = await browser.get("/desk")

    assert (await browser.get("/")).headers["location"] == "/desk"
    assert page.status_code == 200
    assert 'data-draft="desk"' in page.text
    assert "锦园" in page.text
    keys = re.findall(r'name="(?:key|call)" value="([a-z]+)"', page.text)
    assert (
        len({*keys, *re.findall(r'name="key" value="([a-z]+)"', (await browser.get("/desk")).text)})
        == 3
    )


@pytest.mark.parametrize("role", ["department", "auditor"])
async def test_for_others_it_is_not_there(bench: Bench, role: str) -> None:
    browser = await at_the_desk(bench, role=role)

    assert "/desk" not in (await browser.get("/help")).text
    assert (await browser.get("/desk")).status_code == 403
    for path in ("look", "save", "caller", "told", "supplement"):
        assert (await browser.post(f"/desk/{path}", data=LEAK, headers=PART)).status_code == 403
    assert await tickets(bench) == 0


async def test_three_matters_of_one_call_are_told_apart(bench: Bench) -> None:
    browser = await at_the_desk(bench)

    panel = await look(browser, estate="锦园", text=S4)

    assert "听起来是几件事" in panel
    spans = re.search(r'data-split="(\[\[.*\]\])"', panel)
    assert spans is not None
    answer = (await save(browser, estate="锦园", text=S4, phone=PHONE, split=spans[1])).json()
    assert len(answer["numbers"]) == 3
    assert (answer["left"], answer["faults"], answer["summary"]) == ("", [], [])
    found = await bench.store.find("tickets", {"_id": {"$in": answer["numbers"]}}, limit=9)
    kinds = {doc["_id"]: (doc["type"], doc["area"]) for doc in found}
    assert [kinds[number][0] for number in answer["numbers"]] == ["repair", "complaint", "inquiry"]


async def test_an_emergency_says_first_what_to_say_and_offers_what_runs(bench: Bench) -> None:
    number = await bench.emergency()
    browser = await at_the_desk(bench)

    panel = await look(browser, estate="锦园", text="3号楼电梯不动了，就我一个人，我十三岁")

    assert panel.index("对来电人说") < panel.index(number)
    assert f'data-joins="{number}" data-kind="elevator_entrapment" data-key="Alt+J"' in panel
    routine = await look(browser, estate="锦园", text="厨房水龙头漏水")
    assert f'data-joins="{number}"' in routine
    assert "Alt+J" not in routine
    joined = await save(
        browser,
        estate="锦园",
        text="我十三岁",
        emergency="yes",
        kind="elevator_entrapment",
        joins=number,
    )
    assert "已加入紧急事件" in joined.json()["panel"]
    assert await bench.store.documents("emergencies").count_documents({}) == 1


async def test_the_emergency_key_works_on_an_empty_form(bench: Bench) -> None:
    browser = await at_the_desk(bench)

    answer = (await save(browser, emergency="yes", kind="unknown")).json()

    (number,) = answer["numbers"]
    ticket = await bench.store.get("tickets", number)
    assert ticket is not None
    assert ticket["emergency_kind"] == "unknown"
    assert "已通知值班人员" in answer["panel"]


async def test_sent_again_the_same_form_is_the_same_ticket(bench: Bench) -> None:
    browser = await at_the_desk(bench)

    first, second = [(await save(browser, **LEAK)).json() for _ in range(2)]

    assert first["numbers"] == second["numbers"]
    assert "此前已登记" in second["panel"]
    assert await tickets(bench) == 1
    changed = await save(browser, **{**LEAK, "text": "客厅灯不亮"})
    assert changed.status_code == 422
    assert "F2" in changed.json()["summary"][0]
    assert await tickets(bench) == 1


async def test_what_is_wrong_stands_beside_its_field_and_nothing_is_registered(
    bench: Bench,
) -> None:
    browser = await at_the_desk(bench)

    answer = await save(browser, **{**LEAK, "text": " ", "visit_day": "2027-01-03"})

    assert answer.status_code == 422
    faults = {each["field"]: each["said"] for each in answer.json()["faults"]}
    assert faults.keys() == {"text", "visit_from", "visit_to"} or "text" in faults
    assert re.search(r"[\u4e00-\u9fff]", faults["text"])
    assert await tickets(bench) == 0


async def test_of_several_matters_one_that_is_refused_stays_and_the_others_stand(
    bench: Bench,
) -> None:
    browser = await at_the_desk(bench)

    text = "厨房水龙头漏水。  "
    answer = (await save(browser, estate="锦园", text=text, split="[[0,8],[8,10]]")).json()

    assert len(answer["numbers"]) == 1
    assert answer["left"] == "  "
    assert [each["field"] for each in answer["faults"]] == ["text"]


async def test_whoever_calls_is_shown_behind_a_mask(bench: Bench) -> None:
    headers = bench.signed_in("agent")
    body = {"estate": "jinyuan", "text": "楼道灯不亮", "caller": CALLER}
    await bench.services["intake"].post("/v1/tickets", json=body, headers=headers)
    browser = await at_the_desk(bench)

    strip = (await browser.post("/desk/caller", data={"phone": PHONE}, headers=PART)).text

    assert "138****8000" in strip
    assert "王桂兰" not in strip
    assert PHONE not in strip
    by_flat = {"estate": "锦园", "flat": "3-1-502", "phone": "13800138001"}
    assert "王" in (await browser.post("/desk/caller", data=by_flat, headers=PART)).text
    nobody = (await browser.post("/desk/caller", data={"phone": "12"}, headers=PART)).text
    assert "138" not in nobody
    assert (await browser.post("/desk/caller", data={}, headers=PART)).text.strip() == ""


async def test_a_known_caller_s_open_ticket_gives_its_place_and_takes_what_is_added(
    bench: Bench,
) -> None:
    headers = bench.signed_in("agent")
    body = {"estate": "jinyuan", "text": "3号楼楼道灯不亮", "caller": CALLER}
    made = await bench.services["intake"].post("/v1/tickets", json=body, headers=headers)
    number = made.json()["number"]
    browser = await at_the_desk(bench)

    strip = (await browser.post("/desk/caller", data={"phone": PHONE}, headers=PART)).text

    assert f'data-estate="锦园" data-building="3号楼" id="place-of-{number}"' in strip
    assert f'name="number" value="{number}" hx-post="/desk/supplement"' in strip


async def test_rubbish_breaks_nothing(bench: Bench) -> None:
    browser = await at_the_desk(bench)
    evil = "<script>alert(1)</script><b hx-get=/looks>" * 95
    form = {
        "text": evil[:4_000], "phone": "+44 20 7946 0958", "estate": "]]></estate>",
        "flat": "☃" * 199, "name": "'; drop table tickets; --", "location": "\x00\x01",
        "type": "nonsense", "split": "[[0,99999],[true,1]]", "visit_day": "yesterday",
        "language": "xx",
    }  # fmt: skip

    panel = await look(browser, **form)
    assert "<script" not in panel
    assert "<b hx-get" not in panel
    answer = await save(browser, **form)
    assert answer.status_code == 422
    assert {each["field"] for each in answer.json()["faults"]} >= {"type"}
    kept = await save(browser, text=evil[:4_000], phone="+44 20 7946 0958")
    assert len(kept.json()["numbers"]) == 1
    assert "<script" not in kept.json()["panel"]


@pytest.mark.parametrize(
    "split", ["", "x", "{}", "[[0,2]]", "[[1,0],[0,1]]", "[[0.5,1],[1,2]]", "[[0,1],[1,99]]"]
)
async def test_what_divides_nothing_is_one_request(bench: Bench, split: str) -> None:
    browser = await at_the_desk(bench)

    answer = (await save(browser, **LEAK, split=split)).json()

    assert len(answer["numbers"]) == 1


async def test_from_another_site_nothing_is_registered(bench: Bench) -> None:
    browser = await at_the_desk(bench)

    foreign = {"sec-fetch-site": "cross-site"}
    for path in ("save", "look", "told", "supplement", "caller"):
        answer = await browser.post(f"/desk/{path}", data=LEAK, headers=foreign)
        assert answer.status_code == 403
    assert await tickets(bench) == 0


async def test_what_somebody_typed_is_not_registered_in_anothers_name(bench: Bench) -> None:
    browser = await at_the_desk(bench)

    answer = await save(browser, **LEAK, person="xiao.cai")

    assert answer.status_code == 409
    assert "另一位同事" in answer.json()["summary"][0]
    assert await tickets(bench) == 0


async def test_whose_account_is_frozen_registers_nothing_and_is_asked_to_sign_in(
    bench: Bench,
) -> None:
    browser = await at_the_desk(bench)
    await bench.done("/v1/users/xiao.he/freeze", why="left")
    await bench.hear()

    answer = await save(browser, **LEAK)

    assert answer.status_code == 401
    assert "/session" in answer.text
    assert await tickets(bench) == 0


def _refuse(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody there")


def _silent(_: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("no answer")


async def test_while_intake_is_away_the_form_goes_on(bench: Bench) -> None:
    browser = await at_the_desk(bench)
    await browser.get("/desk")
    desk = bench.console.state.house.desk

    for refuse, said in ((_refuse, "登记服务暂停"), (_silent, "不确定是否已登记")):
        away = httpx.AsyncClient(transport=httpx.MockTransport(refuse), base_url="http://intake")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(desk._service, "_http", away)
            assert "照常填写" in await look(browser, text="漏水")
            answer = await save(browser, **LEAK)
            assert answer.status_code == 503
            assert said in answer.json()["summary"][0]
            assert (await browser.get("/desk")).status_code == 200
    assert len((await save(browser, **LEAK)).json()["numbers"]) == 1


async def test_while_the_router_is_away_calls_are_taken_and_the_page_says_what_is_old(
    bench: Bench,
) -> None:
    browser = await at_the_desk(bench)
    await browser.get("/desk")
    house = bench.console.state.house
    away = httpx.AsyncClient(transport=httpx.MockTransport(_refuse), base_url="http://router")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(house.router._service, "_http", away)
        page = await browser.get("/desk")
        assert page.status_code == 200
        assert page.text.count("派单暂停") == 3
        assert len((await save(browser, **LEAK)).json()["numbers"]) == 1


async def test_told_is_kept_of_each(bench: Bench) -> None:
    browser = await at_the_desk(bench)
    (number,) = (await save(browser, **LEAK)).json()["numbers"]

    for _ in range(2):
        form = {"numbers": f"{number},x", "key": "abc"}
        answer = await browser.post("/desk/told", data=form, headers=PART)
        assert "已记录告知" in answer.text

    ticket = await bench.store.get("tickets", number)
    assert ticket is not None
    assert [line["transition"] for line in ticket["timeline"]].count("tell") == 1
    assert ticket["promised"][-1]["told"] is True


async def test_what_was_told_before_is_offered_and_added_to(bench: Bench) -> None:
    browser = await at_the_desk(bench)
    (number,) = (await save(browser, **LEAK)).json()["numbers"]

    assert number in await look(browser, estate="锦园", text="厨房水龙头还在漏水")
    form = {"number": number, "text": "水更大了"}
    answer = await browser.post("/desk/supplement", data=form, headers=PART)

    assert answer.headers["hx-trigger"] == "desk-taken"
    ticket = await bench.store.get("tickets", number)
    assert ticket is not None
    assert ticket["timeline"][-1]["note"] == "水更大了"
    for bad in ("", "../../x", "22222222"):
        refused = await browser.post("/desk/supplement", data={**form, "number": bad}, headers=PART)
        assert refused.status_code == 404
        assert refused.headers["hx-retarget"] == "#notice"
    assert await tickets(bench) == 1


async def test_what_is_added_twice_for_a_lost_answer_is_added_once(bench: Bench) -> None:
    browser = await at_the_desk(bench)
    (number,) = (await save(browser, **LEAK)).json()["numbers"]
    form = {"number": number, "text": "水更大了", "key": "abc"}

    for words in ("水更大了", "水更大了", "楼下也漏了"):
        answer = await browser.post("/desk/supplement", data={**form, "text": words}, headers=PART)
        assert answer.status_code == 200

    ticket = await bench.store.get("tickets", number)
    assert ticket is not None
    added = [line["note"] for line in ticket["timeline"] if line["transition"] == "supplement"]
    assert added == ["水更大了", "楼下也漏了"]


async def test_a_request_is_registered_also_where_its_outage_does_not_take_it(
    bench: Bench,
) -> None:
    browser = await at_the_desk(bench)

    answer = await save(browser, **LEAK, incident="no-such-outage")

    assert len(answer.json()["numbers"]) == 1
    assert "没有归入群体事件" in answer.json()["panel"]
    bad = await save(browser, **LEAK, key="another-key", incident="../../v1/tickets")
    assert bad.status_code == 422
    assert await tickets(bench) == 1


async def test_a_question_is_answered_and_closed_at_once(bench: Bench) -> None:
    browser = await at_the_desk(bench)

    form = {"estate": "锦园", "text": "物业费发票怎么开？", "answer": "在服务中心前台开。"}
    (number,) = (await save(browser, **form)).json()["numbers"]

    ticket = await bench.store.get("tickets", number)
    assert ticket is not None
    assert ticket["status"] == "answered"


async def test_the_place_named_in_the_words_is_offered(bench: Bench) -> None:
    browser = await at_the_desk(bench)

    panel = await look(browser, text="锦园3号楼楼道灯不亮")

    assert 'data-estate="锦园"' in panel
    assert "号楼" in panel


async def test_the_first_view_is_small(bench: Bench) -> None:
    browser = await at_the_desk(bench)
    page = await browser.get("/desk")
    paths = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)

    files = [(await browser.get(path.replace("&amp;", "&"))).content for path in paths]

    assert sum(len(gzip.compress(each)) for each in (page.content, *files)) <= 60_000


async def test_where_the_place_is_not_known_what_runs_is_shown_with_its_place_and_joined_by_none(
    bench: Bench,
) -> None:
    number = await bench.emergency()
    browser = await at_the_desk(bench)

    for estate in ("", "翠"):
        panel = await look(browser, estate=estate, text="电梯不动了，困在里面")
        assert number in panel
        assert "各小区正在处置" in panel
        assert "锦园" in panel
        assert "data-joins" not in panel
        assert "Alt+J" not in panel
        assert "先不要说到场时间" in panel
        assert 'class="times"' not in panel
    refused = await save(browser, text="电梯不动了，困在里面", emergency="yes", joins=number)

    assert refused.status_code == 422
    assert [each["field"] for each in refused.json()["faults"]] == ["estate"]
    assert await tickets(bench) == 1


async def test_what_a_second_caller_knows_goes_to_the_emergency_of_which_nobody_knew_it(
    bench: Bench,
) -> None:
    browser = await at_the_desk(bench)
    silent = (await save(browser, emergency="yes", kind="unknown")).json()
    (first,) = silent["numbers"]

    async def runs() -> bool:
        return await bench.store.get("emergencies", first) is not None

    await until(runs)
    fire = {"estate": "锦园", "text": "3号楼着火了，烟很大", "phone": PHONE}

    panel = await look(browser, **fire)
    joined = await save(
        browser, **fire, key="key-of-the-next", emergency="yes", kind="fire", joins=first
    )

    assert f'data-joins="{first}" data-kind="fire"' in panel
    assert "地点不明" in panel
    shown = joined.json()["panel"]
    assert "已加入紧急事件" in shown
    assert "已补到那起紧急事件上" in shown
    ticket = await bench.store.get("tickets", first)
    assert ticket is not None
    assert (ticket["estate"], ticket["emergency_kind"]) == ("jinyuan", "fire")


async def test_of_a_place_nobody_knows_no_times_are_said_and_nobody_is_to_ring_a_missing_number(
    bench: Bench,
) -> None:
    browser = await at_the_desk(bench)

    silent = (await save(browser, emergency="yes", kind="unknown")).json()["panel"]
    lamp = (await save(browser, estate="锦园", text="楼道灯不亮", key="k-2")).json()["panel"]
    called = (await save(browser, **{**LEAK, "key": "k-3"})).json()["panel"]

    assert 'class="times"' not in silent
    assert "先不要说到场时间" in silent
    assert "会有人询问" not in silent
    assert "无人可问" in silent
    assert "没有回电号码" in lamp
    assert 'class="times"' in lamp
    assert "没有回电号码" not in called
