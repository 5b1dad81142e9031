"""What rings at the reader's telephone stands above the desk's form, and takes nothing from it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import httpx

from services.console.desk.form import read_form
from shared.calls.facts import Fact, Kind, Party, fact_id
from shared.calls.listening import Listening
from tests.console.bench import Bench

PERSON = "xiao.he"


async def at_the_desk(bench: Bench, *extensions: str, exchange: str = "main") -> httpx.AsyncClient:
    await bench.hire(PERSON)
    named = [{"exchange": exchange, "extension": each} for each in extensions]
    headers = bench.signed_in("administrator", id="operator:administrator")
    body = {"extensions": named}
    answer = await bench.services["admin"].put(f"/v1/agents/{PERSON}", json=body, headers=headers)
    assert answer.is_success, answer.text
    return await bench.signed_in_browser(PERSON)


def said(kind: Kind, at: datetime, **more: Any) -> Fact:
    id = fact_id("main", kind.value, at, "1.1")
    return Fact(id=id, kind=kind, exchange="main", call="1.1", at=at, **more)


async def rings(bench: Bench, extension: str) -> None:
    """Somebody rings at this telephone of an exchange that is heard."""
    [loops] = [r.app.state.loops for r in bench.replicas if "telephony" in r.app.title]
    now = bench.store.clock.now()
    then = now - timedelta(seconds=7)
    await loops._exchanges.hear(
        Listening(exchange="main", listener="1", since=then, until=now, lines=("hotline",))
    )
    caller, telephone = {"number": "13800138000"}, {"party": Party.AGENT, "agent": extension}
    calling = loops._tidying._calling
    await calling.take(said(Kind.OFFERED, then, line="hotline", **caller))
    await calling.take(said(Kind.RINGING, now, leg="1.9", **telephone))


def strip(page: str) -> str:
    found = re.search(r'<ul[^>]*id="calls".*?</ul>', page, re.DOTALL)
    assert found is not None
    return found[0]


async def test_the_call_at_ones_telephone_stands_above_the_form_masked(bench: Bench) -> None:
    browser = await at_the_desk(bench, "8001")
    await rings(bench, "8001")

    page = (await browser.get("/desk")).text

    shown = strip(page)
    assert "138****8000" in shown
    assert "hotline" in shown
    assert re.search(r'data-call="c[a-p]{20}"', shown)
    assert "13800138000" not in page
    assert not re.search("<(button|input|select|textarea|form)", shown)
    assert page.index('id="calls"') < page.index('id="take-call"') < page.index('<form id="desk"')
    assert 'data-away="calls" hidden' in page


async def test_what_rings_elsewhere_is_not_shown(bench: Bench) -> None:
    browser = await at_the_desk(bench, "8002")
    await rings(bench, "8001")

    assert "data-call=" not in (await browser.get("/desk")).text


async def test_an_exchange_that_tells_nothing_is_named(bench: Bench) -> None:
    browser = await at_the_desk(bench, "8001", exchange="north")

    shown = strip((await browser.get("/desk")).text)

    assert 'id="calls-unheard"' in shown
    assert "north" in shown


async def test_without_telephony_the_desk_works_and_says_so(bench: Bench) -> None:
    browser = await at_the_desk(bench, "8001")

    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("away", request=request)

    before = bench.console
    try:
        await bench.add_console({**bench.transports, "telephony": httpx.MockTransport(away)})
        browser = await bench.signed_in_browser(PERSON)
        page = await browser.get("/desk")
        form = {"key": "key-of-this-form", "call": "call-of-today", "person": PERSON}
        form |= {"estate": "锦园", "flat": "6-2-1502", "text": "厨房水龙头漏水"}
        form |= {"phone": "13800138000"}
        saved = await browser.post("/desk/save", data=form, headers={"hx-request": "true"})
    finally:
        bench.console = before

    assert page.status_code == 200
    assert 'data-away="calls">电话服务中断' in page.text
    assert '<form id="desk"' in page.text
    assert (saved.status_code, len(saved.json()["numbers"])) == (200, 1)


async def test_whoever_rang_is_looked_up_by_the_call_and_a_flat_that_is_typed_counts_besides(
    bench: Bench,
) -> None:
    browser = await at_the_desk(bench, "8001")
    await rings(bench, "8001")
    call = re.findall(r'data-call="(c[a-p]{20})"', (await browser.get("/desk")).text)[0]
    form = {"key": "key-of-this-form", "call": call, "person": PERSON}

    alone = await browser.post("/desk/caller", data=form, headers={"hx-request": "true"})
    flat = {**form, "estate": "锦园", "flat": "6-2-1502"}
    found = await browser.post("/desk/caller", data=flat, headers={"hx-request": "true"})

    assert (alone.status_code, found.status_code) == (200, 200)
    assert "13800138000" not in alone.text
    assert 'class="strip"' in found.text


def test_a_number_that_is_typed_is_looked_up_before_the_call() -> None:
    call = "cabcdefghijklmnopabcd"
    assert read_form({"call": call}).person_sought() == {"call": call}
    typed = read_form({"call": call, "phone": "13800138000"})
    assert typed.person_sought() == {"phone": "13800138000"}
    assert read_form({"call": "madeupbythepageitselfabc"}).person_sought() is None
