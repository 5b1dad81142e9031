"""What staff see and record, each within their reach."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from shared.contracts.survey import SurveyDissatisfied
from shared.tickets.acts import AnswerQuestion, Own, Reopen
from tests.survey.bench import Bench, closed


async def _items(bench: Bench, who: dict[str, str], **query: Any) -> list[dict[str, Any]]:
    answer = await bench.http.get("/v1/surveys", headers=who, params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_a_tickets_surveys_are_listed(bench: Bench) -> None:
    await bench.handle(closed("JY0001"), closed("JY0001", round=2), closed("JY0002"))

    items = await _items(bench, bench.signed_in("agent"), number="JY0001")

    assert {item["id"] for item in items} == {"JY0001-1", "JY0001-2"}
    assert items[0]["answer"] is None


async def test_the_list_goes_on_where_it_stopped(bench: Bench) -> None:
    await bench.handle(*(closed(f"JY{n:04}") for n in range(7)))
    who, seen, cursor = bench.signed_in("manager"), [], None

    while True:
        params = {"limit": 3} | ({"after": cursor} if cursor else {})
        page = (await bench.http.get("/v1/surveys", headers=who, params=params)).json()
        seen += [(item["asked_at"], item["id"]) for item in page["items"]]
        if (cursor := page["next"]) is None:
            break

    assert len(seen) == len(set(seen)) == 7
    assert seen == sorted(seen, reverse=True)


async def test_a_cursor_of_somebody_elses_is_named_as_the_fault(bench: Bench) -> None:
    answer = await bench.http.get(
        "/v1/surveys", headers=bench.signed_in("agent"), params={"after": "bm9uc2Vuc2U"}
    )

    assert answer.status_code == 422
    assert answer.json()["faults"][0]["field"] == "after"


async def test_only_what_is_within_reach_is_seen(bench: Bench) -> None:
    await bench.handle(closed("JY0001"), closed("BJ0001", estate="binjiang"))
    await bench.handle(closed("XX0001", estate=None))
    who = bench.signed_in("supervisor", "binjiang")

    assert [item["id"] for item in await _items(bench, who)] == ["BJ0001-1"]
    assert await _items(bench, who, number="JY0001") == []
    assert await _items(bench, who, estate="jinyuan") == []
    assert len(await _items(bench, bench.signed_in("supervisor"))) == 3


@pytest.mark.parametrize("role", ["department", "system", "administrator", "auditor"])
async def test_other_roles_may_not_look(bench: Bench, role: str) -> None:
    answer = await bench.http.get("/v1/surveys", headers=bench.signed_in(role))

    assert answer.status_code == 403


async def test_nobody_looks_without_a_token(bench: Bench) -> None:
    assert (await bench.http.get("/v1/surveys")).status_code == 401
    assert (await bench.http.post("/v1/surveys/JY0001-1/answer", json={})).status_code == 401


async def _record(bench: Bench, who: dict[str, str], **answer: Any) -> httpx.Response:
    return await bench.http.post("/v1/surveys/JY0001-1/answer", headers=who, json=answer)


async def test_an_answer_on_the_phone_names_who_heard_it(bench: Bench) -> None:
    await bench.handle(closed("JY0001"))
    who = bench.signed_in("agent", "jinyuan", id="xiao-cai")

    answer = await _record(
        bench, who, score=1, attitude=5, efficiency=1, comment="我叫吴桂芳，来得太慢"
    )

    kept = answer.json()["answer"]
    assert answer.status_code == 200
    assert (kept["channel"], kept["recorded_by"]) == ("phone", "xiao-cai")
    assert (kept["attitude"], kept["skill"], kept["efficiency"]) == (5, None, 1)
    assert "吴桂芳" not in answer.text
    assert len(await bench.said(SurveyDissatisfied)) == 1


@pytest.mark.parametrize("who", ["lin", "he", "sun", "agent-7"])
async def test_nobody_records_how_well_went_what_they_saw_through_or_ended(
    bench: Bench, who: str
) -> None:
    """Also who handed it over before, or answered the question."""
    await bench.put_answered("JY0001", owner="lin")
    await bench.act(
        "JY0001",
        Reopen(by="bo", reason="caller"),
        Own(by="lin", owner="he"),
        Own(by="boss", owner="sun"),
        AnswerQuestion(by="agent-7"),
    )
    await bench.handle(closed("JY0001", round=2))
    await bench.asked("JY0001-2")
    path = "/v1/surveys/JY0001-2/answer"

    refused, taken = [
        await bench.http.post(path, json={"score": 5}, headers=bench.signed_in("agent", id=id))
        for id in (who, "boss")
    ]

    assert (refused.status_code, taken.status_code) == (403, 200)
    assert "somebody else at the desk" in refused.text


async def test_who_ended_another_round_records_this_one(bench: Bench) -> None:
    await bench.put_answered("JY0001")
    await bench.act("JY0001", Reopen(by="bo", reason="caller"), AnswerQuestion(by="he"))
    await bench.handle(closed("JY0001", round=2))
    await bench.asked("JY0001-2")

    recorded = await bench.http.post(
        "/v1/surveys/JY0001-2/answer", json={"score": 5}, headers=bench.signed_in("agent")
    )

    assert recorded.status_code == 200, recorded.text


async def test_what_was_recorded_is_recorded_once(bench: Bench) -> None:
    await bench.handle(closed("JY0001"))
    who = bench.signed_in("agent", id="xiao-cai")

    first = await _record(bench, who, score=4)
    again = await _record(bench, who, score=4)
    other = await _record(bench, bench.signed_in("supervisor", id="lao-yan"), score=4)
    page = await bench.http.post(bench.link("JY0001-1"), data={"score": "1"})

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert (other.status_code, page.status_code) == (409, 409)


async def test_a_manager_reads_but_records_nothing(bench: Bench) -> None:
    await bench.handle(closed("JY0001"))
    who = bench.signed_in("manager", "jinyuan")

    assert (await bench.http.get("/v1/surveys/JY0001-1", headers=who)).status_code == 200
    assert (await _record(bench, who, score=4)).status_code == 403


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "score"),
        ({"score": 6}, "score"),
        ({"score": 5, "skill": 0}, "skill"),
        ({"score": 5, "comment": "长" * 501}, "comment"),
        ({"score": 5, "recorded_by": "somebody"}, "recorded_by"),
    ],
)
async def test_faults_name_the_field_and_echo_nothing(
    bench: Bench, body: dict[str, Any], field: str
) -> None:
    await bench.handle(closed("JY0001"))

    answer = await _record(bench, bench.signed_in("agent"), **body)

    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["faults"]] == [field]
    assert "长" not in answer.text
    assert "somebody" not in answer.text


async def test_a_body_beyond_any_answer_is_refused(bench: Bench) -> None:
    answer = await bench.http.post(
        "/v1/surveys/JY0001-1/answer",
        headers=bench.signed_in("agent") | {"Content-Type": "application/json"},
        content=b'{"comment": "' + b"a" * 100_000 + b'"}',
    )

    assert answer.status_code == 413


async def test_answers_are_counted_by_score(bench: Bench) -> None:
    await bench.handle(closed("JY0001"))
    await _record(bench, bench.signed_in("agent"), score=4)

    text = (await bench.http.get("/metrics")).text

    assert 'hotline_survey_answers_total{score="4"}' in text
