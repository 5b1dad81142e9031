"""The desk in a real browser, by keyboard alone: what is registered, and that no word is lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, Request, Route, expect

from shared.policy.templates import Language
from shared.runtime.web import words
from tests.console.bench import PASSWORD
from tests.console.test_in_a_browser import LOOKS, PATIENCE, agent, browser, look, until_so
from tests.support.floor import Floor, caller
from tests.web.phone import CHROMIUM, UBUNTU

S4: Final = "楼上漏水，我家顶上湿了一大片；上回来的师傅鞋套都不穿；还有物业费发票怎么开？"
TAP_AGAIN: Final = "北门的快递柜打不开，屏幕是黑的"
CHILD: Final = "3号楼电梯不动了，就我一个人，我十三岁"
KNOWN: Final = "13800138077"
WHILE_IT_STARTS: Final = 90_000.0
DRAFT_AFTER: Final = 300
"""So many milliseconds after a key it is kept."""

expect.set_options(timeout=PATIENCE)
pytestmark = pytest.mark.skipif(CHROMIUM is None and UBUNTU, reason="Ubuntu's Chromium is a snap")


@contextmanager
def desk(
    address: str, id: str, language: Language = "zh", theme: str = "light", width: int = 1440
) -> Iterator[Page]:
    """Somebody at the desk, signed in."""
    with browser(language, theme, width) as page:
        page.goto(f"{address}/desk")
        page.locator("#id").fill(id)
        page.locator("#password").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator("#text")).to_be_focused()
        # Keys do something once the scripts run, which is later than that the field has the focus.
        expect(page.locator("#line")).to_have_attribute("data-is", "on")
        yield page


def numbers_on(page: Page) -> list[str]:
    """The tickets that the page says are registered."""
    expect(page.locator("#saved")).to_be_visible(timeout=WHILE_IT_STARTS)
    return [text.replace(" ", "") for text in page.locator("#saved .big").all_inner_texts()]


def a_first_call(address: str, id: str, language: Language, theme: str) -> list[str]:
    """Three matters of one caller, told, and the end of the call."""
    say = words("services.console.desk", language)
    with desk(address, id, language, theme) as page:
        look(page, "empty")
        page.keyboard.press("Alt+P")
        expect(page.locator("#estate")).to_be_focused()
        page.keyboard.type("锦园")
        page.keyboard.press("Enter")
        expect(page.locator("#saved")).to_have_count(0)
        page.keyboard.press("Alt+T")
        page.keyboard.type(S4)
        expect(page.locator(".matter")).to_have_count(3)
        expect(page.locator("#verdict")).to_contain_text("；" if language == "zh" else ";")
        look(page, "three matters")
        page.keyboard.press("Alt+S")
        expect(page.locator("#intent")).to_contain_text("3")
        page.keyboard.press("Control+Enter")
        numbers = numbers_on(page)
        expect(page.locator("#text")).to_have_value("")
        expect(page.locator("#text")).to_be_focused()
        expect(page.locator("#estate")).to_have_value("锦园")
        look(page, "saved")
        page.keyboard.press("Control+Enter")
        expect(page.locator("#told-done")).to_contain_text(say["told"])
        page.keyboard.press("F2")
        expect(page.locator("#saved")).to_have_count(0)
        page.keyboard.type("灯")
        page.keyboard.press("Escape")
        expect(page.locator("#end-asked")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#text")).to_have_value("灯")
        page.locator("#text").fill("")
        page.keyboard.press("Escape")
        expect(page.locator("#estate")).to_have_value("")
        expect(page.locator("#phone")).to_be_focused()
    return numbers


@pytest.mark.parametrize(("theme", "language"), LOOKS)
async def test_a_first_call_is_three_tickets_by_keyboard_alone(
    floor: Floor, theme: str, language: Language
) -> None:
    id = await agent(floor, f"desk-{theme}-{language}")

    numbers = await asyncio.to_thread(
        a_first_call, floor.endpoints.services["console"], id, language, theme
    )

    found = [await ticket(floor, number) for number in numbers]
    assert [each["type"] for each in found] == ["repair", "complaint", "inquiry"]
    assert all(each["promised"][-1]["told"] for each in found)


async def ticket(floor: Floor, number: str) -> dict[str, Any]:
    answer = await floor.clients.call("GET", "intake", f"/v1/tickets/{number}", role="supervisor")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def a_silent_call(address: str, id: str) -> tuple[str, str]:
    """The emergency key with nothing typed; a child calls from the same lift."""
    with desk(address, id) as page:
        page.keyboard.press("F9")
        expect(page.locator("#emergency-go")).to_be_focused()
        expect(page.locator("#likely-kind")).to_have_value("unknown")
        page.keyboard.press("Enter")
        (first,) = numbers_on(page)
        page.keyboard.press("F2")
        page.keyboard.type(f"锦园{CHILD}")
        expect(page.locator("#take-place")).to_be_visible()
        page.keyboard.press("Alt+E")
        expect(page.locator("#estate")).to_have_value("锦园")
        expect(page.locator(".advice")).to_be_visible()
        page.keyboard.press("F9")
        expect(page.locator("#likely-kind")).to_have_value("elevator_entrapment")
        page.keyboard.press("Enter")
        (lift,) = numbers_on(page)
    return first, lift


def the_child_calls(address: str, id: str, running: str) -> str:
    with desk(address, id) as page:
        page.keyboard.press("Alt+P")
        page.keyboard.type("锦园")
        page.keyboard.press("Alt+T")
        page.keyboard.type(CHILD)
        expect(page.locator(f"#join-{running}")).to_be_visible()
        look(page, "offered")
        page.locator(f"#join-{running}").focus()
        if page.locator("[data-key='Alt+J']").get_attribute("data-joins") == running:
            page.keyboard.press("Alt+J")
        else:
            page.keyboard.press("Enter")
        (number,) = numbers_on(page)
    return number


async def test_an_emergency_is_raised_on_an_empty_form_and_a_second_caller_joins_it(
    floor: Floor,
) -> None:
    id = await agent(floor, "desk-emergency")
    address = floor.endpoints.services["console"]

    silent, lift = await asyncio.to_thread(a_silent_call, address, id)
    assert (await ticket(floor, silent))["emergency_kind"] == "unknown"
    assert (await ticket(floor, lift))["emergency_kind"] == "elevator_entrapment"
    await floor.clients.until_message(lift, "alert")

    child = await asyncio.to_thread(the_child_calls, address, id, lift)
    related = await floor.clients.call(
        "GET", "intake", f"/v1/tickets/{child}/related", role="supervisor"
    )
    assert related.json()["emergency"] == lift


def compose(address: str, id: str) -> None:
    """An input method writes; while it does, nothing is asked and no key acts."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith(("/desk/look", "/desk/save")):
            asked.append(request.url)

    with desk(address, id) as page:
        page.on("request", note)
        typed = page.context.new_cdp_session(page)
        for so_far in ("l", "lou", "lous", "loushang"):
            sent = {"text": so_far, "selectionStart": len(so_far), "selectionEnd": len(so_far)}
            typed.send("Input.imeSetComposition", sent)
            for key in ("Enter", "F9", "F2", "Escape"):
                event = {"type": "rawKeyDown", "key": key, "windowsVirtualKeyCode": 229}
                typed.send("Input.dispatchKeyEvent", event)
        page.wait_for_timeout(600)
        assert asked == []
        expect(page.locator("#emergency-row")).to_be_hidden()
        typed.send("Input.insertText", {"text": "楼上漏水"})
        expect(page.locator(".matter")).to_have_count(1)
        expect(page.locator("#text")).to_have_value("楼上漏水")
        assert [url for url in asked if url.endswith("/desk/save")] == []


