"""What somebody sees through: calls with their words, follow-ups, feedback, handing over."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.console.mine.live import mine_source
from shared.identity import Principal, issue_token
from tests.console.bench import CALLER, Bench
from tests.support.bench import until

PART = {"hx-request": "true"}
LAMP = {"estate": "jinyuan", "text": "三号楼楼道灯不亮了", "caller": CALLER}
FORMS = re.compile(r"<(form|button|input|select|textarea)")


async def post(bench: Bench, service: str, path: str, who: dict[str, str], **body: Any) -> Any:
    answer = await bench.services[service].post(path, json=body, headers=who)
    assert answer.is_success, answer.text
    return answer.json()


async def ticket(bench: Bench, owner: str | None = None, **report: Any) -> str:
    """A repair that was given out; its number."""
    made = await post(
        bench, "intake", "/v1/tickets", bench.signed_in("agent", id="lan"), **{**LAMP, **report}
    )
    number = str(made["number"])

    async def is_given() -> bool:
        found = await bench.store.get("tickets", number)
        return bool(found and found.get("work_orders"))

    await until(is_given)
    if owner is not None:
        who = bench.signed_in("agent", id=owner)
        await post(bench, "intake", f"/v1/tickets/{number}/own", who, owner=owner)
    return number


async def done(bench: Bench, owner: str | None = None) -> str:
    """A repair whose work is done, and whose caller a person is to tell."""
    number = await ticket(bench, owner)
    found = await bench.store.get("tickets", number)
    assert found is not None
    order = found["work_orders"][0]
    worker = Principal(
        order["assignee"] or order["offered_to"][0],
        "department",
        frozenset({"jinyuan"}),
        frozenset({order["department"]}),
    )
    token = issue_token(worker, bench.keys.token, now=bench.now())
    who = {"Authorization": f"Bearer {token}"}
    for act in ("accept", "resolve"):
        await post(bench, "router", f"/v1/work-orders/{order['id']}/{act}", who)
    return number


async def call_to_make(bench: Bench, owner: str) -> tuple[str, str]:
    """A call that somebody is to make; its task and the ticket's number."""
    rules = {"feedback_by_call": ["repair"], "feedback_attempts": 2}
    await bench.let_places_differ(jinyuan={"rules": rules})
    number = await done(bench, owner)
    tasks = bench.store.documents("follow_ups")

    async def is_open() -> bool:
        return bool(await tasks.find_one({"number": number, "why": "tell", "state": "open"}))

    await until(is_open)
    found = await tasks.find_one({"number": number, "why": "tell"})
    assert found is not None
    return str(found["_id"]), number


async def desk(bench: Bench, id: str = "xiao.he", role: str = "agent", **facts: Any) -> Any:
    await bench.hire(id, role, **facts)
    return await bench.signed_in_browser(id)


def key_in(page: httpx.Response, act: str) -> str:
    found = re.search(rf'name="key" value="([^"]+\.{act})"', page.text)
    assert found, page.text
    return found[1]


async def ended(bench: Bench, task: str) -> dict[str, Any]:
    async def is_over() -> bool:
        found = await bench.store.get("follow_ups", task)
        return bool(found and found["state"] in {"done", "dropped"})

    await until(is_over)
    found = await bench.store.get("follow_ups", task)
    assert found is not None
    return found


async def test_calls_come_first_and_cases_have_what_is_asked_of_them(bench: Bench) -> None:
    browser = await desk(bench)
    task, told = await call_to_make(bench, "xiao.he")
    other = await ticket(bench, "xiao.he", text="六号楼大堂玻璃门坏了")

    page = await browser.get("/mine")

    assert page.status_code == 200
    ids = re.findall(r'<li id="([\w-]+)"', page.text)
    assert ids[:2] == ["mine-tell", f"task-{task}"]
    assert ids.index("mine-cases") < ids.index(f"case-{other}")
    assert f'href="/mine/feedback/{told}"' in page.text
    assert "待电话告知" in page.text
    assert "电话告知处理结果" in page.text
    assert "电话须在此前打：" in page.text
    assert "工单时限：" in page.text


