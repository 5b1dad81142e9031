"""The page of a ticket: its whole story, every act by its form, and what is said when one fails."""

from __future__ import annotations

import re
from typing import Any, Final

import httpx

from tests.console.bench import CALLER, Bench

LAMP: Final = {"estate": "jinyuan", "text": "三号楼一单元楼道灯不亮了，请来修", "caller": CALLER}
HTMX: Final = {"hx-request": "true"}


async def register(bench: Bench, **report: Any) -> str:
    """A ticket; its number."""
    body = {**LAMP, **report}
    answer = await bench.services["intake"].post(
        "/v1/tickets", json=body, headers=bench.signed_in("agent", id="agent-9")
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["number"])


async def ticket_of(bench: Bench, number: str) -> Any:
    answer = await bench.services["intake"].get(
        f"/v1/tickets/{number}", headers=bench.signed_in("supervisor", id="looks")
    )
    return answer.json()


async def agent(bench: Bench, id: str = "xiao.he", **more: str) -> httpx.AsyncClient:
    await bench.hire(id, name="何晓")
    return await bench.signed_in_browser(id, **more)


def key_of(page: str, act: str) -> str:
    form = page.split('action="/tickets/')[1:]
    [own] = [each for each in form if each[9:].startswith(f'{act}"')]
    found = re.search(r'name="key" value="([^"]+)"', own)
    assert found is not None
    return found[1]


async def test_a_ticket_tells_its_story_on_one_page(bench: Bench) -> None:
    number = await register(bench)
    browser = await agent(bench)

    page = await browser.get(f"/tickets/{number}")

    assert page.status_code == 200
    for said in ("楼道灯不亮了", "锦园", "最初承诺", "登记了这张单", "王**", "138****8000"):
        assert said in page.text
    assert "13800138000" not in page.text
    assert "jinyuan" not in re.sub(r'value="[^"]*"', "", page.text)
