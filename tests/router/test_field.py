"""Whoever has work sees just that, by a signed link, and moves it (A4.3, design promise 10)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, Final, cast

import httpx
import pytest

from services.router.field.views import kind_of
from services.router.proofs.domain import MOST
from services.router.proofs.uploads import LARGEST_PHOTO
from shared.contracts.intake import TicketRegistered
from shared.contracts.router import (
    EmergencyAcknowledged,
    EmergencyArrived,
    EmergencyEnded,
    EmergencyReleased,
    WorkOrderNoted,
)
from shared.identity import sign_link
from shared.identity.principal import service_principal
from shared.runtime.http import LARGEST_BODY
from shared.runtime.web import STYLE_PATH, words
from shared.runtime.web.pages import SCRIPT_PATH
from shared.runtime.web.work import Named
from shared.tickets import OrderStatus, Ticket
from shared.tickets.acts import (
    DANGER,
    Accept,
    Dispatch,
    NotSatisfied,
    Resolve,
    Supplement,
    Transfer,
)
from tests.router.conftest import RouterBench
from tests.support.bench import until
from tests.support.photos import encoded, noise, photo, png_of
from tests.support.tickets import LIFT, moved, policy, registered
from tests.support.work_page import fields_of, forms_of, next_of, press

FIRM: Final = "lift-firm-1"
OWN: Final = "jy-engineering-1"
ORDER: Final = "23456789-1"
GIVEN: Final = Dispatch(by="router", department="lift_firm", assignee=FIRM)
OURS: Final = Dispatch(by="router", department="engineering", assignee=OWN)
GOOD: Final[dict[str, dict[str, str]]] = {
    "note": {"note": "等配件"},
    "tell": {"note": "等配件"},
    "pause": {"reason": "access", "until": "2020-01-01T08:00"},
    "more_time": {"reason": "parts", "until": "2020-01-01T08:00"},
    "quote": {
        "kind1": "part",
        "text1": "门锁",
        "quantity1": "1",
        "price1": "35",
        "payer": "nobody",
    },
}
"""What is typed beside rubbish; a time that is over and a payer that is none keep forms open."""
RUBBISH: Final = (
    "-1", "1e999999", "-1e-999999", "NaN", "sNaN", "Infinity", "9" * 4400, "0" * 4400 + "1", "²",
    "٣", "1_0", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00", "2026-W53-7T24:00",
    "\0", "$where", "🛠" * 40, "<script>", "a" * 20_000,
)  # fmt: skip
LIFT_DOOR: Final = "三号楼电梯门关不上，请来修"
MOST_BYTES: Final = 40_000


def link(bench: RouterBench, order: str = ORDER, person: str = FIRM) -> str:
    return f"/w/{sign_link('work', f'{order}/{person}', bench.keys.link)}"


def alert_link(bench: RouterBench, person: str, number: str = "23456789") -> str:
    return f"/w/{sign_link('alert', f'{number}/{person}', bench.keys.link)}"


async def put_given(
    bench: RouterBench, given: Dispatch = GIVEN, *, test: bool = False, **beside: Any
) -> Ticket:
    now = bench.now()
    ticket = moved(replace(registered(LIFT_DOOR, at=now), test=test), given, at=now)
    shown = {"building": "3", "scrubbed": "电梯门关不上", "caller_role": "owner", **beside}
    await bench.put(ticket, **shown)
    return ticket


async def put_taken(bench: RouterBench, given: Dispatch = OURS) -> str:
    """Work that is under way; the address of its link."""
    await bench.let_places_differ(jinyuan={"rules": {"proof_for": []}})
    await put_given(bench, given)
    address = link(bench, person=given.assignee or "")
    for act in ("accept", "arrive"):
        assert (await press(bench.http, address, act)).status_code == 303
    return address


async def put_alerted(bench: RouterBench) -> None:
    """An emergency to which everybody concerned was alerted, with a work order each."""
    await bench.put(registered(LIFT, at=bench.now()), scrubbed="电梯里困了两个人", building="3")
    await bench.publish(TicketRegistered(number="23456789"), id="t/1/1/0", lane="urgent")
    await until(lambda: _has(bench, "lift_firm"))


async def _has(bench: RouterBench, department: str) -> bool:
    return any(order.department == department for order in (await bench.read()).orders)


async def order_of(bench: RouterBench, department: str) -> str:
    return next(o.id for o in (await bench.read()).orders if o.department == department)


async def done_to(bench: RouterBench, order: str = ORDER) -> list[tuple[str, str]]:
    return [(e.transition, e.by) for e in (await bench.read()).timeline if e.order == order]


# What it shows


@pytest.mark.parametrize("given", [GIVEN, OURS], ids=["a firm", "our own"])
async def test_the_page_shows_the_work_in_the_readers_language_and_no_person(
    bench: RouterBench, given: Dispatch
) -> None:
    await put_given(bench, given, location="3号楼大堂")
    address = link(bench, person=given.assignee or "")

    chinese = await bench.http.get(address)
    english = await bench.http.get(f"{address}?lang=en")

    for shown in ("锦园 3 号楼", "3号楼大堂", "电梯门关不上", "接单时限", "已向业主承诺"):
        assert shown in chinese.text
    assert "Jinyuan Gardens, building 3" in english.text
    assert 'href="tel:400-000-0000"' in chinese.text
    assert "演练" not in chinese.text
    assert chinese.headers["cache-control"] == "no-store"
    assert chinese.headers["referrer-policy"] == "no-referrer"
    assert "script-src 'self'" in chinese.headers["content-security-policy"]
    for hidden in ("persons", "caller_role", given.assignee or ""):
        assert hidden not in chinese.text


async def test_before_it_is_accepted_the_page_says_where_flat_and_number_will_be(
    bench: RouterBench,
) -> None:
    await put_given(bench, OURS, persons={"caller": {}})
    address = link(bench, person=OWN)

    before = (await bench.http.get(address)).text
    await press(bench.http, address, "accept")
    after = (await bench.http.get(address)).text

    assert ("接单后，可在本页查看房号和电话" in before, "查看房号和电话</button>" in before) == (
        True,
        False,
    )
    assert ("接单后，可在本页查看房号和电话" in after, "查看房号和电话</button>" in after) == (
        False,
        True,
    )


def test_a_kind_that_is_called_as_its_urgency_is_said_once() -> None:
    plan = registered(LIFT).plan
    here = policy()
    urgent = {"id": plan.urgency, "zh": "紧急", "en": "Emergency"}
    alike = SimpleNamespace(
        urgencies=(SimpleNamespace(**urgent),),
        has_type=lambda _: True,
        type=lambda _: SimpleNamespace(**urgent),
    )

    assert kind_of(plan, cast("Any", SimpleNamespace(taxonomy=alike))) == Named("紧急", "Emergency")
    assert "（" in kind_of(registered(LIFT_DOOR).plan, here).zh


async def test_the_whole_page_is_small_and_from_here_alone(bench: RouterBench) -> None:
    await put_alerted(bench)
    address = alert_link(bench, OWN)
    await press(bench.http, address, "acknowledge")

    page = await bench.http.get(address)
    files = [await bench.http.get(f"/w/{path}") for path in (STYLE_PATH, SCRIPT_PATH)]

    assert [each.status_code for each in files] == [200, 200]
    assert files[1].headers["content-type"].startswith("text/javascript")
    assert sum(len(each.content) for each in (page, *files)) <= MOST_BYTES
    assert "http://" not in page.text
    assert "https://" not in page.text


async def test_what_was_added_and_why_it_comes_again_is_shown(bench: RouterBench) -> None:
    now = bench.now()
    done = Resolve(by=OWN, order=ORDER, outcome="done", proof=("x",))
    ticket = moved(
        registered(LIFT_DOOR, at=now), OURS, Supplement(by="agent", note="灯也在滴水"), at=now
    )
    accepted = moved(
        ticket, Accept(by=OWN, order=ORDER), done, NotSatisfied(by="agent", note="根本没修"), at=now
    )
    again = moved(accepted, OURS, at=now + timedelta(minutes=1))
    await bench.put(again, scrubbed="电梯门关不上")

    page = await bench.http.get(link(bench, order="23456789-2", person=OWN))

    for shown in ("灯也在滴水", "第 2 轮处理", "根本没修"):
        assert shown in page.text


async def test_work_that_a_danger_began_again_says_so_and_shows_no_code(
    bench: RouterBench,
) -> None:
    now, code = bench.now(), "follow_up/2ab34cd"
    done = Resolve(by=OWN, order=ORDER, outcome="done", proof=("x",))
    begun = NotSatisfied(by=service_principal("intake").id, reason=DANGER, note=code)
    ticket = moved(registered(LIFT_DOOR, at=now), OURS, at=now)
    accepted = moved(ticket, Accept(by=OWN, order=ORDER), done, begun, at=now)
    await bench.put(moved(accepted, OURS, at=now + timedelta(minutes=1)), scrubbed="电梯门关不上")

    page = await bench.http.get(link(bench, order="23456789-2", person=OWN))

    assert "又有人反映险情，第 2 轮处理" in page.text
    assert code not in page.text
    assert "未满意" not in page.text


@pytest.mark.parametrize("superiors", [(), ("boss",)])
async def test_a_chain_in_vain_speaks_of_a_superior_only_where_there_is_one(
    bench: RouterBench, superiors: tuple[str, ...]
) -> None:
    await put_alerted(bench)
    at = bench.now()
    await bench.store.documents("emergencies").update_one(
        {"_id": "23456789"},
        {"$set": {"slowed_at": at, "next_due": at, "superiors": [*superiors]}},
    )

    page = await bench.http.get(alert_link(bench, OWN))

    assert ("正在通知上级" in page.text) is bool(superiors)
    assert "已多次呼叫" in page.text


async def test_an_emergency_shows_advice_and_checklist(bench: RouterBench) -> None:
    await put_alerted(bench)
    address = alert_link(bench, OWN)

    page = await bench.http.get(address)
    assert "不扒门" in page.text
    assert "电梯已断电" in page.text
    assert (await press(bench.http, address, "check", step="power_off")).status_code == 303

    shown = (await bench.http.get(address)).text
    assert "☐ 未做：</strong> 电梯已断电" in page.text
    assert "☑ 已做：</strong> 电梯已断电" in shown


async def test_a_drill_says_that_it_is_one(bench: RouterBench) -> None:
    await put_given(bench, test=True)

    assert "这是演练" in (await bench.http.get(link(bench))).text


# Whose link it is


async def test_prefetching_changes_nothing(bench: RouterBench) -> None:
    await put_alerted(bench)
    before = await bench.read()
    told = len(bench.heard)

    for address in (alert_link(bench, OWN), link(bench, await order_of(bench, "lift_firm"))):
        for path in ("", "/accept", "/acknowledge", "/end", "/photos?lang=en"):
            assert (await bench.http.get(f"{address}{path}")).status_code == 200

            head = await bench.http.head(f"{address}{path}")
            assert (head.status_code, head.content) == (200, b"")
            assert head.headers["content-type"] == "text/html; charset=utf-8"

    assert (await bench.http.head("/w/made.up")).status_code == 404
    assert await bench.read() == before
    assert len(bench.heard) == told
    assert await bench.store.find("audit", {"act": "person.photo_seen"}, limit=1) == []


async def test_forged_foreign_and_ended_links_look_alike(bench: RouterBench) -> None:
    ticket = await put_given(bench)
    away = Transfer(by="desk", order=ORDER, to_department="engineering", assignee=OWN,
                    reason="not_ours")  # fmt: skip
    await bench.platform.tickets.change(ticket.number, lambda _t, _now: away)
    before = (await bench.read()).version

    pages = []
    for path in (
        "/w/forged",
        f"/w/{sign_link('work', f'{ORDER}/{FIRM}', b'another secret')}",
        f"/w/{sign_link('survey', f'{ORDER}/{FIRM}', bench.keys.link)}",
        link(bench, person="lift-firm-2"),
        link(bench, order="23456789-7"),
        alert_link(bench, FIRM),
        link(bench),
    ):
        page = await bench.http.get(path)
        pages.append((page.status_code, page.text))
        assert (await bench.http.post(f"{path}/accept")).status_code == 404
        sent = await bench.http.post(f"{path}/photo", files={"photo": ("a.jpg", photo())})
        assert sent.status_code == 404
    assert (await bench.http.post(f"{link(bench)}/explode")).status_code == 404

    assert len(set(pages)) == 1
    assert "链接打不开" in pages[0][1]
    assert "This link opens nothing" in pages[0][1]
    assert (await bench.read()).version == before
    assert await bench.store.find("proofs", {}, limit=9) == []


async def test_links_that_open_nothing_are_counted_by_address_and_told_in_both_languages(
    bench: RouterBench,
) -> None:
    guesses = [await bench.http.get(f"/w/abc.guess-{n}") for n in range(31)]

    assert [answer.status_code for answer in guesses] == [404] * 30 + [429]
    assert int(guesses[-1].headers["retry-after"]) >= 1
    assert "尝试次数过多" in guesses[-1].text
    assert "Too many tries" in guesses[-1].text


async def test_links_of_work_that_has_ended_are_no_guesses(bench: RouterBench) -> None:
    ticket = await put_given(bench)
    away = Transfer(by="desk", order=ORDER, to_department="engineering", assignee=OWN,
                    reason="not_ours")  # fmt: skip
    await bench.platform.tickets.change(ticket.number, lambda _t, _now: away)

    answers = [await bench.http.get(link(bench)) for _ in range(32)]

    assert {answer.status_code for answer in answers} == {404}


async def test_who_stands_on_no_list_any_more_or_is_frozen_has_no_link(bench: RouterBench) -> None:
    await put_given(bench, replace(OURS, assignee="left-1"))

    assert (await bench.http.get(link(bench, person="left-1"))).status_code == 404


# What it does


@pytest.mark.parametrize("given", [GIVEN, OURS], ids=["a firm", "our own"])
async def test_it_is_accepted_attended_and_done_each_by_the_large_button(
    bench: RouterBench, given: Dispatch
) -> None:
    await bench.let_places_differ(jinyuan={"rules": {"proof_for": []}})
    await put_given(bench, given)
    address = link(bench, person=given.assignee or "")

    for act in ("accept", "set_out", "arrive", "done"):
        assert next_of((await bench.http.get(address)).text) == act
        assert (await press(bench.http, address, act)).status_code == 303

    who = given.assignee
    said = ["accept", "set_out", "arrive", "resolve"]
    assert await done_to(bench) == [(act, who) for act in said]
    assert "没有需要您做的事" in (await bench.http.get(address)).text


@pytest.mark.parametrize("act", ["accept", "arrive", "note", "tell", "pause", "quote", "done"])
async def test_a_form_that_is_sent_again_counts_once(bench: RouterBench, act: str) -> None:
    if act == "accept":
        await put_given(bench, OURS)
        address = link(bench, person=OWN)
    else:
        address = await put_taken(bench)
    before = len(await done_to(bench))
    filled = {"note": "已到配件库", "reason": "parts", "text1": "门锁", "price1": "35.5",
              "payer": "group"}  # fmt: skip
    if act == "arrive":
        form = {"key": "k1.arrive"}
    else:
        form = {**forms_of((await bench.http.get(address)).text)[act], **filled}

    answers = [await bench.http.post(f"{address}/{act}", data=form) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [303] * 3
    assert len(await done_to(bench)) == before + 1


async def test_over_replicas_too_a_form_counts_once(own_bench: RouterBench) -> None:
    bench = own_bench
    address = await put_taken(bench)
    other = await bench.add_replica()
    form = forms_of((await bench.http.get(address)).text)["note"] | {"note": "等电工"}

    for http in (bench.http, other.http, bench.http):
        assert (await http.post(f"{address}/note", data=form)).status_code == 303

    assert [e for e, _ in await done_to(bench)].count("note") == 1


async def test_other_words_under_the_same_key_are_another_note(bench: RouterBench) -> None:
    address = await put_taken(bench)
    form = forms_of((await bench.http.get(address)).text)["note"]

    for words_ in ("等电工", "电工到了"):
        await bench.http.post(f"{address}/note", data=form | {"note": words_})

    assert [e for e, _ in await done_to(bench)].count("note") == 2


async def test_what_is_declined_needs_a_reason_and_is_asked_once_more(bench: RouterBench) -> None:
    await put_given(bench, OURS)
    address = link(bench, person=OWN)
    form = forms_of((await bench.http.get(address)).text)["decline"]

    without = await bench.http.post(f"{address}/decline", data=form)
    asked = await bench.http.post(f"{address}/decline", data=form | {"reason": "far"})

    assert (without.status_code, asked.status_code) == (422, 200)
    assert "请选择原因" in without.text
    assert "确定不接这单" in asked.text
    assert await done_to(bench) == []
    sure = forms_of(asked.text)["decline"]
    declined = await bench.http.post(f"{address}/decline", data=sure)
    assert (declined.status_code, "已记录" in declined.text) == (200, True)
    assert await done_to(bench) == [("decline", OWN)]
    assert (await bench.read()).work_orders[0].reason == "far"


async def test_who_goes_back_finds_what_they_typed_and_nothing_is_done(bench: RouterBench) -> None:
    await put_given(bench, OURS)
    address = link(bench, person=OWN)
    form = forms_of((await bench.http.get(address)).text)["decline"]
    typed = form | {"reason": "far", "note": "在城西修水管"}

    asked = await bench.http.post(f"{address}/decline", data=typed)
    back = await bench.http.post(
        f"{address}/decline", data=forms_of(asked.text)["decline"] | {"back": "yes"}
    )

    assert back.status_code == 200
    assert "在城西修水管</textarea>" in back.text
    assert '<option value="far" selected>' in back.text
    assert "没有保存" not in back.text
    assert await done_to(bench) == []


async def test_a_form_that_is_too_large_is_told_the_limit(bench: RouterBench) -> None:
    await put_given(bench, OURS)
    address = link(bench, person=OWN)

    answer = await bench.http.post(f"{address}/decline", data={"note": "x" * LARGEST_BODY})

    assert answer.status_code == 413
    assert "填写的内容太长" in answer.text
    assert "256 KB" in answer.text


async def test_a_note_to_the_owner_and_one_for_the_house_are_different(bench: RouterBench) -> None:
    address = await put_taken(bench)
    page = (await bench.http.get(address)).text
    assert "只有同事看得到" in page
    assert "这段话会发给业主" in page

    await press(bench.http, address, "note", note="业主13800138000很难缠")
    await press(bench.http, address, "tell", note="明早9点上门")

    events = await bench.said(WorkOrderNoted, 2)
    assert [event.public for event in events] == [False, True]
    shown = (await bench.http.get(address)).text
    assert 'class="inside"' in shown
    assert 'class="to-owner"' in shown
    assert "13800138000" not in shown


async def test_what_was_just_recorded_is_said_on_top(bench: RouterBench) -> None:
    await bench.let_places_differ(jinyuan={"rules": {"proof_for": []}})
    await put_given(bench, OURS)
    address = link(bench, person=OWN)

    async def after(act: str, **typed: str) -> str:
        sent = await press(bench.http, address, act, **typed)
        return (await bench.http.get(sent.headers["location"])).text

    assert "✓ 已接单。" in await after("accept")
    on_the_way = await after("set_out")
    assert "✓ 已记录：您已出发。" in on_the_way
    assert "<dt>状态</dt><dd>已出发</dd>" in on_the_way
    await after("arrive")
    assert "✓ 已收到，正在发给业主" in await after("tell", note="先拆门套")
    assert "✓ 已收到，但还没有发给业主" in await after("tell", note="明早9点上门")
    # Where the reader is after it, too: the page opens at the photos.
    shown = (await bench.http.get(f"{address}?done=photo")).text
    assert shown.partition('id="photo"')[2].count("✓ 照片已收到") == 1
    for nothing in ("", "?done=explode", "?done=<b>"):
        page = await bench.http.get(f"{address}{nothing}")
        assert (page.status_code, "✓" in page.text) == (200, False)


async def test_a_second_note_to_the_owner_is_said_to_wait(bench: RouterBench) -> None:
    address = await put_taken(bench)

    await press(bench.http, address, "tell", note="先拆门套")
    first = (await bench.http.get(address)).text
    await press(bench.http, address, "tell", note="明早9点上门")
    second = (await bench.http.get(address)).text

    assert "还没有发给业主" not in first
    assert second.count("还没有发给业主") == 1
    assert "将于" in second
    assert second.count("告诉业主的</small>") == 1


async def test_a_firm_outside_sees_no_internal_note_of_others(bench: RouterBench) -> None:
    address = await put_taken(bench, GIVEN)
    headers = bench.signed_in("agent", "jinyuan")
    for body in ({"note": "此户常投诉"}, {"note": "请从北门进", "public": True}):
        path = f"/v1/work-orders/{ORDER}/note"
        assert (await bench.http.post(path, json=body, headers=headers)).status_code == 200
    await press(bench.http, address, "note", note="缺一个接触器")

    page = (await bench.http.get(address)).text

    assert "此户常投诉" not in page
    assert "请从北门进" in page
    assert "缺一个接触器" in page


async def test_it_is_paused_until_a_time_and_goes_on(bench: RouterBench) -> None:
    address = await put_taken(bench)
    until_ = (bench.now() + timedelta(hours=10)).strftime("%Y-%m-%dT%H:%M")

    assert (await press(bench.http, address, "pause", reason="access", until=until_)).is_redirect
    shown = (await bench.http.get(address)).text
    assert "暂停：等待入户" in shown
    assert next_of(shown) == "resume"
    assert (await press(bench.http, address, "resume")).is_redirect

    assert [e for e, _ in await done_to(bench)][-2:] == ["suspend", "resume"]


async def test_a_time_that_cannot_be_is_said_beside_its_form(bench: RouterBench) -> None:
    address = await put_taken(bench)

    gone = await press(bench.http, address, "pause", reason="access", until="2020-01-01T08:00")
    wrong = await press(bench.http, address, "more_time", reason="parts", until="tomorrow")

    assert (gone.status_code, wrong.status_code) == (422, 422)
    assert "这个时间不行" in gone.text
    assert "时间读不懂" in wrong.text
    assert 'value="2020-01-01T08:00"' in gone.text  # what was typed is not lost
    assert [e for e, _ in await done_to(bench)] == ["accept", "arrive"]


@pytest.mark.parametrize(
    ("act", "field", "typed", "fault"),
    [
        ("quote", "quantity1", "000001000000", "数量须为整数"),
        ("quote", "quantity1", "0000019999999999", "数量须为整数"),
        ("quote", "quantity1", "9" * 4400, "数量须为整数"),
        ("quote", "price1", "1e999999", "单价须为金额"),
        ("quote", "price1", "1000000.01", "单价须为金额"),
        ("more_time", "until", "9999-12-31T23:59:59-12:00", "这个时间不行"),
        ("more_time", "until", "9999-12-31T00:00", "这个时间不行"),
        ("more_time", "until", "0001-01-01T00:00:00+12:00", "这个时间不行"),
        ("pause", "until", "2100-01-01T00:00", "这个时间不行"),
    ],
)
async def test_what_is_beyond_the_limits_is_not_kept_and_said_on_the_page(
    bench: RouterBench, act: str, field: str, typed: str, fault: str
) -> None:
    address = await put_taken(bench)
    before = await done_to(bench)

    page = await press(bench.http, address, act, **GOOD[act] | {"payer": "owner", field: typed})

    assert page.status_code == 422
    assert fault in page.text
    assert await done_to(bench) == before


async def test_no_rubbish_in_any_field_of_any_form_is_a_fault_of_ours(bench: RouterBench) -> None:
    address = await put_taken(bench)
    forms = fields_of((await bench.http.get(address)).text)
    # The lines of a quote are alike.
    tried = [(act, field) for act in GOOD for field in forms[act] if field[-1] not in "23456789"]
    wanted = {"quantity1", "price1", "text1", "until", "note", "reason", "payer", "key"}
    assert wanted <= {field for _, field in tried}

    for act, field in tried:
        for rubbish in RUBBISH:
            typed = GOOD[act] | {"key": "k", field: rubbish}
            answer = await bench.http.post(f"{address}/{act}", data=typed)
            assert answer.status_code in {200, 303, 409, 422}, (act, field, rubbish[:40])


async def test_more_time_is_asked_for_and_a_supervisor_decides(bench: RouterBench) -> None:
    address = await put_taken(bench)
    later = (bench.now() + timedelta(days=20)).strftime("%Y-%m-%dT%H:%M")

    assert (await press(bench.http, address, "more_time", reason="parts", until=later)).is_redirect

    wish = (await bench.read()).extension
    assert wish is not None
    assert (wish.reason, wish.by) == ("parts", OWN)
    page = (await bench.http.get(address)).text
    assert "more_time" not in forms_of(page)
    assert "延期申请等待主管审批：等待配件" in page


async def test_what_the_owner_has_to_pay_waits_for_their_consent(bench: RouterBench) -> None:
    address = await put_taken(bench)

    wrong = await press(bench.http, address, "quote", text1="门锁", price1="abc", payer="owner")
    sent = await press(
        bench.http, address, "quote",
        kind1="part", text1="门锁", quantity1="2", price1="335.50", payer="owner",
    )  # fmt: skip

    assert (wrong.status_code, sent.status_code) == (422, 303)
    order = (await bench.read()).orders[0]
    assert order.quote is not None
    assert (order.quote.total, order.quote.payer) == (67_100, "owner")
    page = (await bench.http.get(address)).text
    assert "671.00" in page
    assert "等业主同意" in page
    assert "done" not in forms_of(page)


async def test_what_changed_meanwhile_is_said_on_the_page_with_what_is_possible(
    bench: RouterBench,
) -> None:
    await put_given(bench, OURS)
    address = link(bench, person=OWN)
    forms = forms_of((await bench.http.get(address)).text)
    await press(bench.http, address, "accept")

    late = await bench.http.post(
        f"{address}/decline", data={**forms["decline"], "reason": "far", "sure": "yes"}
    )

    assert late.status_code == 409
    assert "情况已有变化" in late.text
    assert next_of(late.text) == "set_out"
    assert await done_to(bench) == [("accept", OWN)]


# Emergencies


async def test_an_alert_is_taken_attended_released_and_ended(bench: RouterBench) -> None:
    """By who has work of it: acknowledging accepts the work too; the end is asked once more."""
    await put_alerted(bench)
    address = alert_link(bench, OWN)
    order = await order_of(bench, "engineering")
    assert next_of((await bench.http.get(address)).text) == "acknowledge"

    assert (await press(bench.http, address, "acknowledge")).status_code == 303
    [taken] = await bench.said(EmergencyAcknowledged)
    assert taken.by == OWN
    assert "您已接警" in (await bench.http.get(address)).text
    assert next_of((await bench.http.get(address)).text) == "set_out"
    assert (await press(bench.http, address, "set_out")).status_code == 303
    assert (await press(bench.http, address, "arrive")).status_code == 303
    await bench.said(EmergencyArrived)
    said = ["accept", "set_out", "arrive"]
    assert await done_to(bench, order) == [(act, OWN) for act in said]
    assert next_of((await bench.http.get(address)).text) == "release"
    assert (await press(bench.http, address, "release")).status_code == 303
    await bench.said(EmergencyReleased)
    form = forms_of((await bench.http.get(address)).text)["end"]
    sent = await bench.http.post(f"{address}/end", data=form)
    assert sent.status_code == 303  # a browser's Back finds the question again, and sends nothing
    asked = await bench.http.get(sent.headers["location"])
    assert "确定险情已结束" in asked.text
    back = await bench.http.post(f"{address}/end", data={"back": "yes"})
    assert back.headers["location"] == f"{address}?lang=zh"
    assert (await bench.store.get("emergencies", "23456789") or {})["ended_at"] is None
    assert (await press(bench.http, address, "end")).status_code == 303

    [ended] = await bench.said(EmergencyEnded)
    assert ended.outcome == "ended"
    assert "险情已结束" in (await bench.http.get(address)).text


async def test_no_work_is_ended_on_the_page_while_its_danger_runs(bench: RouterBench) -> None:
    """Else the last department's `done` would end the emergency, with nobody called safe."""
    await bench.let_places_differ(jinyuan={"rules": {"proof_for": []}})
    await put_alerted(bench)
    address = alert_link(bench, OWN)
    for act in ("acknowledge", "arrive"):
        assert (await press(bench.http, address, act)).status_code == 303
    order = await order_of(bench, "engineering")

    page = (await bench.http.get(address)).text
    refused = await bench.http.post(f"{address}/done", data={"key": "k1.done"})

    assert not {"done", "confirm_cancel"} & forms_of(page).keys()
    assert "险情结束后才能报完工" in page
    assert refused.status_code == 409
    assert "险情还没有结束" in refused.text
    assert "resolve" not in [act for act, _ in await done_to(bench, order)]
    assert (await bench.store.get("emergencies", "23456789") or {})["ended_at"] is None

    for act in ("release", "end", "done"):
        assert (await press(bench.http, address, act)).status_code == 303
    assert (await done_to(bench, order))[-1] == ("resolve", OWN)
    assert "险情结束后才能报完工" not in (await bench.http.get(address)).text


