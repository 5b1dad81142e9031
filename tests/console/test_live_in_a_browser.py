"""What is open in a browser stays as it is now: one stream, and no word typed is lost."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import httpx
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect, sync_playwright

from hotline.service import Service
from shared.runtime.serve import GRACE_SECONDS
from shared.runtime.web import words
from tests.console.bench import PASSWORD
from tests.console.test_in_a_browser import LIFT, PATIENCE, agent, until_so
from tests.support.bench import until
from tests.support.floor import Floor, caller
from tests.web.phone import CHROMIUM, UBUNTU

pytestmark = pytest.mark.skipif(CHROMIUM is None and UBUNTU, reason="Ubuntu's Chromium is a snap")
TABS = 9
NO_WORKER = "delete window.SharedWorker"
WHILE_IT_STARTS = 90_000.0
LONGER_THAN_PAGES_WAIT = 6.0
HEAR_BYE = """() => {
  window.byes = [];
  const own = new EventSource("/live");
  own.addEventListener("bye", (event) => { window.byes.push(event.data); own.close(); });
  return new Promise((done) => own.addEventListener("hello", done, { once: true }));
}"""
"""A stream of the test's own, which is told what the browser's is told."""
NOTE_THE_LINE = """() => {
  window.lines = [];
  const line = document.querySelector("#line");
  new MutationObserver(() => window.lines.push(line.dataset.is))
    .observe(line, { attributeFilter: ["data-is"] });
}"""
"""What the line said since then: whoever looks afterwards may find the console back already."""


@contextmanager
def signed_in(address: str, id: str, *, worker: bool, line: str = "on") -> Iterator[BrowserContext]:
    """The browser of somebody who has signed in; without shared workers where it has none."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        context = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
        context.set_default_timeout(PATIENCE)
        if not worker:
            context.add_init_script(NO_WORKER)
        try:
            page = context.new_page()
            page.goto(f"{address}/session?next=/emergencies")
            page.locator("#id").fill(id)
            page.locator("#password").fill(PASSWORD)
            page.keyboard.press("Enter")
            expect(page.locator("#line")).to_have_attribute("data-is", line, timeout=PATIENCE)
            yield context
        finally:
            chromium.close()


def streams(address: str) -> int:
    """How many browsers the console keeps up to date."""
    said = httpx.get(f"{address}/metrics", trust_env=False).text
    found = re.search(r"^hotline_console_streams (\d+)", said, re.MULTILINE)
    assert found is not None
    return int(float(found[1]))


def nine_tabs(address: str, id: str, report: object, *, worker: bool) -> None:
    before = streams(address)
    with signed_in(address, id, worker=worker) as context:
        for _ in range(TABS - 1):
            context.new_page().goto(f"{address}/emergencies")
        tabs = context.pages
        for tab in tabs:
            expect(tab.locator("#line")).to_have_attribute("data-is", "on", timeout=PATIENCE)
        assert streams(address) == before + 1
        seen_by_all(tabs, report())  # type: ignore[operator]
        tabs[0].close()
        seen_by_all(context.pages, report())  # type: ignore[operator]
        assert streams(address) <= before + 2  # The one that went may not be missed yet.


def seen_by_all(tabs: list[Page], number: str) -> None:
    for tab in tabs:
        expect(tab.locator(f"#emergency-{number}")).to_be_visible(timeout=PATIENCE)


@pytest.mark.parametrize("worker", [True, False], ids=["worker", "lock"])
async def test_nine_tabs_have_one_stream_and_all_see_what_comes(
    floor: Floor, *, worker: bool
) -> None:
    id = await agent(floor, f"tabs-{worker}".lower())
    loop = asyncio.get_running_loop()

    def report() -> str:
        made = floor.clients.post_ticket({**LIFT, "caller": caller()})
        return str(asyncio.run_coroutine_threadsafe(made, loop).result(20)["number"])

    address = floor.endpoints.services["console"]
    await asyncio.to_thread(nine_tabs, address, id, report, worker=worker)


def started_anew(address: str, id: str, meanwhile: Callable[[], str]) -> None:
    with signed_in(address, id, worker=True) as context:
        first = context.pages[0]
        context.new_page().goto(f"{address}/emergencies")
        for tab in context.pages:
            expect(tab.locator("#line")).to_have_attribute("data-is", "on", timeout=PATIENCE)
            tab.evaluate(NOTE_THE_LINE)
        first.evaluate(HEAR_BYE)
        number = meanwhile()
        until_so(first, "window.byes.length")
        assert first.evaluate("window.byes") == ['{"why":"stopping"}']
        for tab in context.pages:
            until_so(tab, 'window.lines.includes("off")')
            line = tab.locator("#line")
            expect(line).to_have_attribute("data-is", "on", timeout=WHILE_IT_STARTS)
            expect(tab.locator("#bye")).to_be_hidden()
            assert tab.locator("main").get_attribute("inert") is None
        seen_by_all(context.pages, number)


async def stands_still(console: Service) -> None:
    """What begins anew takes longer than pages wait before they say that they hear nothing."""
    child = console.child
    assert child is not None
    os.kill(child.pid, signal.SIGSTOP)
    await asyncio.sleep(LONGER_THAN_PAGES_WAIT)
    os.kill(child.pid, signal.SIGCONT)


