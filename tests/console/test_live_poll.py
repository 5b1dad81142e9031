"""What a browser asks for to which a proxy passes no stream on."""

from __future__ import annotations

from typing import Any

import httpx

from tests.console.bench import Bench

PART = {"HX-Request": "true"}


async def asked(browser: httpx.AsyncClient, topics: str, **headers: str) -> httpx.Response:
    return await browser.get("/live/poll", params={"topics": topics}, headers={**PART, **headers})


def kinds(answer: httpx.Response) -> list[Any]:
    assert answer.status_code == 200, answer.text
    return [kind for kind, _ in answer.json()]


async def test_it_says_what_a_stream_would_begin_with_and_nothing_where_nothing_changed(
    bench: Bench,
) -> None:
    await bench.hire("he")
    browser = await bench.signed_in_browser("he")
    number = await bench.emergency()

    answer = await asked(browser, "emergencies,count:emergencies,board,ticket:../v1")
    (_, hello), (_, shown), (_, count) = answer.json()

    assert kinds(answer) == ["hello", "list", "list"]
    assert hello["polled"] is True
    assert hello["paused"] is False
    assert [card["id"] for card in shown["cards"]] == [f"emergency-{number}"]
    assert (count["topic"], count["cards"], count["counts"]) == ("count:emergencies", [], 1)
    again = await asked(
        browser, "emergencies,count:emergencies", **{"If-None-Match": answer.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    await bench.emergency(text="五号楼电梯困人了，快来人")
    fresh = await asked(browser, "emergencies", **{"If-None-Match": answer.headers["etag"]})
    assert len(fresh.json()[1][1]["cards"]) == 2


async def test_a_page_of_a_session_that_is_over_is_told_so(bench: Bench) -> None:
    await bench.hire("he")
    browser = await bench.signed_in_browser("he")
    assert kinds(await asked(browser, "emergencies")) == ["hello", "list"]

    await bench.done("/v1/users/he/freeze", why="left")

    assert (await asked(browser, "emergencies")).json() == [["bye", {"why": "frozen"}]]
    stranger = await bench.browser()
    assert (await asked(stranger, "emergencies")).status_code == 401


async def test_nobody_is_told_what_is_not_theirs(bench: Bench) -> None:
    await bench.hire("auditor-1", "auditor")
    browser = await bench.signed_in_browser("auditor-1")
    await bench.emergency()

    told = (await asked(browser, "queue,count:queue,mine")).json()

    assert [data["cards"] for kind, data in told if kind == "list"] == [[], [], []]
    assert [data["counts"] for kind, data in told if kind == "list"] == [0, 0, 0]