async def test_who_arrives_at_an_emergency_has_accepted_and_is_shown_as_there(
    own_bench: RouterBench,
) -> None:
    """The second department: somebody else has the alert, and this one went without a word."""
    bench = own_bench
    await put_alerted(bench)
    await press(bench.http, alert_link(bench, OWN), "acknowledge")
    order = await order_of(bench, "security")
    guard = next(o.assignee for o in (await bench.read()).orders if o.id == order) or ""
    address = alert_link(bench, guard)
    await bench.forward(timedelta(minutes=20))

    assert (await press(bench.http, address, "arrive")).status_code == 303

    page = (await bench.http.get(address)).text
    own = [(act, by) for act, by in await done_to(bench, order) if by == guard]
    assert own == [("accept", guard), ("arrive", guard)]
    assert guard in (await bench.store.get("emergencies", "23456789") or {})["on_site"]
    assert "待接单" not in page
    assert "接单时限" not in page
    assert not re.search(r"<dt>到场时限", page)


async def test_after_arrival_or_the_end_no_clock_runs_on_the_page_that_means_nothing(
    bench: RouterBench,
) -> None:
    """Said over the API, where arriving accepts no work."""
    await put_alerted(bench)
    order = next(o for o in (await bench.read()).orders if o.department == "security")
    guard = order.assignee or ""
    address = alert_link(bench, guard)
    found = {"$push": {"on_site": guard}}
    await bench.store.documents("emergencies").update_one({"_id": "23456789"}, found)

    there = (await bench.http.get(address)).text
    assert "<dd>已到场</dd>" in there
    assert not re.search(r"<dt>(接单|到场)时限", there)

    over = {"$set": {"on_site": [], "ended_at": bench.now(), "next_due": None}}
    await bench.store.documents("emergencies").update_one({"_id": "23456789"}, over)
    ended = (await bench.http.get(address)).text
    assert not re.search(r"<dt>(接单|到场|险情控制)时限", ended)
    assert "险情已结束" in ended


