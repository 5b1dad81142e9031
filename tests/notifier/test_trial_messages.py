"""In a trial, and at its own machine, everybody's messages can be read as they were sent."""

from __future__ import annotations

import re
from typing import Any, Final, get_args

import httpx
import pytest

from shared.contracts.notifier import FailureReason
from shared.policy.ladder import Channel
from shared.runtime.web import words
from tests.notifier import samples
from tests.notifier.bench import NAME, Bench

HERE: Final = {"host": "127.0.0.1:8003"}


async def outbox(bench: Bench, path: str = "/outbox", **headers: str) -> httpx.Response:
    return await bench.replicas[0].http.get(path, headers={**HERE, **headers})


async def test_every_message_is_shown_as_its_receiver_reads_it_in_both_languages(
    bench: Bench,
) -> None:
    await bench.add_ticket()
    await bench.handle(samples.registered(), id="1")
    await bench.handle(samples.dispatched(), id="2")
    await bench.handle(samples.asked(), id="3")
    await bench.ended(3)

    page = await outbox(bench)

    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    for letter in bench.tray.letters:
        assert letter.subject in page.text
        assert all(line in page.text for line in letter.body.splitlines() if "/s/" not in line)
    assert NAME in page.text
    languages = re.findall(r'<section lang="([^"]+)"', page.text)
    assert languages == ["zh-CN", "en"] * 3
    assert re.search(r'href="http[^"]*/s/[^"]+"', page.text)
    assert page.text.index("评价") < page.text.index("已受理")  # the survey is the newest


async def test_channel_and_reason_are_said_in_words(bench: Bench) -> None:
    await bench.add_ticket()
    await bench.handle(samples.registered(), id="1")
    await bench.ended(1)

    assert "沙箱（只在本页，不真正发出）" in (await outbox(bench)).text
    assert "sandbox (on this page only" in (await outbox(bench, "/outbox?lang=en")).text


def test_every_channel_and_every_reason_has_its_words() -> None:
    names = {f"reason_{reason}" for reason in get_args(FailureReason)}
    names |= {f"channel_{name}" for name in (*get_args(Channel), "sandbox")}

    assert names <= words("services.notifier", "zh").keys()


async def test_its_pages_follow_each_other_from_the_newest_on(bench: Bench) -> None:
    await bench.add_ticket()
    for n in range(25):
        await bench.handle(samples.dispatched(work_order=f"26-1-{n}"), id=str(n))
    await bench.ended(25)

    first = await outbox(bench)
    (older,) = re.findall(r'href="(/outbox[^"]+after=[^"]+)" rel="next"', first.text)
    second = await outbox(bench, older.replace("&amp;", "&"))

    ids = [re.findall(r'<article class="other" id="(\w+)"', page.text) for page in (first, second)]
    assert [len(found) for found in ids] == [20, 5]
    assert len({*ids[0], *ids[1]}) == 25
    assert 'rel="next"' not in second.text


async def test_an_empty_one_says_so_in_both_languages(bench: Bench) -> None:
    assert "还没有消息" in (await outbox(bench)).text
    assert "There are no messages yet" in (await outbox(bench, "/outbox?lang=en")).text


@pytest.mark.parametrize(
    "headers",
    [{"host": "hotline.example"}, {"host": "127.0.0.1.evil.example"}, {"host": "10.0.0.7:8003"},
     {"x-forwarded-for": "203.0.113.9"}, {"forwarded": "for=203.0.113.9"}, {"via": "1.1 proxy"}],
)  # fmt: skip
async def test_from_elsewhere_it_is_not_there(bench: Bench, headers: dict[str, Any]) -> None:
    await same_as_missing(bench, await outbox(bench, **headers))


@pytest.mark.parametrize("address", ["192.168.1.7", "203.0.113.9", "2001:db8::1", "", "nobody"])
async def test_from_another_machine_it_is_not_there(bench: Bench, address: str) -> None:
    transport = httpx.ASGITransport(bench.replicas[0].app, client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        await same_as_missing(bench, await http.get("/outbox"))


async def test_with_real_data_it_is_not_there(empty_bench: Bench) -> None:
    await empty_bench.leave_the_trial()
    await empty_bench.add_replica()

    await same_as_missing(empty_bench, await outbox(empty_bench))


async def same_as_missing(bench: Bench, answer: httpx.Response) -> None:
    missing = await outbox(bench, "/nothing-here")
    assert (answer.status_code, answer.content) == (404, missing.content)
