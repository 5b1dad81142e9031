"""The work page on a telephone: 390 pixels wide, in Chinese, without JavaScript, by the messages'
links (S4, S6; A4.3, B3.2.3).
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from os import environ
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page, sync_playwright

from hotline.demo.plots import first_order
from tests.support.floor import Floor, caller
from tests.support.photos import photo

CHROMIUM: Final = shutil.which("chromium")
UBUNTU: Final = "ID=ubuntu" in Path("/etc/os-release").read_text("utf-8").splitlines()
WIDTH, HEIGHT = 390, 844
PATIENCE: Final = 20_000.0
LARGE: Final = 48
"""Pixels: as high as the button for the next thing is at least."""
LOCK: Final = {"text": "三号楼单元门锁坏了，关不上，请来修一下", "type": "repair",
               "area": "building", "estate": "jinyuan", "caller": caller()}  # fmt: skip
LIFT: Final = {"text": "二号楼电梯困人了，快来人", "estate": "jinyuan", "caller": caller()}
LINK: Final = re.compile(r"http://\S+/w/\S+")

pytestmark = pytest.mark.skipif(CHROMIUM is None and UBUNTU, reason="Ubuntu's Chromium is a snap")


@contextmanager
def telephone(*, script: bool = False, shots: Path | None = None) -> Iterator[Phone]:
    """A telephone's browser, with JavaScript or without."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        context = chromium.new_context(
            viewport={"width": WIDTH, "height": HEIGHT},
            java_script_enabled=script,
            locale="zh-CN",
            device_scale_factor=2,
            is_mobile=True,
            has_touch=True,
        )
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        yield Phone(page, shots)
        chromium.close()


class Phone:
    """What a thumb does, and what the eye sees."""

    def __init__(self, page: Page, shots: Path | None) -> None:
        self.page = page
        self._shots = shots

    def next(self) -> str:
        """What the large button says; it is on the screen and as wide as it is."""
        button = self.page.locator(".bar button[type=submit]").last
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= LARGE
        assert box["y"] + box["height"] <= HEIGHT, "the next thing is not on the screen"
        return button.inner_text()

    def press(self, says: str) -> None:
        """Press the large button, which says just that."""
        assert self.next() == says
        self.page.locator(".bar button[type=submit]").last.click()

    def fits(self) -> bool:
        """Whether nothing has to be moved sideways."""
        document = self.page.locator("html").bounding_box()
        main = self.page.locator("main").bounding_box()
        assert document is not None
        assert main is not None
        return document["width"] <= WIDTH and main["x"] + main["width"] <= WIDTH

    def look(self, name: str) -> None:
        """Keep what is seen, for whoever reads it."""
        if self._shots is not None:
            self.page.screenshot(path=self._shots / f"{name}.png", full_page=True)


async def link_in(floor: Floor, number: str, address: str, subject: str) -> str:
    """The link of somebody's message about a ticket."""
    mails = [
        mail for mail in floor.postbox.to(address)
        if number in str(mail["Subject"]) and subject in str(mail["Subject"])
    ]  # fmt: skip
    found = LINK.search(mails[-1].get_content())
    assert found is not None
    return found.group()


def work_is_done(address: str, picture: Path, shots: Path | None) -> list[str]:
    """Accept, a photo, done: what each page said was next."""
    seen = []
    with telephone(shots=shots) as phone:
        phone.page.goto(address)
        phone.look("1-new")
        assert phone.fits()
        for says in ("接单", "我已出发", "我已到场"):
            seen.append(phone.next())
            phone.press(says)
        phone.look("2-on-site")
        phone.page.locator("details.more > summary").click()
        phone.look("3-more")
        assert phone.fits()
        phone.page.locator("#tell > summary").click()
        phone.page.locator("#tell textarea").fill("锁芯已订货，明早九点到")
        phone.page.locator("#tell button").click()
        phone.page.locator("input[type=file]").set_input_files(picture)
        phone.page.locator("form", has=phone.page.locator("input[type=file]")).locator(
            "> button"
        ).click()
        phone.look("4-photo")
        seen.append(phone.next())
        phone.press("已完工")
        phone.look("5-done")
        assert phone.page.locator(".bar").count() == 0
    return seen


async def test_work_is_accepted_shown_by_a_photo_and_done(floor: Floor, tmp_path: Path) -> None:
    number = (await floor.clients.post_ticket(LOCK))["number"]
    order = await first_order(floor.clients, number)
    await floor.clients.until_message(number, "assignment")
    mail = f"{str(order['assignee']).replace('-', '.')}@duty.example"
    address = await link_in(floor, number, mail, "派单")
    (tmp_path / "lock.jpg").write_bytes(photo())

    seen = await asyncio.to_thread(work_is_done, address, tmp_path / "lock.jpg", _shots())

    assert seen == ["接单", "我已出发", "我已到场", "已完工"]
    ticket = await floor.clients.ticket(number)
    done = [e["transition"] for e in ticket["timeline"] if e["order"] == order["id"]]
    assert done == ["accept", "set_out", "arrive", "note", "resolve"]


def alarm_is_met(address: str, shots: Path | None) -> None:
    """I have it, on site, released, and asked once more whether it has ended."""
    with telephone(shots=shots) as phone:
        phone.page.goto(address)
        phone.look("6-alarm")
        assert phone.fits()
        for says in ("我已接警", "我已出发", "我已到场", "人员已脱险"):
            phone.press(says)
        phone.look("7-released")
        phone.press("险情已结束")
        phone.look("8-sure")
        phone.press("确定，险情已结束")
        phone.look("9-ended")
        assert "险情已结束" in phone.page.locator("dl.matter").inner_text()


async def test_an_alarm_is_taken_attended_released_and_ended(floor: Floor) -> None:
    number = (await floor.clients.post_ticket(LIFT))["number"]
    await floor.clients.until_message(number, "alert")
    answer = await floor.clients.call("GET", "notifier", "/v1/messages", params={"number": number})
    first = next(
        m for m in answer.json()["items"]
        if m["purpose"] == "alert" and m["recipient"].startswith("jy-engineering")
    )  # fmt: skip
    mail = f"{first['recipient'].replace('-', '.')}@duty.example"
    address = await link_in(floor, number, mail, "紧急")

    await asyncio.to_thread(alarm_is_met, address, _shots())

    path = f"/v1/emergencies/{number}"
    found: dict[str, Any] = (await floor.clients.call("GET", "router", path)).json()
    assert (found["outcome"], found["ended_by"]) == ("ended", first["recipient"])


def counted(address: str) -> tuple[str, str]:
    """What the first clock says of what is left, twice."""
    with telephone(script=True) as phone:
        phone.page.goto(address)
        left = phone.page.locator(".left").first
        phone.page.wait_for_function("document.querySelector('.left').textContent !== ''")
        return left.inner_text(), phone.next()


async def test_with_a_script_the_clocks_count_down(floor: Floor) -> None:
    number = (await floor.clients.post_ticket(LOCK))["number"]
    order = await first_order(floor.clients, number)
    await floor.clients.until_message(number, "assignment")
    mail = f"{str(order['assignee']).replace('-', '.')}@duty.example"
    address = await link_in(floor, number, mail, "派单")

    left, says = await asyncio.to_thread(counted, address)

    assert left.startswith("还剩")
    assert "分" in left
    assert says == "接单"


def _shots() -> Path | None:
    """Where pictures are wanted, if anywhere."""
    folder = environ.get("WORK_PAGE_SHOTS")
    return Path(folder) if folder else None