async def test_who_is_called_from_the_chain_acts_without_a_work_order(bench: RouterBench) -> None:
    await put_alerted(bench)
    await bench.store.documents("emergencies").update_one(
        {"_id": "23456789"}, {"$push": {"alerts.0.recipients": "chain-1"}}
    )
    address = alert_link(bench, "chain-1")

    for act in ("acknowledge", "arrive", "release", "end"):
        page = (await bench.http.get(address)).text
        assert next_of(page) == act
        assert not {"accept", "note", "pause", "quote", "done"} & forms_of(page).keys()
        assert "险情结束后才能报完工" not in page  # no work of theirs waits for it
        assert (await press(bench.http, address, act)).status_code == 303

    found = await bench.store.get("emergencies", "23456789") or {}
    assert (found["acknowledged_by"], found["on_site"], found["ended_by"]) == (
        "chain-1", ["chain-1"], "chain-1",
    )  # fmt: skip
    assert (await bench.http.post(f"{address}/note", data={"note": "x"})).status_code == 409


async def test_the_desk_takes_an_alert_and_ends_none(bench: RouterBench) -> None:
    """Rights are those of whoever was alerted: the desk is never on site."""
    await put_alerted(bench)
    await bench.store.documents("emergencies").update_one(
        {"_id": "23456789"}, {"$push": {"alerts.0.recipients": "bj-customer-service-2"}}
    )
    address = alert_link(bench, "bj-customer-service-2")

    assert (await press(bench.http, address, "acknowledge")).status_code == 303
    page = (await bench.http.get(address)).text
    assert next_of(page) is None
    assert (await bench.http.post(f"{address}/arrive")).status_code == 409


