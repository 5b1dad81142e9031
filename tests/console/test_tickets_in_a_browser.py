"""A ticket at a desk: its story on one page, acts by keys, a person for a minute, a colleague."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from shared.policy.templates import Language
from shared.runtime.web import words
from tests.console.bench import PASSWORD
from tests.console.test_in_a_browser import LOOKS, agent, browser, look
from tests.support.floor import Floor, caller
from tests.web.phone import CHROMIUM, UBUNTU

LAMP: Final = {"text": "三号楼一单元楼道灯不亮了，请来修", "estate": "jinyuan"}
PHONE: Final = "13800138000"

pytestmark = pytest.mark.skipif(CHROMIUM is None and UBUNTU, reason="Ubuntu's Chromium is a snap")


def says(language: Language) -> Any:
    return words("services.console.tickets", language)


def at_desk(page: Page, address: str, id: str) -> None:
    """Sign in and stay."""
    page.goto(f"{address}/session")
    page.locator("#id").fill(id)
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("details.menu summary")).to_be_visible()
    expect(page.locator("#password")).to_have_count(0)


async def registered(floor: Floor) -> str:
    return str((await floor.clients.post_ticket({**LAMP, "caller": caller()}))["number"])


def reads(address: str, id: str, number: str, language: Language, theme: str) -> None:
    t = says(language)
    for width in (1440, 390):
        with browser(language, theme, width) as page:
            at_desk(page, address, id)
            page.goto(f"{address}/tickets/{number}")
            expect(page.locator("#part-head blockquote")).to_have_text(LAMP["text"])
            expect(page.locator("#round-1")).to_contain_text(t["did_resolve"])
            expect(page.locator("#round-1")).to_contain_text(t["did_register"])
            expect(page.locator("#part-promises")).to_contain_text(t["first_promise"])
            expect(page.locator("#part-orders")).to_be_visible()
            expect(page.locator("#part-messages li").first).to_be_visible()
            look(page, f"ticket {width}")
            if width == 390:
                continue
            before = page.locator(".happened:visible").count()
            page.get_by_label(t["side_system"], exact=True).check()
            assert 0 < page.locator(".happened:visible").count() < before
            page.emulate_media(media="print")
            expect(page.locator(".acts")).to_be_hidden()
            expect(page.locator(".people")).to_be_hidden()


@pytest.mark.parametrize(("theme", "language"), [LOOKS[0], LOOKS[3]])
async def test_a_days_story_is_read_on_one_page(
    floor: Floor, theme: str, language: Language
) -> None:
    number = await registered(floor)
    await work_done(floor, number)
    id = await agent(floor, f"reads-{theme}-{language}")
    address = floor.endpoints.services["console"]

    await asyncio.to_thread(reads, address, id, number, language, theme)


async def work_done(floor: Floor, number: str) -> None:
    """Whoever has the work does it."""
    order = await order_of(floor, number)
    for act in ("accept", "arrive", "resolve"):
        answer = await floor.clients.call(
            "POST",
            "router",
            f"/v1/work-orders/{order['id']}/{act}",
            role="department",
            by=order["assignee"] or order["offered_to"][0],
            department=order["department"],
        )
        assert answer.is_success, answer.text
    await until(lambda: ticket_of(floor, number), lambda t: t["status"] == "resolved")


async def ticket_of(floor: Floor, number: str) -> Any:
    answer = await floor.clients.call("GET", "intake", f"/v1/tickets/{number}", role="supervisor")
    assert answer.is_success, answer.text
    return answer.json()


async def order_of(floor: Floor, number: str) -> Any:
    ticket = await until(lambda: ticket_of(floor, number), lambda t: t["work_orders"])
    return ticket["work_orders"][-1]


async def until(ask: Callable[[], Any], holds: Callable[[Any], Any]) -> Any:
    async with asyncio.timeout(30):
        while not holds(found := await ask()):  # noqa: ASYNC110 - asked of services
            await asyncio.sleep(0.1)
    return found


def by_keys(address: str, id: str, number: str) -> None:
    t = says("zh")
    with browser("zh", "light") as page:
        at_desk(page, address, id)
        page.goto(f"{address}/tickets/{number}")
        page.keyboard.press("s")
        field = page.locator("#supplement-note")
        expect(field).to_be_focused()
        page.keyboard.press("Control+Enter")
        expect(page.locator("#fault-supplement-note")).to_have_text(t["is_missing"])
        expect(field).to_be_focused()
        look(page, "fault")
        page.keyboard.type("tus 二楼的也不亮")
        page.keyboard.press("Control+Enter")
        expect(page.locator("#notice")).to_contain_text(t["done"])
        expect(page.locator("#round-1")).to_contain_text("tus 二楼的也不亮")
        expect(field).to_be_hidden()
        expect(page.locator("#act-supplement summary")).to_be_focused()
        page.keyboard.press("t")
        page.locator("#tell-note").fill("已说明")
        page.keyboard.press("Escape")
        expect(page.locator("#tell-note")).to_be_hidden()
        page.keyboard.press("t")
        expect(page.locator("#tell-note")).to_have_value("已说明")
        page.keyboard.press("Control+Enter")
        expect(page.locator("#part-promises")).to_contain_text(t["told"])
        page.keyboard.press("s")
        expect(field).to_have_value("")
        page.locator("main h1").click()
        page.keyboard.press("Escape")
        bar = "getComputedStyle(document.querySelector('#line .line-said')).borderLeftWidth"
        assert page.evaluate(bar) == "0px"
        page.keyboard.press("/")
        page.keyboard.type(number.lower())
        page.keyboard.press("Enter")
        expect(page.locator("#number")).to_have_text(f"{number[:4]} {number[4:]}")
        page.goto(f"{address}/tickets?q=楼道灯&estate=jinyuan")
        page.keyboard.press("j")
        expect(page.locator("[data-row]").first).to_be_focused()
        look(page, "search")
        page.keyboard.press("Enter")
        expect(page.locator("#number")).to_be_visible()


async def test_a_ticket_is_worked_on_by_keys(floor: Floor) -> None:
    number = await registered(floor)
    id = await agent(floor, "by-keys")

    await asyncio.to_thread(by_keys, floor.endpoints.services["console"], id, number)

    said = [line["transition"] for line in (await ticket_of(floor, number))["timeline"]]
    assert said.count("supplement") == 1
    assert said.count("tell") == 1


def opens(address: str, id: str, number: str) -> None:
    with browser("zh", "light") as page:
        at_desk(page, address, id)
        page.clock.install()
        page.goto(f"{address}/tickets/{number}")
        expect(page.locator("main")).not_to_contain_text(PHONE)
        page.locator(".reveal button").click()
        opened = page.locator("#opened-caller")
        expect(opened).to_contain_text(PHONE)
        expect(page.locator("#left-hour")).to_have_text("19")
        look(page, "opened")
        page.clock.fast_forward(30_000)
        expect(opened).to_contain_text(PHONE)
        page.clock.fast_forward(31_000)
        expect(opened).to_have_text("")
        page.locator(".reveal button").click()
        expect(opened).to_contain_text(PHONE)
        page.reload()
        expect(page.locator("main")).not_to_contain_text(PHONE)


async def test_a_person_stays_on_the_page_for_a_minute(floor: Floor) -> None:
    number = await registered(floor)
    id = await agent(floor, "opens")

    await asyncio.to_thread(opens, floor.endpoints.services["console"], id, number)


def meets(address: str, id: str, number: str, other: Callable[[], None]) -> None:
    t = says("zh")
    with browser("zh", "light") as page:
        at_desk(page, address, id)
        page.goto(f"{address}/tickets/{number}")
        page.locator("#act-cancel summary").click()
        page.locator("#cancel-note").fill("来电人说不用修了")
        other()
        page.keyboard.press("Control+Enter")
        said = page.locator("#said-cancel")
        expect(said).to_contain_text(t["did_answer"])
        expect(page.locator("#cancel-note")).to_have_value("来电人说不用修了")
        expect(page.locator("#part-head")).to_contain_text("已答复")
        look(page, "conflict")
        said.get_by_role("button", name=t["act_reopen"]).click()
        expect(page.locator("#reopen-note")).to_be_visible()


async def test_two_people_at_one_ticket_lose_no_word(floor: Floor) -> None:
    number = await registered(floor)
    id = await agent(floor, "meets")
    loop = asyncio.get_running_loop()

    async def answer() -> None:
        path = f"/v1/tickets/{number}/answer"
        done = await floor.clients.call("POST", "intake", path, json={"answer": "已说明"})
        assert done.is_success, done.text

    def other() -> None:
        asyncio.run_coroutine_threadsafe(answer(), loop).result(30)

    await asyncio.to_thread(meets, floor.endpoints.services["console"], id, number, other)
