"""The page of a ticket: its whole story, every act by its form, and what is said when one fails."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import httpx
import pytest

from services.console.clients.answers import Unreached
from services.console.tickets.live import tickets_source
from services.console.tickets.sent_forms import Forms, SentForm
from shared.identity import Principal, issue_token
from shared.tickets.numbers import new_number
from tests.console.bench import CALLER, Bench
from tests.support.bench import until

LAMP: Final = {"estate": "jinyuan", "text": "三号楼一单元楼道灯不亮了，请来修", "caller": CALLER}
HTMX: Final = {"hx-request": "true"}
CONTROLS: Final = re.compile(r"<(form|input|select|textarea|button)\b")


async def register(bench: Bench, **report: Any) -> str:
    """A ticket; its number."""
    body = {**LAMP, **report}
    answer = await bench.services["intake"].post(
        "/v1/tickets", json=body, headers=bench.signed_in("agent", id="agent-9")
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["number"])


async def ticket_of(bench: Bench, number: str) -> Any:
    answer = await bench.services["intake"].get(
        f"/v1/tickets/{number}", headers=bench.signed_in("supervisor", id="looks")
    )
    assert answer.is_success, answer.text
    return answer.json()


async def dispatched(bench: Bench, **report: Any) -> tuple[str, Any]:
    """A ticket and the work order that its department has."""
    number = await register(bench, **report)

    async def is_given() -> bool:
        return bool((await ticket_of(bench, number))["work_orders"])

    await until(is_given)
    return number, (await ticket_of(bench, number))["work_orders"][0]


async def work(bench: Bench, order: Any, *acts: str, **body: Any) -> None:
    """Let the department that has it go on with it."""
    who = Principal(
        order["assignee"] or order["offered_to"][0],
        "department",
        frozenset({"*"}),
        departments=frozenset({order["department"]}),
    )
    token = issue_token(who, bench.keys.token, now=bench.now())
    for act in acts:
        answer = await bench.services["router"].post(
            f"/v1/work-orders/{order['id']}/{act}",
            json=body or None,
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.is_success, answer.text


async def reader(bench: Bench, id: str = "xiao.he", role: str = "agent", **facts: Any) -> Any:
    await bench.hire(id, role, name="何晓", **facts)
    return await bench.signed_in_browser(id)


def field_of(page: str, act: str, name: str) -> str:
    """What a hidden field of an act's form holds."""
    own = page.split(f'id="act-{act}"')[1].split("</details>", maxsplit=1)[0]
    found = re.search(rf'name="{name}" value="([^"]*)"', own)
    assert found is not None
    return found[1]


async def send(browser: httpx.AsyncClient, number: str, act: str, **filled: str) -> httpx.Response:
    """Fill in a form of the page as it is now, and send it as htmx does."""
    page = (await browser.get(f"/tickets/{number}")).text
    own = page.split(f'id="act-{act}"')[1].split("</details>")[0]
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', own))
    if chosen := re.search(r'name="order"><option value="([^"]*)"', own):
        hidden["order"] = chosen[1]
    return await browser.post(f"/tickets/{number}/{act}", data={**hidden, **filled}, headers=HTMX)


def is_taken(answer: httpx.Response) -> bool:
    return "hotline:taken" in answer.headers.get("hx-trigger", "")


async def test_a_ticket_tells_its_story_on_one_page_by_names(bench: Bench) -> None:
    number, order = await dispatched(bench)
    browser = await reader(bench)
    assert is_taken(await send(browser, number, "note", note="等配件到货"))

    page = await browser.get(f"/tickets/{number}")

    assert page.status_code == 200
    for said in (
        "楼道灯不亮了", "锦园", "最初承诺", "登记了这张单", "派了工", "王**", "138****8000", "内部",
        "等配件到货", "何晓",
    ):  # fmt: skip
        assert said in page.text, said
    assert "13800138000" not in page.text
    seen = re.sub(r"<[^>]*>", " ", page.text.split("<main")[1])
    for code in ("jinyuan", "xiao.he", "dispatched", order["department"], "service:"):
        assert code not in seen, code


