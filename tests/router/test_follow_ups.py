"""The desk's tasks on the real store: made, told, missed, done and dropped, each once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from services.router.follow_ups.reminders import Reminders
from services.router.follow_ups.storage import FOLLOW_UPS
from services.router.queues import FOLLOW_UPS_ROUTINE
from shared.contracts.intake import TicketOwned, TicketPersonErased, TicketRegistered
from shared.contracts.router import (
    ClockBreached,
    FollowUpDangerTold,
    FollowUpDone,
    FollowUpDropped,
    FollowUpMissed,
    FollowUpOpened,
    WorkOrderDispatched,
    WorkOrderExtended,
)
from shared.identity import Principal, issue_token
from shared.tickets import Clock
from shared.tickets.acts import Accept, Dispatch, Extend, Resolve
from shared.tickets.model import NOBODY, About
from tests.router.conftest import RouterBench
from tests.support.bench import handled, until
from tests.support.questions import questions
from tests.support.tickets import LAMP, LIFT, moved, registered

NUMBER = "23456789"
ORDER = f"{NUMBER}-1"
NOISE = "投诉楼下天天放音乐扰民"
HE = Principal("he", "agent", frozenset({"jinyuan"}))
CHIEF = Principal("chief", "supervisor", frozenset({"jinyuan"}))
ELSEWHERE = Principal("wu", "agent", frozenset({"cuihu"}))
ACCEPTED = Accept(by="li", order=ORDER)


async def ask(
    bench: RouterBench, method: str, path: str = "", who: Principal = HE, **how: Any
) -> httpx.Response:
    token = issue_token(who, bench.keys.token, now=bench.now())
    return await bench.http.request(
        method, f"/v1/follow-ups{path}", headers={"Authorization": f"Bearer {token}"}, **how
    )


async def listed(bench: RouterBench, who: Principal = HE, **params: Any) -> list[dict[str, Any]]:
    answer = await ask(bench, "GET", who=who, params=params)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def by_hand(bench: RouterBench, when: datetime, **more: Any) -> httpx.Response:
    body = {"number": NUMBER, "at": when.isoformat(), "reason": "call_back", **more}
    return await ask(bench, "POST", json=body)


async def put(bench: RouterBench, text: str = NOISE, about: About = NOBODY) -> None:
    """One ticket, given out by the router itself."""
    await bench.put(registered(text, at=bench.now(), about=about))
    await bench.publish(TicketRegistered(number=NUMBER, estate="jinyuan"), id="ticket/1/1/0")
    await bench.said(WorkOrderDispatched)


async def docs(bench: RouterBench) -> list[dict[str, Any]]:
    return await bench.store.find(FOLLOW_UPS.name, {}, sort=(("due_at", 1),), limit=100)


async def have(bench: RouterBench, count: int) -> list[dict[str, Any]]:
    async def there() -> bool:
        return len(await docs(bench)) >= count

    await until(there)
    return await docs(bench)


async def limit(bench: RouterBench) -> timedelta:
    due = (await bench.read()).clocks[Clock.RESOLVE].due
    assert due is not None
    return due - bench.now()


async def test_a_complaint_is_followed_up_at_its_shares_each_once(bench: RouterBench) -> None:
    await bench.add_replica()
    await put(bench)
    half, end = await have(bench, 2)
    assert [doc["state"] for doc in (half, end)] == ["planned", "planned"]
    assert await listed(bench) == []

    await bench.forward(half["opens_at"] - bench.now() + timedelta(seconds=1))
    await bench.said(FollowUpOpened)
    (task,) = await listed(bench)
    await bench.forward(timedelta(hours=2, seconds=1))
    await bench.said(FollowUpMissed)
    for replica in bench.replicas:
        await Reminders(replica.platform).look()

    (opened,) = await bench.said(FollowUpOpened)
    (missed,) = await bench.said(FollowUpMissed)
    assert opened.recipients == ("jy-customer-service-1",)
    assert (missed.recipients, missed.follow_up) == (("jy-customer-service-2",), task["id"])
    assert [item["id"] for item in await listed(bench, overdue=True)] == [task["id"]]
    assert await listed(bench, mine=True) == []
    assert await listed(bench, ELSEWHERE) == []


async def test_most_tickets_have_no_task_and_ask_nothing_of_the_store(bench: RouterBench) -> None:
    with questions(bench.corner.mongo_url, bench.corner.database) as record:
        so_far = record.so_far()
        await put(bench, LAMP)
        asked = [q for q in record.about({NUMBER}, after=so_far) if q.collection == FOLLOW_UPS.name]

    assert asked == []
    assert await docs(bench) == []


async def test_a_repeat_of_the_event_makes_no_second_task(bench: RouterBench) -> None:
    await put(bench)
    first = await have(bench, 2)

    await bench.publish(TicketRegistered(number=NUMBER, estate="jinyuan"), id="ticket/1/1/1")
    await bench.publish(TicketOwned(number=NUMBER, owner="he"), id="ticket/1/2/0")

    assert [doc["_id"] for doc in await have(bench, 2)] == [doc["_id"] for doc in first]


async def test_what_must_not_be_lost_sight_of_is_looked_at_again_and_again(
    bench: RouterBench,
) -> None:
    """Of several looks that nobody took the latest alone is still to be done."""
    watched = {"urgencies": ["normal"], "every": "PT30M", "within": "PT15M"}
    await bench.let_places_differ(jinyuan={"rules": {"follow_ups": [watched]}})
    await put(bench, LAMP)
    await have(bench, 1)

    for looks in (1, 2):
        await bench.forward(timedelta(minutes=30, seconds=1))
        assert len(await bench.said(FollowUpOpened, looks)) == looks
    await bench.said(FollowUpDropped)

    found = [(doc["turn"], doc["state"], doc["dropped_for"]) for doc in await docs(bench)]
    assert found == [(1, "dropped", "passed_over"), (2, "open", None), (3, "planned", None)]
    assert len(await bench.said(FollowUpMissed, times=0)) <= 1


async def test_a_danger_that_is_over_is_watched_no_more(bench: RouterBench) -> None:
    await bench.put(registered(LIFT, at=bench.now()))
    event = TicketRegistered(number=NUMBER, estate="jinyuan", urgency="emergency")
    await bench.publish(event, id="ticket/1/1/0", lane="urgent")
    (task,) = await have(bench, 1)
    assert (task["why"], task["state"]) == ("watch", "planned")

    over = {"ended_at": bench.now(), "next_due": None}
    await bench.store.documents("emergencies").update_one({"_id": NUMBER}, {"$set": over})
    await bench.forward(timedelta(minutes=1, seconds=1))

    async def dropped() -> bool:
        return [doc["dropped_for"] for doc in await docs(bench)] == ["danger_over"]

    await until(dropped)


async def test_a_task_goes_by_itself_when_the_work_is_done(bench: RouterBench) -> None:
    now = bench.now()
    given = Dispatch(by="router", department="security", assignee="li")
    await bench.put(moved(registered(NOISE, at=now), given, ACCEPTED, at=now))
    await bench.publish(TicketRegistered(number=NUMBER, estate="jinyuan"), id="ticket/1/1/0")
    half, _ = await have(bench, 2)
    await bench.forward(half["opens_at"] - bench.now() + timedelta(seconds=1))
    await bench.said(FollowUpOpened)

    done = Resolve(by="li", order=ORDER, outcome="done")
    await bench.platform.tickets.change(NUMBER, lambda _ticket, _now: done)
    await bench.forward(timedelta(minutes=1, seconds=1))
    await bench.said(FollowUpDropped)

    assert {doc["dropped_for"] for doc in await docs(bench)} == {"work_done"}
    assert await bench.said(FollowUpMissed, times=0) == []


async def test_an_extension_moves_the_tasks(bench: RouterBench) -> None:
    await put(bench)
    await have(bench, 2)
    later = bench.now() + await limit(bench) + timedelta(days=3)
    await bench.platform.tickets.change(
        NUMBER, lambda _ticket, _now: Extend(by="chief", order=ORDER, until=later)
    )
    await bench.said(WorkOrderExtended)

    made = await have(bench, 4)

    assert max(doc["opens_at"] for doc in made) - later < timedelta(seconds=1)


async def test_somebody_at_the_desk_asks_for_a_call_and_then_for_the_next(
    bench: RouterBench,
) -> None:
    await put(bench, LAMP)
    at = bench.now() + timedelta(hours=20)

    first, again = await by_hand(bench, at, note="问13800138000"), await by_hand(bench, at)
    task = first.json()
    assert (first.status_code, again.json()["id"]) == (200, task["id"])
    assert "13800138000" not in first.text
    await bench.forward(timedelta(hours=20, seconds=1))
    await bench.said(FollowUpOpened)
    later = (bench.now() + timedelta(days=1)).isoformat()
    body = {"outcome": "no_answer", "note": "无人接听", "next_at": later}
    done = await ask(bench, "POST", f"/{task['id']}/done", json=body)
    repeated = await ask(bench, "POST", f"/{task['id']}/done", json=body)
    other = await ask(bench, "POST", f"/{task['id']}/done", CHIEF, json={"outcome": "told_owner"})

    assert [a.status_code for a in (done, repeated, other)] == [200, 200, 409]
    assert (done.json()["result"], done.json()["ended_by"]) == ("无人接听", "he")
    (coming,) = await listed(bench, state="planned")
    assert (coming["reason"], coming["why"]) == ("call_back", "by_hand")
    (event,) = await bench.said(FollowUpDone)
    assert event.outcome == "no_answer"
    assert [item["id"] for item in await listed(bench, number=NUMBER, state="done")] == [task["id"]]


async def test_a_danger_told_while_a_task_is_done_is_told_at_once(bench: RouterBench) -> None:
    await put(bench, LAMP)
    task = (await by_hand(bench, bench.now() + timedelta(hours=20))).json()
    body = {"outcome": "told_owner", "note": "业主说厨房又冒烟着火了"}

    done = await ask(bench, "POST", f"/{task['id']}/done", json=body)
    again = await ask(bench, "POST", f"/{task['id']}/done", json=body)

    assert [(a.status_code, a.json()["danger"]) for a in (done, again)] == [(200, "fire")] * 2
    [told] = await bench.said(FollowUpDangerTold)
    assert (told.number, told.follow_up, told.danger) == (NUMBER, task["id"], "fire")
    lanes = {e.type: e.lane for e in bench.heard if "follow_up." in e.type}
    assert lanes == {
        "hotline.follow_up.done.v1": "routine", "hotline.follow_up.danger_told.v1": "urgent"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "status", "field"),
    [
        ({"at": "2001-01-01T09:00:00+08:00"}, 422, "at"),
        ({"person": "13800138000"}, 422, "person"),
        ({"person": "jy-security-1"}, 422, "person"),
        ({"reason": "王女士"}, 422, "reason"),
        ({"number": "22222222"}, 404, None),
    ],
)
async def test_a_task_by_hand_names_what_is_wrong_with_it(
    bench: RouterBench, wrong: dict[str, str], status: int, field: str | None
) -> None:
    await put(bench, LAMP, About(people=("jy-security-1",)))

    answer = await by_hand(bench, bench.now() + timedelta(hours=1), **wrong)

    assert answer.status_code == status
    assert [fault["field"] for fault in answer.json().get("faults", [])] == (
        [field] if field else []
    )
    assert "13800138000" not in answer.text


async def test_a_task_is_nobody_s_beyond_the_place_nor_theirs_whom_it_is_about(
    bench: RouterBench,
) -> None:
    await put(bench, LAMP, About(people=("chief",)))
    task = (await by_hand(bench, bench.now() + timedelta(hours=1))).json()

    for who in (ELSEWHERE, CHIEF):
        answer = await ask(
            bench, "POST", f"/{task['id']}/done", who, json={"outcome": "told_owner"}
        )
        assert answer.status_code == 404
        assert await listed(bench, who, state="planned") == []
    assert len(await listed(bench, state="planned")) == 1


async def test_tasks_go_to_the_new_owner_and_words_go_with_the_person(bench: RouterBench) -> None:
    await put(bench)
    half, _ = await have(bench, 2)
    await by_hand(bench, bench.now() + timedelta(days=9), note="找他儿子")
    await bench.forward(half["opens_at"] - bench.now() + timedelta(seconds=1))
    await bench.said(FollowUpOpened)

    await bench.publish(TicketOwned(number=NUMBER, owner="cai"), id="ticket/1/3/0")
    erased = TicketPersonErased(number=NUMBER, person="caller", why="privacy_request")
    await bench.publish(erased, id="ticket/1/4/0")

    async def moved_on() -> bool:
        found = await docs(bench)
        of_cai = [doc for doc in found if doc["person"] == "cai"]
        return len(of_cai) == 1 and all(doc["note"] is None for doc in found)

    await until(moved_on)


async def test_a_task_is_not_passed_on_to_whom_the_matter_is_about(bench: RouterBench) -> None:
    """Who took the ticket over was said before the desk learned that it is about them."""
    await put(bench)
    half, _ = await have(bench, 2)
    await bench.forward(half["opens_at"] - bench.now() + timedelta(seconds=1))
    await bench.said(FollowUpOpened)
    about = {"people": ["cai"], "departments": []}
    await bench.store.documents("tickets").update_one({"_id": NUMBER}, {"$set": {"about": about}})
    queues = (FOLLOW_UPS_ROUTINE.name,)
    done = handled(queues)

    await bench.publish(TicketOwned(number=NUMBER, owner="cai"), id="ticket/1/3/0")
    await until(lambda: handled(queues) > done)

    [open_] = [doc for doc in await docs(bench) if doc["state"] == "open"]
    assert open_["person"] not in {None, "cai"}


async def test_a_list_goes_on_page_by_page_by_when_a_task_is_due(bench: RouterBench) -> None:
    await put(bench, LAMP)
    for hours in (3, 1, 2):
        await by_hand(bench, bench.now() + timedelta(hours=hours))

    seen, after = list[str](), None
    for _ in range(3):
        params = {"state": "planned", "limit": 1} | ({"after": after} if after else {})
        page = (await ask(bench, "GET", params=params)).json()
        seen += [item["due_at"] for item in page["items"]]
        after = page["next"]

    assert len(seen) == 3
    assert seen == sorted(seen)
    assert after is None


async def test_a_broken_limit_is_told_by_the_task_and_not_twice(bench: RouterBench) -> None:
    await put(bench)
    await have(bench, 2)

    await bench.forward(await limit(bench) + timedelta(seconds=1))

    (breached,) = await bench.said(ClockBreached, clock="resolve")
    (opened,) = await bench.said(FollowUpOpened)
    assert opened.reason == "limit_broken"
    assert not set(opened.recipients) & set(breached.recipients)


async def test_a_task_in_a_list_says_where_it_is_and_what_the_caller_said(
    bench: RouterBench,
) -> None:
    ticket = registered(LAMP, at=bench.now())
    await bench.put(ticket, building="3", scrubbed=LAMP)
    for hours in (1, 2):
        answer = await by_hand(bench, bench.now() + timedelta(hours=hours))
        assert answer.status_code == 200, answer.text

    answer = await ask(bench, "GET", params={"state": "planned", "limit": 1})
    elsewhere = await ask(bench, "GET", who=ELSEWHERE, params={"state": "planned"})

    [line] = answer.json()["items"]
    assert (line["building"], line["words"], line["status"]) == ("3", LAMP, "registered")
    assert answer.json()["all"] == {"count": 2, "more": False}
    assert answer.json()["next"] is not None
    assert (elsewhere.json()["items"], elsewhere.json()["all"]["count"]) == ([], 0)