async def test_a_firm_moves_its_share_of_an_emergency_by_its_work_link(bench: RouterBench) -> None:
    await put_alerted(bench)
    path = link(bench, await order_of(bench, "lift_firm"))

    for act, event in (("acknowledge", EmergencyAcknowledged), ("arrive", EmergencyArrived),
                       ("release", EmergencyReleased)):  # fmt: skip
        assert (await press(bench.http, path, act)).status_code == 303
        await bench.said(event)
    assert "人员已脱险" in (await bench.http.get(path)).text


async def test_an_alert_s_link_opens_a_day_after_the_end_and_then_nothing(
    own_bench: RouterBench,
) -> None:
    bench = own_bench
    await put_alerted(bench)
    await bench.store.documents("emergencies").update_one(
        {"_id": "23456789"}, {"$push": {"alerts.0.recipients": "chain-1"}}
    )
    address = alert_link(bench, "chain-1")
    for act in ("acknowledge", "arrive", "release", "end"):
        await press(bench.http, address, act)

    assert (await bench.http.get(address)).status_code == 200
    await bench.forward(timedelta(days=1, minutes=1))
    assert (await bench.http.get(address)).status_code == 404


# Photos


async def put_on_site(bench: RouterBench, *, wanted: bool, given: Dispatch = GIVEN) -> None:
    """Work of which the estate wants a photo or does not."""
    rules = {"proof_for": [{"areas": ["elevator"]}]} if wanted else {"proof_for": []}
    await bench.let_places_differ(jinyuan={"rules": rules})
    await put_given(bench, given)
    for act in ("accept", "arrive"):
        assert (await press(bench.http, link(bench, person=given.assignee or ""), act)).is_redirect