@pytest.mark.parametrize(
    ("act", "filled", "transition"),
    [
        ("tell", {"note": "已说 16:30 前到"}, "tell"),
        ("supplement", {"note": "二楼的也不亮"}, "supplement"),
        ("urge", {"note": ""}, "urge"),
        ("answer", {"answer": "明天统一更换"}, "answer"),
        ("reclassify", {"urgency": "urgent", "note": "有老人"}, "reclassify"),
        ("own", {"owner": "xiao.he"}, "own"),
        ("note", {"note": "等配件", "public": "yes"}, "note"),
        ("appoint", {"at": "2099-01-02T14:00"}, "appoint"),
        ("cancel", {"note": "不用了"}, "cancel"),
    ],
)
async def test_an_agents_acts_are_carried_out_by_their_forms(
    bench: Bench, act: str, filled: dict[str, str], transition: str
) -> None:
    number, _ = await dispatched(bench)
    browser = await reader(bench)

    answer = await send(browser, number, act, **filled)

    assert answer.status_code == 200, answer.text
    assert is_taken(answer)
    assert "已办" in answer.text
    ticket = await ticket_of(bench, number)
    last = [line for line in ticket["timeline"] if line["by"] == "xiao.he"][-1]
    assert last["transition"] == transition
    if act == "appoint":
        assert ticket["promised"][-1]["times"]["visit"] == "2099-01-02T06:00:00Z"
    if act == "note":
        assert last["public"] is True


async def test_a_result_is_fed_back_and_a_closed_ticket_is_reopened(bench: Bench) -> None:
    number, order = await dispatched(bench)
    browser = await reader(bench)
    await work(bench, order, "accept", "arrive", "resolve")

    page = (await browser.get(f"/tickets/{number}")).text
    assert "还须联系次数" in page
    assert 'value="unreachable"' not in page
    assert is_taken(await send(browser, number, "feedback", outcome="no_answer"))
    refused = await send(browser, number, "feedback", outcome="no_answer")
    assert refused.status_code == 409
    assert "何晓" in refused.text
    assert is_taken(await send(browser, number, "feedback", outcome="satisfied", note="谢谢"))
    ticket = await ticket_of(bench, number)
    assert ticket["status"] == "closed"
    assert ticket["timeline"][-1]["note"] == "来电人表示满意\n谢谢"
    assert is_taken(await send(browser, number, "reopen", note="又坏了"))
    page = (await browser.get(f"/tickets/{number}")).text
    assert page.index('id="round-2"') < page.index('id="round-1"')
    assert "又坏了" in page


async def test_not_satisfied_says_why(bench: Bench) -> None:
    number, order = await dispatched(bench)
    browser = await reader(bench)
    await work(bench, order, "accept", "arrive", "resolve")

    answer = await send(browser, number, "feedback", outcome="not_satisfied", reason="not_done")

    assert is_taken(answer)
    assert (await ticket_of(bench, number))["round"] == 2


async def test_an_extension_is_asked_for_granted_and_refused(bench: Bench) -> None:
    number, order = await dispatched(bench)
    until_ = (bench.now() + timedelta(days=20)).isoformat()
    await work(bench, order, "accept")
    await work(bench, order, "extend", until=until_, reason="parts")
    browser = await reader(bench, "lead", "supervisor")

    page = (await browser.get(f"/tickets/{number}")).text
    assert "申请延期" in page
    assert "等待配件" in page
    assert is_taken(await send(browser, number, "extend", refused="yes"))
    answer = await send(browser, number, "extend", until="2099-01-02T18:00")
    assert answer.status_code == 200, answer.text
    assert (await ticket_of(bench, number))["extensions"] == 1


