"""Signing in at the console by the identity provider: a real one, there and back, and what does not
fit.
"""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import httpx
import pytest

from hotline.embedded.ports import free_ports
from services.console.clients.admin import AdminClient
from services.console.clients.service import ServiceClient
from services.console.session.provider import ASKED_EVERY, AtProvider, BegunHere
from tests.admin.mock_provider import claim, consent, running_provider
from tests.console.bench import HERE, PASSWORD, Bench, open_bench
from tests.support.anew import Shared, shared
from tests.support.servers import Servers, open_corner

WAY = "/session/provider"
CROSS = {"sec-fetch-site": "cross-site"}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with running_provider() as address:
        yield address


@pytest.fixture(scope="module")
async def running(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory, issuer: str
) -> AsyncIterator[Shared[Bench]]:
    """A console whose administration is a client of the provider."""
    settings = {
        "oidc_issuer": issuer,
        "oidc_client_id": "estateline",
        "oidc_client_secret": "a:b%c",
        "oidc_console_url": f"{HERE}{WAY}",
        "oidc_second_factor": True,
    }
    with open_corner(servers) as corner:
        folder = tmp_path_factory.mktemp("console")
        async with open_bench(corner, folder, **settings) as made:
            yield await shared(made)


def leads_to(page: httpx.Response) -> str:
    """Where a page sends the browser by itself."""
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.text)
    assert found is not None, page.text
    return html.unescape(found.group(1))


async def go(browser: httpx.AsyncClient, next: str = "/help") -> str:
    """To the provider; its address."""
    answer = await browser.post(WAY, data={"next": next})
    assert answer.status_code == 200, answer.text
    return leads_to(answer)


async def come_back(browser: httpx.AsyncClient, shown: dict[str, str]) -> httpx.Response:
    return await browser.get(WAY, params=shown, headers=CROSS)


async def bind(bench: Bench, id: str, issuer: str, role: str = "agent") -> str:
    """An account that signs in as `subject-<id>` there."""
    subject = f"subject-{id}"
    await bench.done("/v1/users", id=id, role=role, binding={"issuer": issuer, "subject": subject})
    return subject


def refused(answer: httpx.Response, words: str, status: int = 401) -> None:
    assert answer.status_code == status, answer.text
    assert words in answer.text
    assert 'name="password"' in answer.text
    assert not re.search(r"hotline=[^;]", answer.headers.get("set-cookie", ""))


async def test_there_and_back_signs_in_and_leads_where_one_wanted_to_go(
    bench: Bench, issuer: str
) -> None:
    subject = await bind(bench, "chen.jie", issuer)
    browser = await bench.browser()
    assert "用公司统一账号登录" in (await browser.get("/session")).text
    address = await go(browser, "/emergencies?mine=1")

    back = await come_back(browser, await consent(address, subject=subject))

    assert (back.status_code, leads_to(back)) == (200, "/emergencies?mine=1")
    kept = back.headers.get_list("set-cookie")
    [session] = [each for each in kept if each.startswith("hotline=")]
    assert all(part in session for part in ("HttpOnly", "SameSite=strict", "Path=/"))
    assert "hotline_way" not in browser.cookies
    assert browser.cookies["hotline"] not in back.text
    assert (await browser.get("/emergencies")).status_code == 200


async def test_the_way_is_kept_in_a_cookie_of_this_host_that_comes_along_back(
    bench: Bench,
) -> None:
    browser = await bench.browser()

    answer = await browser.post(f"https://desk.example{WAY}", data={"next": "/help"})

    [cookie] = answer.headers.get_list("set-cookie")
    assert cookie.startswith("__Host-hotline_way=")
    parts = set(cookie.split("; "))
    assert {"HttpOnly", "Max-Age=600", "Path=/", "SameSite=lax", "Secure"} <= parts
    assert "Domain" not in cookie
    assert leads_to(answer).startswith("http://127.0.0.1")


async def test_what_was_brought_back_counts_once(bench: Bench, issuer: str) -> None:
    subject = await bind(bench, "chen.jie", issuer)
    browser = await bench.browser()
    shown = await consent(await go(browser), subject=subject)
    way = browser.cookies["hotline_way"]
    assert (await come_back(browser, shown)).status_code == 200
    again = await bench.browser()
    again.cookies.set("hotline_way", way)  # whoever has read all of it

    refused(await come_back(again, shown), "登录没有完成")


async def test_another_browser_cannot_be_made_to_come_back(bench: Bench, issuer: str) -> None:
    """Whoever opens a stranger's way back would work under the stranger's name."""
    subject = await bind(bench, "stranger", issuer)
    strangers, own = await bench.browser(), await bench.browser()
    shown = await consent(await go(strangers), subject=subject)
    await go(own)
    way = own.cookies["hotline_way"]

    refused(await come_back(own, shown), "登录没有完成")
    refused(await come_back(await bench.browser(), shown), "登录没有完成")

    assert own.cookies["hotline_way"] == way  # and its own way goes on
    assert leads_to(await come_back(strangers, shown)) == "/help"