def gives_a_composition_up(address: str, id: str) -> None:
    """Several requests stay several while nothing else was said; other words are others."""
    parts = "JSON.parse(document.querySelector('[name=split]').value || '[]').length"
    with desk(address, id) as page:
        page.locator("#estate").fill("锦园")
        page.locator("#text").fill(S4)
        expect(page.locator(".matter")).to_have_count(3)
        page.keyboard.press("Alt+S")
        assert page.evaluate(parts) == 3
        page.keyboard.press("End")
        typed = page.context.new_cdp_session(page)
        for so_far in ("l", "lo", ""):
            sent = {"text": so_far, "selectionStart": len(so_far), "selectionEnd": len(so_far)}
            typed.send("Input.imeSetComposition", sent)
        expect(page.locator("#text")).to_have_value(S4)
        assert page.evaluate(parts) == 3
        typed.send("Input.insertText", {"text": "还有"})
        assert page.evaluate(parts) == 0


async def test_words_that_were_composed_and_given_up_change_nothing(floor: Floor) -> None:
    id = await agent(floor, "desk-gives-up")

    await asyncio.to_thread(gives_a_composition_up, floor.endpoints.services["console"], id)


def adds_to_what_is_there(address: str, id: str, number: str) -> None:
    """What is typed after the words were sent stays."""
    with desk(address, id) as page:
        page.locator("#estate").fill("锦园")
        page.locator("#text").fill(TAP_AGAIN)
        button = page.locator(f"#add-to-{number}")
        expect(button).to_be_visible()

        def late(route: Route) -> None:
            page.evaluate("document.querySelector('#text').value += '；门禁也坏了'")
            route.continue_()

        page.route("**/desk/supplement", late)
        button.click()
        expect(page.locator("#saved")).to_contain_text(f"{number[:4]} {number[4:]}")
        expect(page.locator("#text")).to_have_value("；门禁也坏了")