async def test_consent_is_to_the_quote_that_was_shown(bench: Bench) -> None:
    number, order = await dispatched(bench)
    item = {"kind": "part", "text": "灯头", "unit_price": 99_900}
    await work(bench, order, "accept")
    await work(bench, order, "quote", items=[item], payer="owner")
    browser = await reader(bench)
    page = (await browser.get(f"/tickets/{number}")).text
    assert "¥999.00" in page
    shown = field_of(page, "consent", "order")
    await work(bench, order, "quote", items=[{**item, "unit_price": 199_900}], payer="owner")

    form = {"order": shown, "given": "yes", "how": "phone", "key": "k-1"}
    late = await browser.post(f"/tickets/{number}/consent", data=form, headers=HTMX)
    assert late.status_code == 409
    assert is_taken(await send(browser, number, "consent", given="yes", how="phone"))
    quotes = (await ticket_of(bench, number))["work_orders"][0]["quotes"]
    assert [quote.get("consent", None) is not None for quote in quotes] == [False, True]


async def test_work_is_passed_on(bench: Bench) -> None:
    number, order = await dispatched(bench)
    browser = await reader(bench, "lead", "supervisor")
    other = "security" if order["department"] != "security" else "engineering"

    answer = await send(browser, number, "transfer", department=other, reason="not_ours")

    assert is_taken(answer), answer.text
    departments = [o["department"] for o in (await ticket_of(bench, number))["work_orders"]]
    assert departments == [order["department"], other]


async def test_tickets_are_merged_joined_and_parted(bench: Bench) -> None:
    first, second = await register(bench), await register(bench, text="楼道灯还是不亮")
    emergency = await bench.emergency()
    third = await bench.emergency(text="三号楼电梯停了，里面有人", caller={"phone": "13800138001"})
    browser = await reader(bench)

    assert is_taken(await send(browser, second, "merge", into=first, reason="caller"))
    assert f'href="/tickets/{first}"' in (await browser.get(f"/tickets/{second}")).text
    joined = await send(
        browser, third, "join", emergency=f"{emergency[:4]} {emergency[4:].lower()}"
    )
    assert is_taken(joined), joined.text
    assert f'href="/emergencies/{emergency}"' in (await browser.get(f"/tickets/{third}")).text
    parted = await send(browser, third, "part", reason="unrelated")
    assert is_taken(parted), parted.text
    wrong = await send(browser, first, "join", emergency="nothing")
    assert wrong.status_code == 422
    assert "不是工单号" in wrong.text


async def test_a_form_that_comes_twice_counts_once(bench: Bench) -> None:
    number = await register(bench)
    browser = await reader(bench)
    form = {"note": "二楼的也不亮", "key": "the-same"}

    answers = [
        await browser.post(f"/tickets/{number}/supplement", data=form, headers=HTMX)
        for _ in range(2)
    ]

    assert [is_taken(each) for each in answers] == [True, True]
    said = [line["transition"] for line in (await ticket_of(bench, number))["timeline"]]
    assert said.count("supplement") == 1
    await bench.hire("xiao.cai")
    other = await bench.signed_in_browser("xiao.cai")
    await other.post(f"/tickets/{number}/supplement", data=form, headers=HTMX)
    said = [line["transition"] for line in (await ticket_of(bench, number))["timeline"]]
    assert said.count("supplement") == 2


async def test_faults_stand_beside_their_fields_and_nothing_typed_is_sent_back(
    bench: Bench,
) -> None:
    number = await register(bench)
    browser = await reader(bench)

    empty = await send(browser, number, "supplement", note="  ")
    unfit = await send(browser, number, "reclassify", no_danger="yes", note="只是误报")

    assert empty.status_code == 422
    assert 'id="fault-supplement-note" class="fault" hx-swap-oob="true">必须填写' in empty.text
    assert unfit.status_code == 422
    assert re.search(r'id="fault-reclassify-reason"[^>]*>[^<]+', unfit.text)
    for answer in (empty, unfit):
        assert not is_taken(answer)
        assert CONTROLS.search(answer.text) is None
        assert "只是误报" not in answer.text