async def send(
    bench: RouterBench,
    raw: bytes,
    *,
    lang: str = "zh",
    tag: dict[str, str] | None = None,
    person: str = FIRM,
) -> httpx.Response:
    files = {"photo": ("IMG_0001.JPG", raw, "image/jpeg")}
    path = f"{link(bench, person=person)}/photo?lang={lang}"
    return await bench.http.post(path, files=files, data=tag or {})


async def test_where_a_photo_is_wanted_it_is_the_next_thing_and_not_done_without(
    bench: RouterBench,
) -> None:
    await put_on_site(bench, wanted=True)

    page = await bench.http.get(link(bench))
    assert "须先上传照片" in page.text
    assert next_of(page.text) == "photo"
    assert "done" not in forms_of(page.text)
    assert (await bench.http.post(f"{link(bench)}/done")).status_code == 409
    assert (await bench.read()).orders[0].status is OrderStatus.IN_PROGRESS

    sent = await send(bench, photo(), tag={"building": "3", "room": ""})
    assert sent.status_code == 303
    page = await bench.http.get(sent.headers["location"].partition("#")[0])
    assert "已收到照片张数" in page.text
    assert next_of(page.text) == "done"
    assert (await press(bench.http, link(bench), "done")).status_code == 303
    order = (await bench.read()).orders[0]
    assert (order.status, order.proof) == (OrderStatus.RESOLVED, (f"{ORDER}-p1",))