def known_caller(address: str, id: str, number: str) -> None:
    """The place and the ticket of somebody who rang before; and a key that finds nothing yet."""
    say = words("services.console.desk", "zh")
    with desk(address, id) as page:
        page.locator("#text").fill("还在滴")
        page.keyboard.press("F4")
        expect(page.locator("#sending")).to_have_text(say["likely_needs_place"])
        page.keyboard.press("1")
        page.keyboard.type("，第2回")
        expect(page.locator("#text")).to_have_value("还在滴，第2回")
        page.locator("#phone").fill(KNOWN)
        page.locator(f"#place-of-{number}").click()
        expect(page.locator("#estate")).to_have_value("锦园")
        expect(page.locator("#location")).to_have_value("3号楼")
        page.locator(f"#caller-adds-{number}").click()
        expect(page.locator("#panel")).to_contain_text(say["supplemented"])
        expect(page.locator("#text")).to_have_value("")


async def test_a_known_caller_s_ticket_is_added_to_and_gives_its_place(floor: Floor) -> None:
    id = await agent(floor, "desk-known")
    report = {"estate": "jinyuan", "text": "3号楼厨房水龙头滴水", "caller": caller(phone=KNOWN)}
    number = str((await floor.clients.post_ticket(report))["number"])

    await asyncio.to_thread(known_caller, floor.endpoints.services["console"], id, number)


async def test_what_is_typed_while_words_are_added_to_a_ticket_stays(floor: Floor) -> None:
    id = await agent(floor, "desk-adds")
    report = {"estate": "jinyuan", "text": TAP_AGAIN, "caller": caller()}
    number = str((await floor.clients.post_ticket(report))["number"])

    await asyncio.to_thread(adds_to_what_is_there, floor.endpoints.services["console"], id, number)


async def test_while_an_input_method_composes_nothing_is_asked_and_no_key_acts(
    floor: Floor,
) -> None:
    id = await agent(floor, "desk-ime")

    await asyncio.to_thread(compose, floor.endpoints.services["console"], id)


def through_two_deaths(floor: Floor, id: str) -> list[str]:
    """Intake dies while somebody types, the console while it is being registered."""
    say = words("services.console.desk", "zh")
    with desk(floor.endpoints.services["console"], id) as page:
        page.keyboard.press("Alt+P")
        page.keyboard.type("锦园")
        page.keyboard.press("Alt+T")
        page.keyboard.type("单元门禁")
        floor.service("intake").kill()
        page.keyboard.type("坏了，刷卡没反应")
        expect(page.locator("#panel")).to_contain_text(say["judge_away"])
        page.keyboard.press("Control+Enter")
        expect(page.locator("#sending")).not_to_have_text("")
        floor.service("console").kill()
        expect(page.locator("#sending")).to_contain_text(say["unsure"], timeout=WHILE_IT_STARTS)
        expect(page.locator("#text")).to_have_value("单元门禁坏了，刷卡没反应")
        expect(page.locator("#save")).to_be_disabled()
        numbers = numbers_on(page)
        expect(page.locator("#text")).to_have_value("")
    return numbers


async def test_intake_and_the_console_die_and_there_is_one_ticket_with_every_word(
    floor: Floor,
) -> None:
    id = await agent(floor, "desk-deaths")

    (number,) = await asyncio.to_thread(through_two_deaths, floor, id)

    kept = await ticket(floor, number)
    assert kept["scrubbed"] == "单元门禁坏了，刷卡没反应"
    found = await floor.clients.call(
        "GET", "intake", "/v1/tickets?owner=desk-deaths", role="supervisor"
    )
    assert [each["number"] for each in found.json()["items"]] == [number]


KEPT: Final = "Object.keys(sessionStorage).some((each) => each.startsWith('draft '))"
KEYS: Final = """() => new Promise((done) => {
  const asked = indexedDB.open("hotline", 1);
  asked.onsuccess = () => {
    const all = asked.result.transaction("keys").objectStore("keys").getAllKeys();
    all.onsuccess = () => { asked.result.close(); done(all.result); };
  };
})"""
"""Whose keys the browser has."""


