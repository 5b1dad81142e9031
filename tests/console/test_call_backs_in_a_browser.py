"""Who got nobody shows on the page by itself, and is rung back by keyboard alone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from shared.calls.facts import EndedBy, Kind
from shared.policy.templates import Language
from shared.runtime.web import words
from tests.console.bench import PASSWORD
from tests.console.test_desk_calls_in_a_browser import an_exchange, said, tell
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


def rings_back(
    address: str, id: str, vain: Callable[[], str], language: Language, theme: str, width: int
) -> None:
    say = words("services.console.call_backs", language)
    name = f"call-backs-{language}-{theme}-{width}"
    with browser(language, theme, width) as page:
        page.goto(f"{address}/session?next=/call-backs")
        page.locator("#id").fill(id)
        page.locator("#password").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator("#line")).to_have_attribute("data-is", "on")
        masked = vain()
        card = page.locator("[data-row]", has_text=masked)
        expect(card).to_be_visible()
        shot(page, f"{name}-list")
        page.keyboard.press("j")
        while masked not in (page.locator("[data-row]:focus").text_content() or ""):
            page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(page.locator("#beside-title")).to_have_text(masked)
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("button", name=say["reveal"])).to_be_visible()
        page.keyboard.press("Alt+N")
        number = page.locator("#number .number")
        expect(number).to_contain_text(masked[-4:])
        shot(page, f"{name}-mine")
        page.keyboard.press("Alt+U")
        expect(page.locator(".said")).to_have_text(say["did_no_answer"])
        shot(page, f"{name}-said")


@pytest.mark.parametrize(
    ("language", "theme", "width"),
    [("zh", "light", 1440), ("en", "dark", 1440), ("zh", "dark", 390), ("en", "light", 390)],
)
async def test_a_caller_who_got_nobody_shows_and_is_rung_back_by_keyboard(
    floor: Floor, language: Language, theme: str, width: int
) -> None:
    id = await agent(floor, f"rings-back-{language}-{theme}")
    exchange, loop = await an_exchange(floor), asyncio.get_running_loop()
    last = {"zh": 1, "en": 2}[language] + {"light": 10, "dark": 20}[theme]

    async def vain() -> str:
        now = await floor.now()
        began, call = now - timedelta(seconds=20), f"9.{last}"
        await tell(
            exchange,
            said(call, Kind.OFFERED, began, line="hotline", number=f"138001386{last}"),
            said(call, Kind.QUEUED, began + timedelta(seconds=2), queue="hotline"),
            said(call, Kind.ENDED, now, by=EndedBy.CALLER),
        )
        return f"138****86{last}"

    await asyncio.to_thread(
        rings_back,
        floor.endpoints.services["console"],
        id,
        lambda: asyncio.run_coroutine_threadsafe(vain(), loop).result(30),
        language,
        theme,
        width,
    )
