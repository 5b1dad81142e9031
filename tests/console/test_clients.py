"""What the console asks of the services when they hang, have much to tell, or were sent rubbish."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from services.console.clients import colleagues, names
from services.console.clients.admin import AdminClient, OwnKey
from services.console.clients.colleagues import People
from services.console.clients.names import NAMES_SECONDS, NameBook
from services.console.clients.service import ServiceClient, keyed

NAMES = {"group": {"id": "g", "zh": "集团", "en": "Group"}}
SLOW = 0.05


def admin(
    answer: Callable[[httpx.Request], httpx.Response | Awaitable[httpx.Response]],
) -> AdminClient:
    async def handle(request: httpx.Request) -> httpx.Response:
        found = answer(request)
        return found if isinstance(found, httpx.Response) else await found

    http = httpx.AsyncClient(transport=httpx.MockTransport(handle), base_url="http://admin")
    return AdminClient(ServiceClient("admin", http), OwnKey(Path("none")))


async def test_while_the_administration_hangs_nobody_waits_for_names_who_knows_them() -> None:
    asked: list[str] = []
    hangs = False
    now = [0.0]

    async def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if hangs:
            await asyncio.sleep(SLOW)
            now[0] += 10
            raise httpx.ReadTimeout("")
        in_force = request.url.path.endswith("in-force")
        return httpx.Response(200, json={"now": "p1"} if in_force else NAMES)

    book = NameBook(admin(answer), monotonic=lambda: now[0])
    assert (await book.names("t")).group["zh"] == "集团"
    hangs, now[0] = True, NAMES_SECONDS + 1
    asked.clear()

    first = asyncio.create_task(book.names("t"))
    await asyncio.sleep(0)
    async with asyncio.timeout(SLOW / 2):
        others = [await book.names("t") for _ in range(20)]

    assert {each.group["zh"] for each in [*others, await first]} == {"集团"}
    await book.names("t")
    assert len(asked) == 1


async def test_names_that_nobody_knows_yet_are_waited_for_and_asked_for_once() -> None:
    asked: list[str] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        await asyncio.sleep(SLOW)
        in_force = request.url.path.endswith("in-force")
        return httpx.Response(200, json={"now": "p1"} if in_force else NAMES)

    book = NameBook(admin(answer))
    found = await asyncio.gather(*(book.names("t") for _ in range(5)))

    assert [each.group["zh"] for each in found] == ["集团"] * 5
    assert len(asked) == 2


async def test_everybody_at_a_place_is_found_however_many_they_are() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.params["place"] == "jinyuan"
        page = int(request.url.params.get("after", "0"))
        items = [{"id": f"p{page}-{n}"} for n in range(2)]
        return httpx.Response(
            200, json={"items": items, "next": str(page + 1) if page < 2 else None}
        )

    found = await admin(answer).colleagues_at("jinyuan", "t")

    assert [each.id for each in found] == ["p0-0", "p0-1", "p1-0", "p1-1", "p2-0", "p2-1"]


@pytest.mark.parametrize("key", ["键", "a\nb", "k" * 100_000, "a b", "\ud800"])
def test_a_key_that_is_none_of_ours_is_a_header_all_the_same(key: str) -> None:
    (shown,) = keyed(key).values()

    assert shown.isascii()
    assert shown.isalnum()
    assert len(shown) == 64
    assert keyed(key) == keyed(key)
    assert keyed(key) != keyed(f"{key}x")


def test_our_own_keys_stay_as_they_are() -> None:
    assert keyed("Ab_9-x.told") == {"Idempotency-Key": "Ab_9-x.told"}
    assert keyed("") == {}


async def test_a_page_waits_two_seconds_for_names_and_then_shows_ids(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(names, "PATIENCE", SLOW)
    monkeypatch.setattr(colleagues, "PATIENCE", SLOW)
    asked: list[str] = []

    async def hangs(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        await asyncio.sleep(60)
        raise AssertionError

    book, people = NameBook(admin(hangs)), People(admin(hangs))
    async with asyncio.timeout(10 * SLOW):
        assert (await book.names("t")).kind("fire", "zh") == "fire"
        assert await people.names("t", ["xiao.he"], "zh") == {"xiao.he": "xiao.he"}
        assert await people.names("t", ["lao.li"], "zh") == {"lao.li": "lao.li"}
        assert await people.names("t", ["unnamed"], "zh") == {"unnamed": "未具名的来源"}

    assert len(asked) == 2, "whoever hangs is left alone for a while"


async def test_more_sessions_than_one_answer_holds_are_asked_after_in_parts(tmp_path: Path) -> None:
    key = tmp_path / "console.key"
    key.write_text("key")
    asked: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        ids = json.loads(request.content)["ids"]
        asked.append(len(ids))
        return httpx.Response(200, json={"ended": [{"id": ids[0], "why": "over"}]})

    http = httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://admin")
    client = AdminClient(ServiceClient("admin", http), OwnKey(key))

    found = await client.check([str(n) for n in range(2_500)])

    assert asked == [1_000, 1_000, 500]
    assert [each.id for each in found.ended] == ["0", "1000", "2000"]
