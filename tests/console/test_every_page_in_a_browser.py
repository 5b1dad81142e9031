"""Every page that an agent comes to, in a real browser: for everybody in both themes, languages and
widths, and worked by the keys of the table, which an input method keeps to itself.

The pages are found by their links, the keys by their table: a new one is tried by itself.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from services.console.app import ROOMS
from services.console.keys import KEYS, Shortcut
from shared.policy.templates import Language
from tests.console.bench import PASSWORD
from tests.console.offers import shape
from tests.console.test_in_a_browser import LIFT, agent, browser, look
from tests.support.floor import Floor, caller
from tests.web.phone import CHROMIUM, UBUNTU

pytestmark = pytest.mark.skipif(CHROMIUM is None and UBUNTU, reason="Ubuntu's Chromium is a snap")
WIDTHS: Final = (1440, 390)
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")
SCHEMES: Final = ("light", "dark")
MOST_PAGES: Final = 40
OF_A_KIND: Final = 4
"""So many pages of one kind are tried by keys: not everything may be done to each ticket."""
TAP: Final = {"text": "厨房水龙头一直滴水，麻烦来个师傅看一下", "estate": "jinyuan"}
UNCLEAR: Final = {"text": "你们那个事情到底怎么说", "estate": "jinyuan"}
ROOMS_THERE: Final = frozenset(room.entry.name for room in ROOMS if room.entry is not None)
PLAYWRIGHT: Final = {"Ctrl": "Control", "Esc": "Escape", "↓": "ArrowDown", "↑": "ArrowUp"}
OF_LISTS: Final = frozenset({"j", "k", "↓", "↑", "Enter"})
OPEN_ALL: Final = "document.querySelectorAll('main details').forEach(e => { e.open = true; })"
UNFOCUS: Final = "document.activeElement && document.activeElement.blur()"
NOTE: Final = """() => {
  window.noted = [];
  const note = (event) => {
    const at = event.target.closest ? event.target.closest("[data-key]") : null;
    window.noted.push(...(at ? at.dataset.key.split(" ") : []), event.target.dataset.rail || "");
  };
  window.addEventListener("click", (event) => {
    note(event);
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
  window.addEventListener("focusin", note, true);
}"""
"""Notes what is pressed, and lets nothing come of it."""
KEYS_SEEN: Final = """() => [...document.querySelectorAll("[data-key]")]
  .filter((e) => !e.disabled && !e.closest("[inert]") && e.getClientRects().length > 0)
  .flatMap((e) => e.dataset.key.split(" ")).filter((key) => key)"""
COMPOSE: Final = """([key, alt, ctrl]) => {
  const more = {key: key, altKey: alt, ctrlKey: ctrl, bubbles: true, cancelable: true};
  const at = document.activeElement || document.body;
  at.dispatchEvent(new KeyboardEvent("keydown", {...more, isComposing: true}));
  at.dispatchEvent(new KeyboardEvent("keydown", {...more, keyCode: 229}));
}"""
TYPED: Final[Mapping[str, Mapping[str, str]]] = {
    "split": {
        "#estate": "锦园",
        "#text": "楼上漏水，我家顶上湿了一大片；上回来的师傅鞋套都不穿；还有物业费发票怎么开？",
    },
    "place": {"#text": "锦园3号楼电梯不动了，就我一个人"},
    "join": {"#estate": "锦园", "#text": "二号楼电梯困人了，我在里面"},
    "likely": {"#estate": "锦园", "#text": "厨房水龙头一直滴水，麻烦来个师傅看一下"},
}
"""What stands at the desk when some of its keys are there."""


@dataclass
class Pressed:
    """Which keys of which pages did what stands on them, and which pages there were."""

    keys: dict[str, set[str]] = field(default_factory=dict)

    def on(self, path: str) -> set[str]:
        """Of all pages below this."""
        found = (keys for page, keys in self.keys.items() if page.startswith(path))
        return set().union(*found)


def sign_in(page: Page, address: str, id: str) -> None:
    page.goto(f"{address}/session?next=/help")
    page.locator("#id").fill(id)
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/help")


def every_page(page: Page, address: str, of_a_kind: int = 1) -> Iterator[str]:
    """Open so many pages of each kind to which links lead, and say the path of each."""
    left, kinds, been = ["/", "/help"], Counter[str](), set[str]()
    while left and len(been) < MOST_PAGES:
        path = left.pop(0)
        if path in been or kinds[shape(path)] >= of_a_kind:
            continue
        kinds[shape(path)] += 1
        been.add(path)
        answer = page.goto(f"{address}{path}")
        assert answer is not None
        assert answer.ok, f"{path}: {answer.status}"
        expect(page.locator("h1").first).to_be_visible()
        found = page.eval_on_selector_all(
            "a[href^='/']", "all => all.map(e => e.getAttribute('href').split('#')[0])"
        )
        yield page.url.removeprefix(address)
        left += found


async def some_work(floor: Floor, id: str) -> list[str]:
    """Something in each list, some of it this agent's; the tickets that somebody works on or has
    done.
    """
    numbers = []
    lift = await floor.clients.post_ticket({**LIFT, "caller": caller()})
    await floor.clients.post_ticket({**UNCLEAR, "caller": caller()})
    # Some systems send what has no place to break a line at.
    unbroken = UNCLEAR["text"] + "x" * 300
    await floor.clients.post_ticket({**UNCLEAR, "text": unbroken, "caller": caller()})
    await floor.clients.until_message(str(lift["number"]), "alert")
    for acts in (("accept",), ("accept", "resolve")):
        # No text reaches a fixed line: the result stays to be told, however long this takes.
        report = {**TAP, "caller": caller(phone="057188880000")}
        number = str((await floor.clients.post_ticket(report))["number"])
        ticket = await floor.clients.until_ticket(
            number, lambda t: bool(t["work_orders"]), "given out"
        )
        own = f"/v1/tickets/{number}/own"
        answer = await floor.clients.call("POST", "intake", own, json={"owner": id})
        assert answer.is_success, answer.text
        for act in acts:
            assert (await floor.clients.work(ticket["work_orders"][0], act)).is_success
        numbers.append(number)
    return numbers


def looked_at(address: str, id: str, language: Language) -> None:
    with browser(language, "light") as page:
        sign_in(page, address, id)
        for path in every_page(page, address):
            for scheme in SCHEMES:
                page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                for width in WIDTHS:
                    page.set_viewport_size({"width": width, "height": 900})
                    look(page, f"{path} {language} {scheme} {width}")
            page.emulate_media(color_scheme="light")
            page.set_viewport_size({"width": WIDTHS[0], "height": 900})


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_page_is_for_everybody(floor: Floor, language: Language) -> None:
    id = await agent(floor, f"every-page-{language}")
    await some_work(floor, id)

    await asyncio.to_thread(looked_at, floor.endpoints.services["console"], id, language)


def chords_of(shortcut: Shortcut) -> list[str]:
    """What is pressed for it by itself; a span of digits is its first and its last."""
    return [part for chord in shortcut.chords for part in chord.split(" … ")]


def press(page: Page, chord: str) -> None:
    """As on a keyboard: `g 1` is two strokes."""
    for stroke in chord.split(" "):
        page.keyboard.press("+".join(PLAYWRIGHT.get(key, key) for key in stroke.split("+")))


def compose(page: Page, chord: str) -> None:
    """The same while an input method has the keyboard."""
    *held, key = chord.split("+") if len(chord) > 1 else [chord]
    page.evaluate(COMPOSE, [PLAYWRIGHT.get(key, key), "Alt" in held, "Ctrl" in held])


def noted(page: Page, doing: Callable[[Page, str], None], chord: str) -> list[str]:
    """What was pressed or reached meanwhile."""
    page.evaluate("window.noted = []")
    page.evaluate(UNFOCUS)
    doing(page, chord)
    return [key for key in page.evaluate("window.noted") if key]


def press_all(page: Page, path: str, pressed: Pressed) -> None:
    """Each key that stands on the page does what it stands on, but for an input method."""
    page.evaluate(OPEN_ALL)
    page.evaluate(NOTE)
    for chord in dict.fromkeys(page.evaluate(KEYS_SEEN)):
        assert noted(page, compose, chord) == [], f"{chord} of {path} while composing"
        assert chord in noted(page, press, chord), f"{chord} of {path}"
        pressed.keys.setdefault(path, set()).add(chord)


def at_the_desk(page: Page, address: str, pressed: Pressed) -> None:
    """What is there only when something is typed, or registered."""
    for name, fields in TYPED.items():
        page.goto(f"{address}/desk")
        for at, words in fields.items():
            page.locator(at).fill(words)
        expect(page.locator("#panel [data-key]").first).to_be_visible()
        press_all(page, f"/desk?{name}", pressed)
        page.evaluate("sessionStorage.clear()")
    page.goto(f"{address}/desk")
    page.locator("#estate").fill("锦园")
    page.locator("#text").fill("信报箱锁坏了，请换锁")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#saved")).to_be_visible()
    press_all(page, "/desk?saved", pressed)


def walk_lists(page: Page, address: str, report: Callable[[], str]) -> set[str]:
    """Rows by letters and arrows, what waits while one is in them, and what a row is opened by."""
    page.goto(f"{address}/emergencies")
    rows = page.locator("[data-row]")
    for down, up in (("j", "k"), ("ArrowDown", "ArrowUp")):
        page.evaluate(UNFOCUS)
        page.keyboard.press(down)
        expect(rows.first).to_be_focused()
        if rows.count() > 1:
            page.keyboard.press(down)
            expect(rows.nth(1)).to_be_focused()
            page.keyboard.press(up)
        compose(page, down)
        expect(rows.first).to_be_focused()
    fresh = page.locator(f"#emergency-{report()}")
    expect(page.locator("[data-waits='emergencies']")).to_be_visible()
    compose(page, "r")
    expect(fresh).to_have_count(0)
    page.keyboard.press("r")
    expect(fresh).to_be_visible()
    expect(page.locator("[data-waits='emergencies']")).to_be_hidden()
    if rows.first.locator("a").count():
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: not url.endswith("/emergencies"))
    return {*OF_LISTS, "r"}


def walk_rail(page: Page, address: str) -> set[str]:
    """Each page of the rail by its digit, both ways, and not while composing."""
    page.goto(f"{address}/help")
    page.evaluate(NOTE)
    digits = page.eval_on_selector_all("[data-rail]", "all => all.map(e => e.dataset.rail)")
    assert digits
    for digit in digits:
        for chord in (f"Alt+{digit}", f"g {digit}"):
            assert noted(page, press, chord) == [digit], chord
        assert noted(page, compose, f"Alt+{digit}") == []
    return {"Alt+1", "Alt+9", "g 1", "g 9"}


def keys_pressed(address: str, id: str, numbers: Collection[str] = ()) -> Pressed:
    """Every key on every page, and on the pages of these tickets, for whoever signs in so."""
    with browser("zh", "light") as page:
        sign_in(page, address, id)
        pressed = Pressed()
        for path in every_page(page, address, OF_A_KIND):
            press_all(page, path, pressed)
        for number in numbers:
            page.goto(f"{address}/tickets/{number}")
            press_all(page, f"/tickets/{number}", pressed)
        if page.locator("[data-rail]").count():
            pressed.keys["rail"] = walk_rail(page, address)
        return pressed


def keys_of_the_desk(address: str, id: str, report: Callable[[], str]) -> Pressed:
    """Those of the desk that are there when something is typed, and those of lists."""
    with browser("zh", "light") as page:
        sign_in(page, address, id)
        pressed = Pressed({"lists": walk_lists(page, address, report)})
        if "desk" in ROOMS_THERE:
            at_the_desk(page, address, pressed)
        return pressed


WHERE: Final[Mapping[str, str]] = {
    "desk": "/desk",
    "ticket": "/tickets/",
    "queue": "/queue",
    "mine": "/mine",
    "call_back": "/call-backs",
    "list": "lists",
}
"""Below which address a key counts; of all others it is everywhere."""
BY_SCRIPTS: Final = frozenset({("desk", "4"), ("desk", "1")})
"""What no element of the page bears: the desk's own test presses them."""
CALLS: Final = frozenset(
    {("mine", "f"), ("mine", "Alt+N"), ("mine", "Alt+U"), ("desk", "Alt+C"),
     ("call_back", "Alt+N"), ("call_back", "Alt+U")}
)  # fmt: skip
"""There while there is a caller to ring, or one rings: the tests of calls press them."""
READINGS: Final = frozenset({("queue", "2"), ("queue", "3")})
"""There when a ticket has so many readings; the first of them is pressed as they are."""


async def engineer(floor: Floor, id: str) -> str:
    """Somebody of the department whose work it is, with a password."""
    body = {"id": id, "role": "department", "places": ["jinyuan"], "departments": ["engineering"]}
    made = await floor.clients.call("POST", "admin", "/v1/users", role="administrator", json=body)
    invited = {"invitation": made.json()["invitation"], "password": PASSWORD}
    set_up = await floor.clients.call("POST", "admin", "/v1/session/password", json=invited)
    assert set_up.is_success, set_up.text
    return id


async def test_every_key_of_the_table_is_pressed_on_its_page(floor: Floor) -> None:
    id = await agent(floor, "every-key")
    numbers = await some_work(floor, id)
    address = floor.endpoints.services["console"]

    pressed = await asyncio.to_thread(keys_pressed, address, id, numbers)
    loop = asyncio.get_running_loop()

    def report() -> str:
        made = floor.clients.post_ticket({**LIFT, "caller": caller()})
        return str(asyncio.run_coroutine_threadsafe(made, loop).result(20)["number"])

    typed = await asyncio.to_thread(keys_of_the_desk, address, id, report)
    worker = await engineer(floor, "every-key-engineer")
    work = await asyncio.to_thread(keys_pressed, address, worker, numbers)

    missing: list[tuple[str, str]] = [
        (key.where, chord)
        for key in KEYS
        for chord in chords_of(key)
        if not any(chord in each.on(WHERE.get(key.where, "")) for each in (pressed, typed, work))
    ]
    search = set() if "tickets" in ROOMS_THERE else {("outside_fields", "/")}
    kept = BY_SCRIPTS | CALLS | READINGS | search
    assert [each for each in missing if each not in kept] == []
    table = {chord for key in KEYS for chord in chords_of(key)}
    assert (pressed.on("") | typed.on("") | work.on("")) - table == set()
