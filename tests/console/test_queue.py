"""The manual queue: what waits first, what somebody may decide of it, and what a refusal says."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import httpx
import pytest

from services.console.queue.live import queue_source
from tests.console.bench import Bench
from tests.support.bench import until

VAGUE = "你们那个事情到底怎么说"
NOWHERE = "楼道灯不亮了"
PART = {"hx-request": "true"}


async def waits(bench: Bench, text: str = NOWHERE, **report: Any) -> str:
    """A ticket in the manual queue; its number."""
    body = {"text": text, "caller": {"phone": "13800138000"}, **report}
    made = await bench.services["intake"].post(
        "/v1/tickets", json=body, headers=bench.signed_in("agent", id="lan")
    )
    assert made.status_code == 201, made.text
    number = str(made.json()["number"])

    async def is_held() -> bool:
        found = await bench.store.get("tickets", number)
        return bool(found and found.get("held"))

    await until(is_held)
    return number


async def desk(bench: Bench, id: str = "xiao.he", role: str = "agent", **facts: Any) -> Any:
    await bench.hire(id, role, **facts)
    return await bench.signed_in_browser(id)


def numbers(page: httpx.Response) -> list[str]:
    return re.findall(r'<li id="queue-(\w+)"', page.text)


async def test_what_has_waited_longest_is_first_and_says_why_and_by_when(bench: Bench) -> None:
    first = await waits(bench)
    await bench.forward_to_another_minute()
    second = await waits(bench, VAGUE, estate="jinyuan")

    page = await (await desk(bench)).get("/queue")

    assert page.status_code == 200
    assert numbers(page) == [first, second]
    assert "地点不明" in page.text
    assert "事项不明" in page.text
    assert "data-due=" in page.text
    assert 'data-topic="queue"' in page.text


async def test_more_of_a_list_is_of_the_same_list(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.console.clients.router.PAGE", 1)
    held = [await waits(bench, VAGUE, estate="jinyuan")]
    await bench.forward_to_another_minute()
    await waits(bench)
    held.append(await waits(bench, VAGUE, estate="jinyuan"))
    browser = await desk(bench)

    first = await browser.get("/queue?reason=category&estate=jinyuan")
    (more,) = re.findall(r'<a href="(/queue\?[^"]*after=[^"]*)"', first.text)
    second = await browser.get(unescape(more))

    assert [numbers(first), numbers(second)] == [held[:1], held[1:]]


async def test_the_ticket_stands_beside_the_list_with_its_words_and_readings(bench: Bench) -> None:
    number = await waits(bench)

    page = await (await desk(bench)).get(f"/queue/{number}")

    assert re.search(r"<blockquote[^>]*hx-disable>(.*?)</blockquote>", page.text)
    assert "<mark>" in page.text
    assert 'data-key="1"' in page.text
    assert f'action="/queue/{number}/reclassify"' in page.text


async def test_a_reading_is_taken_with_the_place_and_the_next_one_is_opened(bench: Bench) -> None:
    number = await waits(bench)
    other = await waits(bench, VAGUE, estate="jinyuan")
    browser = await desk(bench)
    page = await browser.get(f"/queue/{number}")
    reading = re.search(r'name="reading" value="([^"]+)" data-key="1"', page.text)
    assert reading

    form = {"reading": reading[1], "estate": "jinyuan", "following": other}
    done = await browser.post(f"/queue/{number}/reclassify", data=form, headers=PART)

    assert done.status_code == 204
    assert done.headers["hx-redirect"] == f"/queue/{other}?did=reclassify&done={number}"
    ticket = await bench.store.get("tickets", number)
    assert ticket is not None
    assert ticket["estate"] == "jinyuan"
    on = await browser.get(done.headers["hx-redirect"])
    assert "已定类" in on.text
    assert number not in numbers(on)


async def test_a_reading_without_a_place_stays_open_at_the_place_and_keeps_its_turn(
    bench: Bench,
) -> None:
    number = await waits(bench)
    since = (await bench.store.get("tickets", number) or {})["held"]["since"]
    await bench.forward_to_another_minute()
    other = await waits(bench, VAGUE, estate="jinyuan")
    browser = await desk(bench)
    reading = re.search(
        r'name="reading" value="([^"]+)" data-key="1"', (await browser.get(f"/queue/{number}")).text
    )
    assert reading

    form = {"reading": reading[1], "following": other}
    done = await browser.post(f"/queue/{number}/reclassify", data=form, headers=PART)
    on = await browser.get(done.headers["hx-redirect"])

    assert done.headers["hx-redirect"] == f"/queue/{number}?did=reclassify&done={number}"
    assert '<select name="estate" autofocus>' in on.text
    assert "已定类" not in on.text
    beside = on.text[on.text.index('id="beside"') :]
    said = re.search(r'<p class="band" role="status">(.*?)</p>', beside)
    assert said
    assert "仍在人工队列" in said[1]
    assert f'href="/queue/{number}"' in said[1]
    assert "地点不明" in said[1]
    assert numbers(on) == [number, other]
    assert (await bench.store.get("tickets", number) or {})["held"]["since"] == since
    # The place alone is what is left to say: Ctrl+Enter finds its button.
    assert '<details class="more" open>' in on.text
    said_now = {"estate": "jinyuan", "following": other}
    on = await browser.post(f"/queue/{number}/reclassify", data=said_now, headers=PART)
    assert on.headers["hx-redirect"] == f"/queue/{other}?did=reclassify&done={number}"


async def test_without_a_script_the_same_form_leads_on(bench: Bench) -> None:
    number = await waits(bench)
    browser = await desk(bench)

    done = await browser.post(f"/queue/{number}/answer", data={"answer": "请拨社区电话"})

    assert (done.status_code, done.headers["location"]) == (
        303, f"/queue?did=answer&done={number}"
    )  # fmt: skip
    ticket = await bench.store.get("tickets", number)
    assert ticket is not None
    assert ticket["mark"] == "answered"


async def test_a_refusal_stands_beside_the_form_and_says_what_can_be_done(bench: Bench) -> None:
    number = await waits(bench)
    browser = await desk(bench)
    assert (await browser.post(f"/queue/{number}/answer", data={"answer": "好"})).status_code == 303

    late = await browser.post(f"/queue/{number}/answer", data={"answer": "好"}, headers=PART)
    unfit = await browser.post(
        f"/queue/{number}/reclassify", data={"area": "no-such"}, headers=PART
    )

    assert late.status_code == 409
    assert "hx-retarget" not in late.headers
    assert "xiao.he" in late.text
    assert "<form" not in late.text
    assert unfit.status_code == 422
    assert "area" in unfit.text


async def test_whoever_may_only_read_has_no_button(bench: Bench) -> None:
    number = await waits(bench)

    page = await (await desk(bench, "manager", "manager")).get(f"/queue/{number}")

    assert page.status_code == 200
    assert f"/queue/{number}/" not in page.text
    assert "由坐席或调度处理" in page.text


async def test_an_agent_is_not_offered_to_give_work_out_and_a_dispatcher_is(bench: Bench) -> None:
    number = await waits(bench, VAGUE, estate="jinyuan")
    # As two departments that sent it back leave it.
    await bench.store.documents("tickets").update_one(
        {"_id": number}, {"$set": {"held.reason": "declined_twice"}}
    )

    agent = await (await desk(bench)).get(f"/queue/{number}")
    dispatcher = await (await desk(bench, "diao.du", "dispatcher")).get(f"/queue/{number}")

    assert f"/queue/{number}/dispatch" not in agent.text
    assert f"/queue/{number}/dispatch" in dispatcher.text


async def test_nobody_sees_what_waits_beyond_their_reach(bench: Bench) -> None:
    number = await waits(bench, VAGUE, estate="jinyuan")
    browser = await desk(bench, places=["cuihu"])

    page = await browser.get(f"/queue/{number}")

    assert number not in numbers(page)
    assert "已不在队列里" in page.text
    act = await browser.post(f"/queue/{number}/answer", data={"answer": "好"}, headers=PART)
    assert act.status_code == 404


@pytest.mark.parametrize("number", ["x", "ABCDEFG1", "2345678", "<script>", "23456789A"])
async def test_what_cannot_be_a_number_is_not_there(bench: Bench, number: str) -> None:
    browser = await desk(bench)

    assert (await browser.get(f"/queue/{number}")).status_code == 404
    assert (await browser.post(f"/queue/{number}/answer", data={})).status_code == 404


async def test_markup_in_the_callers_words_stays_words(bench: Bench) -> None:
    number = await waits(bench, '楼道灯<img src=x onerror="alert(1)"> 不亮')

    page = await (await desk(bench)).get(f"/queue/{number}")

    assert "<img" not in page.text


async def test_an_act_from_another_site_is_refused(bench: Bench) -> None:
    number = await waits(bench)
    browser = await desk(bench)

    answer = await browser.post(
        f"/queue/{number}/answer", data={"answer": "好"}, headers={"sec-fetch-site": "cross-site"}
    )

    assert answer.status_code == 403


async def test_while_the_router_is_away_the_page_says_so_and_words_are_judged_no_more(
    bench: Bench,
) -> None:
    number = await waits(bench)
    browser = await desk(bench)
    house = bench.console.state.house

    def refuse(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody there")

    away = httpx.AsyncClient(transport=httpx.MockTransport(refuse), base_url="http://away")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(house.cases._service, "_http", away)
        page = await browser.get(f"/queue/{number}")
        act = await browser.post(f"/queue/{number}/answer", data={"answer": "好"}, headers=PART)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(house.router._service, "_http", away)
        gone = await browser.get("/queue")

    assert page.status_code == 200
    assert 'data-key="1"' in page.text
    assert act.status_code == 503
    assert act.headers["hx-retarget"] == "#notice"
    assert gone.status_code == 503
    assert "派单暂停" in gone.text


async def test_the_stream_shows_the_cards_of_the_page(bench: Bench) -> None:
    number = await waits(bench)
    house = bench.console.state.house
    browser = await desk(bench)
    page = await browser.get("/queue")
    token = bench.signed_in("agent", id="xiao.he")["Authorization"].removeprefix("Bearer ")

    listing = await queue_source(house)("queue", token, "zh")

    assert [card.id for card in listing.cards] == [f"queue-{number}"]
    assert (listing.total, listing.counts) == (1, 1)
    assert listing.cards[0].html.splitlines()[0] in page.text
    assert not re.search(r"<(form|button|input|select|textarea)", listing.cards[0].html)


async def test_where_no_answer_comes_nobody_claims_that_it_was_done_or_not(bench: Bench) -> None:
    number = await waits(bench)
    browser = await desk(bench)
    house = bench.console.state.house

    def silent(_: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("no answer")

    slow = httpx.AsyncClient(transport=httpx.MockTransport(silent), base_url="http://slow")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(house.cases._service, "_http", slow)
        act = await browser.post(f"/queue/{number}/answer", data={"answer": "好"}, headers=PART)

    assert act.status_code == 503
    assert act.headers["hx-retarget"] == "#notice"
    assert "不确定是否已完成" in act.text


async def test_whose_session_has_ended_is_asked_to_sign_in_and_nothing_is_done(
    bench: Bench,
) -> None:
    number = await waits(bench)
    browser = await desk(bench)
    await bench.done("/v1/users/xiao.he/freeze", why="left")
    await bench.hear()

    act = await browser.post(f"/queue/{number}/answer", data={"answer": "好"}, headers=PART)

    assert act.status_code == 401
    assert act.headers["hx-retarget"] == "#notice"
    ticket = await bench.store.get("tickets", number)
    assert ticket is not None
    assert ticket["held"] is not None


@pytest.mark.parametrize("words", ["", "   ", "字" * 5_000])
async def test_an_answer_that_says_nothing_or_too_much_is_sent_back(
    bench: Bench, words: str
) -> None:
    number = await waits(bench)
    browser = await desk(bench)

    answer = await browser.post(f"/queue/{number}/answer", data={"answer": words}, headers=PART)

    assert answer.status_code == 422
    assert "hx-redirect" not in answer.headers


async def test_a_department_that_is_none_is_named_beside_the_form(bench: Bench) -> None:
    number = await waits(bench, VAGUE, estate="jinyuan")
    browser = await desk(bench, "diao.du", "dispatcher")

    answer = await browser.post(
        f"/queue/{number}/dispatch", data={"department": "no-such"}, headers=PART
    )

    assert answer.status_code in {409, 422}
    assert "<form" not in answer.text


async def test_the_next_one_is_what_waits_now(bench: Bench) -> None:
    browser = await desk(bench)
    assert (await browser.get("/queue/next")).headers["location"] == "/queue"
    assert 'href="/queue/next"' in (await browser.get("/queue")).text
    first = await waits(bench)
    await bench.forward_to_another_minute()
    second = await waits(bench, VAGUE, estate="jinyuan")

    async def after(number: str) -> str:
        return str((await browser.get(f"/queue/next?after={number}")).headers["location"])

    assert await after(first) == f"/queue/{second}"
    assert await after(second) == f"/queue/{first}"
    assert await after("rubbish") == f"/queue/{first}"