async def test_a_call_is_told_with_its_words_to_its_end(bench: Bench) -> None:
    browser = await desk(bench)
    task, number = await call_to_make(bench, "xiao.he")
    page = await browser.get(f"/mine/tell/{task}")

    assert "已经处理完毕" in page.text
    assert re.search(r"来电人当时反映的</h3>\s*<blockquote[^>]*>[^<]+</blockquote>", page.text)
    assert "13800138000" not in page.text
    form = {"key": key_in(page, "told"), "answer": "satisfied", "note": "很快", "promised": ""}
    first = await browser.post(f"/mine/tell/{task}", data=form, headers=PART)
    again = await browser.post(f"/mine/tell/{task}", data=form, headers=PART)

    assert first.status_code == 204
    assert first.headers["hx-redirect"] == f"/mine?did=call&done={number}"
    assert again.status_code in {204, 409}
    assert (await ended(bench, task))["outcome"] == "fed_back"
    kept = await bench.store.get("tickets", number)
    assert kept is not None
    assert kept["mark"] == "closed"
    after = await browser.get(f"/mine/tell/{task}")
    assert "这件事已了结" in after.text
    assert f'action="/mine/tell/{task}"' not in after.text


async def test_nobody_answering_is_tried_again_until_they_cannot_be_reached(bench: Bench) -> None:
    browser = await desk(bench)
    task, number = await call_to_make(bench, "xiao.he")
    page = await browser.get(f"/mine/tell/{task}")
    assert "unreachable" not in page.text.split('id="beside"')[1]

    form = {"key": key_in(page, "no_answer"), "answer": "no_answer"}
    assert (await browser.post(f"/mine/tell/{task}", data=form, headers=PART)).status_code == 204
    assert (await ended(bench, task))["outcome"] == "no_answer"
    tasks = bench.store.documents("follow_ups")
    await until(lambda: tasks.find_one({"number": number, "why": "tell", "turn": 2}))
    second = await tasks.find_one({"number": number, "why": "tell", "turn": 2})
    assert second is not None
    await bench.forward(timedelta(days=1))
    await bench.sign_in(browser, "xiao.he")
    last = await browser.get(f"/mine/tell/{second['_id']}")

    assert "多次联系不上" in last.text
    form = {"key": key_in(last, "unreachable"), "answer": "unreachable"}
    path = f"/mine/tell/{second['_id']}"
    assert (await browser.post(path, data=form, headers=PART)).status_code == 204
    await ended(bench, str(second["_id"]))
    kept = await bench.store.get("tickets", number)
    assert kept is not None
    assert kept["mark"] == "closed"


async def test_the_number_is_opened_by_a_post_on_record_and_stands_on_no_page(bench: Bench) -> None:
    browser = await desk(bench)
    task, number = await call_to_make(bench, "xiao.he")
    path = f"/mine/tell/{task}/person"
    form = {"key": key_in(await browser.get(f"/mine/tell/{task}"), "person")}

    shown = await browser.post(path, data=form, headers=PART)
    again = await browser.post(path, data=form, headers=PART)
    looked = await browser.get(path)

    assert "13800138000" in shown.text
    assert 'data-gone-after="60"' in shown.text
    assert "今日还可查看" in shown.text
    assert "13800138000" not in again.text
    assert "已查看过一次" in again.text
    assert looked.status_code == 405
    assert "13800138000" not in (await browser.get(f"/mine/tell/{task}")).text
    reveals = bench.store.documents("reveals")
    assert await reveals.count_documents({"number": number}) == 1


async def test_who_may_not_open_persons_is_not_offered_it(bench: Bench) -> None:
    task, _ = await call_to_make(bench, "xiao.he")
    browser = await desk(bench, "diao.du", "dispatcher", places=["cuihu"])

    foreign = await browser.get(f"/mine/tell/{task}")
    act = await browser.post(f"/mine/tell/{task}/person", data={"key": "k"}, headers=PART)

    assert foreign.status_code == 404
    assert act.status_code == 404


async def test_a_follow_up_is_done_and_comes_again_when_it_is_to(bench: Bench) -> None:
    browser = await desk(bench)
    number = await ticket(bench, "xiao.he")
    who = bench.signed_in("agent", id="xiao.he")
    at = (bench.now() + timedelta(minutes=1)).isoformat()
    made = await post(
        bench, "router", "/v1/follow-ups", who, number=number, at=at, reason="call_back",
        note="问门禁卡",
    )  # fmt: skip
    path = f"/mine/tasks/{made['id']}"

    page = await browser.get(path)
    rubbish = await browser.post(path, data={"outcome": "maybe"}, headers=PART)
    past = {"outcome": "still_waiting", "next_at": "2020-01-01T08:00"}
    late = await browser.post(path, data=past, headers=PART)
    answer = await browser.post(path, data={"outcome": "not_needed"}, headers=PART)
    again = await browser.post(path, data={"outcome": "told_owner"}, headers=PART)

    assert "问门禁卡" in page.text
    assert (rubbish.status_code, late.status_code) == (422, 422)
    assert answer.headers["hx-redirect"] == f"/mine?did=task&done={number}"
    assert again.status_code == 409
    assert "<form" not in again.text
    assert "这项跟进已了结" in (await browser.get(path)).text


