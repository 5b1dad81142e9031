"""Break-glass: a change at once, for hours, with a reason; kept by somebody else or gone."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from shared.policy.templates import FIRST
from shared.readers.policies import POLICIES
from tests.admin_policies.bench import (
    AGENT,
    APPROVER,
    DRAFTER,
    SECOND_DRAFTER,
    Bench,
    refused,
    succeeded,
)
from tests.support.bench import until


async def broken(bench: Bench, **more: Any) -> str:
    id: str = succeeded(await bench.at_once(**more))["id"]
    return id


async def test_a_change_at_once_is_in_force_and_on_record(bench: Bench) -> None:
    id = await broken(bench)

    assert (await bench.in_force(), await bench.state(id)) == (id, "at_once")
    assert bench.platform.policy.rules.decline_limit == 4
    assert bench.records.acts == [("su", "policy.break_glass", id)]
    assert "new number" in (await bench.get(f"/{id}"))["reason"]
    present = await bench.get("/in-force", AGENT)
    assert present["now"] == id
    assert [bool(entry["until"]) for entry in present["entries"]] == [False, True]


async def test_a_policy_of_before_is_changed_at_once_without_the_words_added_since(
    bench: Bench,
) -> None:
    messages = bench.documents()["templates"]["messages"]
    first = {purpose: words for purpose, words in messages.items() if purpose in FIRST}
    await bench.store.documents(POLICIES).update_one(
        {"_id": "sample"}, {"$set": {"documents.templates.messages": first}}
    )

    id = await broken(bench)

    assert await bench.in_force() == id
    documents = await bench.get(f"/{id}/documents")
    assert documents["templates"]["messages"].keys() == FIRST


async def test_unless_somebody_keeps_it_it_lapses_everywhere_with_the_admin_service_down(
    bench: Bench,
) -> None:
    survey = await bench.add_survey()
    another = await bench.build()
    async with another.router.lifespan_context(another):
        id = await broken(bench, hours=3)
        await until(lambda: survey.platform.policy.version == id)

    await bench.forward(timedelta(hours=2, minutes=59))
    assert survey.platform.policy.version == id
    await bench.forward(timedelta(minutes=2))

    assert survey.platform.policy.version == "sample"
    assert survey.platform.policy.rules.decline_limit == 2
    assert await bench.state(id) == "lapsed"


@pytest.mark.parametrize("hours", [12.01, 13, 0, -1, 1e9])
async def test_longer_than_twelve_hours_is_refused(bench: Bench, hours: float) -> None:
    answer = await bench.at_once(hours=hours)

    assert refused(answer) == "422 malformed"
    assert answer.json()["faults"][0]["field"] == "hours"
    assert await bench.in_force() == "sample"


@pytest.mark.parametrize("reason", ["", "x", None])
async def test_without_a_reason_nothing_is_changed(bench: Bench, reason: str | None) -> None:
    answer = await bench.at_once(reason=reason)

    assert answer.json()["faults"][0]["field"] == "reason"
    assert len(await bench.head()) == 1


async def test_a_faulty_change_is_refused_also_when_it_is_urgent(bench: Bench) -> None:
    answer = await bench.at_once("taxonomy: {areas: [{id: gas, department: moon}]}")

    assert refused(answer) == "422 faulty-policy"
    assert [f["field"] for f in answer.json()["faults"]] == ["taxonomy.areas.gas.department"]
    assert (await bench.in_force(), bench.records.acts) == ("sample", [])


async def test_kept_by_somebody_else_it_stays_and_drafts_are_based_on_it(bench: Bench) -> None:
    id = await broken(bench)

    await bench.post(f"/{id}/keep", APPROVER)

    await bench.forward(timedelta(hours=13))
    assert (await bench.in_force(), await bench.state(id)) == (id, "in_force")
    assert bench.records.acts[-1] == ("ma", "policy.keep", id)
    draft = await bench.draft("rules: {feedback_attempts: 8}")
    assert (await bench.get(f"/{draft}"))["base"] == id


async def test_nobody_keeps_their_own_and_only_who_may_approve_keeps(bench: Bench) -> None:
    id = await broken(bench)
    await bench.store.documents("policies").update_one({"_id": id}, {"$push": {"authors": "ma"}})

    assert refused(await bench.ask("POST", f"/{id}/keep", APPROVER)) == "409 own-draft"
    assert refused(await bench.ask("POST", f"/{id}/keep", SECOND_DRAFTER)) == "403 forbidden"
    assert (await bench.post(f"/{id}/keep", ("manager", "mb")))["state"] == "in_force"


async def test_what_has_lapsed_is_not_kept(bench: Bench) -> None:
    id = await broken(bench, hours=1)
    await bench.forward(timedelta(hours=2))

    assert refused(await bench.ask("POST", f"/{id}/keep", APPROVER)) == "409 lapsed"
    assert await bench.in_force() == "sample"


async def test_what_was_approved_meanwhile_outlives_it_and_it_is_not_kept_over_that(
    bench: Bench,
) -> None:
    id = await broken(bench)
    newest = await bench.published("rules: {feedback_attempts: 8}")
    assert await bench.in_force() == id

    assert refused(await bench.ask("POST", f"/{id}/keep", APPROVER)) == "409 outdated"

    await bench.forward(timedelta(hours=12, minutes=1))
    assert await bench.in_force() == newest


async def test_there_is_one_such_change_at_a_time(bench: Bench) -> None:
    answers = await asyncio.gather(*(bench.at_once() for _ in range(3)))

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert len(await bench.head()) == 2
    assert refused(await bench.at_once()) == "409 at-once-already"


async def test_it_is_ended_before_its_time(bench: Bench) -> None:
    id = await broken(bench)

    await bench.post(f"/{id}/withdraw", DRAFTER)

    assert (await bench.in_force(), await bench.state(id)) == ("sample", "withdrawn")
    assert bench.records.acts[-1] == ("su", "policy.end", id)
    assert (await bench.at_once()).is_success


async def test_what_was_kept_or_has_lapsed_is_not_ended(bench: Bench) -> None:
    kept = await broken(bench)
    await bench.post(f"/{kept}/keep", APPROVER)
    assert refused(await bench.ask("POST", f"/{kept}/withdraw", APPROVER)) == "409 in-force"

    lapsed = await broken(bench, hours=1)
    await bench.forward(timedelta(hours=2))
    assert refused(await bench.ask("POST", f"/{lapsed}/withdraw", DRAFTER)) == "409 lapsed"
    assert await bench.in_force() == kept


async def test_a_keeping_that_a_crash_cut_short_counts_and_is_not_ended(bench: Bench) -> None:
    id = await broken(bench)
    await bench.store.documents("policies").update_one(
        {"_id": "head", "in_force.version": id}, {"$unset": {"in_force.$.until": ""}}
    )

    assert await bench.state(id) == "in_force"
    assert refused(await bench.ask("POST", f"/{id}/withdraw", DRAFTER)) == "409 in-force"
    assert (await bench.post(f"/{id}/keep", APPROVER))["state"] == "in_force"


async def test_it_changes_what_is_in_force_and_not_what_will_be(bench: Bench) -> None:
    later = (bench.now() + timedelta(hours=6)).isoformat()
    scheduled = await bench.published("rules: {feedback_attempts: 8}", begins=later)
    id = await broken(bench)

    assert (await bench.get(f"/{id}"))["base"] == "sample"
    await bench.forward(timedelta(hours=7))
    assert await bench.in_force() == id
    await bench.forward(timedelta(hours=6))
    assert await bench.in_force() == scheduled


async def test_only_supervisors_and_administrators_break_the_glass(bench: Bench) -> None:
    body: dict[str, Any] = {"title": "x", "reason": "because", "hours": 1, "overlay": "rules: {}"}

    for who in (APPROVER, AGENT):
        answer = await bench.ask("POST", "/break-glass", who, **body)
        assert refused(answer) == "403 forbidden"
