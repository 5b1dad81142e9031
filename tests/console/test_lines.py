"""Our lines: which works, since when and why not, and what whoever rang one says."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.console.lines.live import lines_source
from services.console.live.topics import touched_by
from services.telephony.lines.domain import Line, LineState, Why
from services.telephony.lines.storage import LINES
from shared.contracts import Step
from shared.runtime.web import words
from shared.store import Collection
from tests.console.bench import Bench
from tests.telephony.played import kept_call

PART = {"hx-request": "true"}
FORMS = re.compile(r"<(form|button|input|select|textarea)")


async def keep(bench: Bench, id: str, **facts: Any) -> None:
    assert await Collection(bench.store, LINES).insert(Step(Line(id=id, **facts)), bench.now())


async def kept(bench: Bench, id: str) -> Line:
    line = await Collection(bench.store, LINES).get(id)
    assert line is not None
    return line


async def desk(bench: Bench, id: str = "xiao.he", role: str = "agent") -> httpx.AsyncClient:
    await bench.hire(id, role)
    return await bench.signed_in_browser(id)


async def test_what_does_not_work_stands_on_top_with_since_why_and_whom_to_ring(
    bench: Bench,
) -> None:
    since = bench.now() - timedelta(hours=2)
    await keep(bench, "annex", since=since)
    await keep(
        bench, "west", since=since, verdict=LineState.DOWN, why=Why.TRUNK, ring="电信 王工 10000"
    )
    browser = await desk(bench)

    page = (await browser.get("/lines")).text

    assert page.index('id="line-west"') < page.index('id="line-annex"')
    row = page[page.index('id="line-west"') : page.index('id="line-annex"')]
    for said in ("不通", "运营商一侧没有应答", "不通始于", "电信 王工 10000", "还没有来电"):
        assert said in row


async def test_nobody_has_looked_is_not_said_to_work(bench: Bench) -> None:
    await keep(bench, "new")
    page = (await (await desk(bench)).get("/lines")).text
    assert "尚未检查" in page
    assert "正常始于" not in page


@pytest.mark.parametrize("found", ["worked", "failed"])
async def test_whoever_rang_it_says_so_and_is_named(bench: Bench, found: str) -> None:
    worked = found == "worked"
    await keep(bench, "hotline", since=bench.now())
    browser = await desk(bench)

    said = await browser.post(f"/lines/hotline/{found}", headers=PART)

    assert said.headers["hx-redirect"] == f"/lines/hotline?did={found}"
    page = (await browser.get(said.headers["hx-redirect"])).text
    assert ("已登记：打得通" if worked else "已登记：打不通") in page
    [check] = (await kept(bench, "hotline")).checks
    assert (check.by, check.worked) == ("xiao.he", worked)
    assert "试拨记录" in page


async def test_work_is_announced_by_whoever_may_in_the_hotlines_time(bench: Bench) -> None:
    await keep(bench, "hotline", since=bench.now())
    day = (bench.now() + timedelta(days=1)).date()
    form = {"begins": f"{day}T09:00", "ends": f"{day}T11:00"}
    agent, chief = await desk(bench), await desk(bench, "chief", "supervisor")
    assert "预告维修" not in (await agent.get("/lines/hotline")).text
    assert (await agent.post("/lines/hotline/maintenance", data=form)).status_code == 403

    back = await chief.post(
        "/lines/hotline/maintenance", data={**form, "ends": form["begins"]}, headers=PART
    )
    said = await chief.post("/lines/hotline/maintenance", data=form)

    assert (back.status_code, "refused" in back.text or "结束" in back.text) == (422, True)
    assert said.headers["location"] == "/lines/hotline?did=maintenance"
    [work] = (await kept(bench, "hotline")).maintenance
    assert work.begins.isoformat() == f"{day}T01:00:00+00:00"
    assert work.ends - work.begins == timedelta(hours=2)


@pytest.mark.parametrize("typed", ["", "tomorrow", "2026-13-40T99:99", "x" * 60])
async def test_a_time_that_is_none_is_said_beside_the_form(bench: Bench, typed: str) -> None:
    await keep(bench, "hotline", since=bench.now())
    chief = await desk(bench, "chief", "supervisor")
    form = {"begins": typed, "ends": "2027-01-01T09:00"}
    answer = await chief.post("/lines/hotline/maintenance", data=form, headers=PART)
    assert answer.status_code == 422
    assert (await kept(bench, "hotline")).maintenance == ()


@pytest.mark.parametrize("line", ["nothing", "..", "x" * 61, "热线"])
async def test_what_is_none_is_not_found(bench: Bench, line: str) -> None:
    browser = await desk(bench)
    answer = await browser.get(f"/lines/{line}", follow_redirects=False)
    assert answer.status_code in {303, 307, 404, 422}
    assert (await browser.post(f"/lines/{line}/worked")).status_code in {307, 404, 422}


async def test_what_is_pushed_holds_no_control_and_no_number_of_a_caller(bench: Bench) -> None:
    await kept_call(bench, "1.1", number="13800138000")
    await keep(bench, "hotline", since=bench.now())
    await keep(bench, "west", since=bench.now(), verdict=LineState.DEGRADED, why=Why.UNHEARD)
    await desk(bench)
    source = lines_source(bench.console.state.house)
    token = bench.signed_in("agent", id="xiao.he")["Authorization"].removeprefix("Bearer ")

    listing = await source("lines", token, "zh")

    assert [card.id for card in listing.cards] == ["line-west", "line-hotline"]
    assert (listing.total, listing.counts) == (2, 1)
    pushed = "".join(card.html for card in listing.cards)
    assert not FORMS.search(pushed)
    assert "13800138000" not in pushed
    assert "最近来电" in pushed


def test_lines_and_calls_touch_the_list() -> None:
    assert "lines" in touched_by("line.down", {"line": "hotline"})
    assert "lines" in touched_by("call.offered", {"call": "c1"})
    assert "lines" not in touched_by("ticket.registered", {"number": "x"})


def test_every_reason_and_state_has_its_words() -> None:
    for language in ("zh", "en"):
        known = words("services.console.lines", language)
        assert {f"why_{why.value}" for why in Why} <= set(known)
        assert {f"state_{state.value}" for state in LineState} <= set(known)