async def test_where_none_is_wanted_one_is_kept_all_the_same(bench: RouterBench) -> None:
    await put_on_site(bench, wanted=False)
    assert "须先" not in (await bench.http.get(link(bench))).text

    assert (await send(bench, photo(), tag={"building": "7"})).status_code == 303
    assert (await press(bench.http, link(bench), "done")).status_code == 303

    order = (await bench.read()).orders[0]
    assert (order.proof, order.place_differs) == ((f"{ORDER}-p1",), True)


async def test_our_own_people_look_at_the_photos_small_and_on_record(bench: RouterBench) -> None:
    await put_on_site(bench, wanted=True, given=OURS)
    address = link(bench, person=OWN)
    assert (await send(bench, photo(), person=OWN)).status_code == 303
    assert "data:image" not in (await bench.http.get(address)).text

    page = await bench.http.post(f"{address}/photos")

    assert page.status_code == 200
    assert page.text.count("data:image/jpeg;base64,") == 1
    assert "img-src data:" in page.headers["content-security-policy"]
    [entry] = await bench.store.find("audit", {"act": "person.photo_seen"}, limit=9)
    assert (entry["by"], entry["subject"]["id"]) == (OWN, "23456789/caller")


async def test_a_firm_outside_sees_how_many_photos_there_are_and_none_of_them(
    bench: RouterBench,
) -> None:
    await put_on_site(bench, wanted=True)
    assert (await send(bench, photo())).status_code == 303

    page = await bench.http.get(link(bench))
    asked = await bench.http.post(f"{link(bench)}/photos")

    assert "photos" not in forms_of(page.text)
    assert asked.status_code == 409
    assert "data:image" not in asked.text