async def test_tabs_come_back_by_themselves_when_the_console_is_started_anew(floor: Floor) -> None:
    id = await agent(floor, "started-anew")
    loop = asyncio.get_running_loop()

    async def meanwhile() -> str:
        """It is ended as whoever deploys ends it; while it is away somebody is in a lift."""
        console = floor.service("console")
        before, began = console.child, time.monotonic()
        ending = asyncio.create_task(console.stop())
        made = await floor.clients.post_ticket({**LIFT, "caller": caller()})
        await ending
        # Streams that are told end by themselves; others would be waited for until they are cut.
        assert time.monotonic() - began < GRACE_SECONDS
        await until(lambda: console.child not in {before, None})
        await stands_still(console)
        return str(made["number"])

    def restart() -> str:
        return asyncio.run_coroutine_threadsafe(meanwhile(), loop).result(60)

    await asyncio.to_thread(started_anew, floor.endpoints.services["console"], id, restart)


def waits(address: str, id: str, report: Callable[[], str]) -> None:
    with signed_in(address, id, worker=True) as context:
        page = context.pages[0]
        bar = page.locator("[data-waits='emergencies']")

        def row(number: str) -> Locator:
            return page.locator(f"#emergency-{number}")

        first = row(report())
        expect(first).to_be_visible(timeout=PATIENCE)
        first.hover()
        pointed = row(report())
        expect(bar).to_be_visible(timeout=PATIENCE)
        expect(pointed).to_have_count(0)
        page.keyboard.press("r")
        expect(pointed).to_be_visible()
        expect(bar).to_be_hidden()
        page.mouse.move(0, 0)
        first.focus()
        focused = row(report())
        expect(bar).to_be_visible(timeout=PATIENCE)
        expect(focused).to_have_count(0)
        page.keyboard.press("r")
        expect(focused).to_be_visible()
        expect(first).to_be_focused()
        left = row(report())
        expect(bar).to_be_visible(timeout=PATIENCE)
        page.evaluate("document.activeElement.blur()")
        expect(left).to_be_visible()
        expect(bar).to_be_hidden()


async def test_a_list_in_which_somebody_is_waits_for_them_and_says_so(floor: Floor) -> None:
    id = await agent(floor, "waits")
    loop = asyncio.get_running_loop()

    def report() -> str:
        made = floor.clients.post_ticket({**LIFT, "caller": caller()})
        return str(asyncio.run_coroutine_threadsafe(made, loop).result(20)["number"])

    await asyncio.to_thread(waits, floor.endpoints.services["console"], id, report)


@asynccontextmanager
async def holding_back(port: int) -> AsyncIterator[int]:
    """A proxy that passes everything on but streams, which it gathers for ever; its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        above, below = await asyncio.open_connection("127.0.0.1", port)
        holds = False

        async def up() -> None:
            nonlocal holds
            while data := await reader.read(65536):
                holds = holds or b"GET /live?" in data
                below.write(data)
                await below.drain()
            below.close()

        async def down() -> None:
            while data := await above.read(65536):
                if not holds:
                    writer.write(data)
                    await writer.drain()
            writer.close()

        with suppress(OSError):
            await asyncio.gather(up(), down())

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def behind_a_proxy(
    address: str, id: str, report: Callable[[], str], freeze: Callable[[], None]
) -> None:
    with signed_in(address, id, worker=True, line="polled") as context:
        page = context.pages[0]
        expect(page.locator("#line")).to_contain_text(
            words("services.console.frame", "zh")["line_polled"]
        )
        seen_by_all([page], report())
        page.goto(f"{address}/help")
        count = page.locator("[data-count='count:emergencies']")
        expect(count).to_have_text(re.compile(r"[1-9]"), timeout=PATIENCE)
        freeze()
        expect(page.locator("#bye")).to_be_visible(timeout=PATIENCE)


async def test_where_a_proxy_holds_streams_back_pages_ask_each_five_seconds_and_say_so(
    floor: Floor,
) -> None:
    id = await agent(floor, "behind-a-proxy")
    loop = asyncio.get_running_loop()

    def report() -> str:
        made = floor.clients.post_ticket({**LIFT, "caller": caller()})
        return str(asyncio.run_coroutine_threadsafe(made, loop).result(20)["number"])

    def freeze() -> None:
        asked = floor.clients.call(
            "POST", "admin", f"/v1/users/{id}/freeze", role="administrator", json={"why": "left"}
        )
        assert asyncio.run_coroutine_threadsafe(asked, loop).result(20).is_success

    console = httpx.URL(floor.endpoints.services["console"])
    async with holding_back(console.port or 80) as port:
        address = str(console.copy_with(port=port)).rstrip("/")
        await asyncio.to_thread(behind_a_proxy, address, id, report, freeze)


def frozen(address: str, id: str, freeze: object) -> None:
    with signed_in(address, id, worker=True) as context:
        page = context.pages[0]
        freeze()  # type: ignore[operator]
        expect(page.locator("#bye")).to_be_visible(timeout=5_000)
        assert page.locator("main").get_attribute("inert") is not None


async def test_the_page_of_a_frozen_account_is_covered_within_five_seconds(floor: Floor) -> None:
    id = await agent(floor, "frozen-while-open")
    loop = asyncio.get_running_loop()

    def freeze() -> None:
        asked = floor.clients.call(
            "POST", "admin", f"/v1/users/{id}/freeze", role="administrator", json={"why": "left"}
        )
        answer = asyncio.run_coroutine_threadsafe(asked, loop).result(20)
        assert answer.is_success, answer.text

    await asyncio.to_thread(frozen, floor.endpoints.services["console"], id, freeze)
