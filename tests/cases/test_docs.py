"""The pages under `/docs` work without the internet."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from playwright.sync_api import Page, Route, sync_playwright

from hotline.token import make_token
from tests.support.documents import references
from tests.support.floor import Floor

SERVICES: Final = ("intake", "router", "notifier", "survey", "admin")
CHROMIUM: Final = shutil.which("chromium")
UBUNTU: Final = "ID=ubuntu" in Path("/etc/os-release").read_text("utf-8").splitlines()
PATIENCE: Final = 20_000.0
"""Milliseconds; a browser on a busy machine takes a while to draw two hundred operations."""


@contextmanager
def browser(host: str) -> Iterator[tuple[Page, list[str]]]:
    """A page of Debian's Chromium, and what it asked of anybody but this host: it gets nothing
    from there.
    """
    foreign: list[str] = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = chromium.new_page()

        def keep_here(route: Route) -> None:
            if route.request.url.startswith((f"http://{host}/", "data:")):
                route.continue_()
            else:
                foreign.append(route.request.url)
                route.abort()

        page.route("**/*", keep_here)
        page.set_default_timeout(PATIENCE)
        yield page, foreign
        chromium.close()


def look(address: str, token: str) -> dict[str, Any]:
    """Open `/docs` of a service, authorize, and ask for something: what came of it."""
    with browser(address.removeprefix("http://")) as (page, foreign):
        page.goto(f"{address}/docs")
        page.wait_for_selector(".opblock-summary-path")
        operations = page.locator(".opblock").count()
        page.click("button.authorize")
        page.fill(".auth-container input", token)
        page.click(".auth-btn-wrapper button.authorize")
        page.click(".auth-btn-wrapper button.btn-done")
        page.click("#operations-parked-listed_v1_parked_get .opblock-summary-control")
        page.click("#operations-parked-listed_v1_parked_get .try-out__btn")
        page.click("#operations-parked-listed_v1_parked_get .execute")
        answer = page.locator(".live-responses-table tr.response .response-col_status").first
        return {"operations": operations, "status": answer.inner_text(), "foreign": foreign}


@pytest.mark.skipif(CHROMIUM is None and UBUNTU, reason="Ubuntu's Chromium is a snap")
async def test_b29_the_docs_open_without_the_internet_and_authorize(floor: Floor) -> None:
    token = make_token(floor.data, role="supervisor", id="b29", ahead=floor.clients.ahead)
    address = floor.endpoints.services["survey"]

    seen = await asyncio.to_thread(look, address, token)

    assert seen["operations"] > 5
    assert seen["status"].startswith("200")
    assert seen["foreign"] == []


@pytest.mark.parametrize("service", SERVICES)
async def test_b29_every_document_is_complete_and_says_how_requests_are_signed(
    floor: Floor, service: str
) -> None:
    async with httpx.AsyncClient(base_url=floor.endpoints.services[service]) as http:
        document = (await http.get("/openapi.json")).json()
        page = await http.get("/docs")

    broken = [ref for ref in references(document) if not leads(document, ref)]
    assert broken == []
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert "//cdn" not in page.text


def leads(document: Any, reference: str) -> bool:
    found: Any = document
    for name in reference.removeprefix("#/").split("/"):
        if not isinstance(found, dict) or name not in found:
            return False
        found = found[name]
    return reference.startswith("#/")