async def test_two_people_at_one_ticket_are_told_how_it_stands(bench: Bench) -> None:
    number = await register(bench)
    mine = await reader(bench)
    await bench.hire("xiao.cai", name="蔡明")
    theirs = await bench.signed_in_browser("xiao.cai")
    assert is_taken(await send(theirs, number, "answer", answer="已说明"))

    late = await mine.post(
        f"/tickets/{number}/cancel", data={"note": "不修了", "key": "k"}, headers=HTMX
    )

    assert late.status_code == 409
    assert "蔡明 答复了来电人并办结" in late.text
    assert "已答复" in late.text
    assert re.search(r'data-possible="[^"]*reopen', late.text)
    assert late.headers["hx-trigger"] == "hotline:stale"


async def test_without_a_script_a_refused_form_keeps_its_words_in_the_page(bench: Bench) -> None:
    number = await register(bench)
    browser = await reader(bench)

    refused = await browser.post(
        f"/tickets/{number}/merge", data={"into": "", "note": "同一件 <b>事</b>", "key": "k"}
    )
    done = await browser.post(f"/tickets/{number}/tell", data={"note": "已告知", "key": "k2"})

    assert refused.status_code == 422
    assert "<html" in refused.text
    assert "同一件 &lt;b&gt;事&lt;/b&gt;</textarea>" in refused.text
    assert done.status_code == 303
    page = await browser.get(done.headers["location"])
    assert "已办：已告知来电人" in page.text


async def test_foreign_missing_and_own_matters_read_the_same(bench: Bench) -> None:
    browser = await reader(bench, places=["jinyuan"])
    foreign = await register(bench, estate="binjiang", text="滨江的楼道灯坏了")
    own = await register(
        bench, text="客服小何态度恶劣，骂人", type="complaint", about={"people": ["xiao.he"]}
    )
    missing = new_number()

    answers = [await browser.get(f"/tickets/{number}") for number in (foreign, own, missing)]
    acts = [
        await browser.post(f"/tickets/{number}/tell", data={"key": "k"}, headers=HTMX)
        for number in (foreign, own)
    ]

    assert {answer.status_code for answer in answers + acts} == {404}
    pages = {answer.text.replace(str(answer.url.path), "") for answer in answers}
    assert len(pages) == 1
    assert "没有这" in answers[0].text


@pytest.mark.parametrize(
    "number", ["nothing", "..%2Fcallers", "ABCD-EFGH", "２３４５６７８９", "x" * 300]
)
async def test_what_is_no_number_is_no_page(bench: Bench, number: str) -> None:
    browser = await reader(bench)

    assert (await browser.get(f"/tickets/{number}")).status_code in {404, 405}
    answer = await browser.post(f"/tickets/{number}/tell", data={})
    assert answer.status_code in {404, 405}


async def test_a_number_as_it_is_read_out_leads_to_its_page(bench: Bench) -> None:
    number = await register(bench)
    browser = await reader(bench)

    answer = await browser.get(f"/tickets/{number[:4].lower()}-{number[4:]}")

    assert answer.headers["location"] == f"/tickets/{number}"


async def test_nothing_is_changed_by_looking_nor_from_another_site(bench: Bench) -> None:
    number = await register(bench)
    browser = await reader(bench)
    before = await ticket_of(bench, number)

    assert (await browser.get(f"/tickets/{number}/tell")).status_code in {404, 405}
    assert (await browser.get(f"/tickets/{number}/reveal")).status_code in {404, 405}
    foreign = {"sec-fetch-site": "cross-site"}
    answer = await browser.post(f"/tickets/{number}/tell", data={}, headers=foreign)
    assert answer.status_code == 403
    assert (await ticket_of(bench, number))["version"] == before["version"]


async def test_who_may_only_read_has_no_form(bench: Bench) -> None:
    number = await register(bench)
    browser = await reader(bench, "boss", "manager")

    page = (await browser.get(f"/tickets/{number}")).text
    refused = await browser.post(f"/tickets/{number}/tell", data={"key": "k"}, headers=HTMX)

    assert "data-act=" not in page
    assert "/reveal" not in page
    assert refused.status_code == 403


