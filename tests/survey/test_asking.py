"""Who is asked, and that it happens once (A6.1)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.survey.domain import ANSWER_WITHIN
from shared.contracts.intake import TicketAnswered
from shared.contracts.survey import SurveyAsked
from shared.policy.plan import Reported, plan
from shared.readers.tickets import rules_of
from shared.tickets import Registration, register
from tests.survey.bench import Bench, closed


async def test_a_closed_ticket_is_asked_about(bench: Bench) -> None:
    await bench.handle(closed("JY0001"))

    doc = await bench.doc("JY0001-1")
    assert (doc["number"], doc["round"], doc["answer"]) == ("JY0001", 1, None)
    assert await bench.said(SurveyAsked) == [
        SurveyAsked(survey="JY0001-1", number="JY0001", round=1)
    ]


async def test_an_inquiry_answered_on_the_call_is_asked_about(bench: Bench) -> None:
    await bench.handle(TicketAnswered(number="JY0002", estate="jinyuan", type="inquiry"))

    assert (await bench.doc("JY0002-1"))["outcome"] == "answered"


async def test_an_emergency_keeps_its_lane(bench: Bench) -> None:
    await bench.handle(closed("JY0003", urgency="emergency"), lane="urgent")

    await bench.said(SurveyAsked)
    assert [(e.routing_key, e.id) for e in bench.heard] == [
        ("survey.asked.urgent", "survey/JY0003-1/1/0")
    ]


async def test_repeats_over_two_replicas_ask_once(bench: Bench) -> None:
    await bench.add_replica()

    await bench.handle(*[closed("JY0004") for _ in range(40)])

    assert len(await bench.docs()) == 1
    assert len(await bench.said(SurveyAsked)) == 1


async def test_a_replay_after_the_answer_changes_nothing(bench: Bench) -> None:
    address = await bench.ask("JY0005")
    await bench.http.post(address, data={"score": "5"})
    await bench.said(SurveyAsked)
    before = await bench.doc("JY0005-1")

    await bench.handle(closed("JY0005"), at=bench.now() - timedelta(days=200))

    assert await bench.doc("JY0005-1") == before
    assert len(await bench.said(SurveyAsked)) == 1


async def test_each_round_is_asked_about_for_itself(bench: Bench) -> None:
    await bench.handle(closed("JY0006"), closed("JY0006", round=2))

    assert {doc["_id"] for doc in await bench.docs()} == {"JY0006-1", "JY0006-2"}


@pytest.mark.parametrize("outcome", ["no_contact", "unreachable"])
async def test_nobody_is_asked_where_nobody_can_be_reached(bench: Bench, outcome: str) -> None:
    await bench.handle(closed("JY0007", outcome=outcome))

    assert await bench.docs() == []


async def test_what_ended_too_long_ago_is_not_asked_about(bench: Bench) -> None:
    await bench.handle(closed("JY0008"), at=bench.now() - ANSWER_WITHIN)

    assert await bench.docs() == []


async def test_a_drill_is_not_asked_about(bench: Bench) -> None:
    await _register(bench, "JY0009", test=True)

    await bench.handle(closed("JY0009"))

    assert await bench.docs() == []


async def test_a_ticket_reopened_meanwhile_is_not_asked_about(bench: Bench) -> None:
    await _register(bench, "JY0010", test=False)
    await bench.store.documents("tickets").update_one({"_id": "JY0010"}, {"$set": {"round": 2}})

    await bench.handle(closed("JY0010"))
    await bench.handle(closed("JY0010", round=2))

    assert [doc["_id"] for doc in await bench.docs()] == ["JY0010-2"]


async def _register(bench: Bench, number: str, *, test: bool) -> None:
    policy, now = bench.survey.platform.policy, bench.now()
    new = Registration(
        number=number, channel="phone", estate="jinyuan", by="agent-7", told=True, test=test
    )
    planned = plan(Reported("电梯坏了", "jinyuan"), policy, now)
    applied = register(new, planned, now, rules_of(policy))
    await bench.survey.platform.tickets.insert(applied, {})
