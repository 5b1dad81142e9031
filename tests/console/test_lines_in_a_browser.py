"""A line that goes down shows on the page by itself; what somebody found is said by keyboard."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from shared.policy.templates import Language
from shared.runtime.web import words
from tests.console.bench import PASSWORD
from tests.console.test_in_a_browser import agent, browser, look
from tests.support.floor import Floor
from tests.web.phone import CHROMIUM, UBUNTU

pytestmark = pytest.mark.skipif(CHROMIUM is None and UBUNTU, reason="Ubuntu's Chromium is a snap")
SHOTS = os.environ.get("HOTLINE_TEST_SHOTS")
"""A folder for what was seen, for whoever wants to look."""


def shot(page: Page, name: str) -> None:
    """Right, and for whoever wants to look."""
    look(page, name)
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def watches(
    address: str,
    id: str,
    line: str,
    goes_down: Callable[[], None],
    language: Language,
    theme: str,
    width: int,
) -> None:
    say = words("services.console.lines", language)
    with browser(language, theme, width) as page:
        page.goto(f"{address}/session?next=/lines")
        page.locator("#id").fill(id)
        page.locator("#password").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator("#line")).to_have_attribute("data-is", "on")
        card = page.locator(f"#line-{line}")
        expect(card).to_be_visible()
        goes_down()
        expect(card).to_contain_text(say["why_rang_in_vain"], timeout=30_000)
        shot(page, f"lines-{language}-{theme}-{width}-list")
        page.keyboard.press("j")
        while page.evaluate("document.activeElement.id") != f"line-{line}":
            page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(page.locator("#beside-title")).to_contain_text(line)
        shot(page, f"lines-{language}-{theme}-{width}-one")
        page.get_by_role("button", name=say["worked"]).press("Enter")
        expect(page.locator(".said")).to_have_text(say["did_worked"])
        expect(page.locator("#beside")).to_contain_text(say["heard_worked"])


@pytest.mark.parametrize(
    ("language", "theme", "width"), [("zh", "light", 1440), ("en", "dark", 390)]
)
async def test_a_line_that_goes_down_shows_and_is_said_to_work_again(
    floor: Floor, language: Language, theme: str, width: int
) -> None:
    id = await agent(floor, f"lines-{language}")
    line, loop = f"annex-{language}", asyncio.get_running_loop()
    facts = {"number": "4008008000", "provider": "示例电信", "ring": "运营商值班 10000"}

    async def tell(method: str, path: str, body: Mapping[str, object]) -> None:
        answer = await floor.clients.call(
            method, "telephony", f"/v1/lines/{line}{path}", role="supervisor", json=body
        )
        assert answer.is_success, answer.text

    await tell("PUT", "", facts)
    await asyncio.to_thread(
        watches,
        floor.endpoints.services["console"],
        id,
        line,
        lambda: asyncio.run_coroutine_threadsafe(
            tell("POST", "/checks", {"worked": False}), loop
        ).result(30),
        language,
        theme,
        width,
    )