async def test_a_department_reads_less_of_who_asked_for_confidence(bench: Bench) -> None:
    number, order = await dispatched(bench, confidential=True)
    browser = await reader(
        bench, "eng", "department", departments=[order["department"]], places=["jinyuan"]
    )

    page = await browser.get(f"/tickets/{number}")

    assert page.status_code == 200
    assert "来电人要求保密" in page.text
    for hidden in ("王**", "138****8000", 'id="part-messages"', 'id="part-surveys"', "/reveal"):
        assert hidden not in page.text
    assert 'id="act-note"' in page.text
    assert 'id="act-tell"' not in page.text


async def test_a_person_is_opened_once_by_a_form_and_never_by_looking(bench: Bench) -> None:
    number = await register(bench)
    browser = await reader(bench)
    form = {"person": "caller", "reason": "call_back", "key": "once"}

    opened = await browser.post(f"/tickets/{number}/reveal", data=form, headers=HTMX)
    again = await browser.post(f"/tickets/{number}/reveal", data=form, headers=HTMX)
    page = await browser.get(f"/tickets/{number}")

    assert opened.status_code == 200
    for said in (
        "王桂兰",
        "13800138000",
        "3-1-502",
        "何晓",
        'data-closes="60"',
        'data-left-hour="19"',
    ):
        assert said in opened.text, said
    assert "hotline:opened" in opened.headers["hx-trigger"]
    assert opened.headers["cache-control"] == "no-store"
    assert "13800138000" not in again.text
    assert "请重新点一次" in again.text
    assert "13800138000" not in page.text
    assert 'id="left-hour">19<' in page.text


@pytest.mark.parametrize(
    "form", [{"person": "neighbour"}, {}, {"person": "caller", "reason": "nosy"}]
)
async def test_nobody_is_opened_for_no_reason(bench: Bench, form: dict[str, str]) -> None:
    number = await register(bench)
    browser = await reader(bench)

    answer = await browser.post(f"/tickets/{number}/reveal", data=form, headers=HTMX)

    assert answer.status_code in {404, 422}
    assert "13800138000" not in answer.text


async def test_who_has_opened_too_many_is_told_how_long_to_wait(bench: Bench) -> None:
    number = await register(bench)
    browser = await reader(bench)
    form = {"person": "caller", "reason": "call_back"}

    answers = [
        await browser.post(f"/tickets/{number}/reveal", data={**form, "key": f"{n}"}, headers=HTMX)
        for n in range(21)
    ]

    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert "建议等待（秒）" in answers[-1].text
    assert "13800138000" not in answers[-1].text


async def test_two_that_are_sent_at_once_are_one_and_other_words_are_another(bench: Bench) -> None:
    number = await register(bench)
    browser = await reader(bench)
    form = {"note": "二楼的也不亮", "key": "the-same"}

    answers = await asyncio.gather(
        *(browser.post(f"/tickets/{number}/supplement", data=form, headers=HTMX) for _ in range(5))
    )
    other = {**form, "note": "三楼的也不亮"}
    answers.append(await browser.post(f"/tickets/{number}/supplement", data=other, headers=HTMX))

    assert all(map(is_taken, answers))
    timeline = (await ticket_of(bench, number))["timeline"]
    added = [line["note"] for line in timeline if line["transition"] == "supplement"]
    assert added == ["二楼的也不亮", "三楼的也不亮"]


async def test_what_another_console_was_sent_before_counts_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Forms, "begin", lambda _, __, now: (SentForm(now), False))
    number, order = await dispatched(bench)
    browser = await reader(bench)
    said = {"note": "二楼的也不亮", "key": "the-same"}
    noted = {"note": "配件下午到", "key": "the-same", "order": order["id"]}

    for _ in range(2):
        for act, form in (("supplement", said), ("tell", {"key": "k"}), ("note", noted)):
            answer = await browser.post(f"/tickets/{number}/{act}", data=form, headers=HTMX)
            assert is_taken(answer), answer.text

    done = [line["transition"] for line in (await ticket_of(bench, number))["timeline"]]
    assert [done.count(act) for act in ("supplement", "tell", "note")] == [1, 1, 1]


