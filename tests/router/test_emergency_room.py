"""Whoever leads an emergency sees all of it in one answer, and of what is not for them nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.router.emergencies.emergency import MOST_LOGGED, LogEntry, write_down
from services.router.emergencies.storage import EMERGENCIES
from shared.contracts import Step
from shared.contracts.router import EmergencyReplanned
from shared.store import Collection
from shared.tickets.acts import Reclassify
from tests.router.conftest import RouterBench
from tests.router.test_emergency import running
from tests.router.test_joining import FIRST, SECOND, THIRD, ask, call, of, solve, started
from tests.support.bench import until
from tests.support.tickets import MONDAY, plan_of


async def get(bench: RouterBench, path: str = "", role: str = "agent", **more: Any) -> Any:
    headers = bench.signed_in(role, **more)
    answer = await bench.http.get(f"/v1/emergencies{path}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_room_shows_place_words_everybody_who_called_and_who_is_next(
    bench: RouterBench,
) -> None:
    await call(bench, FIRST, building="3")
    await call(bench, SECOND, "我孩子也在那部电梯里", joins=FIRST)
    await bench.forward(timedelta(seconds=40))

    shown = await get(bench, f"/{FIRST}")

    assert (shown["estate"], shown["building"], shown["area"]) == ("jinyuan", "3", "elevator")
    assert shown["words"] == "电梯里困了两个人，快来"
    assert shown["nobody_has_it"]
    assert shown["age_seconds"] >= 40
    assert [(t["number"], t["why"]) for t in shown["tickets"]] == [
        (FIRST, "own"), (SECOND, "joined")
    ]  # fmt: skip
    assert shown["tickets"][1]["words"] == "我孩子也在那部电梯里"
    emergency = await of(bench, FIRST)
    assert emergency is not None
    people = [p for alert in emergency.alerts for p in alert.recipients]
    assert [each["person"] for each in shown["called"]] == list(dict.fromkeys(people))
    assert shown["next_in_chain"]["people"]
    assert shown["history"][0]["what"] in {"alerted", "confirmed"}
    assert {"acknowledge", "log", "join"} <= {*shown["can"]}
    assert "end" not in shown["can"]


async def test_what_became_of_each_message_is_told_by_channel(bench: RouterBench) -> None:
    await call(bench, FIRST)
    emergency = await of(bench, FIRST)
    assert emergency is not None
    person = emergency.alerts[0].recipients[0]
    for n, (channel, status) in enumerate(
        [("sms", "received"), ("wecom", "failed"), ("phone", "accepted")]
    ):
        await bench.store._database["messages"].insert_one(
            {
                "_id": f"m{n}",
                "number": FIRST,
                "purpose": "alert",
                "recipient": person,
                "cause": {"kind": "ticket", "id": FIRST, "occurrence": "emergency/0"},
                "channels": [channel],
                "attempts": [],
                "status": status,
                "reason": None,
                "at": bench.now() + timedelta(seconds=n),
                "ended_at": None,
            }
        )

    shown = await get(bench, f"/{FIRST}")

    [called] = [each for each in shown["called"] if each["person"] == person]
    assert [(m["channel"], m["fate"], m["step"]) for m in called["messages"]] == [
        ("sms", "received", 0), ("wecom", "failed", 0), ("phone", "accepted", 0)
    ]  # fmt: skip


async def test_words_are_written_down_scrubbed_and_once_and_nonsense_is_not(
    bench: RouterBench,
) -> None:
    await call(bench, FIRST)

    text = "家属电话 13800138000，已在楼下"
    answers = [await ask(bench, f"/{FIRST}/log", text=text) for _ in range(2)]
    refused = [
        await ask(bench, f"/{FIRST}/log", text="   "),
        await ask(bench, f"/{FIRST}/log"),
        await ask(bench, f"/{FIRST}/log", text="x" * 100_000),
    ]
    foreign = await bench.http.post(
        f"/v1/emergencies/{FIRST}/log", json={"text": "到了"},
        headers=bench.signed_in("agent", "binjiang"),
    )  # fmt: skip

    assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
    [entry] = answers[1].json()["log"]
    assert "13800138000" not in entry["text"]
    assert "已在楼下" in entry["text"]
    assert [answer.status_code for answer in refused] == [422, 422, 422]
    assert foreign.status_code == 404


def test_a_full_log_takes_nothing_more() -> None:
    emergency = replace(
        running(), log=tuple(LogEntry(MONDAY, "a", str(n)) for n in range(MOST_LOGGED))
    )
    assert write_down(emergency, "a", "more", MONDAY) is None


async def test_the_kind_its_advice_and_its_checklist_follow_a_reclassification(
    bench: RouterBench,
) -> None:
    await call(bench, FIRST)
    before = await get(bench, f"/{FIRST}")

    made = plan_of("家里着火了", bench.now())
    act = Reclassify(by="agent", plan=made, estate="jinyuan")
    await bench.platform.tickets.change(FIRST, lambda _t, _n: act)
    await bench.said(EmergencyReplanned)

    after = await get(bench, f"/{FIRST}")
    assert (before["kind"], after["kind"]) == ("elevator_entrapment", "fire")
    assert before["advice"] != after["advice"]
    parts = after["advice_parts"]
    assert after["advice"]["zh"].startswith(parts["say"]["zh"].rstrip("。；"))
    assert parts["ask"]["zh"] != parts["do"]["zh"]
    assert before["checklist"] != after["checklist"]


async def test_what_nobody_has_stands_first_and_what_is_over_in_the_history(
    bench: RouterBench,
) -> None:
    for number in (FIRST, SECOND, THIRD):
        await call(bench, number)
        await bench.forward(timedelta(seconds=5))
    await started(bench, 3)
    assert (await ask(bench, f"/{THIRD}/acknowledge")).status_code == 200

    listed = await get(bench)
    unheard = await get(bench, "?nobody_has_it=true&limit=1")
    elsewhere = await get(bench, "?estate=binjiang")

    assert [each["number"] for each in listed["items"]] == [SECOND, FIRST, THIRD]
    assert (listed["all"]["count"], listed["next"]) == (3, None)
    assert ([each["number"] for each in unheard["items"]], unheard["all"]["count"]) == ([SECOND], 2)
    assert (elsewhere["items"], elsewhere["all"]["count"]) == ([], 0)

    for number in (FIRST, SECOND):
        await bench.platform.tickets.change(number, solve)

    async def both_are_over() -> bool:
        return bool((await get(bench, "?running=false"))["all"]["count"] == 2)

    await until(both_are_over)
    first = await get(bench, "?running=false&limit=1")
    rest = await get(bench, f"?running=false&limit=1&after={first['next']}")
    unreviewed = await get(bench, "?unreviewed=true", role="supervisor")
    assert [each["number"] for each in (*first["items"], *rest["items"])] == [SECOND, FIRST]
    assert rest["next"] is None
    assert unreviewed["all"]["count"] == 2


async def test_a_ticket_that_somebody_may_not_see_is_in_no_room_of_theirs(
    bench: RouterBench,
) -> None:
    await call(bench, FIRST)
    await call(bench, SECOND, joins=FIRST)
    about = {"about": {"people": ["agent-7"], "departments": []}}
    await bench.store._database["tickets"].update_one({"_id": SECOND}, {"$set": about})

    theirs = await get(bench, f"/{FIRST}")
    others = await get(bench, f"/{FIRST}", id="agent-8")

    assert [each["number"] for each in theirs["tickets"]] == [FIRST]
    assert [each["number"] for each in others["tickets"]] == [FIRST, SECOND]


async def test_an_emergency_of_before_has_an_empty_log(bench: RouterBench) -> None:
    await call(bench, FIRST)
    await bench.store._database["emergencies"].update_one({"_id": FIRST}, {"$unset": {"log": 1}})

    shown = await get(bench, f"/{FIRST}")

    assert shown["log"] == []
    changed = await Collection(bench.store, EMERGENCIES).change(
        FIRST, lambda e, now: Step(replace(e, log=(LogEntry(now, "a", "x"),)), ())
    )
    assert changed is not None