def load_anew(page: Page, address: str) -> None:
    """Open the desk as soon as somebody answers."""
    until = time.monotonic() + WHILE_IT_STARTS / 1000
    while True:
        try:
            page.goto(f"{address}/desk")
        except PlaywrightError:
            assert time.monotonic() < until
            page.wait_for_timeout(500)
        else:
            return


def typed_before_the_console_dies(floor: Floor, id: str) -> None:
    address = floor.endpoints.services["console"]
    with desk(address, id) as page:
        bar = page.locator("[data-restored='desk']")
        page.locator("#estate").fill("锦园")
        page.locator("#text").fill("单元门禁坏了，刷卡没反应")
        page.locator("#type").select_option("repair")
        page.locator("#location").fill("三号楼")
        expect(page.locator(".matter")).to_have_count(1)
        page.wait_for_timeout(2 * DRAFT_AFTER)
        key = page.locator("[name='key']").input_value()
        floor.service("console").kill()
        page.wait_for_timeout(2 * DRAFT_AFTER)
        load_anew(page, address)
        expect(page.locator("#text")).to_have_value("单元门禁坏了，刷卡没反应")
        expect(page.locator("#estate")).to_have_value("锦园")
        expect(page.locator("#type")).to_have_value("repair")
        expect(page.locator("#location")).to_have_value("三号楼")
        expect(page.locator("[name='key']")).to_have_value(key)
        expect(bar).to_be_visible()
        page.keyboard.press("Control+Enter")
        assert len(numbers_on(page)) == 1
        expect(bar).to_be_hidden()
        page.keyboard.press("F2")
        page.keyboard.press("Escape")
        if page.locator("#end-asked").is_visible():
            page.locator("#end-yes").click()
        expect(page.locator("#estate")).to_have_value("")
        load_anew(page, address)
        expect(page.locator("#phone")).to_have_value("")
        page.wait_for_timeout(2 * DRAFT_AFTER)
        expect(page.locator("#text")).to_have_value("")
        expect(bar).to_be_hidden()
        assert not page.evaluate(KEPT)


async def test_what_is_typed_at_the_desk_is_there_after_the_console_died_until_it_is_saved(
    floor: Floor,
) -> None:
    id = await agent(floor, "desk-drafts")

    await asyncio.to_thread(typed_before_the_console_dies, floor, id)


def sign_in_here(page: Page, id: str) -> None:
    page.locator("#id").fill(id)
    page.locator("#password").fill(PASSWORD)
    page.locator("#password").press("Enter")
    expect(page.locator("#text")).to_be_focused()


def sign_out(page: Page) -> None:
    """By keyboard alone."""
    if page.locator("details.menu[open]").count() == 0:
        page.locator("details.menu summary").press("Enter")
    page.locator("form[action='/session/end'] button").press("Enter")


def nothing_left(page: Page, id: str) -> None:
    """Of what was typed before whoever is here now came."""
    page.wait_for_timeout(2 * DRAFT_AFTER)
    expect(page.locator("#text")).to_have_value("")
    expect(page.locator("[data-restored='desk']")).to_be_hidden()
    assert not page.evaluate(KEPT)
    assert set(page.evaluate(KEYS)) <= {id}


def two_at_one_desk(address: str, one: str, other: str) -> None:
    asked = words("services.console.frame", "zh")["out_asked"]
    with desk(address, one) as page:
        page.locator("#text").fill("半句话")
        sign_out(page)
        expect(page.locator("#out-asked")).to_contain_text(asked)
        look(page, "sign out")
        page.keyboard.press("Escape")
        expect(page.locator("#out-asked")).to_be_hidden()
        expect(page.locator("#text")).to_have_value("半句话")
        until_so(page, KEPT)
        sign_out(page)
        expect(page.locator("#out-asked")).to_be_visible()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator("#password")).to_be_visible()
        assert page.evaluate(KEYS) == []
        page.goto(f"{address}/desk")
        sign_in_here(page, one)
        nothing_left(page, one)
        page.locator("#text").fill("又是半句话")
        until_so(page, KEPT)
        page.context.clear_cookies()
        page.goto(f"{address}/desk")
        sign_in_here(page, other)
        nothing_left(page, other)


def of_another_tab(address: str, id: str) -> None:
    """What is typed in one tab is asked about in each, once it is closed or sent in none."""
    with desk(address, id) as page:
        other = page.context.new_page()
        other.goto(f"{address}/help")
        page.bring_to_front()
        page.locator("#text").fill("半句话")
        until_so(page, KEPT)
        other.bring_to_front()
        sign_out(other)
        expect(other.locator("#out-asked")).to_be_visible()
        other.keyboard.press("Enter")
        expect(other.locator("#out-asked")).to_be_hidden()
        page.goto(f"{address}/help")
        sign_out(other)
        expect(other.locator("#out-asked")).to_be_visible()
        other.keyboard.press("Escape")
        page.close()
        sign_out(other)
        expect(other.locator("#password")).to_be_visible()


