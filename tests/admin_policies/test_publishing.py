"""A policy comes into force by somebody else's approval, at its time, everywhere, and once."""

import asyncio
from datetime import timedelta

import pytest

from shared.readers.policies import POLICIES
from tests.admin_policies.bench import (
    AGENT,
    APPROVER,
    DECLINES,
    DRAFTER,
    SECOND_DRAFTER,
    Bench,
    Who,
    refused,
)
from tests.support.bench import until

FOLLOWED_WITHIN = 2.0


async def test_what_somebody_else_approved_is_in_force_at_once(bench: Bench) -> None:
    id = await bench.published()

    assert await bench.in_force() == id
    assert bench.platform.policy.rules.decline_limit == 4
    assert await bench.state(id) == "in_force"
    assert await bench.state("sample") == "past"
    assert bench.records.acts == [("ma", "policy.approve", id)]


@pytest.mark.parametrize("broker", [True, False], ids=["with the broker", "without the broker"])
async def test_a_running_service_of_another_kind_follows_within_two_seconds(
    bench: Bench, *, broker: bool
) -> None:
    survey = await bench.add_survey(broker=broker)
    assert survey.platform.policy.version == "sample"

    id = await bench.published("rules: {dissatisfied_up_to: 3}")

    await until(lambda: survey.platform.policy.version == id, seconds=FOLLOWED_WITHIN)
    assert survey.platform.policy.rules.dissatisfied_up_to == 3


async def test_nobody_approves_what_they_wrote_or_submitted(bench: Bench) -> None:
    written: Who = ("manager", "writer")
    submitter: Who = ("manager", "submitter")
    id = await bench.draft(who=DRAFTER)
    edited = await bench.ask("PUT", f"/{id}", written, edition=1, overlay="rules: {}")
    assert edited.json()["authors"] == ["su", "writer"]
    await bench.post(f"/{id}/submit", submitter)

    for own in (written, submitter):
        answer = await bench.ask("POST", f"/{id}/approve", own)
        assert refused(answer) == "409 own-draft"
    for role in (DRAFTER, SECOND_DRAFTER, AGENT):
        assert refused(await bench.ask("POST", f"/{id}/approve", role)) == "403 forbidden"
    assert await bench.in_force() == "sample"
    assert bench.records.acts == []
    await bench.post(f"/{id}/approve", APPROVER)


async def test_a_draft_that_was_not_submitted_is_not_approved(bench: Bench) -> None:
    id = await bench.draft()

    assert refused(await bench.ask("POST", f"/{id}/approve", APPROVER)) == "409 wrong-state"


async def test_a_policy_comes_into_force_at_its_time(bench: Bench) -> None:
    begins = bench.now() + timedelta(days=1)
    id = await bench.published(begins=begins.isoformat())
    assert (await bench.in_force(), await bench.state(id)) == ("sample", "scheduled")

    await bench.forward(timedelta(days=1, seconds=1))

    assert (await bench.in_force(), await bench.state(id)) == (id, "in_force")
    present = await bench.get("/in-force", AGENT)
    assert present["now"] == id


async def test_a_time_in_the_past_is_refused(bench: Bench) -> None:
    id = await bench.submitted()
    past = (bench.now() - timedelta(minutes=1)).isoformat()

    answer = await bench.ask("POST", f"/{id}/approve", APPROVER, begins=past)

    assert refused(answer) == "422 malformed"
    assert answer.json()["faults"][0]["field"] == "begins"


async def test_what_became_faulty_since_it_was_submitted_is_refused_and_changes_nothing(
    bench: Bench,
) -> None:
    id = await bench.submitted(f"calendar: {{until: {(bench.now() + timedelta(days=70)).date()}}}")
    head = await bench.head()
    begins = bench.now() + timedelta(days=30)

    answer = await bench.ask("POST", f"/{id}/approve", APPROVER, begins=begins.isoformat())

    assert refused(answer) == "422 faulty-policy"
    assert [fault["field"] for fault in answer.json()["faults"]] == ["calendar.until"]
    assert (await bench.head(), await bench.state(id)) == (head, "submitted")
    assert bench.records.acts == []


async def test_of_two_approved_at_the_same_moment_one_wins_and_the_other_is_told(
    bench: Bench,
) -> None:
    ids = [await bench.submitted(f"rules: {{decline_limit: {n}}}") for n in (5, 6)]

    answers = await asyncio.gather(*(bench.ask("POST", f"/{id}/approve", APPROVER) for id in ids))

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    won = next(id for id, answer in zip(ids, answers, strict=True) if answer.is_success)
    assert [entry["version"] for entry in await bench.head()] == ["sample", won]
    lost = next(id for id in ids if id != won)
    assert await bench.state(lost) == "submitted"


