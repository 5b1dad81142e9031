"""A telephone's browser: 390 pixels wide, one of the two languages, with JavaScript or without."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from os import environ
from pathlib import Path
from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, sync_playwright

from shared.policy.templates import Language
from shared.runtime.web import words

CHROMIUM: Final = shutil.which("chromium")
UBUNTU: Final = "ID=ubuntu" in Path("/etc/os-release").read_text("utf-8").splitlines()
PACKAGE: Final = "shared.runtime.web.work"
WIDTH, HEIGHT = 390, 844
PATIENCE: Final = 20_000.0
LARGE: Final = 48
"""Pixels: as high as the button for the next thing is at least."""
LARGE_BUTTON: Final = ".bar button[type=submit]:not(.back)"
"""Where they are asked whether they are sure, the other one goes back."""
LOCALES: Final = {"zh": "zh-CN", "en": "en-GB"}
SLOW_LINE: Final = {
    "offline": False,
    "latency": 300,
    "downloadThroughput": 400_000 / 8,
    "uploadThroughput": 400_000 / 8,
}
"""400 kbit/s, and 300 ms there and back."""


class Phone:
    """What a thumb does, and what the eye sees."""

    def __init__(self, page: Page, language: Language, *, script: bool) -> None:
        self.page = page
        self._language = language
        self._script = script
        shots = environ.get("WORK_PAGE_SHOTS")
        self._shots = Path(shots) if shots else None

    def word(self, key: str) -> str:
        """What the page says for this, in the telephone's language."""
        return words(PACKAGE, self._language)[key]

    def next(self) -> str:
        """What the large button says; it is on the screen and as high as it is."""
        button = self.page.locator(LARGE_BUTTON).last
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= LARGE
        assert box["y"] + box["height"] <= HEIGHT, "the next thing is not on the screen"
        return button.inner_text()

    def press(self, key: str) -> None:
        """Press the large button, which says just that."""
        assert self.next() == self.word(key)
        self.page.locator(LARGE_BUTTON).last.click()

    def fits(self) -> bool:
        """Whether nothing has to be moved sideways."""
        document = self.page.locator("html").bounding_box()
        main = self.page.locator("main").bounding_box()
        assert document is not None
        assert main is not None
        return document["width"] <= WIDTH and main["x"] + main["width"] <= WIDTH

    def look(self, name: str) -> None:
        """It fits, and axe-core, a script itself, finds nothing that keeps anybody from using it.
        With WORK_PAGE_SHOTS what is seen is kept in that folder, for whoever looks at it.
        """
        if self._shots is not None:
            self.page.screenshot(path=self._shots / f"{name}-{self._language}.png", full_page=True)
        assert self.fits(), name
        if self._script:
            found = Axe().run(self.page)
            assert found.violations_count == 0, f"{name}: {found.generate_report()}"

    def slow_down(self) -> None:
        """Put the telephone on a bad line, with nothing kept from before."""
        devtools = self.page.context.new_cdp_session(self.page)
        devtools.send("Network.enable")
        devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
        devtools.send("Network.emulateNetworkConditions", SLOW_LINE)

    def seconds_until_usable(self) -> float:
        """From the tap on the link until all of the page is there."""
        timing: dict[str, Any] = self.page.evaluate(
            "performance.getEntriesByType('navigation')[0].toJSON()"
        )
        return float(timing["loadEventEnd"]) / 1000

    def bytes_loaded(self) -> int:
        """All that came over the line for the page, with its headers."""
        sizes = self.page.evaluate(
            "['navigation', 'resource'].flatMap(k => performance.getEntriesByType(k))"
            ".map(e => e.transferSize)"
        )
        return int(sum(sizes))


@contextmanager
def telephone(language: Language = "zh", *, script: bool = False) -> Iterator[Phone]:
    """A telephone with its browser open."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        context = chromium.new_context(
            viewport={"width": WIDTH, "height": HEIGHT},
            java_script_enabled=script,
            locale=LOCALES[language],
            device_scale_factor=2,
            is_mobile=True,
            has_touch=True,
        )
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        yield Phone(page, language, script=script)
        chromium.close()