@pytest.mark.parametrize(
    ("raw", "status", "zh", "en"),
    [
        (b"", 422, "没有收到照片", "No photo arrived"),
        (b"<svg xmlns='x'/>", 422, "这不是照片", "This is no photo"),
        (b"\0\0\0\x18ftypheic", 422, "HEIC", "HEIC is not taken"),
        (photo()[:2_000], 422, "没有传完", "cut off"),
        (png_of(30_000, 30_000), 422, "像素过大", "too many pixels"),
        (bytes(LARGEST_PHOTO + 1), 413, "文件过大", "too large"),
    ],
    ids=["empty", "svg", "heic", "cut off", "many pixels", "large"],
)
async def test_what_is_wrong_with_a_photo_stands_on_the_page_in_words(
    bench: RouterBench, raw: bytes, status: int, zh: str, en: str
) -> None:
    await put_on_site(bench, wanted=True)

    chinese, english = await send(bench, raw), await send(bench, raw, lang="en")

    assert (chinese.status_code, english.status_code) == (status, status)
    assert zh in chinese.text
    assert en in english.text
    assert 'role="alert"' in chinese.text
    other = await bench.http.get(f"{link(bench)}/photo?lang=en")  # the page's link to English
    assert "Photos of the work" in other.text
    assert "IMG_0001" not in chinese.text
    assert await bench.store.find("proofs", {}, limit=9) == []