async def test_a_way_that_took_too_long_is_over(bench: Bench, issuer: str) -> None:
    subject = await bind(bench, "chen.jie", issuer)
    browser = await bench.browser()
    shown = await consent(await go(browser), subject=subject)

    await bench.forward(timedelta(minutes=10))

    refused(await come_back(browser, shown), "登录没有完成")


async def test_who_may_not_sign_in_is_told_why(bench: Bench, issuer: str) -> None:
    frozen = await bind(bench, "frozen", issuer)
    lead = await bind(bench, "lead", issuer, "supervisor")
    await bench.done("/v1/users/frozen/freeze")
    for subject, words in (
        (frozen, "没有可用的账号"),
        ("nobody", "没有可用的账号"),
        (lead, "第二因素"),
    ):
        browser = await bench.browser()
        refused(await come_back(browser, await consent(await go(browser), subject=subject)), words)
    await claim(issuer, lead, amr=["pwd", "otp"])
    browser = await bench.browser()
    back = await come_back(browser, await consent(await go(browser), subject=lead))
    assert leads_to(back) == "/help"


async def test_who_declines_there_is_back_at_the_form(bench: Bench) -> None:
    browser = await bench.browser()
    address = await go(browser, "/emergencies")
    state = browser.cookies["hotline_way"].partition(".")[0]

    answer = await come_back(browser, {"state": state} | await consent(address, subject=None))

    refused(answer, "没有同意登录")
    assert 'name="next" value="/emergencies"' in answer.text
    # This provider forgets to send the state back with a refusal.
    refused(
        await come_back(browser, await consent(await go(browser), subject=None)), "没有同意登录"
    )


@pytest.mark.parametrize(
    "shown",
    [
        {},
        {"state": ""},
        {"state": "x", "code": "y"},
        {"state": "<b>x</b>", "code": "<script>"},
        {"code": "y"},
        {"state": "\0", "code": "\0"},
    ],
)
async def test_rubbish_signs_nobody_in_and_is_not_repeated(
    bench: Bench, shown: dict[str, str]
) -> None:
    browser = await bench.browser()

    answer = await come_back(browser, shown)

    refused(answer, "登录没有完成")
    assert "<script>" not in answer.text
    assert "<b>" not in answer.text


async def test_what_is_too_long_is_refused(bench: Bench) -> None:
    browser = await bench.browser()

    assert (await come_back(browser, {"state": "x" * 2_001})).status_code == 422


@pytest.mark.parametrize("next", ["https://elsewhere.example", "//elsewhere.example", "/\\e", "\n"])
async def test_nobody_is_led_elsewhere_afterwards(bench: Bench, issuer: str, next: str) -> None:
    subject = await bind(bench, "chen.jie", issuer)
    browser = await bench.browser()
    address = await go(browser, next)

    back = await come_back(browser, await consent(address, subject=subject))

    assert leads_to(back) == "/"


async def test_another_sites_page_cannot_begin(bench: Bench) -> None:
    browser = await bench.browser()

    assert (await browser.post(WAY, data={}, headers=CROSS)).status_code == 403
    assert "hotline_way" not in browser.cookies


async def test_while_the_administration_is_away_the_page_offers_what_it_last_knew(
    bench: Bench,
) -> None:
    now = [0.0]
    known = bench.console.state.house.admin
    provider = AtProvider(known, monotonic=lambda: now[0])
    assert await provider.is_offered()
    nowhere = f"http://127.0.0.1:{free_ports(1)[0]}"

    async with httpx.AsyncClient(base_url=nowhere, trust_env=False) as http:
        provider._admin = AdminClient(ServiceClient("admin", http), known._key)
        now[0] = ASKED_EVERY
        assert await provider.is_offered()
        assert not await AtProvider(provider._admin).is_offered()


async def test_a_password_signs_in_all_the_same(bench: Bench) -> None:
    await bench.hire("xiao.he")

    browser = await bench.signed_in_browser("xiao.he")

    assert PASSWORD not in (await browser.get("/help")).text


@pytest.mark.parametrize("next", ["/", "/tickets?q=三号楼", "/a;b,c d", "/" + "三" * 1_000])
def test_where_to_go_is_kept_in_signs_that_a_cookie_may_hold(next: str) -> None:
    kept = BegunHere("state-1_", next).as_cookie()

    assert re.fullmatch(r"[\w.~%/-]+", kept, re.ASCII)
    assert len(kept) < 2_000
    assert BegunHere.of_cookie(kept) == BegunHere("state-1_", next if len(next) < 999 else "/")


@pytest.mark.parametrize("kept", [None, "", ".", "...", "x", "%", "x.//elsewhere", "x.%0d%0a"])
def test_a_cookie_that_is_rubbish_leads_to_the_beginning(kept: str | None) -> None:
    assert BegunHere.of_cookie(kept).next == "/"
