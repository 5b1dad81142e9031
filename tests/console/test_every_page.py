"""Page by role: whoever may is shown a page, whoever may not is told so, and nothing that a page
offers is refused. Pages and roles are those that are there; a new one is tried by itself.
"""

from __future__ import annotations

import gzip
import re
from typing import Final

import httpx
import pytest

from services.console.app import ROOMS
from services.console.frame.assets import assets
from services.console.frame.rail import RailEntry
from shared.identity import STAFF_ROLES
from tests.console.bench import CALLER, Bench
from tests.console.offers import Act, offers_of, shape

ENTRIES: Final = [room.entry for room in ROOMS if room.entry is not None]
MOST_PAGES: Final = 60
LEFT_OUT: Final = frozenset({"/session/end", "/looks"})
"""Acts that would end the walk, or change what is read in it."""
LOST: Final = frozenset({401, 403, 405, 426})
"""Not for whoever was offered it."""
KILOBYTES: Final = 60.0
OWN_SCRIPT: Final = 8.0
MORE_SCRIPT: Final = {"desk": 11.9, "tickets": 8.9}
"""Pages that have not come down to it yet, and how far they are."""
OWN_STYLE: Final = 12.0
TAP: Final = {
    "estate": "jinyuan", "text": "厨房水龙头一直滴水，麻烦来个师傅看一下", "caller": CALLER,
}  # fmt: skip
UNCLEAR: Final = {"estate": "幸福家园", "text": "楼道灯坏了两盏，请来换", "caller": CALLER}
_FILE: Final = re.compile(r'(?:src|href|data-stream)="(/static/[^"]+)"')


async def somebody(bench: Bench, role: str) -> httpx.AsyncClient:
    """The browser of somebody with this role, before whom there is work."""
    reach = {"places": ["jinyuan"], "departments": ["engineering"]} if role == "department" else {}
    await bench.hire("jy-engineering-1", role, **reach)
    return await bench.signed_in_browser("jy-engineering-1")


async def some_work(bench: Bench) -> None:
    """Something in each list that a page may show."""
    headers = bench.signed_in("agent", id="agent-9")
    await bench.emergency()
    for report in (TAP, UNCLEAR):
        answer = await bench.services["intake"].post("/v1/tickets", json=report, headers=headers)
        assert answer.status_code == 201, answer.text


async def may_of(bench: Bench, browser: httpx.AsyncClient) -> frozenset[str]:
    secret = browser.cookies["hotline"]
    reader = await bench.console.state.house.sessions.reader(secret, "127.0.0.1")
    return frozenset(reader.may)


@pytest.mark.parametrize("role", STAFF_ROLES)
async def test_a_page_is_there_for_whom_its_action_is_and_for_nobody_else(
    bench: Bench, role: str
) -> None:
    browser = await somebody(bench, role)
    may = await may_of(bench, browser)

    async def status(path: str) -> int:
        return (await browser.get(path, follow_redirects=True)).status_code

    got = {entry.path: await status(entry.path) for entry in ENTRIES}

    assert got == {entry.path: 200 if entry.needs in may else 403 for entry in ENTRIES}
    rail = offers_of((await browser.get("/help")).text).links.keys()
    listed = [entry for room in ROOMS for entry in room.entries if entry.name != "tickets"]
    shown = {entry.path for entry in listed if entry.needs in may}
    assert {entry.path for entry in ENTRIES} & rail == shown


@pytest.mark.parametrize("role", STAFF_ROLES)
async def test_nothing_that_a_page_offers_is_refused(bench: Bench, role: str) -> None:
    await some_work(bench)
    browser = await somebody(bench, role)

    pages = await walked(browser)
    acts = acts_of(pages)
    refused = {}
    for act in acts:
        answer = await browser.post(act.path, data=act.body)
        if answer.status_code in LOST or answer.status_code >= 500:
            refused[act.path] = answer.status_code

    assert {path: page.status_code for path, page in pages.items() if page.is_error} == {}
    assert refused == {}


async def walked(browser: httpx.AsyncClient) -> dict[str, httpx.Response]:
    """Every page to which a link leads from the beginning, one of each kind."""
    pages: dict[str, httpx.Response] = {}
    kinds = set()
    left = ["/", "/help"]
    while left and len(pages) < MOST_PAGES:
        path = left.pop(0)
        if shape(path) in kinds:
            continue
        kinds.add(shape(path))
        pages[path] = await browser.get(path, follow_redirects=True)
        left += [link for link in offers_of(pages[path].text).links if link not in pages]
    return pages


def acts_of(pages: dict[str, httpx.Response]) -> list[Act]:
    """What can be sent from any of them, one of each kind."""
    found: dict[str, Act] = {}
    for page in pages.values():
        for act in offers_of(page.text).acts:
            if act.path not in LEFT_OUT:
                found.setdefault(f"{shape(act.path)} {sorted(act.body)}", act)
    return list(found.values())


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
async def test_the_first_view_of_a_page_is_light(bench: Bench, entry: RailEntry) -> None:
    await some_work(bench)
    await bench.hire("chef", "supervisor")
    browser = await bench.signed_in_browser("chef")
    page = await browser.get(entry.path)

    files = set(_FILE.findall(page.text))
    weights = {path: weight((await browser.get(path)).content) for path in files}
    own = {path: w for path, w in weights.items() if "htmx" not in path}

    assert weight(page.content) + sum(weights.values()) <= KILOBYTES
    script = sum(w for path, w in own.items() if ".js" in path)
    assert script <= MORE_SCRIPT.get(entry.name, OWN_SCRIPT)
    assert sum(w for path, w in own.items() if ".css" in path) <= OWN_STYLE
    assert {
        path for path in files if path.partition("?")[0].rpartition("/")[2] in assets()
    } == files


def weight(content: bytes) -> float:
    """Kilobytes as gzip sends it."""
    return len(gzip.compress(content, 9)) / 1000
