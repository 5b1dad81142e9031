"""The queue, one's own cases and the room of an emergency in a real browser, by keyboard, kept up
to date, in both themes and languages and at both widths.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from os import environ
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
from playwright.sync_api import Page, expect

from shared.policy.templates import Language
from shared.runtime.web import words
from tests.console.bench import PASSWORD
from tests.console.test_in_a_browser import LIFT, LOOKS, agent, browser, look
from tests.support.floor import Floor, caller, running_floor
from tests.web.phone import CHROMIUM, UBUNTU

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None and UBUNTU, reason="Ubuntu's Chromium is a snap"),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.whole,
]
BY_CALL: Final = "rules: {feedback_by_call: [repair], busy_from: 100, repeats: []}"
"""A person tells the result of every repair."""
VAGUE: Final = {"text": "你们那个事情到底怎么说", "estate": "jinyuan"}
LAMP: Final = {"text": "三号楼楼道灯不亮了", "estate": "jinyuan"}
SHOTS: Final = environ.get("CONSOLE_SHOTS")
SOON: Final = 15_000.0
Later = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def own_floor(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Floor]:
    """A hotline of its own, for its policy."""
    async with running_floor(tmp_path_factory.mktemp("queue"), overlay=BY_CALL) as running:
        yield running


def later() -> Later:
    """Something done to the hotline from the thread in which a browser is."""
    loop = asyncio.get_running_loop()
    return lambda work: asyncio.run_coroutine_threadsafe(work, loop).result(60)


def sign_in(page: Page, address: str, id: str, to: str) -> None:
    page.goto(f"{address}/session?next={to}")
    page.locator("#id").fill(id)
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}{to}")


def seen(page: Page, name: str) -> None:
    """axe finds nothing at either width, and nothing has to be moved sideways."""
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        if SHOTS is not None:
            page.screenshot(path=Path(SHOTS) / f"{name}-{width}.png", full_page=True)
        look(page, f"{name}-{width}")
    page.set_viewport_size({"width": 1440, "height": 900})


async def post(own_floor: Floor, service: str, path: str, role: str = "agent", **body: Any) -> Any:
    answer = await own_floor.clients.call("POST", service, path, role=role, json=body)
    assert answer.is_success, answer.text
    return answer.json()


async def reported(own_floor: Floor, report: dict[str, Any]) -> str:
    return str((await own_floor.clients.post_ticket({**report, "caller": caller()}))["number"])


async def held(own_floor: Floor) -> str:
    """A ticket that waits for a person."""
    number = await reported(own_floor, VAGUE)
    await own_floor.clients.until_ticket(number, lambda t: t.get("held") is not None, "held")
    return number


async def to_tell(own_floor: Floor, owner: str) -> tuple[str, str]:
    """A caller whom no message could tell the result; the task, and the ticket's number."""
    number = await reported(own_floor, LAMP)
    ticket = await own_floor.clients.until_ticket(
        number, lambda t: bool(t["work_orders"]), "given out"
    )
    await post(own_floor, "intake", f"/v1/tickets/{number}/own", owner=owner)
    order = ticket["work_orders"][0]
    for act in ("accept", "resolve"):
        assert (await own_floor.clients.work(order, act)).is_success
    for _ in range(300):
        params = {"number": number}
        found = await own_floor.clients.call("GET", "router", "/v1/follow-ups", params=params)
        for task in found.json()["items"]:
            if task["why"] == "tell":
                return str(task["id"]), number
        await asyncio.sleep(0.1)
    raise AssertionError("nobody is to ring")


