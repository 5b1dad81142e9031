"""Who rings a caller from the desk, signed in, reads what to say and says what came of it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from shared.contracts.router import FollowUpDone
from shared.identity import Principal
from shared.tickets.acts import Feedback
from tests.router.conftest import RouterBench
from tests.router.test_calls import DESK, result, rung, visit
from tests.router.test_follow_ups import CHIEF, ELSEWHERE, HE, NUMBER, ask, by_hand, put
from tests.router.test_tell_tasks import act, docs

MANAGER = Principal("boss", "manager", frozenset({"*"}))


async def task_of(bench: RouterBench) -> str:
    (task,) = await docs(bench)
    return str(task["_id"])


async def said(
    bench: RouterBench, id: str, answer: str, who: Principal = HE, key: str = "k", **more: Any
) -> httpx.Response:
    headers = {"Idempotency-Key": key}
    token = (await ask(bench, "GET", who=who)).request.headers["authorization"]
    return await bench.http.post(
        f"/v1/follow-ups/{id}/call",
        json={"answer": answer, **more},
        headers={**headers, "Authorization": token},
    )


async def test_the_words_to_say_are_there_in_both_languages_with_what_may_be_said(
    bench: RouterBench,
) -> None:
    await result(bench)
    id = await task_of(bench)

    sheet = (await ask(bench, "GET", f"/{id}/call")).json()
    line = (await ask(bench, "GET", f"/{id}")).json()

    assert any("已经处理完毕" in each for each in sheet["say"]["zh"])
    assert any("It is done." in each for each in sheet["say"]["en"])
    assert sheet["can"] == ["no_answer", "not_satisfied", "said_nothing", "satisfied"]
    assert (sheet["subject"], sheet["person"], sheet["discreet"]) == ("result", DESK, False)
    assert [note["public"] for note in sheet["notes"]] == [True, False]
    assert (line["id"], line["number"], line["why"]) == (id, NUMBER, "tell")


async def test_what_came_of_it_is_told_to_intake_once(bench: RouterBench) -> None:
    await result(bench)
    id = await task_of(bench)

    first = await said(bench, id, "not_satisfied", cause="not_done", note="没人来过")
    again = await said(bench, id, "not_satisfied", cause="not_done", note="没人来过")
    other = await said(bench, id, "satisfied", key="other")

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json()["noted"] == "not_satisfied"
    assert first.json()["can"] == []
    assert other.status_code == 409
    assert await rung(bench) == [("he", "not_satisfied", "not_done")]


async def test_a_visit_is_told_with_the_promises_that_were_read(bench: RouterBench) -> None:
    await visit(bench)
    id = await task_of(bench)
    sheet = (await ask(bench, "GET", f"/{id}/call")).json()

    without = await said(bench, id, "told")
    told = await said(bench, id, "told", promised=sheet["promised"], key="k2")

    assert sheet["promised"]
    assert without.status_code == 409
    assert told.json()["noted"] == "told"
    assert await rung(bench) == [("he", "told", None)]


async def test_what_was_done_meanwhile_says_so(bench: RouterBench) -> None:
    await result(bench)
    id = await task_of(bench)
    await act(bench, Feedback(by="xu", outcome="told"))
    await bench.said(FollowUpDone)

    sheet = (await ask(bench, "GET", f"/{id}/call")).json()

    assert sheet["ended"]["how"] == "fed_back"
    assert sheet["can"] == []
    assert (await said(bench, id, "satisfied")).status_code == 409


@pytest.mark.parametrize("path", ["", "/call"])
async def test_foreign_and_missing_tasks_look_alike(bench: RouterBench, path: str) -> None:
    await result(bench)
    id = await task_of(bench)

    foreign = await ask(bench, "GET", f"/{id}{path}", who=ELSEWHERE)
    missing = await ask(bench, "GET", f"/{'0' * 32}{path}")

    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert foreign.json()["title"] == missing.json()["title"]
    assert (await said(bench, id, "satisfied", ELSEWHERE)).status_code == 404


async def test_whoever_may_only_read_says_nothing_of_a_call(bench: RouterBench) -> None:
    await result(bench)
    id = await task_of(bench)

    sheet = await ask(bench, "GET", f"/{id}/call", who=MANAGER)

    assert sheet.status_code == 200
    assert sheet.json()["can"] == []
    assert (await said(bench, id, "satisfied", MANAGER)).status_code == 403


async def test_a_task_of_another_kind_has_no_call(bench: RouterBench) -> None:
    await put(bench)
    made = await by_hand(bench, bench.now().replace(year=bench.now().year + 1))
    id = made.json()["id"]

    assert (await ask(bench, "GET", f"/{id}", who=CHIEF)).status_code == 200
    assert (await ask(bench, "GET", f"/{id}/call", who=CHIEF)).status_code == 409


@pytest.mark.parametrize(
    "body", [{}, {"answer": "maybe"}, {"answer": "told", "promised": ["yesterday"]}]
)
async def test_rubbish_is_named(bench: RouterBench, body: dict[str, Any]) -> None:
    await result(bench)
    id = await task_of(bench)

    answer = await said(bench, id, **{"answer": "satisfied", **body} if body else {"answer": ""})

    assert answer.status_code == 422
