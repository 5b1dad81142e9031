"""Whoever got nobody is rung back: the list, taking one, the number on record, what came of it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.console.call_backs.live import call_backs_source
from services.console.call_backs.views import never_reached_of
from services.telephony.callbacks.domain import CallBack, CallBackState, WhyNot
from services.telephony.callbacks.storage import CALLBACKS
from shared.contracts import Step
from shared.store import Collection
from tests.console.bench import Bench
from tests.telephony.played import kept_call

PERSON = "xiao.he"
NUMBER = "13800138000"
PART = {"hx-request": "true"}
FORMS = re.compile(r"<(form|button|input|select|textarea)")


async def got_nobody(bench: Bench, channel: str = "1.1", number: str = NUMBER, **said: Any) -> str:
    """Somebody rang in vain, and is to be rung back, as telephony would keep both; its id."""
    now = bench.now()
    call = await kept_call(bench, channel, number=number)
    facts: dict[str, Any] = {"since": now, "last_at": now, "due_at": now + timedelta(minutes=20)}
    back = CallBack(id=call, line="hotline", calls=(call,), **{**facts, "key": call, **said})
    assert await Collection(bench.store, CALLBACKS).insert(Step(back), now)
    return call


async def desk(bench: Bench, id: str = PERSON, role: str = "agent") -> httpx.AsyncClient:
    await bench.hire(id, role)
    return await bench.signed_in_browser(id)


async def test_a_caller_is_taken_rung_and_said_to_be_reached(bench: Bench) -> None:
    call = await got_nobody(bench)
    browser = await desk(bench)

    listed = (await browser.get("/call-backs")).text
    assert f'id="call-back-{call}"' in listed
    opened = (await browser.get(f"/call-backs/{call}")).text
    assert "查看电话号码" not in opened
    taken = await browser.post(f"/call-backs/{call}/claim", headers=PART)
    assert taken.headers["hx-redirect"] == f"/call-backs/{call}"
    mine = (await browser.get(f"/call-backs/{call}")).text
    assert "查看电话号码" in mine
    shown = await browser.post(f"/call-backs/{call}/number", headers=PART)
    assert NUMBER in shown.text
    assert 'data-gone-after="60"' in shown.text
    for page in (listed, opened, mine):
        assert NUMBER not in page

    said = await browser.post(f"/call-backs/{call}/reached", headers=PART)

    assert said.headers["hx-redirect"] == "/call-backs?did=reached"
    after = (await browser.get("/call-backs?did=reached")).text
    assert "已登记：打通了" in after
    assert f'id="call-back-{call}"' not in after
    assert f'id="call-back-{call}"' in (await browser.get("/call-backs?state=reached")).text
    again = await browser.post(f"/call-backs/{call}/number", headers=PART)
    assert (again.status_code, NUMBER in again.text) == (409, False)


async def test_whoever_rings_reads_who_it_may_be_and_what_is_open(bench: Bench) -> None:
    report = {"estate": "jinyuan", "text": "三号楼楼道灯不亮了"}
    caller = {"name": "王桂兰", "phone": NUMBER}
    headers = bench.signed_in("agent", id="lan")
    made = await bench.services["intake"].post(
        "/v1/tickets", json={**report, "caller": caller}, headers=headers
    )
    call = await got_nobody(bench)
    browser = await desk(bench)
    before = (await browser.get(f"/call-backs/{call}")).text

    await browser.post(f"/call-backs/{call}/claim")

    number = made.json()["number"]
    assert f"/tickets/{number}" not in before
    page = (await browser.get(f"/call-backs/{call}")).text
    assert f"/tickets/{number}" in page
    assert "王*" in page
    assert NUMBER not in page


async def test_nobody_answered_is_said_and_later_it_is_to_be_rung_again(bench: Bench) -> None:
    call = await got_nobody(bench)
    browser = await desk(bench)
    await browser.post(f"/call-backs/{call}/claim")

    said = await browser.post(f"/call-backs/{call}/no-answer")

    assert said.headers["location"] == "/call-backs?did=no_answer"
    page = (await browser.get(f"/call-backs/{call}")).text
    assert "没人接" in page
    assert "再拨时间" in page
    assert "我来回拨" in page


async def test_what_somebody_else_rings_is_said_and_refused_beside_the_form(bench: Bench) -> None:
    call = await got_nobody(bench)
    first, second = await desk(bench), await desk(bench, "xiao.li")
    await first.post(f"/call-backs/{call}/claim")

    page = (await second.get(f"/call-backs/{call}")).text
    refused = await second.post(f"/call-backs/{call}/claim", headers=PART)

    assert "正在回拨" in page
    assert "查看电话号码" not in page
    assert refused.status_code == 409
    assert "已有同事在回拨" in refused.text
    assert (await second.post(f"/call-backs/{call}/number", headers=PART)).status_code == 409


async def test_a_withheld_number_is_said_to_be_and_cannot_be_opened(bench: Bench) -> None:
    call = await got_nobody(bench, unseen=True)
    browser = await desk(bench)
    await browser.post(f"/call-backs/{call}/claim")

    page = (await browser.get(f"/call-backs/{call}")).text

    assert "号码保密" in page
    assert "查看电话号码" not in page
    assert (await browser.post(f"/call-backs/{call}/number", headers=PART)).status_code == 409


async def test_those_never_reached_are_a_list_with_their_share(bench: Bench) -> None:
    over: dict[str, Any] = {"key": None, "ended_at": bench.now()}
    call = await got_nobody(bench, state=CallBackState.NEVER_REACHED, **over)
    other = await got_nobody(bench, "2.1", "13800138001", state=CallBackState.REACHED, **over)
    browser = await desk(bench)

    first = (await browser.get("/call-backs")).text
    never = (await browser.get("/call-backs?state=never_reached")).text

    assert "50%" in first
    assert [f'id="call-back-{each}"' in never for each in (call, other)] == [True, False]


async def test_why_nobody_can_be_rung_is_said(bench: Bench) -> None:
    facts: dict[str, Any] = {"key": None, "ended_at": bench.now(), "why_not": WhyNot.SWITCHBOARD}
    call = await got_nobody(bench, state=CallBackState.NOT_POSSIBLE, **facts)
    browser = await desk(bench)
    assert "总机号码" in (await browser.get("/call-backs?state=not_possible")).text
    assert "总机号码" in (await browser.get(f"/call-backs/{call}")).text


async def test_a_manager_reads_and_does_not_ring(bench: Bench) -> None:
    call = await got_nobody(bench)
    browser = await desk(bench, "chief", "manager")
    page = (await browser.get(f"/call-backs/{call}")).text
    assert "我来回拨" not in page
    assert (await browser.post(f"/call-backs/{call}/claim")).status_code == 403


@pytest.mark.parametrize("call", ["c" + "z" * 20, "13800138000", "..", "c" + "a" * 20])
async def test_what_is_none_is_not_found(bench: Bench, call: str) -> None:
    browser = await desk(bench)
    answer = await browser.get(f"/call-backs/{call}", follow_redirects=False)
    assert answer.status_code in {404, 422, 303, 307}
    for state in ("rubbish", "x" * 61, ""):
        assert (await browser.get(f"/call-backs?state={state}")).status_code in {200, 422}


async def test_what_is_pushed_holds_no_control_and_no_number(bench: Bench) -> None:
    await got_nobody(bench, state=CallBackState.CLAIMED, claimed_by=PERSON)
    await desk(bench)
    source = call_backs_source(bench.console.state.house)
    token = bench.signed_in("agent", id=PERSON)["Authorization"].removeprefix("Bearer ")

    listing = await source("call_backs", token, "zh")

    [card] = listing.cards
    assert (listing.total, listing.counts) == (1, 1)
    assert not FORMS.search(card.html)
    assert NUMBER not in card.html


def test_the_share_is_of_those_that_could_be_rung() -> None:
    counts = {"never_reached": 1, "reached": 2, "superseded": 1, "not_possible": 9}
    assert never_reached_of(counts) == 25
    assert never_reached_of(dict.fromkeys(counts, 0)) is None
