"""The calls of which a ticket came stand on its page, for whoever may read calls."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from services.telephony.calls.domain import Arrived, KeptCall, take
from services.telephony.calls.storage import CALLS
from shared.calls.facts import Kind, Party
from shared.contracts import Step
from shared.store import Collection
from tests.console.bench import Bench
from tests.console.test_desk_calls import said
from tests.console.test_every_page import TAP


async def registered(bench: Bench) -> str:
    headers = bench.signed_in("agent", id="agent-9")
    answer = await bench.services["intake"].post("/v1/tickets", json=TAP, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["number"])


async def called(bench: Bench, id: str, *tickets: str) -> None:
    """A call that waited for nine seconds and was talked on for a minute."""
    now, agent = bench.store.clock.now(), {"party": Party.AGENT, "agent": "8001"}
    then = now - timedelta(minutes=5)
    facts = [
        said(Kind.OFFERED, then, line="hotline"),
        said(Kind.ANSWERED, then + timedelta(seconds=9), leg="1.9", **agent),
        said(Kind.ENDED, then + timedelta(seconds=69)),
    ]
    new = KeptCall(id=id, exchange="main", channel="1.1", last_at=then, tickets=tickets)
    step = take(new, [Arrived(each) for each in facts], (), now)
    assert step is not None
    kept = replace(step.value, buckets=())
    assert await Collection(bench.store, CALLS).insert(Step(kept), now)


async def test_a_ticket_shows_its_calls_and_no_others(bench: Bench) -> None:
    number, other = await registered(bench), "22222222"
    await called(bench, "caaaaaaaaaaaaaaaaaaaa", number)
    await called(bench, "cbbbbbbbbbbbbbbbbbbbb", other)
    await bench.hire("xiao.he")
    browser = await bench.signed_in_browser("xiao.he")

    page = (await browser.get(f"/tickets/{number}")).text

    part = page.partition('id="part-calls"')[2].partition("</section>")[0]
    assert part.count("<li>") == 1
    assert all(words in part for words in ("hotline", "等待 9秒", "通话 1分", "接听分机 8001"))
    assert "<button" not in part


async def test_whoever_answered_is_named_and_an_extension_that_is_nobodys_stays_one(
    bench: Bench,
) -> None:
    number = await registered(bench)
    await called(bench, "caaaaaaaaaaaaaaaaaaaa", number)
    await bench.hire("lin.yue", name="林悦")
    await bench.hire("xiao.he")
    browser = await bench.signed_in_browser("xiao.he")
    assert "接听分机 8001" in (await browser.get(f"/tickets/{number}")).text

    for exchange, shown in (("north", "接听分机 8001"), ("main", "接听人 林悦")):
        body = {"extensions": [{"exchange": exchange, "extension": "8001"}]}
        headers = bench.signed_in("administrator", id="operator:administrator")
        answer = await bench.services["admin"].put("/v1/agents/lin.yue", json=body, headers=headers)
        assert answer.is_success, answer.text
        assert shown in (await browser.get(f"/tickets/{number}")).text


async def test_a_ticket_without_a_call_and_a_department_see_none(bench: Bench) -> None:
    number = await registered(bench)
    await bench.hire("xiao.he")
    await bench.hire("jy-1", "department", places=["jinyuan"], departments=["engineering"])
    desk, floor = [await bench.signed_in_browser(id) for id in ("xiao.he", "jy-1")]
    assert "part-calls" not in (await desk.get(f"/tickets/{number}")).text

    await called(bench, "caaaaaaaaaaaaaaaaaaaa", number)
    assert "part-calls" in (await desk.get(f"/tickets/{number}")).text
    assert "part-calls" not in (await floor.get(f"/tickets/{number}")).text
