"""Who never got the question was not asked."""

from __future__ import annotations

from shared.contracts.notifier import CALLER, MessageFailed
from tests.support.bench import handled, until
from tests.survey.bench import Bench, closed

QUEUE = ["survey.messages.routine"]


def failed(number: str, **more: object) -> MessageFailed:
    facts = {"message": "m", "number": number, "recipient": CALLER, "purpose": "survey",
             "reason": "no_channel"}  # fmt: skip
    return MessageFailed.model_validate(facts | more)


async def said(bench: Bench, event: MessageFailed) -> None:
    before = handled(QUEUE)
    await bench.publish(event, id=f"message/{event.number}/3/0")
    await until(lambda: handled(QUEUE) > before, seconds=10)


async def test_a_question_that_no_channel_took_was_not_asked(bench: Bench) -> None:
    await bench.handle(closed("JY0001"))

    for _ in range(2):
        await said(bench, failed("JY0001"))

    answer = await bench.http.get("/v1/surveys/JY0001-1", headers=bench.signed_in("manager"))
    assert (answer.json()["asked_at"], answer.json()["unreached"]) == (None, "no_channel")


async def test_what_failed_of_another_message_says_nothing_of_the_question(bench: Bench) -> None:
    await bench.handle(closed("JY0001"))

    await said(bench, failed("JY0001", purpose="feedback"))
    await said(bench, failed("JY0001", round=2))

    answer = await bench.http.get("/v1/surveys/JY0001-1", headers=bench.signed_in("manager"))
    assert answer.json()["asked_at"] is not None
    assert answer.json()["unreached"] is None


async def test_the_caller_can_still_be_asked_on_the_phone(bench: Bench) -> None:
    await bench.handle(closed("JY0001"))
    await said(bench, failed("JY0001"))

    recorded = await bench.http.post(
        "/v1/surveys/JY0001-1/answer", json={"score": 4}, headers=bench.signed_in("agent")
    )

    assert (recorded.status_code, recorded.json()["answer"]["channel"]) == (200, "phone")
    assert recorded.json()["unreached"] == "no_channel"