class Breaking:
    """Intake as it is, whose answers to acts are lost on their way."""

    def __init__(self, real: httpx.AsyncClient, *, does: bool) -> None:
        self._real, self._does = real, does

    async def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        if method == "GET":
            return await self._real.request(method, path, **more)
        if self._does:
            await self._real.request(method, path, **more)
        raise httpx.ReadTimeout("lost")


@pytest.mark.parametrize("does", [True, False])
async def test_an_act_whose_answer_was_lost_is_looked_after(bench: Bench, *, does: bool) -> None:
    number = await register(bench)
    browser = await reader(bench)
    service = bench.console.state.house.tickets._service
    form = {"note": "二楼的也不亮", "key": "lost"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service, "_http", Breaking(service._http, does=does))
        await bench.forward(timedelta(seconds=1))
        answer = await browser.post(f"/tickets/{number}/supplement", data=form, headers=HTMX)
    assert is_taken(answer) is does
    if not does:
        assert answer.status_code == 503
        assert "不确定" in answer.text
    again = await browser.post(f"/tickets/{number}/supplement", data=form, headers=HTMX)
    assert is_taken(again)
    said = [line["transition"] for line in (await ticket_of(bench, number))["timeline"]]
    assert said.count("supplement") == 1


async def test_the_page_goes_on_while_messages_and_surveys_are_away(bench: Bench) -> None:
    number = await register(bench)
    browser = await reader(bench)

    page = await browser.get(f"/tickets/{number}")

    assert page.status_code == 200
    assert "消息暂停" in page.text


async def test_a_session_that_ended_takes_no_words(bench: Bench) -> None:
    number = await register(bench)
    browser = await bench.browser()

    answer = await browser.post(f"/tickets/{number}/tell", data={"note": "x"}, headers=HTMX)

    assert answer.status_code == 401
    assert answer.headers["hx-retarget"] == "#notice"


async def test_what_is_pushed_is_what_the_page_shows_and_holds_no_form(bench: Bench) -> None:
    number, _ = await dispatched(bench)
    browser = await reader(bench)
    page = (await browser.get(f"/tickets/{number}")).text
    token = bench.signed_in("agent", id="xiao.he")["Authorization"].removeprefix("Bearer ")

    listing = await tickets_source(bench.console.state.house)(f"ticket:{number}", token, "zh")

    assert [card.id for card in listing.cards][:2] == ["part-head", "part-promises"]
    for card in listing.cards:
        assert CONTROLS.search(card.html) is None
        assert card.html.startswith(("<section", "<p")), card.html
        assert f'id="{card.id}"' in card.html
        assert f'id="{card.id}"' in page
    nothing = await tickets_source(bench.console.state.house)("ticket:22222222", token, "zh")
    assert nothing.cards == ()


async def test_while_intake_is_away_the_list_is_away_and_not_empty(bench: Bench) -> None:
    house = bench.console.state.house
    away = httpx.AsyncClient(transport=httpx.MockTransport(_refuse), base_url="http://intake")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(house.tickets._service, "_http", away)
        with pytest.raises(Unreached):
            await tickets_source(house)("ticket:22222222", "token", "zh")


def _refuse(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody there")


async def test_words_of_callers_stay_words(bench: Bench) -> None:
    number = await register(bench, text='<script>alert(1)</script><b hx-get="/x">灯坏了</b>')
    browser = await reader(bench)

    page = (await browser.get(f"/tickets/{number}")).text

    assert "<script>alert" not in page
    assert "<b hx-get" not in page
    assert "&lt;script&gt;" in page


def _json(answer: httpx.Response) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(answer.headers["hx-trigger"])
    return found


async def test_each_answer_gives_the_form_another_key(bench: Bench) -> None:
    number = await register(bench)
    browser = await reader(bench)

    keys = {_json(await send(browser, number, "tell"))["hotline:taken"]["key"] for _ in range(2)}

    assert len(keys) == 2
