"""The console in a real browser, before a whole hotline: signing in, keys, looks, axe."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect, sync_playwright

from shared.policy.templates import Language
from shared.runtime.web import words
from tests.console.bench import PASSWORD
from tests.support.floor import Floor, caller
from tests.web.phone import CHROMIUM, LOCALES, UBUNTU

LIFT: Final = {"text": "二号楼电梯困人了，快来人", "estate": "jinyuan"}
LOOKS: Final = [(theme, language) for theme in ("light", "dark") for language in ("zh", "en")]
PATIENCE: Final = 20_000.0
FIRST_SCREEN: Final = 844

pytestmark = pytest.mark.skipif(CHROMIUM is None and UBUNTU, reason="Ubuntu's Chromium is a snap")


@contextmanager
def browser(language: Language, theme: str, width: int = 1440) -> Iterator[Page]:
    """A browser on a desk; whatever the page's own policy forbids is a failure, and each fault of a
    script.
    """
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            locale=LOCALES[language],
            color_scheme="dark" if theme == "dark" else "light",
        )
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        said: list[str] = []
        broken: list[str] = []
        # Also of tabs that are opened later.
        context.on("console", lambda message: said.append(message.text))
        context.on("weberror", lambda error: broken.append(str(error.error)))
        try:
            yield page
            assert broken == []
            assert [each for each in said if "Content Security Policy" in each] == []
            assert [each for each in said if "Error" in each and "Failed to load" not in each] == []
        finally:
            chromium.close()


def until_so(page: Page, script: str) -> None:
    """Wait for what a script says; the page's own policy lets no waiting of Playwright's in."""
    until = time.monotonic() + PATIENCE / 1000
    while not page.evaluate(script):
        assert time.monotonic() < until, script
        page.wait_for_timeout(100)


def look(page: Page, name: str) -> None:
    """axe finds nothing, and nothing has to be moved sideways."""
    found = Axe().run(page)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, name


async def agent(floor: Floor, id: str) -> str:
    """Somebody with a password; their id."""
    made = await floor.clients.call(
        "POST", "admin", "/v1/users", role="administrator", json={"id": id, "role": "agent"}
    )
    assert made.status_code == 201, made.text
    body = {"invitation": made.json()["invitation"], "password": PASSWORD}
    set_up = await floor.clients.http.post(
        f"{floor.endpoints.services['admin']}/v1/session/password", json=body
    )
    assert set_up.status_code == 204, set_up.text
    return id


def shift_begins(address: str, id: str, number: str, language: Language, theme: str) -> None:
    """Sign in, see the emergency, use keys, sign out."""
    frame, page_words = (
        words(f"services.console.{room}", language) for room in ("frame", "emergencies")
    )
    with browser(language, theme) as page:
        page.goto(f"{address}/emergencies")
        look(page, "sign-in")
        page.get_by_label(words("services.console.session", language)["id"], exact=True).fill(id)
        page.locator("#password").fill("falsch falsch falsch")
        page.keyboard.press("Enter")
        expect(page.locator("#refused")).to_be_visible()
        look(page, "refused")
        page.locator("#password").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text(page_words["title"])
        expect(page.locator(f"#emergency-{number}")).to_contain_text(page_words["phase_nobody"])
        expect(page.locator("#line")).to_contain_text(frame["line_on"])
        look(page, "emergencies")

        page.keyboard.press("j")
        expect(page.locator("[data-row]").first).to_be_focused()
        page.get_by_role("button", name=page_words["refresh"]).click()
        expect(page.locator(f"#emergency-{number}")).to_be_visible()
        page.keyboard.press("?")
        expect(page.locator("h1")).to_have_text(frame["help"])
        look(page, "help")
        here = page.locator("[data-rail][href='/emergencies']").get_attribute("data-rail")
        page.keyboard.press("g")
        page.keyboard.press(str(here))
        expect(page.locator("h1")).to_have_text(page_words["title"])
        page.locator("details.menu summary").click()
        look(page, "menu")
        page.keyboard.press("Escape")
        expect(page.locator("details.menu .sheet")).to_be_hidden()

        page.locator("details.menu summary").click()
        page.get_by_role("button", name=frame["single_keys_off"], exact=True).click()
        page.keyboard.press("?")
        expect(page.locator("h1")).to_have_text(page_words["title"])
        page.locator("details.menu summary").click()
        page.get_by_role("button", name=frame["sign_out"]).click()
        expect(page.locator("h1")).to_have_text(
            words("services.console.session", language)["title"]
        )
        page.goto(f"{address}/emergencies")
        assert "/session" in page.url


@pytest.mark.parametrize(("theme", "language"), LOOKS)
async def test_a_shift_begins_in_a_browser(floor: Floor, theme: str, language: Language) -> None:
    number = (await floor.clients.post_ticket({**LIFT, "caller": caller()}))["number"]
    await floor.clients.until_message(number, "alert")
    id = await agent(floor, f"shift-{theme}-{language}")
    address = floor.endpoints.services["console"]

    await asyncio.to_thread(shift_begins, address, id, number, language, theme)


def narrow(address: str) -> None:
    with browser("en", "light", width=390) as page:
        page.goto(f"{address}/session")
        look(page, "narrow")


async def test_the_page_where_one_signs_in_fits_a_telephone(floor: Floor) -> None:
    await asyncio.to_thread(narrow, floor.endpoints.services["console"])


def first_screen_tells(address: str, id: str, width: int) -> None:
    """Whatever page is open, without a hand moved: that there is an emergency nobody has."""
    with browser("zh", "light", width) as page:
        page.goto(f"{address}/session?next=/desk")
        page.locator("#id").fill(id)
        page.locator("#password").fill(PASSWORD)
        page.keyboard.press("Enter")
        alarm = page.locator(".rail .count.alarm")
        expect(alarm).to_be_visible()
        expect(alarm).not_to_be_empty()
        for path in ("/desk", "/mine"):
            page.goto(f"{address}{path}")
            expect(alarm).not_to_be_empty()
            box = alarm.bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= FIRST_SCREEN
            said = alarm.evaluate("e => getComputedStyle(e, '::before').content")
            assert words("services.console.frame", "zh")["rail_nobody_has"] in said
            look(page, f"{path} {width}")


@pytest.mark.parametrize("width", [390, 1440])
async def test_the_first_screen_tells_of_an_emergency_that_nobody_has(
    floor: Floor, width: int
) -> None:
    number = (await floor.clients.post_ticket({**LIFT, "caller": caller()}))["number"]
    await floor.clients.until_message(number, "alert")
    id = await agent(floor, f"first-screen-{width}")
    address = floor.endpoints.services["console"]

    await asyncio.to_thread(first_screen_tells, address, id, width)