async def test_two_approvals_of_the_same_put_it_in_force_once(bench: Bench) -> None:
    id = await bench.submitted()

    answers = await asyncio.gather(
        *(bench.ask("POST", f"/{id}/approve", ("manager", who)) for who in ("ma", "mb"))
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert [entry["version"] for entry in await bench.head()] == ["sample", id]


async def test_without_a_record_nothing_comes_into_force(bench: Bench) -> None:
    id = await bench.submitted()
    bench.records.away = True

    with pytest.raises(OSError, match="no record"):
        await bench.ask("POST", f"/{id}/approve", APPROVER)

    assert (await bench.in_force(), await bench.state(id)) == ("sample", "submitted")


async def test_an_approval_that_a_crash_cut_short_shows_and_is_completed(bench: Bench) -> None:
    id = await bench.submitted()
    await bench.store.documents(POLICIES).update_one({"_id": id}, {"$set": {"state": "approved"}})
    assert (await bench.state(id), await bench.in_force()) == ("unfinished", "sample")

    await bench.post(f"/{id}/approve", APPROVER)

    assert (await bench.state(id), await bench.in_force()) == ("in_force", id)
    assert refused(await bench.ask("POST", f"/{id}/approve", APPROVER)) == "409 wrong-state"


async def test_what_has_not_begun_is_withdrawn_by_who_may_approve(bench: Bench) -> None:
    begins = (bench.now() + timedelta(days=1)).isoformat()
    id = await bench.published(begins=begins)

    assert refused(await bench.ask("POST", f"/{id}/withdraw", DRAFTER)) == "403 forbidden"
    assert (await bench.post(f"/{id}/withdraw", APPROVER))["state"] == "withdrawn"

    await bench.forward(timedelta(days=2))
    assert await bench.in_force() == "sample"
    assert bench.records.acts[-1] == ("ma", "policy.withdraw", id)
    later = await bench.published("rules: {decline_limit: 9}")
    assert await bench.in_force() == later


async def test_what_is_in_force_is_not_withdrawn(bench: Bench) -> None:
    id = await bench.published()

    answer = await bench.ask("POST", f"/{id}/withdraw", APPROVER)

    assert refused(answer) == "409 in-force"
    assert await bench.in_force() == id


async def test_what_another_version_is_based_on_is_not_withdrawn_under_it(bench: Bench) -> None:
    begins = bench.now() + timedelta(days=1)
    first = await bench.published(begins=begins.isoformat())
    second = await bench.published(
        "rules: {feedback_attempts: 7}", begins=(begins + timedelta(days=1)).isoformat()
    )

    assert refused(await bench.ask("POST", f"/{first}/withdraw", APPROVER)) == "409 based-upon"

    await bench.post(f"/{second}/withdraw", APPROVER)
    await bench.post(f"/{first}/withdraw", APPROVER)


async def test_nothing_begins_before_what_it_is_based_on(bench: Bench) -> None:
    begins = bench.now() + timedelta(days=1)
    await bench.published(begins=begins.isoformat())
    early = await bench.submitted("rules: {feedback_attempts: 7}")

    answer = await bench.ask("POST", f"/{early}/approve", APPROVER)

    assert refused(answer) == "409 too-early"
    assert await bench.state(early) == "submitted"


async def test_an_approval_in_the_middle_is_not_taken_back_under_the_approver_s_hands(
    bench: Bench,
) -> None:
    id = await bench.submitted()
    now = {"by": "ma", "at": bench.now(), "reason": None}
    await bench.store.documents(POLICIES).update_one(
        {"_id": id}, {"$set": {"state": "approved", "decided": now}}
    )

    assert refused(await bench.ask("POST", f"/{id}/withdraw", APPROVER)) == "409 unsettled"

    await bench.forward(timedelta(minutes=2))
    assert (await bench.post(f"/{id}/withdraw", APPROVER))["state"] == "withdrawn"


async def test_the_seeded_policy_may_be_changed_like_any_other(bench: Bench) -> None:
    await bench.store.documents(POLICIES).update_one({"_id": "sample"}, {"$unset": {"made_at": ""}})

    id = await bench.published(DECLINES)

    assert await bench.in_force() == id
    assert (await bench.get("/sample"))["state"] == "past"