def worked_by_keyboard(address: str, id: str, numbers: list[str], report: Any) -> None:
    t = words("services.console.queue", "zh")
    with browser("zh", "light") as page:
        sign_in(page, address, id, "/queue")
        for number in numbers:
            expect(page.locator(f"#queue-{number}")).to_be_visible()

        page.keyboard.press("j")
        expect(page.locator("[data-row]").first).to_be_focused()
        page.keyboard.press("Enter")
        page.wait_for_url(f"{address}/queue/*")
        expect(page.locator("#beside-title")).to_be_visible()
        page.keyboard.press("Escape")
        page.wait_for_url(f"{address}/queue")

        page.goto(f"{address}/queue/{numbers[0]}")
        page.keyboard.press("1")
        expect(page.locator(".said").first).to_contain_text(t["did_reclassify"])
        expect(page.locator(f"#queue-{numbers[0]}")).to_have_count(0)

        page.goto(f"{address}/queue/{numbers[1]}")
        page.locator("details", has_text=t["answer"]).last.locator("summary").focus()
        page.keyboard.press("Enter")
        page.locator("textarea[name=answer]").focus()
        page.keyboard.type("请拨打社区电话")
        page.keyboard.press("Control+Enter")
        expect(page.locator(".said").first).to_contain_text(t["did_answer"])

        page.goto(f"{address}/queue")
        fresh = report()
        expect(page.locator(f"#queue-{fresh}")).to_be_visible(timeout=SOON)
        page.keyboard.press("n")
        page.wait_for_url(f"{address}/queue/*")


async def test_the_queue_is_worked_by_keyboard_and_what_comes_shows_by_itself(
    own_floor: Floor,
) -> None:
    id = await agent(own_floor, "queue-keys")
    numbers = [await held(own_floor), await held(own_floor)]
    do = later()

    await asyncio.to_thread(
        worked_by_keyboard,
        own_floor.endpoints.services["console"],
        id,
        numbers,
        lambda: do(held(own_floor)),
    )

    kept = await own_floor.clients.ticket(numbers[1])
    assert kept["status"] == "answered"


def told(address: str, id: str, task: str, number: str) -> None:
    t = words("services.console.mine", "zh")
    with browser("zh", "light") as page:
        sign_in(page, address, id, "/mine")
        row = page.locator(f"#task-{task}")
        row.focus()
        page.keyboard.press("f")
        page.wait_for_url(f"{address}/mine/tell/{task}")
        expect(page.locator(".to-say")).to_contain_text(number)
        expect(page.locator("body")).not_to_contain_text("13800138000")
        page.keyboard.press("Alt+n")
        expect(page.locator("#person")).to_contain_text("13800138000")
        page.get_by_label("解决了，满意").check()
        page.locator("textarea[name=note]").fill("很快，谢谢")
        page.keyboard.press("Control+Enter")
        expect(page.locator(".said").first).to_contain_text(t["did_call"])
        expect(page.locator(f"#task-{task}")).to_have_count(0, timeout=SOON)


async def test_a_caller_is_told_by_telephone_to_the_end(own_floor: Floor) -> None:
    id = await agent(own_floor, "mine-tells")
    task, number = await to_tell(own_floor, id)

    await asyncio.to_thread(told, own_floor.endpoints.services["console"], id, task, number)

    await own_floor.clients.until_status(number, "closed")


def not_reached(address: str, id: str, task: str) -> None:
    t = words("services.console.mine", "zh")
    with browser("zh", "light") as page:
        sign_in(page, address, id, f"/mine/tell/{task}")
        page.keyboard.press("Alt+u")
        expect(page.locator(".said").first).to_contain_text(t["did_call"])


async def test_a_caller_who_does_not_answer_is_rung_again(own_floor: Floor) -> None:
    id = await agent(own_floor, "mine-rings")
    task, number = await to_tell(own_floor, id)

    await asyncio.to_thread(not_reached, own_floor.endpoints.services["console"], id, task)

    await own_floor.clients.until_ticket(
        number, lambda t: t["feedback_attempts"] == 1, "one attempt is on record"
    )


