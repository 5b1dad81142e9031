"""Signing in by the identity provider in a real browser: to the provider's page and back, past the
content policy and the strict cookie.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from playwright.sync_api import expect

from hotline.embedded.ports import free_ports
from shared.runtime.web import words
from tests.admin.mock_provider import running_provider
from tests.console.bench import Bench, open_bench
from tests.console.test_in_a_browser import browser, look
from tests.console.test_provider import WAY, bind
from tests.support.bench import until
from tests.support.servers import Servers, open_corner
from tests.web.phone import CHROMIUM, UBUNTU

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None and UBUNTU, reason="Ubuntu's Chromium is a snap"),
    pytest.mark.whole,
]


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with running_provider() as address:
        yield address


@asynccontextmanager
async def listening(bench: Bench, port: int) -> AsyncIterator[str]:
    """The console at a port of this machine; its address."""
    config = uvicorn.Config(
        bench.console, host="127.0.0.1", port=port, lifespan="off", log_level="error"
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    try:
        await until(lambda: server.started)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        server.force_exit = True
        await serving


def there_and_back(address: str, issuer: str, subject: str) -> None:
    """Decline, be told so, try again, and get to the page that was asked for."""
    t = words("services.console.session", "zh")
    with browser("zh", "light") as page:
        page.goto(f"{address}/help")
        expect(page.locator("h1")).to_have_text(t["title"])
        look(page, "with the provider's button")
        page.get_by_role("button", name=t["provider"]).click()
        page.wait_for_url(f"{issuer}/**")
        page.get_by_role("button", name="Deny").click()
        expect(page.locator("#refused")).to_contain_text(t["way_declined"])
        look(page, "declined")

        page.goto(f"{address}/help")
        page.get_by_role("button", name=t["provider"]).click()
        page.wait_for_url(f"{issuer}/**")
        page.locator("[name=sub]").first.fill(subject)
        page.get_by_role("button", name="Authorize", exact=True).click()
        page.wait_for_url(f"{address}/help")
        expect(page.locator("details.menu summary")).to_contain_text("chen.jie")
        kept = {each["name"]: each for each in page.context.cookies(address)}
        assert kept["hotline"]["sameSite"] == "Strict"
        assert "hotline_way" not in kept


async def test_a_browser_goes_to_the_provider_and_comes_back_signed_in(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory, issuer: str
) -> None:
    [port] = free_ports(1)
    with open_corner(servers) as corner:
        async with open_bench(
            corner,
            tmp_path_factory.mktemp("console"),
            oidc_issuer=issuer,
            oidc_client_id="estateline",
            oidc_client_secret="a:b%c",
            oidc_console_url=f"http://127.0.0.1:{port}{WAY}",
        ) as bench:
            subject = await bind(bench, "chen.jie", issuer)
            async with listening(bench, port) as address:
                await asyncio.to_thread(there_and_back, address, issuer, subject)