async def test_a_result_is_fed_back_from_the_list(bench: Bench) -> None:
    browser = await desk(bench)
    number = await done(bench, "xiao.he")

    page = await browser.get(f"/mine/feedback/{number}")
    form = {"outcome": "not_satisfied", "reason": "not_solved", "note": "还是不亮"}
    answer = await browser.post(f"/mine/feedback/{number}", data=form, headers=PART)
    again = await browser.post(f"/mine/feedback/{number}", data={"outcome": "told"}, headers=PART)

    assert 'value="unreachable"' not in page.text
    assert answer.headers["hx-redirect"] == f"/mine?did=feedback&done={number}"
    kept = await bench.store.get("tickets", number)
    assert kept is not None
    assert kept["round"] == 2
    assert again.status_code == 409


async def test_cases_are_handed_over_each_with_its_answer(bench: Bench) -> None:
    browser = await desk(bench)
    await bench.hire("da.lan")
    first, second = await ticket(bench, "xiao.he"), await ticket(
        bench, "xiao.he", text="六号楼大堂玻璃门坏了"
    )  # fmt: skip
    stays = await ticket(bench, "xiao.he", text="七号楼单元门锁坏了")
    page = await browser.get("/mine/hand-over")
    assert page.text.count('name="numbers"') == 3
    assert 'value="da.lan"' in page.text
    # It is over by the time it is to be handed over.
    cancel = f"/v1/tickets/{stays}/cancel"
    await bench.services["intake"].post(cancel, headers=bench.signed_in("agent", id="lan"))
    await bench.store.documents("tickets").update_one({"_id": stays}, {"$set": {"mark": "merged"}})

    form = {"to": "da.lan", "numbers": [first, second, stays]}
    answer = await browser.post("/mine/hand-over", data=form, headers=PART)

    assert answer.status_code == 200
    assert answer.text.count("✓") == 2
    assert "未移交：" in answer.text
    for number in (first, second):
        kept = await bench.store.get("tickets", number)
        assert kept is not None
        assert kept["owner"] == "da.lan"


async def test_each_case_that_may_go_over_has_its_deadline_and_its_words(bench: Bench) -> None:
    browser = await desk(bench)
    await ticket(bench, "xiao.he")

    page = await browser.get("/mine/hand-over")

    (entry,) = re.findall(r'<label class="entry">(.*?)</label>', page.text, re.DOTALL)
    assert "须在此前完成：" in entry
    assert str(LAMP["text"]) in entry


async def test_what_is_left_is_not_ticked_and_what_went_is_not_there(bench: Bench) -> None:
    browser = await desk(bench)
    await bench.hire("da.lan")
    goes, stays = await ticket(bench, "xiao.he"), await ticket(bench, "xiao.he", text="门锁坏了")
    page = await browser.get("/mine/hand-over")
    assert str(LAMP["text"]) in page.text

    form = {"to": "da.lan", "numbers": [goes]}
    part = await browser.post("/mine/hand-over", data=form, headers=PART)
    again = await browser.post("/mine/hand-over", data={"to": "da.lan"}, headers=PART)
    foreign = {"to": "da.lan", "numbers": ["23456789"]}
    plain = await browser.post("/mine/hand-over", data=foreign)

    (which,) = re.findall(
        r'<fieldset id="which"[^>]*hx-swap-oob.*?</fieldset>', part.text, re.DOTALL
    )
    assert re.findall(r'name="numbers" value="(\w+)"', which) == [stays]
    assert "checked" not in which
    assert "hx-swap-oob" not in again.text
    assert re.findall(r'name="numbers" value="(\w+)"', plain.text) == [stays]
    assert "checked" not in plain.text