def handed(address: str, id: str, to: str, number: str) -> None:
    t = words("services.console.hand_over", "zh")
    with browser("zh", "dark") as page:
        sign_in(page, address, id, "/mine")
        page.locator(f"#case-{number}").focus()
        page.keyboard.press("h")
        page.wait_for_url(f"{address}/mine/hand-over?only={number}")
        page.locator("select[name=to]").select_option(to)
        page.keyboard.press("Control+Enter")
        expect(page.locator("#handed")).to_contain_text(t["went"])
        page.keyboard.press("Escape")
        page.wait_for_url(f"{address}/mine")
        expect(page.locator(f"#case-{number}")).to_have_count(0)


async def test_a_case_is_handed_over_by_keyboard(own_floor: Floor) -> None:
    id, to = await agent(own_floor, "mine-gives"), await agent(own_floor, "mine-takes")
    number = await reported(own_floor, {**LAMP, "text": "六号楼大堂玻璃门坏了"})
    await own_floor.clients.until_ticket(number, lambda t: bool(t["work_orders"]), "given out")
    await post(own_floor, "intake", f"/v1/tickets/{number}/own", owner=id)

    await asyncio.to_thread(handed, own_floor.endpoints.services["console"], id, to, number)

    assert (await own_floor.clients.ticket(number))["owner"] == to


def attended(address: str, id: str, number: str, tick: Any) -> None:
    t = words("services.console.emergencies", "zh")
    with browser("zh", "light") as page:
        sign_in(page, address, id, f"/emergencies/{number}")
        page.locator("textarea[name=text]").fill("还在写")
        page.get_by_role("button", name=t["act_acknowledge"]).click()
        expect(page.locator(".phases .reached")).to_have_count(2)
        page.locator("textarea[name=text]").fill("两人被困，情绪稳定")
        page.keyboard.press("Control+Enter")
        expect(page.locator("#room-story")).to_contain_text("两人被困，情绪稳定")
        page.locator("textarea[name=text]").fill("没写完的一句")
        tick()
        expect(page.locator("#room-story")).to_contain_text("物业到了", timeout=SOON)
        expect(page.locator("textarea[name=text]")).to_have_value("没写完的一句")
        page.locator(".steps button").first.focus()
        page.keyboard.press("Space")
        expect(page.locator(".steps")).to_contain_text("☑", timeout=SOON)


async def test_an_emergency_is_taken_and_written_down_and_shows_what_others_do(
    own_floor: Floor,
) -> None:
    id = await agent(own_floor, "room-leads")
    number = await reported(own_floor, LIFT)
    await own_floor.clients.until_message(number, "alert")
    do = later()

    def tick() -> None:
        do(post(own_floor, "router", f"/v1/emergencies/{number}/log", text="物业到了"))

    await asyncio.to_thread(attended, own_floor.endpoints.services["console"], id, number, tick)


def every_page(
    address: str, id: str, paths: dict[str, str], language: Language, theme: str
) -> None:
    with browser(language, theme) as page:
        sign_in(page, address, id, "/mine")
        for name, path in paths.items():
            page.goto(f"{address}{path}")
            expect(page.locator("h1").first).to_be_visible()
            seen(page, f"{name}-{language}-{theme}")


@pytest.mark.parametrize(("theme", "language"), LOOKS)
async def test_every_page_is_for_everybody(
    own_floor: Floor, theme: str, language: Language
) -> None:
    id = await agent(own_floor, f"looks-{theme}-{language}")
    waiting, (task, done) = await held(own_floor), await to_tell(own_floor, id)
    number = await reported(own_floor, LIFT)
    await own_floor.clients.until_message(number, "alert")
    paths = {
        "queue": "/queue",
        "queue-one": f"/queue/{waiting}",
        "mine": "/mine",
        "call": f"/mine/tell/{task}",
        "feedback": f"/mine/feedback/{done}",
        "hand-over": "/mine/hand-over",
        "emergencies": "/emergencies",
        "room": f"/emergencies/{number}",
        "over": "/emergencies/over",
    }

    await asyncio.to_thread(
        every_page, own_floor.endpoints.services["console"], id, paths, language, theme
    )
