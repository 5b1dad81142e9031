"""One's own settings in a real browser: axe, both widths, and single-letter keys that are off
indeed (WCAG 2.1.4).
"""

from __future__ import annotations

import asyncio

import pytest
from playwright.sync_api import Page, expect

from shared.policy.templates import Language
from shared.runtime.web import words
from tests.console.bench import PASSWORD
from tests.console.test_in_a_browser import agent, browser, look
from tests.support.floor import Floor
from tests.web.phone import CHROMIUM, UBUNTU

pytestmark = pytest.mark.skipif(CHROMIUM is None and UBUNTU, reason="Ubuntu's Chromium is a snap")
SINGLE = ("?", "/", "j", "k", "r", "n", "f", "h", "o", "1", "2", "3")


def sign_in(page: Page, address: str, id: str) -> None:
    page.goto(f"{address}/session?next=/me")
    page.locator("#id").fill(id)
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#settings-title")).to_be_visible()


def title(page: Page, of: str, language: Language) -> None:
    expect(page.locator("h1")).to_contain_text(words(f"services.console.{of}", language)["title"])


def own_settings(address: str, id: str) -> None:
    """Switch single-letter keys off, find them off, on other pages and in another browser, and on
    again.
    """
    zh = words("services.console.me", "zh")
    with browser("zh", "light") as page:
        sign_in(page, address, id)
        look(page, "me")
        page.set_viewport_size({"width": 390, "height": 844})
        look(page, "me, narrow")
        page.set_viewport_size({"width": 1440, "height": 900})
        page.keyboard.press("?")
        title(page, "help", "zh")

        page.goto(f"{address}/me")
        page.locator("#single_keys").select_option("off")
        page.locator("#theme").select_option("dark")
        page.get_by_role("button", name=zh["save_settings"]).click()
        expect(page.get_by_text(zh["done_settings"])).to_be_visible()
        look(page, "me, dark")
        for path, room in (("/me", "me"), ("/queue", "queue")):
            page.goto(f"{address}{path}")
            title(page, room, "zh")
            for key in SINGLE:
                page.keyboard.press(key)
            page.keyboard.press("g")
            page.keyboard.press("1")
            focused = page.evaluate("document.activeElement.tagName")
            assert (focused, page.url) == ("BODY", f"{address}{path}")
        page.keyboard.press("F8")
        title(page, "help", "zh")

    with browser("zh", "light") as elsewhere:
        sign_in(elsewhere, address, id)
        assert elsewhere.evaluate("document.documentElement.dataset.theme") == "dark"
        elsewhere.locator("h1").click()
        elsewhere.keyboard.press("?")
        title(elsewhere, "me", "zh")
        elsewhere.locator("#single_keys").select_option("on")
        elsewhere.locator("#language").select_option("en")
        elsewhere.get_by_role("button", name=zh["save_settings"]).click()
        title(elsewhere, "me", "en")
        look(elsewhere, "me, English")
        elsewhere.locator("h1").click()
        elsewhere.keyboard.press("?")
        title(elsewhere, "help", "en")


async def test_ones_own_settings_count_everywhere_and_single_keys_are_really_off(
    floor: Floor,
) -> None:
    id = await agent(floor, "own-settings")

    await asyncio.to_thread(own_settings, floor.endpoints.services["console"], id)


def another_password(address: str, id: str) -> None:
    """A present password that does not fit is said beside the form, and what was typed stays."""
    zh = words("services.console.me", "zh")
    with browser("zh", "light") as page:
        sign_in(page, address, id)
        page.locator("#present").fill("falsch falsch falsch")
        page.locator("#password").fill("drei Kessel voller Regen")
        page.get_by_role("button", name=zh["save_password"]).click()
        expect(page.locator("#said-password")).to_contain_text("请填写现在的密码")
        look(page, "refused")
        assert page.locator("#password").input_value() == "drei Kessel voller Regen"
        page.locator("#present").fill(PASSWORD)
        page.get_by_role("button", name=zh["save_password"]).click()
        expect(page.get_by_text(zh["done_password"])).to_be_visible()


async def test_a_password_is_changed_at_the_page_of_ones_own(floor: Floor) -> None:
    id = await agent(floor, "own-password")

    await asyncio.to_thread(another_password, floor.endpoints.services["console"], id)
