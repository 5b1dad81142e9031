"""Whoever attends an emergency says what happens there; nobody else can say that it is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx

from services.router.emergencies.emergency import arrive, end, release, start, tick_off
from shared.contracts.router import EmergencyArrived, EmergencyEnded, EmergencyReleased
from shared.identity import Principal, issue_token
from shared.policy.policy import build_policy, sample_documents
from shared.telemetry import metrics
from tests.router.conftest import RouterBench
from tests.router.test_alerting import NUMBER, begin
from tests.support.tickets import MONDAY

GUARD = Principal("jy-security-1", "department", frozenset({"jinyuan"}), frozenset({"security"}))
OTHER = Principal("jy-security-2", "department", frozenset({"jinyuan"}), frozenset({"security"}))
CHIEF = Principal("chief", "supervisor", frozenset({"jinyuan"}))
ELSEWHERE = Principal("far", "supervisor", frozenset({"cuihu"}))


async def say(bench: RouterBench, what: str, who: Principal = GUARD, **body: Any) -> httpx.Response:
    return await ask(bench, "POST", f"/{NUMBER}/{what}", who, body or None)


async def ask(
    bench: RouterBench, method: str, path: str, who: Principal, body: dict[str, Any] | None = None
) -> httpx.Response:
    token = issue_token(who, bench.keys.token, now=bench.now())
    return await bench.http.request(
        method, f"/v1/emergencies{path}", json=body, headers={"Authorization": f"Bearer {token}"}
    )


def ended(kind: str, outcome: str) -> float:
    found: float = metrics.EMERGENCIES_ENDED.labels(kind, outcome)._value.get()
    return found


async def test_only_somebody_on_site_ends_it_and_each_step_is_said_once(
    bench: RouterBench,
) -> None:
    await begin(bench)
    before = ended("elevator_entrapment", "ended")

    too_early = [await say(bench, what, CHIEF) for what in ("release", "end")]
    there = [await say(bench, "arrive") for _ in range(2)]
    not_theirs = await say(bench, "end", CHIEF)
    over = [await say(bench, what) for what in ("release", "release", "end", "end")]

    assert [a.status_code for a in (*too_early, not_theirs)] == [409] * 3
    assert "not-on-site" in not_theirs.json()["type"]
    assert "arrive" in not_theirs.json()["detail"]
    assert [a.status_code for a in (*there, *over)] == [200] * 6
    shown = over[-1].json()
    assert (shown["outcome"], shown["ended_by"], shown["on_site"]) == (
        "ended", "jy-security-1", ["jy-security-1"],
    )  # fmt: skip
    for kind in (EmergencyArrived, EmergencyReleased, EmergencyEnded):
        assert len(await bench.said(kind)) == 1
    assert ended("elevator_entrapment", "ended") == before + 1


async def test_a_false_alarm_is_called_off_with_its_reason_and_counted_as_one(
    bench: RouterBench,
) -> None:
    await begin(bench)
    before = ended("elevator_entrapment", "false_alarm")

    refused = await say(bench, "false-alarm", reason="misreported")
    await say(bench, "arrive")
    taken = await say(bench, "false-alarm", reason="misreported")

    assert (refused.status_code, taken.status_code) == (409, 200)
    (event,) = await bench.said(EmergencyEnded)
    assert (event.outcome, event.reason) == ("false_alarm", "misreported")
    assert ended("elevator_entrapment", "false_alarm") == before + 1


async def test_the_checklist_is_ticked_off_by_whom_and_when_and_only_its_own_steps(
    bench: RouterBench,
) -> None:
    await begin(bench)

    unknown = await say(bench, "check", step="drink_tea")
    first = await say(bench, "check", step="intercom")
    again = await say(bench, "check", OTHER, step="intercom")

    assert unknown.status_code == 422
    assert [fault["field"] for fault in unknown.json()["faults"]] == ["step"]
    earlier, steps = (
        {step["step"]: step for step in answer.json()["checklist"]} for answer in (first, again)
    )
    assert steps["intercom"]["done_by"] == "jy-security-1"
    assert steps["intercom"] == earlier["intercom"]
    assert [name for name, step in steps.items() if step["done_at"] is None] == [
        "lift_firm", "power_off", "meet_rescue",
    ]  # fmt: skip
    assert again.json()["advice"].keys() == {"zh", "en"}
    assert again.json()["external"]


async def test_the_list_shows_what_runs_to_those_who_may_see_it(bench: RouterBench) -> None:
    await begin(bench)

    found = {
        who.id: [e["number"] for e in (await ask(bench, "GET", "", who)).json()["items"]]
        for who in (GUARD, CHIEF, ELSEWHERE)
    }
    await say(bench, "arrive")
    await say(bench, "end")
    over = (await ask(bench, "GET", "", CHIEF)).json()["items"]

    assert found == {"jy-security-1": [NUMBER], "chief": [NUMBER], "far": []}
    assert over == []


def test_what_is_over_is_not_ticked_off_nor_attended_any_more() -> None:
    running = start("23456789", "fire", "jinyuan", ("a",), MONDAY, timedelta(seconds=60)).value
    over = end(running, "withdrawn", MONDAY)
    assert over is not None

    assert arrive(over.value, "a", MONDAY) is None
    assert release(over.value, MONDAY) is None
    assert tick_off(over.value, "call_119", "a", MONDAY) is None


def test_every_kind_of_the_sample_has_a_checklist_in_both_languages() -> None:
    kinds = build_policy("sample", sample_documents()).taxonomy.emergency_kinds

    assert len(kinds) == 18
    for kind in kinds:
        assert len(kind.checklist) >= 3, kind.id
        assert all(step.zh and step.en for step in kind.checklist), kind.id