async def test_more_photos_than_are_kept_are_refused_in_words(bench: RouterBench) -> None:
    await put_on_site(bench, wanted=True)
    for n in range(MOST):
        assert (await send(bench, encoded(noise(20 + n, 20)))).status_code == 303

    page = await bench.http.get(link(bench))
    refused = await send(bench, encoded(noise(99, 20)))

    assert 'type="file"' not in page.text
    assert refused.status_code == 409
    assert "照片已够" in refused.text


@pytest.mark.parametrize("ended", [True, False])
async def test_before_it_is_accepted_and_after_its_end_no_photo_is_taken(
    bench: RouterBench,
    ended: bool,  # noqa: FBT001 - two cases
) -> None:
    if ended:
        await put_on_site(bench, wanted=False)
        assert (await press(bench.http, link(bench), "done")).status_code == 303
    else:
        await put_given(bench)

    page, sent = await bench.http.get(link(bench)), await send(bench, photo())

    assert 'type="file"' not in page.text
    assert (sent.status_code, "情况已有变化" in sent.text) == (409, True)


def test_every_fault_of_a_photo_has_words_in_both_languages() -> None:
    codes = {"empty", "unknown", "heic", "damaged", "animated", "too_many_pixels", "too_hard",
             "too_large", "too_many", "too_slow", "busy", "malformed"}  # fmt: skip
    assert {f"fault_{code}" for code in codes} <= set(words("shared.runtime.web.work", "zh"))
