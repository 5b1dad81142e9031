"""The pictures of the README, taken from a demo that runs: `python -m tests.web.screenshots ADDRESS
ACCOUNT PASSWORD`, with the address and the agent's account that `make demo` prints. All people,
numbers and flats of the demo are invented.
"""

from __future__ import annotations

import argparse
import sys
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from shared.policy.templates import Language
from tests.web.phone import CHROMIUM, LOCALES

FOLDER: Final = Path("docs/images")
WIDTH, HEIGHT = 1440, 900
PATIENCE: Final = 20_000.0
HEAVIEST: Final = 200_000
"""Bytes: what somebody reads the README for is not to be waited for."""
COLOURS: Final = 128
CLOCKS_TICK: Final = 2_500.0
"""Milliseconds in which the page learns the hotline's time and says by it how long something is."""
CALL: Final = "2号楼电梯不动了，里面有个孩子"


def desk(page: Page, address: str, language: Language) -> Path:
    """A call that is being taken down: an emergency that runs already."""
    page.goto(f"{address}/desk")
    page.locator("#estate").fill("锦园" if language == "zh" else "Jinyuan Gardens")
    page.locator("#text").fill(CALL)
    expect(page.locator(".matter").first).to_be_visible()
    expect(page.locator("#panel [data-joins]").first).to_be_visible()
    return shot(page, f"desk-{language}")


def queue(page: Page, address: str, language: Language) -> Path:
    """What waits for a decision, the first of it opened beside the list."""
    page.goto(f"{address}/queue")
    page.locator("[data-row] a").first.click()
    expect(page.locator("#beside-title")).to_be_visible()
    return shot(page, f"queue-{language}")


def shot(page: Page, name: str) -> Path:
    """Take the picture, in few colours; raises SystemExit for one that is too heavy."""
    expect(page.locator("#line")).to_have_attribute("data-is", "on")
    page.wait_for_timeout(CLOCKS_TICK)
    path = FOLDER / f"{name}.png"
    taken = Image.open(BytesIO(page.screenshot()))
    taken.quantize(COLOURS).save(path, optimize=True)
    if path.stat().st_size > HEAVIEST:
        sys.exit(f"{path} has {path.stat().st_size} bytes, and may have {HEAVIEST}")
    return path


def take(address: str, id: str, password: str, language: Language) -> list[Path]:
    """Both pictures in one language."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = chromium.new_page(
            viewport={"width": WIDTH, "height": HEIGHT}, locale=LOCALES[language]
        )
        page.set_default_timeout(PATIENCE)
        try:
            page.goto(f"{address}/session?next=/desk")
            page.locator("#id").fill(id)
            page.locator("#password").fill(password)
            page.keyboard.press("Enter")
            expect(page.locator("#text")).to_be_focused()
            return [desk(page, address, language), queue(page, address, language)]
        finally:
            chromium.close()


def main() -> None:
    """Take all of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.web.screenshots", description=__doc__)
    for name in ("address", "account", "password"):
        parser.add_argument(name)
    given = parser.parse_args()
    expect.set_options(timeout=PATIENCE)
    FOLDER.mkdir(parents=True, exist_ok=True)
    languages: tuple[Language, ...] = ("zh", "en")
    for language in languages:
        for path in take(given.address.rstrip("/"), given.account, given.password, language):
            sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
