"""Who is to ring a caller sees what to say, by a signed link, and says what came of it (A4.4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest

from services.router.field.domain import LOOK_BACK
from services.router.follow_ups.tasks import SETTLES_IN
from shared.contracts.router import FollowUpDangerTold, FollowUpDone, FollowUpOpened, FollowUpRung
from shared.identity import sign_link
from shared.tickets.acts import (
    Accept,
    Appoint,
    Dispatch,
    Extend,
    Feedback,
    FeedbackAttempt,
    Note,
    Own,
    Resolve,
)
from tests.router.conftest import RouterBench
from tests.router.test_follow_ups import NUMBER, ORDER
from tests.router.test_tell_tasks import act, docs, unconfirmed
from tests.support.tickets import LAMP, moved, registered
from tests.support.work_page import forms_of, press

DESK: Final = "jy-customer-service-1"
MATE: Final = "jy-customer-service-2"
GIVEN: Final = Dispatch(by="router", department="engineering", assignee="li")
FIXED: Final = Note(by="li", order=ORDER, note="换了灯泡{2只}", public=True)


def link(bench: RouterBench, task: str, person: str = DESK) -> str:
    return f"/w/{sign_link('task', f'{task}/{person}', bench.keys.link)}"


async def told_of(bench: RouterBench, purpose: str = "feedback", **more: Any) -> str:
    """The task that opens when nobody confirmed a message; the address of its link."""
    await bench.publish(unconfirmed(purpose, **more), id=f"message/{purpose}/1/0")
    (opened,) = await bench.said(FollowUpOpened)
    assert opened.recipients == (DESK,)
    return link(bench, opened.follow_up)


async def result(bench: RouterBench) -> str:
    """A result that providers took and nobody confirmed."""
    now = bench.now()
    done = Resolve(by="li", order=ORDER, outcome="done", note="线路也查过")
    acts = (GIVEN, Accept(by="li", order=ORDER), FIXED, done)
    await bench.put(moved(registered(LAMP, at=now), *acts, at=now), building="3")
    return await told_of(bench)


async def visit(bench: RouterBench) -> str:
    begins = bench.now() + timedelta(hours=3)
    comes = Appoint(by="li", order=ORDER, at=begins, until=begins + timedelta(hours=2))
    acts = (GIVEN, Accept(by="li", order=ORDER), comes)
    await bench.put(moved(registered(LAMP, at=bench.now()), *acts, at=bench.now()))
    return await told_of(bench, "visit")


async def rung(bench: RouterBench, times: int = 1) -> list[tuple[str, str, str | None]]:
    return [(e.by, e.answer, e.cause) for e in await bench.said(FollowUpRung, times)]


# What it shows


async def test_the_page_says_what_it_is_about_and_what_to_say_and_holds_no_number(
    bench: RouterBench,
) -> None:
    address = await result(bench)

    chinese = (await bench.http.get(address)).text
    english = (await bench.http.get(f"{address}?lang=en")).text

    for shown in ("电话告知业主处理结果", NUMBER, "锦园 3 号楼", "已向业主承诺", "业主怎么说"):
        assert shown in chinese, shown
    for say in ("已经处理完毕", "处理情况：换了灯泡{2只}", "不确定您是否收到", "线路也查过"):
        assert say in chinese, say
    for shown in (
        "Tell the caller the result",
        "Jinyuan Gardens, building 3",
        "It is done.",
        "satisfied",
    ):
        assert shown in english, shown
    assert "查看电话号码" in chinese
    for page in (chinese, english):
        assert page.count("tel:") == page.count("tel:400-000-0000") == 1, "only the desk's own"
    assert DESK not in chinese + english


@pytest.mark.parametrize(
    ("purpose", "shown"),
    [
        ("visit", "之间上门"),
        ("extended", "原定"),
        ("outage", "正在抢修"),
        ("reopened", "已经重新处理"),
    ],
)
async def test_each_reason_has_words_of_its_own(
    bench: RouterBench, purpose: str, shown: str
) -> None:
    begins = bench.now() + timedelta(hours=3)
    promise = {
        "visit": Appoint(by="li", order=ORDER, at=begins, until=begins + timedelta(hours=2)),
        "extended": Extend(by="boss", order=ORDER, until=begins + timedelta(days=9)),
    }.get(purpose)
    acts = (GIVEN, Accept(by="li", order=ORDER), *((promise,) if promise else ()))
    await bench.put(moved(registered(LAMP, at=bench.now()), *acts, at=bench.now()))
    address = await told_of(bench, purpose)

    page = (await bench.http.get(address)).text

    assert shown in page
    assert sorted(forms_of(page)) == ["no_answer", "person", "told"]
    assert "业主怎么说" not in page


async def test_a_visit_that_was_missed_meanwhile_is_an_apology(bench: RouterBench) -> None:
    address = await visit(bench)
    await bench.forward(timedelta(hours=5, minutes=1))

    assert "我们没有按时到" in (await bench.http.get(address)).text


async def test_a_get_changes_nothing(bench: RouterBench) -> None:
    address = await result(bench)
    before = await docs(bench)

    for path in ("", "/told", "/no_answer", "/unreachable?lang=en"):
        assert (await bench.http.get(f"{address}{path}")).status_code == 200

    assert await docs(bench) == before


# Whose link it is


async def test_forged_foreign_and_old_links_look_alike(bench: RouterBench) -> None:
    address = await result(bench)
    (doc,) = await docs(bench)
    task, secret = doc["_id"], bench.keys.link
    await act(bench, Feedback(by=DESK, outcome="told"))
    await bench.said(FollowUpDone)
    assert (await bench.http.get(address)).status_code == 200
    await bench.forward(LOOK_BACK + timedelta(minutes=1))

    pages = []
    for path in (
        "/w/forged",
        f"/w/{sign_link('task', f'{task}/{DESK}', b'another secret')}",
        f"/w/{sign_link('work', f'{task}/{DESK}', secret)}",
        link(bench, task, MATE),
        link(bench, task, "left-1"),
        link(bench, "no-task"),
        address,
    ):
        page = await bench.http.get(path)
        pages.append((page.status_code, page.text))
        assert (
            await bench.http.post(f"{path}/told", data={"answer": "satisfied"})
        ).status_code == 404

    assert len(set(pages)) == 1
    assert "链接打不开" in pages[0][1]


async def test_who_the_ticket_turns_out_to_be_about_has_no_link(bench: RouterBench) -> None:
    address = await visit(bench)
    await bench.store.documents("tickets").update_one(
        {"_id": NUMBER}, {"$set": {"about": {"departments": [], "people": [DESK]}}}
    )

    assert (await bench.http.get(address)).status_code == 404


async def test_who_sees_the_ticket_through_now_is_told_and_has_the_link(
    bench: RouterBench,
) -> None:
    address = await result(bench)
    (task,) = await docs(bench)

    await act(bench, Own(by=MATE, owner=MATE))

    opened = await bench.said(FollowUpOpened, 2)
    assert opened[1].recipients == (MATE,)
    assert (await bench.http.get(address)).status_code == 404
    assert (await bench.http.get(link(bench, task["_id"], MATE))).status_code == 200


# What it does


@pytest.mark.parametrize(
    ("said", "answer", "cause"),
    [
        ("satisfied", "satisfied", None),
        ("said_nothing", "said_nothing", None),
        ("not_satisfied", "not_satisfied", None),
        ("not_done", "not_satisfied", "not_done"),
    ],
)
async def test_what_the_caller_says_of_the_result_is_told_to_intake_once(
    bench: RouterBench, said: str, answer: str, cause: str | None
) -> None:
    address = await result(bench)
    form = forms_of((await bench.http.get(address)).text)["told"]
    typed = form | {"answer": said, "note": "请拨13800138000"}

    answers = [await bench.http.post(f"{address}/told", data=typed) for _ in range(3)]

    assert [each.status_code for each in answers] == [303] * 3
    assert await rung(bench) == [(DESK, answer, cause)]
    (task,) = await docs(bench)
    assert (task["state"], task["call"]["answer"]) == ("open", answer)
    assert "13800138000" not in str(task)
    page = (await bench.http.get(address)).text
    assert "已提交" in page
    assert forms_of(page) == {}


async def test_the_task_ends_when_the_ticket_has_followed_and_the_page_says_so(
    bench: RouterBench,
) -> None:
    address = await result(bench)
    await press(bench.http, address, "told", answer="satisfied")
    await rung(bench)

    await act(bench, Feedback(by=DESK, outcome="told"))

    (done,) = await bench.said(FollowUpDone)
    assert done.outcome == "fed_back"
    page = (await bench.http.get(address)).text
    assert "业主满意，工单已结束" in page
    assert "同事" not in page
    assert forms_of(page) == {}


async def test_a_result_without_what_they_say_of_it_is_asked_for(bench: RouterBench) -> None:
    address = await result(bench)

    page = await press(bench.http, address, "told", note="挂了")

    assert page.status_code == 422
    assert "请选择业主怎么说" in page.text
    assert "挂了" in page.text
    assert (await docs(bench))[0].get("call") is None


@pytest.mark.parametrize("key", ["own", "used"])
async def test_a_danger_is_told_also_by_who_comes_too_late(bench: RouterBench, key: str) -> None:
    """Another answer under the form's key is another answer: the browser's Back sent it again."""
    address = await result(bench)
    form = forms_of((await bench.http.get(address)).text)["told"]
    await bench.http.post(f"{address}/told", data=form | {"answer": "satisfied"})
    late = form | {"answer": "not_satisfied", "note": "厨房煤气泄漏，孩子晕倒了"}
    late |= {"key": "another.told"} if key == "own" else {}

    page = await bench.http.post(f"{address}/told", data=late)
    again = await bench.http.post(f"{address}/told", data=late)

    assert (page.status_code, again.status_code) == (409, 409)
    (told,) = await bench.said(FollowUpDangerTold)
    assert told.danger == "gas_leak"
    assert await rung(bench) == [(DESK, "satisfied", None)]


async def test_of_two_who_hold_one_link_the_first_word_counts(bench: RouterBench) -> None:
    address = await result(bench)
    theirs = forms_of((await bench.http.get(address)).text)["no_answer"]
    await press(bench.http, address, "told", answer="satisfied")

    page = await bench.http.post(f"{address}/no_answer", data=theirs)

    assert page.status_code == 409
    assert "情况已有变化" in page.text
    assert await rung(bench) == [(DESK, "satisfied", None)]


async def test_what_never_took_effect_can_be_said_again(bench: RouterBench) -> None:
    address = await result(bench)
    await press(bench.http, address, "told", answer="satisfied")
    await bench.forward(SETTLES_IN + timedelta(seconds=1))

    assert (await press(bench.http, address, "told", answer="said_nothing")).status_code == 303

    assert [answer for _, answer, _ in await rung(bench, 2)] == ["satisfied", "said_nothing"]


async def test_a_task_that_was_done_elsewhere_says_who_did_it(bench: RouterBench) -> None:
    address = await result(bench)
    form = forms_of((await bench.http.get(address)).text)["told"]
    await act(bench, Feedback(by="he", outcome="told"))
    await bench.said(FollowUpDone)

    page = await bench.http.post(f"{address}/told", data=form | {"answer": "satisfied"})

    assert page.status_code == 409
    assert "结果已告知业主" in page.text
    assert "由同事登记" in page.text


async def test_a_promise_is_told_to_intake_and_ends_when_the_ticket_has_it(
    bench: RouterBench,
) -> None:
    address = await visit(bench)

    assert (await press(bench.http, address, "told")).status_code == 303

    assert await rung(bench) == [(DESK, "told", None)]
    assert (await docs(bench))[0]["state"] == "open"


async def test_a_time_that_has_moved_meanwhile_is_not_told_and_the_page_says_the_new_one(
    bench: RouterBench,
) -> None:
    address = await visit(bench)
    form = forms_of((await bench.http.get(address)).text)["told"]
    begins = bench.now() + timedelta(hours=6)
    await act(bench, Appoint(by="li", order=ORDER, at=begins, until=begins + timedelta(hours=2)))

    page = await bench.http.post(f"{address}/told", data=form)

    assert page.status_code == 409
    assert "情况已有变化" in page.text
    assert (await docs(bench))[0].get("call") is None
    assert (await press(bench.http, address, "told")).status_code == 303
    (event,) = await bench.said(FollowUpRung)
    ticket = await bench.platform.tickets.get(NUMBER)
    assert ticket is not None
    assert event.promised is not None
    assert ticket.promised[-1].at in event.promised


@pytest.mark.parametrize("typed", ["", "soon", "2026-11-23T10:00:00"])
async def test_a_form_that_names_no_promise_tells_none(bench: RouterBench, typed: str) -> None:
    address = await visit(bench)

    assert (await press(bench.http, address, "told", promised=typed)).status_code == 409

    assert (await docs(bench))[0].get("call") is None


async def test_one_call_tells_all_that_is_promised_and_was_not_told(bench: RouterBench) -> None:
    begins = bench.now() + timedelta(hours=3)
    comes = Appoint(by="li", order=ORDER, at=begins, until=begins + timedelta(hours=2))
    later = Extend(by="boss", order=ORDER, until=begins + timedelta(days=9))
    acts = (GIVEN, Accept(by="li", order=ORDER), comes, later)
    await bench.put(moved(registered(LAMP, at=bench.now()), *acts, at=bench.now()))
    address = await told_of(bench, "extended")

    page = (await bench.http.get(address)).text
    await press(bench.http, address, "told")

    assert "需要更多时间" in page
    assert "之间上门" in page
    (event,) = await bench.said(FollowUpRung)
    ticket = await bench.platform.tickets.get(NUMBER)
    assert ticket is not None
    assert event.promised == tuple(each.at for each in ticket.promised[-2:])


@pytest.mark.parametrize("purpose", ["outage", "reopened"])
async def test_what_leaves_no_trace_on_the_ticket_is_done_at_once(
    bench: RouterBench, purpose: str
) -> None:
    await bench.put(moved(registered(LAMP, at=bench.now()), GIVEN, at=bench.now()))
    address = await told_of(bench, purpose)
    form = forms_of((await bench.http.get(address)).text)["told"]

    for _ in range(2):
        assert (await bench.http.post(f"{address}/told", data=form)).status_code == 303

    (done,) = await bench.said(FollowUpDone)
    assert done.outcome == "told_owner"
    assert "已告知" in (await bench.http.get(address)).text


@pytest.mark.parametrize("words", ["她说楼道里着火了", "着火已扑灭，谢谢"])
async def test_a_danger_that_they_tell_of_goes_before_all_else(
    bench: RouterBench, words: str
) -> None:
    address = await result(bench)

    await press(bench.http, address, "told", answer="said_nothing", note=words)

    (event,) = await bench.said(FollowUpRung)
    assert event.danger == "fire"
    assert [e.lane for e in bench.heard if e.type == FollowUpRung.event_type()] == ["urgent"]


async def test_a_danger_is_heard_also_where_no_ticket_has_to_follow(bench: RouterBench) -> None:
    await bench.put(moved(registered(LAMP, at=bench.now()), GIVEN, at=bench.now()))
    address = await told_of(bench, "outage")

    await press(bench.http, address, "told", note="着火已扑灭，谢谢")

    (event,) = await bench.said(FollowUpDangerTold)
    assert event.danger == "fire"


# Nobody answers


async def test_a_result_that_nobody_could_be_told_is_rung_again_as_often_as_the_policy_says(
    bench: RouterBench,
) -> None:
    await bench.let_places_differ(
        jinyuan={"rules": {"feedback_attempts": 2, "feedback_gap": "PT2H"}}
    )
    address = await result(bench)

    assert (await press(bench.http, address, "no_answer")).status_code == 303
    assert await rung(bench) == [(DESK, "no_answer", None)]
    await act(bench, FeedbackAttempt(by=DESK))
    (done,) = await bench.said(FollowUpDone)
    assert done.outcome == "no_answer"
    page = (await bench.http.get(address)).text
    assert "这一次没有人接听" in page
    assert "下次打电话的时间" in page

    await bench.forward(timedelta(hours=2, minutes=1))
    second = (await bench.said(FollowUpOpened, 2))[1]
    again = link(bench, second.follow_up)
    forms = forms_of((await bench.http.get(again)).text)
    assert sorted(forms) == ["person", "told", "unreachable"]
    asked = await bench.http.post(f"{again}/unreachable", data=forms["unreachable"])
    assert "确定联系不上业主" in asked.text
    assert len(await rung(bench)) == 1
    assert (await press(bench.http, again, "unreachable")).status_code == 303
    assert (await rung(bench, 2))[1] == (DESK, "unreachable", None)


async def test_an_attempt_over_http_rings_again_and_the_last_leaves_the_task_open(
    bench: RouterBench,
) -> None:
    await bench.let_places_differ(
        jinyuan={"rules": {"feedback_attempts": 2, "feedback_gap": "PT2H"}}
    )
    await result(bench)

    await act(bench, FeedbackAttempt(by="he"))
    (done,) = await bench.said(FollowUpDone)
    assert done.outcome == "no_answer"
    assert sorted(doc["state"] for doc in await docs(bench)) == ["done", "planned"]
    await bench.forward(timedelta(hours=2, minutes=1))
    await bench.said(FollowUpOpened, 2)
    await act(bench, FeedbackAttempt(by="he"))
    await bench.forward(timedelta(minutes=2))

    assert sorted(doc["state"] for doc in await docs(bench)) == ["done", "open"]


async def test_a_call_that_was_planned_ends_when_the_result_is_told_before(
    bench: RouterBench,
) -> None:
    await result(bench)
    await act(bench, FeedbackAttempt(by="he"))
    await bench.said(FollowUpDone)

    await act(bench, Feedback(by="he", outcome="told"))

    done = await bench.said(FollowUpDone, 2)
    assert [each.outcome for each in done] == ["no_answer", "fed_back"]
    assert {doc["state"] for doc in await docs(bench)} == {"done"}


async def test_who_leads_the_house_and_is_not_of_the_desk_may_look_and_not_say(
    bench: RouterBench,
) -> None:
    address = await result(bench)
    (task,) = await docs(bench)
    await bench.store.documents("follow_ups").update_one(
        {"_id": task["_id"]}, {"$set": {"person": "jy-manager"}}
    )
    theirs = link(bench, task["_id"], "jy-manager")

    page = await bench.http.get(theirs)

    assert "须由服务台登记" in page.text
    assert forms_of(page.text) == {}
    sent = await bench.http.post(f"{theirs}/told", data={"answer": "satisfied"})
    assert sent.status_code == 409
    assert (await bench.http.get(address)).status_code == 404
