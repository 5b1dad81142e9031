"""The search: by number, by words and filters, by caller; and nothing personal in an address."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from services.console.clients.names import Names
from services.console.frame.paper import words_of
from services.console.tickets.finding import chips_of, person_in, read_search
from services.console.tickets.saying import Saying
from shared.contracts.times import written
from shared.tickets.numbers import is_number
from tests.console.bench import Bench
from tests.console.test_tickets import HTMX, dispatched, reader, register
from tests.console.test_views import NOW

SAYING = Saying(words_of("services.console.tickets", "zh"), Names(), NOW, "zh")


async def test_a_number_leads_to_its_ticket(bench: Bench) -> None:
    number = await register(bench)
    browser = await reader(bench)

    answer = await browser.get("/tickets", params={"q": f" {number[:4]} {number[4:].lower()} "})

    assert answer.status_code == 303
    assert answer.headers["location"] == f"/tickets/{number}"


async def test_a_number_that_was_misheard_is_named_as_one(bench: Bench) -> None:
    number = await register(bench)
    wrong = number[:-1] + ("2" if number[-1] != "2" else "3")
    browser = await reader(bench)

    answer = await browser.get("/tickets", params={"q": wrong})

    assert answer.status_code == 422
    assert 'id="q-fault"><div class="band"' in answer.text
    assert f'value="{wrong}"' in answer.text


async def test_words_are_found_with_their_count_and_chips(bench: Bench) -> None:
    number = await register(bench)
    other = await register(bench, estate="binjiang", text="小区门口的楼道灯坏了")
    browser = await reader(bench)

    both = await browser.get("/tickets", params={"q": "楼道灯"})
    one = await browser.get("/tickets", params={"q": "楼道灯", "estate": "jinyuan"})

    assert number in both.text
    assert other in both.text
    assert "近 30 天" in both.text
    assert other not in one.text
    assert "小区：锦园" in one.text
    assert re.search(r'id="found-title">结果 <span class="count">1<', one.text)
    assert "data-row" in one.text
    none = await browser.get("/tickets", params={"q": "没有人说过的话", "estate": "jinyuan"})
    assert "没有找到" in none.text


async def test_pages_follow_each_other_by_their_cursor(bench: Bench) -> None:
    numbers = [await register(bench, text=f"第{n}层的楼道灯坏了") for n in range(3)]
    browser = await reader(bench)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("services.console.tickets.finding.LIMIT", "2")
        first = await browser.get("/tickets", params={"estate": "jinyuan", "sort": "oldest"})
        [link] = re.findall(r'<a href="(/tickets\?[^"]*after=[^"]*)"', first.text)
        second = await browser.get(link.replace("&amp;", "&"))

    shown = [re.findall(r'href="/tickets/(\w{8})"', page.text) for page in (first, second)]
    assert shown == [numbers[:2], numbers[2:]]


async def test_nobody_finds_what_is_beyond_their_reach(bench: Bench) -> None:
    number = await register(bench)
    browser = await reader(bench, places=["cuihu"])

    page = await browser.get("/tickets", params={"q": "楼道灯"})

    assert page.status_code == 200
    assert number not in page.text


@pytest.mark.parametrize("q", ["13800138000", "+86 138 0013 8000", "3-1-502", "3栋1单元502室"])
async def test_who_is_looked_for_stands_in_no_address(bench: Bench, q: str) -> None:
    browser = await reader(bench)

    answer = await browser.get("/tickets", params={"q": q})

    assert answer.headers["location"] == "/tickets?by=caller"
    page = await browser.get("/tickets?by=caller")
    assert 'id="by-caller" open' in page.text
    assert q not in page.text


@pytest.mark.parametrize(
    ("q", "kept"),
    [
        ("13800138000", ('value="13800138000" autofocus',)),
        ("王女士 13800138000", ('value="13800138000" autofocus',)),
        ("锦园3栋1单元502室", ('value="3栋1单元502室" autofocus', '"jinyuan" selected')),
    ],
)
async def test_who_was_typed_into_a_search_stands_in_the_form_of_that_step(
    bench: Bench, q: str, kept: tuple[str, ...]
) -> None:
    browser = await reader(bench)

    page = await browser.post("/tickets", data={"q": q})

    assert page.status_code == 200
    assert all(each in page.text for each in kept), page.text
    assert "按人查找每次都会记录" in page.text
    assert '<ul class="cards">' not in page.text


async def test_what_was_typed_into_a_search_leads_to_its_address(bench: Bench) -> None:
    number = await register(bench)
    browser = await reader(bench)

    words = await browser.post("/tickets", data={"q": "楼道灯", "estate": "jinyuan"})
    by_number = await browser.post("/tickets", data={"q": number})
    of_digits = await browser.post("/tickets", data={"q": "22222222"})

    assert words.status_code == 303
    assert parse_qs(urlsplit(words.headers["location"]).query)["q"] == ["楼道灯"]
    assert by_number.headers["location"] == f"/tickets/{number}"
    assert of_digits.headers["location"] == "/tickets/22222222"


async def test_a_place_that_was_typed_is_what_the_list_is_kept_to(bench: Bench) -> None:
    number = await register(bench, location="3号楼")
    other = await register(bench, location="5号楼")
    browser = await reader(bench)

    page = await browser.get("/tickets", params={"q": "锦园 3号楼"})

    assert number in page.text
    assert other not in page.text
    assert "按地点筛选：<strong>锦园 3号楼</strong>" in page.text


async def test_a_caller_is_found_by_number_and_by_flat_behind_their_mask(bench: Bench) -> None:
    number = await register(bench)
    browser = await reader(bench)

    by_phone = await browser.post("/tickets/callers", data={"phone": "13800138000"}, headers=HTMX)
    by_flat = await browser.post(
        "/tickets/callers", data={"estate": "jinyuan", "flat": "3-1-502"}, headers=HTMX
    )
    whole = await browser.post("/tickets/callers", data={"phone": "138 0013 8000"})

    for answer in (by_phone, by_flat, whole):
        assert answer.status_code == 200
        assert number in answer.text
        assert "王**" in answer.text
        assert "13800138000" not in answer.text
        assert "3-1-502" not in answer.text
    assert "<html" in whole.text


@pytest.mark.parametrize("form", [{}, {"phone": "abc"}, {"estate": "jinyuan"}, {"flat": "3-1-502"}])
async def test_who_names_nobody_is_told_so(bench: Bench, form: dict[str, str]) -> None:
    browser = await reader(bench)

    answer = await browser.post("/tickets/callers", data=form, headers=HTMX)

    assert answer.status_code == 422
    assert "band" in answer.text


async def test_who_may_not_look_up_has_no_form_for_it(bench: Bench) -> None:
    browser = await reader(bench, "boss", "manager")

    assert "by-caller" not in (await browser.get("/tickets")).text
    told = await browser.post("/tickets", data={"q": "13800138000"})
    assert "按人查找不在您的权限内" in told.text
    refused = await browser.post("/tickets/callers", data={"phone": "13800138000"}, headers=HTMX)
    assert refused.status_code == 403


@pytest.mark.parametrize("query", ["status=nothing", "after=rubbish", "channel=x&over=maybe"])
async def test_rubbish_in_an_address_is_said_and_breaks_nothing(bench: Bench, query: str) -> None:
    browser = await reader(bench)

    answer = await browser.get(f"/tickets?{query}&estate=jinyuan")

    assert answer.status_code == 422
    assert "<html" in answer.text


async def test_a_number_of_digits_alone_leads_to_its_ticket(bench: Bench) -> None:
    browser = await reader(bench)
    assert is_number("22222222")

    answer = await browser.get("/tickets", params={"q": "2222 2222"})

    assert answer.headers["location"] == "/tickets/22222222"


def test_an_address_is_read_and_written_back_the_same() -> None:
    pairs = [("q", "灯"), ("status", "closed"), ("status", "answered"), ("sort", "due"), ("x", "y")]

    sought = read_search([*pairs, ("period", "7"), ("after", "c"), ("q", " ")])

    assert (sought.q, sought.sort, sought.period, sought.after) == ("灯", "due", "7", "c")
    again = parse_qs(urlsplit(sought.address()).query)
    assert again["status"] == ["closed", "answered"]
    assert "after" not in again
    assert parse_qs(urlsplit(sought.without("status", "closed")).query)["status"] == ["answered"]
    since = dict(sought.query(NOW))["registered_from"]
    assert since == written(NOW - timedelta(days=7))


def test_words_without_a_place_are_of_the_last_month() -> None:
    assert read_search([("q", "灯坏了")]).period == "30"
    assert read_search([("q", "灯坏了"), ("estate", "jinyuan")]).period == ""
    assert read_search([("status", "closed")]).period == ""
    assert read_search([("period", "99999"), ("sort", "evil")]).sort == "newest"
    assert read_search([]).is_nothing


def test_chips_name_what_they_stand_for() -> None:
    sought = read_search([("status", "closed"), ("owner", "me"), ("over", "false")])

    assert [chip["value"] for chip in chips_of(sought, SAYING, "me")] == [
        "已办结",
        "本人",
        "未结束",
    ]


@pytest.mark.parametrize(
    "q", ["楼道灯", "3号楼", "RBVBFBN5", "电梯 2号楼", "2026", "6-2 漏水", "2026-12-01 漏水"]
)
def test_what_is_nobody_is_looked_for_as_words(q: str) -> None:
    assert person_in(q, SAYING) is None


async def test_whoever_does_the_work_begins_at_what_is_theirs_and_hears_where_it_is_done(
    bench: Bench,
) -> None:
    number, order = await dispatched(bench)
    foreign = await register(bench, estate="binjiang")
    reach = {"places": ["jinyuan"], "departments": [order["department"]]}
    browser = await reader(bench, order["assignee"] or "wu.gong", "department", **reach)

    page = await browser.get("/", follow_redirects=True)

    assert page.status_code == 200
    assert number in page.text
    assert foreign not in page.text
    assert "在派工消息里的链接上办" in page.text
    assert "部门的工单" in page.text
    agent = await reader(bench)
    assert "在派工消息里的链接上办" not in (await agent.get("/tickets")).text
