"""The frame and its first page: what stands in the rail, what runs first, and what goes wrong."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from services.console.clients.names import Names
from tests.console.bench import Bench
from tests.support.bench import until


def rail(page: httpx.Response) -> list[str]:
    return re.findall(r'<li><a href="(/[^"]+)"', page.text)


@pytest.mark.parametrize(
    ("role", "pages", "home"),
    [
        ("agent", ["/desk", "/mine", "/queue", "/call-backs", "/emergencies", "/lines"], "/desk"),
        ("department", ["/tickets", "/emergencies"], "/tickets"),
        (
            "supervisor",
            ["/desk", "/mine", "/queue", "/call-backs", "/emergencies", "/lines"],
            "/desk",
        ),
        ("auditor", [], "/help"),
        ("administrator", [], "/help"),
    ],
)
async def test_the_rail_and_the_beginning_follow_from_what_somebody_may(
    bench: Bench, role: str, pages: list[str], home: str
) -> None:
    await bench.hire("who", role)
    browser = await bench.signed_in_browser("who")

    assert rail(await browser.get("/help")) == pages
    assert (await browser.get("/")).headers["location"] == home
    for path in ("/desk", "/emergencies"):
        assert (await browser.get(path)).status_code == (200 if path in pages else 403)


async def test_emergencies_that_nobody_has_stand_first_and_are_marked(bench: Bench) -> None:
    taken = await bench.emergency()
    await bench.forward_to_another_minute()
    waiting = await bench.emergency(estate="binjiang", text="天然气漏了，味道很大")
    headers = bench.signed_in("agent", id="agent-9")
    path = f"/v1/emergencies/{taken}/acknowledge"
    assert (await bench.services["router"].post(path, headers=headers)).is_success
    await bench.hire("xiao.he")

    page = await (await bench.signed_in_browser("xiao.he")).get("/emergencies")

    assert re.findall(r'id="emergency-(\w+)"', page.text) == [waiting, taken]
    first, second = page.text.split('id="emergency-')[1:3]
    assert "无人应答" in first
    assert "滨江" in first
    assert "燃气泄漏" in first
    assert "已接警" in second
    assert "无人应答" not in second
    assert "电梯困人" in second
    assert "agent-9" in second


async def test_a_trial_s_clock_says_that_it_is_one(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.console.clients.names.TIME_SECONDS", 0)
    await bench.forward(timedelta(days=3))
    clock = bench.console.state.house.clock

    async def is_told() -> bool:
        return bool(await clock.now() - datetime.now(UTC) > timedelta(days=2))

    await until(is_told)
    await bench.hire("xiao.he")

    page = await (await bench.signed_in_browser("xiao.he")).get("/emergencies")

    assert re.search(r"试运行时钟：页面上的时间比实际快\d+(天|小时)", page.text)
    assert re.search(r'<html[^>]* data-ahead="\d+"', page.text)


async def test_nobody_sees_emergencies_beyond_their_reach(bench: Bench) -> None:
    number = await bench.emergency()
    await bench.hire("elsewhere", places=["cuihu"])

    page = await (await bench.signed_in_browser("elsewhere")).get("/emergencies")

    assert number not in page.text
    assert "没有正在处置的紧急事件" in page.text


async def test_the_lists_alone_are_given_to_htmx(bench: Bench) -> None:
    number = await bench.emergency()
    await bench.hire("xiao.he")
    browser = await bench.signed_in_browser("xiao.he")

    part = await browser.get("/emergencies", headers={"hx-request": "true"})

    assert number in part.text
    assert "<html" not in part.text


async def test_a_page_in_english_has_english_names_and_is_chosen_by_the_browser_or_by_hand(
    bench: Bench,
) -> None:
    await bench.emergency()
    await bench.hire("xiao.he")
    browser = await bench.signed_in_browser("xiao.he", **{"accept-language": "en-GB"})

    assert "Jinyuan Gardens" in (await browser.get("/emergencies")).text
    form = {"name": "hotline_language", "value": "zh", "back": "/emergencies"}
    assert (await browser.post("/looks", data=form)).headers["location"] == "/emergencies"
    chinese = (await browser.get("/emergencies")).text
    assert '<html lang="zh-CN"' in chinese
    assert "锦园" in chinese
    dark = {"name": "hotline_theme", "value": "dark", "back": "//evil.example"}
    assert (await browser.post("/looks", data=dark)).headers["location"] == "/"
    assert 'data-theme="dark"' in (await browser.get("/emergencies")).text


@pytest.mark.parametrize("form", [{"name": "hotline", "value": "x"}, {"name": "hotline_theme"}, {}])
async def test_no_other_cookie_is_set_by_a_choice(bench: Bench, form: dict[str, str]) -> None:
    answer = await (await bench.browser()).post("/looks", data=form)

    assert answer.status_code in {404, 422}
    assert "set-cookie" not in answer.headers


async def test_while_a_service_is_away_the_page_names_the_part_and_others_go_on(
    bench: Bench,
) -> None:
    await bench.hire("xiao.he")
    browser = await bench.signed_in_browser("xiao.he")
    await browser.get("/help")
    house = bench.console.state.house
    away = httpx.AsyncClient(transport=httpx.MockTransport(_refuse), base_url="http://router")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(house.router._service, "_http", away)
        page = await browser.get("/emergencies")
        part = await browser.get("/emergencies", headers={"hx-request": "true"})

    assert page.status_code == 503
    assert "派单暂停" in page.text
    assert "登记照常" in page.text
    assert part.headers["hx-retarget"] == "#notice"
    assert (await browser.get("/help")).status_code == 200


def _refuse(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody there")


async def test_without_names_emergencies_are_shown_by_their_ids(bench: Bench) -> None:
    names = Names()

    assert names.estate("jinyuan", "zh") == "jinyuan"
    assert names.estate(None, "zh") is None
    assert names.kind("fire", "en") == "fire"


@pytest.mark.parametrize(
    "path", ["/nothing", "/emergencies/", "/static/x.js", "/<script>", "/static/..%2Fapp.py"]
)
async def test_what_is_not_there_is_a_page(bench: Bench, path: str) -> None:
    answer = await (await bench.browser()).get(path)

    assert answer.status_code == 404
    assert '<html lang="zh-CN"' in answer.text
    assert "<script>" not in answer.text


async def test_the_console_is_ready_only_while_its_key_counts(bench: Bench) -> None:
    browser = await bench.browser()
    assert (await browser.get("/readyz")).status_code == 200

    await bench.store.documents("api_keys").update_many(
        {"role": "console"}, {"$set": {"held": True}}
    )
    await bench.hear()

    answer = await browser.get("/readyz")
    assert (answer.status_code, answer.json()["service"]) == (503, "admin")


def keys_on(page: httpx.Response) -> list[str]:
    """The keys that a page of help names, in order."""
    return re.findall(r"<kbd>([^<]+)</kbd>", page.text)


async def test_help_says_the_keys_of_the_page_one_comes_from_first_and_only_what_works(
    bench: Bench,
) -> None:
    for id, role in (("xiao.he", "agent"), ("wu", "department"), ("shen", "auditor")):
        await bench.hire(id, role)
    browser = await bench.signed_in_browser("xiao.he")
    from_desk = {"referer": "http://127.0.0.1:8000/desk?x=1"}

    plain, of_desk = await browser.get("/help"), await browser.get("/help", headers=from_desk)
    of_ticket = await browser.get("/help", headers={"referer": "/tickets/22222222"})
    await browser.post("/looks", data={"name": "hotline_keys", "value": "off"})
    without = await browser.get("/help")
    department = await (await bench.signed_in_browser("wu")).get("/help")
    auditor = await (await bench.signed_in_browser("shen")).get("/help")

    assert keys_on(plain)[0] == "/"
    assert {"Ctrl+Enter", "F2"} <= set(keys_on(of_desk)[:4])
    assert {"t", "s"} <= set(keys_on(of_ticket)[:4])
    assert sorted(keys_on(plain)) == sorted(keys_on(of_desk))
    assert not {"j", "t", "/"} & set(keys_on(without))
    assert not {"F2", "t", "h"} & set(keys_on(department))
    assert {"j", "n", "d"} <= set(keys_on(department))
    assert not {"Alt+1 … Alt+9", "j", "F9", "/"} & set(keys_on(auditor))