async def test_signing_out_asks_about_what_is_typed_in_any_tab_and_else_not(floor: Floor) -> None:
    id = await agent(floor, "desk-tabs")

    await asyncio.to_thread(of_another_tab, floor.endpoints.services["console"], id)


async def test_nothing_typed_is_there_after_signing_out_or_for_somebody_else(floor: Floor) -> None:
    one, other = await agent(floor, "desk-one"), await agent(floor, "desk-other")

    await asyncio.to_thread(two_at_one_desk, floor.endpoints.services["console"], one, other)


def told_after_the_end(address: str, id: str, *, signs_out: bool) -> None:
    """What another tab says of the words in it, once they are signed out here or their session
    ended without it.
    """
    with desk(address, id) as page:
        page.locator("#text").fill("半句话")
        until_so(page, KEPT)
        other = page.context.new_page()
        other.goto(f"{address}/help")
        if signs_out:
            sign_out(other)
            other.locator("#out-asked button[value]").click()
            expect(other.locator("#password")).to_be_visible()
        else:
            origin = {"Origin": address, "Sec-Fetch-Site": "same-origin"}
            assert page.context.request.post(f"{address}/session/end", headers=origin).ok
        page.bring_to_front()
        expect(page.locator("#bye")).to_be_visible()
        gone, kept = page.locator("#bye-gone"), page.locator("#bye-kept")
        expect(gone if signs_out else kept).to_be_visible()
        expect(kept if signs_out else gone).to_be_hidden()
        if signs_out:
            expect(page.locator("#bye-words")).to_have_text("半句话")
            look(page, "signed out")
        page.locator("#bye a").click()
        sign_in_here(page, id)
        expect(page.locator("#text")).to_have_value("" if signs_out else "半句话")


@pytest.mark.parametrize("signs_out", [True, False])
async def test_what_is_said_of_words_in_another_tab_is_what_becomes_of_them(
    floor: Floor, *, signs_out: bool
) -> None:
    id = await agent(floor, f"desk-bye-{signs_out}".lower())
    address = floor.endpoints.services["console"]

    await asyncio.to_thread(told_after_the_end, address, id, signs_out=signs_out)


def ended_elsewhere(address: str, id: str) -> list[str]:
    """The session ends while somebody types; in another tab they sign in again."""
    with desk(address, id) as page:
        page.keyboard.type("楼道灯不亮")
        until_so(page, KEPT)
        other = page.context.new_page()
        page.context.clear_cookies()
        page.bring_to_front()
        page.keyboard.press("Control+Enter")
        expect(page.locator("#sending")).to_contain_text(
            words("services.console.desk", "zh")["over_wait"]
        )
        expect(page.locator("#text")).to_have_value("楼道灯不亮")
        other.goto(f"{address}/session")
        other.locator("#id").fill(id)
        other.locator("#password").fill(PASSWORD)
        other.locator("#password").press("Enter")
        page.bring_to_front()
        return numbers_on(page)


async def test_whose_session_ends_signs_in_beside_and_the_same_request_goes_on(
    floor: Floor,
) -> None:
    id = await agent(floor, "desk-again")

    numbers = await asyncio.to_thread(ended_elsewhere, floor.endpoints.services["console"], id)

    assert len(numbers) == 1


def narrow(address: str, id: str) -> None:
    for theme in ("light", "dark"):
        with desk(address, id, "en", theme, width=390) as page:
            page.locator("#text").fill(S4)
            expect(page.locator(".matter")).to_have_count(3)
            look(page, "narrow")
            # What stays in view covers no more than one button's height of what is typed.
            page.locator("#text").scroll_into_view_if_needed()
            sticking = "e => getComputedStyle(e).position === 'sticky'"
            within = page.locator("#desk p.buttons, #desk p.buttons > *")
            assert [each.evaluate(sticking) for each in within.all()].count(True) == 1
            page.keyboard.press("Control+Enter")
            expect(page.locator("#saved")).to_be_focused()
            expect(page.locator("#saved .number").first).to_be_in_viewport()


async def test_it_fits_a_telephone(floor: Floor) -> None:
    id = await agent(floor, "desk-narrow")

    await asyncio.to_thread(narrow, floor.endpoints.services["console"], id)
