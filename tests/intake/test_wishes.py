"""The desk decides about danger, with a reason; words that tell of one are never just added."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.intake.queues import DANGERS
from shared.contracts.intake import (
    TicketFlagged,
    TicketReclassified,
    TicketRegistered,
    TicketReopened,
)
from shared.contracts.router import FollowUpDangerTold
from shared.contracts.survey import SurveyDangerTold
from shared.tickets import Clock, Ticket
from shared.tickets.acts import DANGER, AnswerQuestion, Appoint, Dispatch, Link, Note
from tests.intake.test_desk_actions import done
from tests.intake.test_registering import LAMP, IntakeBench
from tests.support.bench import handled, until
from tests.support.tickets import policy

FIRE = "现在冒烟着火了，快来人"
LIFT = {"estate": "jinyuan", "text": "电梯里困了两个人，快来"}


async def register(bench: IntakeBench, report: dict[str, Any]) -> str:
    made = await bench.http.post("/v1/tickets", json=report, headers=bench.signed_in("agent"))
    assert made.status_code == 201, made.text
    number: str = made.json()["number"]
    return number


async def act(bench: IntakeBench, number: str, action: str, **body: Any) -> httpx.Response:
    return await bench.http.post(
        f"/v1/tickets/{number}/{action}", json=body, headers=bench.signed_in("agent")
    )


async def read(bench: IntakeBench, number: str) -> Ticket:
    ticket = await bench.platform.tickets.get(number)
    assert ticket is not None
    return ticket


DARK = {"estate": "jinyuan", "text": "整栋楼都停电了"}


@pytest.mark.parametrize(
    ("words", "is_own"),
    [
        ("怎么还没来电", False),
        ("整栋楼还停着电，你们快点", False),
        ("我妈妈的呼吸机快没电了", True),
        ("电梯里有人困住了", True),
    ],
)
async def test_who_shares_the_alert_of_an_outage_and_tells_of_more_has_one_of_their_own(
    bench: IntakeBench, words: str, *, is_own: bool
) -> None:
    number = await register(bench, DARK)
    link = Link(by="router", incident="jinyuan-electrical-1", shares_alert=True)
    await bench.platform.tickets.change(number, lambda _ticket, _now: link)

    assert (await act(bench, number, "supplement", note=words)).status_code == 200

    ticket = await read(bench, number)
    assert ticket.is_emergency
    assert ticket.shares_alert is not is_own
    assert len(await bench.said(TicketReclassified, int(is_own))) == int(is_own)


async def test_a_supplement_that_tells_of_a_danger_starts_the_emergency_in_the_same_write(
    bench: IntakeBench,
) -> None:
    number = await register(bench, LAMP)
    before = await read(bench, number)

    answer = await act(bench, number, "supplement", note="现在楼道里着火了，好大的烟")

    assert answer.status_code == 200
    ticket = await read(bench, number)
    assert ticket.is_emergency
    assert ticket.plan.emergency_kind == "fire"
    assert [e.transition for e in ticket.timeline[-2:]] == ["supplement", "reclassify"]
    assert [e.at for e in ticket.timeline[-2:]] == [ticket.timeline[-1].at] * 2
    # What was promised first stays on record.
    assert ticket.promised[0] == before.promised[0]
    await bench.said(TicketReclassified)
    assert bench.heard[-1].lane == "urgent"


async def test_a_harmless_supplement_changes_no_plan(bench: IntakeBench) -> None:
    number = await register(bench, LAMP)

    await act(bench, number, "supplement", note="两层都不亮")

    ticket = await read(bench, number)
    assert (ticket.is_emergency, len(ticket.plans)) == (False, 1)


async def test_what_is_done_is_worked_on_again_when_the_caller_tells_of_a_danger(
    bench: IntakeBench,
) -> None:
    number = await done(bench)

    answer = await act(bench, number, "supplement", note=FIRE)

    assert (answer.json()["status"], answer.json()["emergency"]) == ("registered", True)
    ticket = await read(bench, number)
    assert [e.transition for e in ticket.entries] == ["not_satisfied", "supplement", "reclassify"]
    [reopened] = await bench.said(TicketReopened)
    assert reopened.reason == "danger"


async def test_who_is_not_satisfied_and_tells_of_a_danger_has_said_both(bench: IntakeBench) -> None:
    number = await done(bench)

    await act(bench, number, "feedback", outcome="not_satisfied", reason="not_done", note=FIRE)

    ticket = await read(bench, number)
    assert [(e.transition, e.note) for e in ticket.entries] == [
        ("not_satisfied", FIRE), ("reclassify", None)
    ]  # fmt: skip
    [reopened] = await bench.said(TicketReopened)
    assert reopened.reason == "not_done"


async def test_for_a_danger_it_is_never_too_late_to_open_again(bench: IntakeBench) -> None:
    number = await register(bench, LAMP)
    await bench.platform.tickets.change(number, lambda _t, _n: AnswerQuestion(by="he"))
    await bench.forward(timedelta(days=31))

    late = await act(bench, number, "reopen", note="还是不亮")
    told = await act(bench, number, "reopen", note=FIRE)

    assert (late.status_code, told.status_code) == (409, 200)
    ticket = await read(bench, number)
    assert (ticket.is_emergency, ticket.round) == (True, 2)
    assert [(e.transition, e.note) for e in ticket.entries] == [
        ("reopen", DANGER), ("supplement", FIRE), ("reclassify", None)
    ]  # fmt: skip


async def test_what_was_cancelled_refuses_and_says_what_to_do_about_a_danger(
    bench: IntakeBench,
) -> None:
    number = await register(bench, LAMP)
    await act(bench, number, "cancel")

    answer = await act(bench, number, "supplement", note=FIRE)

    assert answer.status_code == 409
    assert "register them as a new request at once" in answer.json()["detail"]


async def test_a_note_of_a_department_is_kept_and_not_judged(bench: IntakeBench) -> None:
    """It tells what was found and done: the assignee is there."""
    number = await register(bench, LAMP)
    given = Dispatch(by="router", department="engineering", assignee="jy-engineering-1")
    noted = Note(by="li", order=f"{number}-1", note="已关阀，煤气泄漏已处理")
    await bench.platform.tickets.change(number, lambda _t, _n: [given, noted])

    assert not (await read(bench, number)).is_emergency


async def test_what_the_desk_adds_to_an_answer_stands_below_it(bench: IntakeBench) -> None:
    number = await register(bench, LAMP)

    await act(bench, number, "answer", answer="明天检修", note="来电人很急")

    assert (await read(bench, number)).timeline[-1].note == "明天检修\n来电人很急"


async def test_words_in_another_encoding_are_read_as_far_as_they_can_be(bench: IntakeBench) -> None:
    number = await register(bench, LAMP)
    body = json.dumps({"note": FIRE}, ensure_ascii=False).encode("gb18030")

    answer = await bench.http.post(
        f"/v1/tickets/{number}/urge", content=body, headers=bench.signed_in("agent")
    )

    assert answer.status_code == 200
    assert (await read(bench, number)).plan.emergency_kind == "fire"


@pytest.mark.parametrize(("way", "body"), [("tell", {}), ("answer", {"answer": "明天上午来修"})])
async def test_a_danger_told_in_a_call_back_starts_the_emergency(
    bench: IntakeBench, way: str, body: dict[str, str]
) -> None:
    number = await register(bench, LAMP)

    answer = await act(bench, number, way, note=FIRE, **body)

    assert (answer.status_code, answer.json()["emergency"]) == (200, True)
    ticket = await read(bench, number)
    assert (ticket.status, ticket.plan.emergency_kind) == ("registered", "fire")
    assert FIRE in [entry.note for entry in ticket.timeline]


@pytest.mark.parametrize("outcome", ["told", "no_answer", "by_publisher"])
async def test_a_danger_told_when_the_result_is_fed_back_closes_nothing(
    bench: IntakeBench, outcome: str
) -> None:
    """Also where that outcome cannot be so: nobody is sent away for the wrong word."""
    number = await done(bench)

    answer = await act(bench, number, "feedback", outcome=outcome, note="业主说厨房又冒烟着火了")

    assert (answer.status_code, answer.json()["emergency"]) == (200, True)
    ticket = await read(bench, number)
    assert (ticket.round, ticket.mark, ticket.plan.emergency_kind) == (2, None, "fire")
    assert [e.transition for e in ticket.entries] == ["not_satisfied", "supplement", "reclassify"]


async def test_our_own_answer_tells_of_no_danger(bench: IntakeBench) -> None:
    number = await register(bench, {"estate": "jinyuan", "text": "请问物业费怎么交"})

    answer = await act(bench, number, "answer", answer="厨房着火了请先打119", note="业主明白了")

    assert (answer.status_code, answer.json()["status"]) == (200, "answered")


async def test_who_speaks_of_an_authority_in_a_call_back_is_flagged(bench: IntakeBench) -> None:
    number = await done(bench)

    await act(bench, number, "feedback", outcome="told", note="业主说还要打12345投诉")

    ticket = await read(bench, number)
    assert (ticket.status, ticket.risk) == ("closed", True)


@pytest.mark.parametrize(
    "note",
    [
        "已告知业主，电梯困人已救出，人没事",
        "业主说上次着火你们来得很快",
    ],
)
async def test_a_danger_that_is_over_closes_as_before(bench: IntakeBench, note: str) -> None:
    number = await done(bench)

    answer = await act(bench, number, "feedback", outcome="told", note=note)

    assert (answer.status_code, answer.json()["status"]) == (200, "closed")


async def test_a_danger_told_while_a_task_is_done_is_heeded(bench: IntakeBench) -> None:
    number = await register(bench, LAMP)
    told = FollowUpDangerTold(
        follow_up="f" * 32, number=number, why="by_hand", reason="call_back", due=bench.now(),
        danger="fire",
    )  # fmt: skip

    await heed(bench, told, n=1)

    ticket = await read(bench, number)
    assert ticket.plan.emergency_kind == "fire"
    assert ticket.timeline[-1].note == f"follow_up/{told.follow_up}"


async def test_a_danger_told_in_a_survey_is_heeded_once(bench: IntakeBench) -> None:
    number = await register(bench, LAMP)
    await bench.platform.tickets.change(number, lambda _t, _n: AnswerQuestion(by="he"))
    told = SurveyDangerTold(survey=f"{number}-1", number=number, round=1, emergency_kind="fire")

    await heed(bench, told, n=1)
    assert (await read(bench, number)).plan.emergency_kind == "fire"
    await act(bench, number, "reclassify", no_danger=True, reason="only_the_toaster")
    await heed(bench, told, n=2)

    ticket = await read(bench, number)
    assert (ticket.is_emergency, ticket.round) == (False, 2)
    await heed(bench, told.model_copy(update={"survey": f"{number}-2", "emergency_kind": "x"}), n=3)
    assert (await read(bench, number)).is_emergency


async def test_a_danger_told_of_what_was_cancelled_since_is_an_emergency_of_its_own(
    bench: IntakeBench,
) -> None:
    caller = {"name": "王女士", "phone": "13800138000", "room": "3-1-502"}
    number = await register(bench, LAMP | {"caller": caller, "location": "3号楼"})
    await bench.platform.tickets.change(number, lambda _t, _n: AnswerQuestion(by="he"))
    await act(bench, number, "reopen")
    await act(bench, number, "cancel")
    told = SurveyDangerTold(survey=f"{number}-1", number=number, round=1, emergency_kind="fire")

    await heed(bench, told, n=1)
    await heed(bench, told, n=2)

    assert (await read(bench, number)).status == "cancelled"
    earlier = await bench.store.get("tickets", number)
    [found] = await bench.store.find("tickets", {"repeat_of": number}, limit=9)
    own = await read(bench, found["_id"])
    assert (own.plan.emergency_kind, own.status, own.estate) == ("fire", "registered", "jinyuan")
    assert [(e.transition, e.note) for e in own.timeline] == [("register", told_by(told))]
    assert earlier is not None
    for field in ("persons", "index", "scrubbed", "location", "building"):
        assert found[field] == earlier[field], field
    said = [e for e in await bench.said(TicketRegistered, 2) if e.number == own.number]
    assert [e.urgency for e in said] == ["emergency"]


async def test_a_danger_that_was_heeded_is_not_told_anew_when_its_ticket_is_cancelled(
    bench: IntakeBench,
) -> None:
    number = await register(bench, LAMP)
    await bench.platform.tickets.change(number, lambda _t, _n: AnswerQuestion(by="he"))
    told = SurveyDangerTold(survey=f"{number}-1", number=number, round=1, emergency_kind="fire")
    await heed(bench, told, n=1)
    await act(bench, number, "reclassify", no_danger=True, reason="only_the_toaster")
    await act(bench, number, "cancel")

    await heed(bench, told, n=2)

    assert await bench.store.find("tickets", {"repeat_of": number}, limit=9) == []


def told_by(event: SurveyDangerTold) -> str:
    return f"survey/{event.survey}"


async def heed(bench: IntakeBench, event: SurveyDangerTold | FollowUpDangerTold, n: int) -> None:
    before = handled([DANGERS.name])
    await bench.publish(event, id=f"survey/s/{n}/0", lane="urgent")
    await until(lambda: handled([DANGERS.name]) > before)


@pytest.mark.parametrize("way", ["supplement", "urge"])
async def test_who_speaks_of_an_authority_is_flagged_once(bench: IntakeBench, way: str) -> None:
    number = await register(bench, LAMP)

    await act(bench, number, way, note="再不来我就打12345")
    await act(bench, number, "supplement", note="还要找媒体曝光")

    ticket = await read(bench, number)
    assert ticket.risk
    assert [e.transition for e in ticket.timeline] == ["register", way, "flag", "supplement"]
    assert len(await bench.said(TicketFlagged)) == 1


async def test_who_speaks_of_an_authority_while_reopening_is_flagged(bench: IntakeBench) -> None:
    number = await register(bench, LAMP)
    await bench.platform.tickets.change(number, lambda _t, _n: AnswerQuestion(by="he"))

    await act(bench, number, "reopen", note="没有修好，我要上訪")

    assert (await read(bench, number)).risk


async def test_who_speaks_of_an_authority_while_cancelling_is_flagged(bench: IntakeBench) -> None:
    number = await register(bench, LAMP)

    await act(bench, number, "cancel", note="不用修了，我要打12345投诉")

    ticket = await read(bench, number)
    assert (ticket.status, ticket.risk) == ("cancelled", True)
    await bench.said(TicketFlagged)


async def test_who_is_answered_on_the_call_and_speaks_of_an_authority_is_flagged(
    bench: IntakeBench,
) -> None:
    number = await register(
        bench, {"estate": "jinyuan", "text": "物业费怎么算，我要打12345投诉", "answer": "按面积"}
    )

    ticket = await read(bench, number)
    assert (ticket.status, ticket.risk) == ("answered", True)
    await bench.said(TicketFlagged)


async def test_who_says_so_at_once_is_flagged_with_the_first_write(bench: IntakeBench) -> None:
    number = await register(bench, LAMP | {"text": f"{LAMP['text']}，不来我就找记者"})

    assert (await read(bench, number)).risk
    await bench.said(TicketFlagged)
    assert not (await read(bench, await register(bench, LAMP))).risk


async def test_a_danger_stays_one_until_somebody_says_why_it_is_none(bench: IntakeBench) -> None:
    number = await register(bench, LIFT)

    await act(bench, number, "reclassify", area="electrical")
    assert (await read(bench, number)).plan.emergency_kind == "elevator_entrapment"

    refused = await act(bench, number, "reclassify", no_danger=True)
    assert refused.json()["faults"][0]["field"] == "reason"

    await act(bench, number, "reclassify", no_danger=True, reason="only_the_button")
    ticket = await read(bench, number)
    assert (ticket.is_emergency, ticket.plan.urgency) == (False, "urgent")
    assert ticket.plan.reason == "only_the_button"
    assert ticket.plan.departments == ("engineering",)

    # What was decided is not undone by looking at the words again.
    await act(bench, number, "reclassify", area="elevator")
    assert not (await read(bench, number)).is_emergency


async def test_what_was_judged_calm_is_moved_to_no_area_that_there_is_not(
    bench: IntakeBench,
) -> None:
    number = await register(bench, LIFT)
    await act(bench, number, "reclassify", no_danger=True, reason="only_the_button")
    before = await read(bench, number)

    refused = await act(bench, number, "reclassify", area="bathroom")

    assert refused.status_code == 422
    assert refused.json()["faults"][0]["field"] == "area"
    assert await read(bench, number) == before


async def test_the_desk_says_which_emergency_it_is(bench: IntakeBench) -> None:
    number = await register(bench, LAMP)

    unknown = await act(bench, number, "reclassify", emergency_kind="dragon")
    assert unknown.json()["faults"][0]["field"] == "emergency_kind"
    both = await act(bench, number, "reclassify", emergency_kind="fire", no_danger=True, reason="x")
    assert both.json()["faults"][0]["field"] == "no_danger"

    await act(bench, number, "reclassify", emergency_kind="fire")
    assert (await read(bench, number)).plan.emergency_kind == "fire"


async def test_what_is_sorted_twice_alike_is_planned_once(bench: IntakeBench) -> None:
    number = await register(bench, LAMP)
    await act(bench, number, "reclassify", area="plumbing")
    before = await read(bench, number)

    again = await act(bench, number, "reclassify", area="plumbing")
    await bench.forward(timedelta(minutes=1))
    later = await act(bench, number, "reclassify", area="plumbing")
    assert (again.status_code, later.status_code) == (200, 200)
    assert await read(bench, number) == before
    assert len(await bench.said(TicketReclassified)) == 1

    await act(bench, number, "reclassify", area="plumbing", note="再看一次")
    await act(bench, number, "reclassify", area="electrical")
    assert len((await read(bench, number)).plans) == len(before.plans) + 2


async def test_what_is_over_is_not_sorted_again_though_it_were_alike(bench: IntakeBench) -> None:
    number = await register(bench, LAMP)
    await act(bench, number, "reclassify", area="plumbing")
    await act(bench, number, "cancel")

    assert (await act(bench, number, "reclassify", area="plumbing")).status_code == 409


@pytest.mark.parametrize("urgency", ["urgent", "normal"])
async def test_the_desk_says_how_soon_it_is_to_be_done(bench: IntakeBench, urgency: str) -> None:
    number = await register(bench, LAMP)

    await act(bench, number, "reclassify", urgency=urgency)

    ticket = await read(bench, number)
    assert ticket.plan.urgency == urgency
    assert ticket.plan.limits == policy().taxonomy.limits("repair", urgency)


async def test_a_visit_told_by_message_leaves_the_first_promise_to_be_told(
    bench: IntakeBench,
) -> None:
    """Each kind of promise is told by itself; the desk tells all that holds at once."""
    number = await register(bench, LAMP)
    order = f"{number}-1"
    begins = bench.now() + timedelta(hours=3)
    given = Dispatch(by="router", department="engineering", assignee="jy-engineering-1")
    visit = Appoint(by="he", order=order, at=begins, until=begins + timedelta(hours=2))
    await bench.platform.tickets.change(number, lambda _t, _n: [given, visit])

    await act(bench, number, "tell")

    assert [promise.told for promise in (await read(bench, number)).promised] == [True, True]


async def test_what_is_urgent_now_is_due_as_promised_now_for_whoever_has_it(
    bench: IntakeBench,
) -> None:
    number = await register(bench, LAMP)
    given = Dispatch(by="router", department="engineering", assignee="jy-engineering-1")
    await bench.platform.tickets.change(number, lambda _t, _n: given)
    await bench.forward(timedelta(hours=1))

    await act(bench, number, "reclassify", urgency="urgent")

    ticket = await read(bench, number)
    times = ticket.promised[-1].times
    assert ticket.clocks[Clock.RESOLVE].due == times["resolve"]
    assert ticket.orders[0].clocks[Clock.ARRIVE].due == times["arrive"]
    assert times["arrive"] - bench.now() <= timedelta(minutes=30)
    assert timedelta(hours=23) < times["resolve"] - bench.now() <= timedelta(hours=24)


async def test_the_same_limits_promise_the_same_times(bench: IntakeBench) -> None:
    number = await register(bench, LAMP)
    await bench.forward(timedelta(hours=1))

    await act(bench, number, "reclassify", area="plumbing")

    ticket = await read(bench, number)
    assert ticket.clocks[Clock.RESOLVE].due == ticket.promised[0].times["resolve"]
    assert ticket.promised[-1].times["resolve"] == ticket.promised[0].times["resolve"]
