"""The work page on a telephone, in both languages, by the messages' links (S4, S6; A4.3, B3.2.3),
with JavaScript and without.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any, Final

import pytest

from hotline.demo.steps import first_order
from shared.policy.templates import Language
from tests.support.floor import Floor, caller
from tests.support.photos import photo
from tests.web.phone import CHROMIUM, UBUNTU, telephone

LOCK: Final = {"text": "三号楼单元门锁坏了，关不上，请来修一下", "type": "repair",
               "area": "building", "estate": "jinyuan", "caller": caller()}  # fmt: skip
LIFT: Final = {"text": "二号楼电梯困人了，快来人", "estate": "jinyuan", "caller": caller()}
LINK: Final = re.compile(r"http://\S+/w/\S+")
LANGUAGES: Final = [("zh", False), ("zh", True), ("en", True)]
USABLE_SECONDS: Final = 2.0
MOST_BYTES: Final = 40_000

pytestmark = pytest.mark.skipif(CHROMIUM is None and UBUNTU, reason="Ubuntu's Chromium is a snap")


async def link_in(floor: Floor, number: str, address: str, subject: str) -> str:
    """The link of somebody's message about a ticket."""
    mails = [
        mail for mail in floor.postbox.to(address)
        if number in str(mail["Subject"]) and subject in str(mail["Subject"])
    ]  # fmt: skip
    found = LINK.search(mails[-1].get_content())
    assert found is not None
    return found.group()


async def assigned(floor: Floor) -> tuple[str, str, str]:
    """A new request's number, its first work order, and the link of whoever has it."""
    number = (await floor.clients.post_ticket(LOCK))["number"]
    order = await first_order(floor.clients, number)
    await floor.clients.until_message(number, "assignment")
    mail = f"{str(order['assignee']).replace('-', '.')}@duty.example"
    return number, order["id"], await link_in(floor, number, mail, "派单")


def work_is_done(address: str, picture: Path, language: Language, *, script: bool) -> None:
    """Accept, on the way, on site, a word to the owner, a photo, done."""
    with telephone(language, script=script) as phone:
        phone.page.goto(address)
        phone.look("1-new")
        for act in ("act_accept", "act_set_out", "act_arrive"):
            phone.press(act)
        phone.look("2-on-site")
        phone.page.locator("details.more > summary").click()
        phone.look("3-more")
        phone.page.locator("#tell > summary").click()
        phone.page.locator("#tell textarea").fill("锁芯已订货，明早九点到")
        phone.page.locator("#tell button").click()
        phone.page.locator("input[type=file]").set_input_files(picture)
        phone.page.locator("form", has=phone.page.locator("input[type=file]")).locator(
            "> button"
        ).click()
        phone.look("4-photo")
        phone.press("act_done")
        phone.look("5-done")
        assert phone.page.locator(".bar").count() == 0


@pytest.mark.parametrize(("language", "script"), LANGUAGES)
async def test_work_is_accepted_shown_by_a_photo_and_done(
    floor: Floor, tmp_path: Path, *, language: Language, script: bool
) -> None:
    number, order, address = await assigned(floor)
    (tmp_path / "lock.jpg").write_bytes(photo())

    await asyncio.to_thread(work_is_done, address, tmp_path / "lock.jpg", language, script=script)

    ticket = await floor.clients.ticket(number)
    done = [entry["transition"] for entry in ticket["timeline"] if entry["order"] == order]
    assert done == ["accept", "set_out", "arrive", "note", "resolve"]


def flat_is_asked_for(address: str, assignee: str, language: Language) -> str:
    """Where to go and whom to call, on a page of its own whose opening is on record."""
    with telephone(language, script=True) as phone:
        phone.page.goto(address)
        phone.press("act_accept")
        phone.page.locator("form.person button").click()
        phone.look("10-whose-telephone")
        phone.page.locator("input[name=digits]").fill(f"800{assignee[-1]}")
        phone.page.locator("main form button").click()
        phone.page.locator("main dl").wait_for()
        phone.look("11-person")
        return phone.page.locator("main").inner_text()


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_page_of_flat_and_number_can_be_used_by_everybody(
    floor: Floor, language: Language
) -> None:
    number, _, address = await assigned(floor)
    assignee = str((await first_order(floor.clients, number))["assignee"])
    assert assignee.startswith("jy-engineering-"), "their numbers end with 8001, 8002, 8003"

    seen = await asyncio.to_thread(flat_is_asked_for, address, assignee, language)

    assert caller()["phone"] in seen.replace(" ", "")
    assert caller()["room"] in seen


def alarm_is_met(address: str, language: Language, *, script: bool) -> None:
    """I have it, on site, released, and asked once more whether it has ended."""
    with telephone(language, script=script) as phone:
        phone.page.goto(address)
        phone.look("6-alarm")
        for act in ("act_acknowledge", "act_set_out", "act_arrive", "act_release"):
            phone.press(act)
        phone.look("7-released")
        phone.press("act_end")
        phone.look("8-sure")
        phone.press("sure_yes_end")
        phone.look("9-ended")
        assert phone.word("danger_over") in phone.page.locator("dl.matter").inner_text()


@pytest.mark.parametrize(("language", "script"), LANGUAGES)
async def test_an_alarm_is_taken_attended_released_and_ended(
    floor: Floor, *, language: Language, script: bool
) -> None:
    number = (await floor.clients.post_ticket({**LIFT, "caller": caller()}))["number"]
    await floor.clients.until_message(number, "alert")
    answer = await floor.clients.call("GET", "notifier", "/v1/messages", params={"number": number})
    first = next(
        m for m in answer.json()["items"]
        if m["purpose"] == "alert" and m["recipient"].startswith("jy-engineering")
    )  # fmt: skip
    mail = f"{first['recipient'].replace('-', '.')}@duty.example"
    address = await link_in(floor, number, mail, "紧急")

    await asyncio.to_thread(alarm_is_met, address, language, script=script)

    path = f"/v1/emergencies/{number}"
    found: dict[str, Any] = (await floor.clients.call("GET", "router", path)).json()
    assert (found["outcome"], found["ended_by"]) == ("ended", first["recipient"])


def counted(address: str) -> tuple[str, float, int]:
    """What the first clock says of what is left; on a bad line, how long the page took and how
    much came.
    """
    with telephone(script=True) as phone:
        phone.slow_down()
        phone.page.goto(address, wait_until="load")
        phone.page.wait_for_function("document.querySelector('.left').textContent !== ''")
        left = phone.page.locator(".left").first.inner_text()
        return left, phone.seconds_until_usable(), phone.bytes_loaded()


async def test_with_a_script_the_clocks_count_down_and_a_bad_line_is_enough(floor: Floor) -> None:
    _, _, address = await assigned(floor)

    left, seconds, loaded = await asyncio.to_thread(counted, address)

    assert left.startswith("还剩")
    assert "分" in left
    assert seconds <= USABLE_SECONDS
    assert 0 < loaded <= MOST_BYTES