async def test_whoever_is_on_duty_is_named_first_and_marked(bench: Bench) -> None:
    browser = await desk(bench)
    await bench.hire("da.lan")
    await bench.hire("jy-customer-service-2")
    await ticket(bench, "xiao.he")

    page = await browser.get("/mine/hand-over")

    names = re.findall(r'<option value="([^"]+)">([^<]*)</option>', page.text)
    assert [id for id, _ in names] == ["jy-customer-service-2", "da.lan"]
    assert ["当班" in name for _, name in names] == [True, False]


async def test_a_shift_s_end_says_what_becomes_of_calls_and_follow_ups(bench: Bench) -> None:
    task, number = await call_to_make(bench, "jy-customer-service-1")
    browser = await desk(bench, "jy-customer-service-1")
    await bench.hire("jy-customer-service-2")
    who = bench.signed_in("agent", id="jy-customer-service-1")
    at = (bench.now() + timedelta(minutes=1)).isoformat()
    asked = {"number": number, "at": at, "reason": "call_back", "person": "jy-customer-service-1"}
    named = (await post(bench, "router", "/v1/follow-ups", who, **asked))["id"]
    await bench.store.documents("follow_ups").update_one(
        {"_id": named}, {"$set": {"state": "open", "person": "jy-customer-service-1"}}
    )

    page = await browser.get("/mine/hand-over")
    form = {"to": "jy-customer-service-2", "numbers": [number]}
    part = await browser.post("/mine/hand-over", data=form, headers=PART)

    def fates(text: str) -> list[tuple[str, str]]:
        (tasks,) = re.findall(r'<section id="tasks".*?</section>', text, re.DOTALL)
        each = r'href="/mine/\w+/(\w+)".*?<strong>([^<]+)</strong><span[^>]*>' + str(LAMP["text"])
        return sorted(re.findall(each, tasks))

    stays = (named, "指名由您办理，不随工单移交，请办完或当面交代")
    assert fates(page.text) == sorted([(task, "随工单移交"), stays])
    assert fates(part.text) == [stays]


async def test_all_are_handed_over_at_once(bench: Bench) -> None:
    browser = await desk(bench)
    await bench.hire("da.lan")
    numbers = [await ticket(bench, "xiao.he"), await ticket(bench, "xiao.he", text="门锁坏了")]

    answer = await browser.post(
        "/mine/hand-over", data={"to": "da.lan", "all": "yes"}, headers=PART
    )

    assert answer.text.count("✓") == 2
    assert all(number[:4] in answer.text for number in numbers)


@pytest.mark.parametrize(
    "form", [{}, {"to": "da.lan"}, {"to": "da.lan", "numbers": ["<script>"]}, {"numbers": ["x"]}]
)
async def test_handing_over_nothing_or_to_nobody_is_said(bench: Bench, form: Any) -> None:
    browser = await desk(bench)

    answer = await browser.post("/mine/hand-over", data=form, headers=PART)

    assert answer.status_code == 422
    assert "请选择移交给谁" in answer.text


async def test_whoever_sees_nothing_through_has_no_such_page(bench: Bench) -> None:
    browser = await desk(bench, "jing.li", "manager")

    assert (await browser.get("/mine")).status_code == 403


async def test_the_stream_shows_the_rows_of_the_page_and_no_form_control(bench: Bench) -> None:
    browser = await desk(bench)
    task, number = await call_to_make(bench, "xiao.he")
    house = bench.console.state.house
    token = bench.signed_in("agent", id="xiao.he")["Authorization"].removeprefix("Bearer ")

    listing = await mine_source(house)("mine", token, "zh")
    page = await browser.get("/mine")

    ids = [card.id for card in listing.cards]
    assert ids == re.findall(r'<li id="((?:mine|task|case)-\w+)"', page.text)
    assert {f"task-{task}", f"case-{number}"} <= set(ids)
    assert [card.id for card in listing.cards if FORMS.search(card.html)] == []
    assert listing.total == 2


async def test_while_intake_is_away_calls_and_follow_ups_are_there(bench: Bench) -> None:
    browser = await desk(bench)
    await browser.get("/mine")
    house = bench.console.state.house

    def refuse(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody there")

    away = httpx.AsyncClient(transport=httpx.MockTransport(refuse), base_url="http://away")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(house.cases._service, "_http", away)
        page = await browser.get("/mine")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(house.router._service, "_http", away)
        gone = await browser.get("/mine")

    assert page.status_code == 200
    assert "暂时读不到您负责的工单" in page.text
    assert gone.status_code == 503
