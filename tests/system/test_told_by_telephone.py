"""A result that no message brought is told by telephone, from the link in the desk's message."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Final

import pytest
import pytest_asyncio

from hotline.demo.clients import Json, until
from tests.support.floor import Floor, running_floor
from tests.support.work_page import forms_of, press
from tests.system.test_journey import body_of
from tests.system.test_nobody_told import finish, tasks
from tests.web.phone import CHROMIUM, UBUNTU, telephone

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.whole]
DESK_DIGITS: Final = "8011"
_LINK: Final = re.compile(r"https?://\S+(/w/\S+)")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def own_floor(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Floor]:
    """Real data, with mail for the staff and no channel to callers."""
    async with running_floor(tmp_path_factory.mktemp("told"), trial=False) as running:
        yield running


async def link_in_mail(own_floor: Floor, number: str) -> str:
    """The address in the message to whoever has the task, as their telephone opens it."""

    async def look() -> Json | None:
        mails = [m for m in own_floor.postbox.mails if number in str(m["Subject"])]
        found = [_LINK.search(body_of(mail)) for mail in mails if "跟进" in str(mail["Subject"])]
        return next(({"path": match[1]} for match in found if match), None)

    path = (await until(look, "the message with the link"))["path"]
    return f"{own_floor.endpoints.services['router']}{path}"


async def status(own_floor: Floor, number: str, wanted: str) -> Json:
    async def look() -> Json | None:
        ticket = await own_floor.clients.ticket(number)
        return ticket if ticket["status"] == wanted else None

    return await until(look, f"{number} is {wanted}")


async def done(own_floor: Floor, number: str) -> Json:
    async def look() -> Json | None:
        return next(iter(await tasks(own_floor, number, "done")), None)

    return await until(look, "the task is done")


async def test_a_result_that_reached_nobody_is_told_at_the_link_and_closes_the_ticket(
    own_floor: Floor,
) -> None:
    number = await finish(own_floor)
    address = await link_in_mail(own_floor, number)
    http = own_floor.clients.http

    page = await http.get(address)
    assert page.status_code == 200
    assert "电话告知业主处理结果" in page.text
    assert (await press(http, address, "told", answer="satisfied")).status_code == 303

    ticket = await status(own_floor, number, "closed")
    ended = await done(own_floor, number)
    assert (ended["outcome"], ended["ended_by"]) == ("fed_back", ended["person"])
    assert ticket["timeline"][-1]["by"] == ended["person"]
    after = (await http.get(address)).text
    assert "业主满意，工单已结束" in after
    assert forms_of(after) == {}


async def test_who_is_not_satisfied_at_the_link_has_the_work_begin_again(
    own_floor: Floor,
) -> None:
    number = await finish(own_floor)
    address = await link_in_mail(own_floor, number)

    sent = await press(
        own_floor.clients.http, address, "told", answer="not_done", note="师傅没有来过"
    )

    assert sent.status_code == 303
    assert (await done(own_floor, number))["outcome"] == "fed_back"
    ticket = await own_floor.clients.ticket(number)
    assert ticket["round"] == 2
    begun = next(e for e in ticket["timeline"] if e["transition"] == "not_satisfied")
    assert begun["note"] == "师傅没有来过"


async def test_nobody_answers_and_the_caller_is_rung_again(own_floor: Floor) -> None:
    number = await finish(own_floor)
    address = await link_in_mail(own_floor, number)

    assert (await press(own_floor.clients.http, address, "no_answer")).status_code == 303

    assert (await done(own_floor, number))["outcome"] == "no_answer"
    ticket = await own_floor.clients.ticket(number)
    assert (ticket["feedback_attempts"], ticket["status"]) == (1, "resolved")
    [again] = await tasks(own_floor, number, "planned")
    assert again["why"] == "tell"


def said_on_a_telephone(address: str) -> str:
    """See the number, read what to say, choose what they say, and say it, with a thumb and no
    script.
    """
    with telephone() as phone:
        phone.page.goto(address)
        phone.look("10-to-ring")
        phone.page.locator("form.person button").click()
        phone.look("10-whose-telephone")
        phone.page.locator("input[name=digits]").fill(DESK_DIGITS)
        phone.page.locator("main form button").click()
        phone.look("10-number")
        assert phone.page.locator("a[href^='tel:']").count() == 1
        phone.page.locator("a.back").last.click()
        phone.page.get_by_text("听到了，没有表态").click()
        phone.page.locator("#told button").click()
        phone.look("11-told")
        return phone.page.locator(".said").first.inner_text()


@pytest.mark.skipif(CHROMIUM is None and UBUNTU, reason="Ubuntu's Chromium is a snap")
async def test_it_is_said_on_a_telephone_without_a_script(own_floor: Floor) -> None:
    number = await finish(own_floor)
    address = await link_in_mail(own_floor, number)

    said = await asyncio.to_thread(said_on_a_telephone, address)

    assert "没有表态" in said
    await status(own_floor, number, "closed")
