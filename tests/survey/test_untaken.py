"""Whoever was not asked because no event came is asked all the same."""

from __future__ import annotations

from datetime import timedelta

from shared.contracts.survey import SurveyAsked
from shared.tickets import TICKET
from shared.tickets.acts import AnswerQuestion
from tests.support.tickets import moved, registered
from tests.survey.bench import Bench

NUMBER = "23456789"


async def test_what_was_answered_is_asked_about_once(bench: Bench) -> None:
    answered = moved(
        registered("物业费怎么交", at=bench.now()), AnswerQuestion(by="agent-7"), at=bench.now()
    )
    assert await bench.store.insert_once("tickets", TICKET.to_doc(answered))

    await bench.forward(timedelta(minutes=1, seconds=1))
    assert await bench.survey.look_for_untaken("survey") == 1
    assert await bench.survey.look_for_untaken("survey") == 0

    assert (await bench.doc(f"{NUMBER}-1"))["outcome"] == "answered"
    assert len(await bench.said(SurveyAsked)) == 1


async def test_of_what_the_desk_closed_nobody_is_asked_by_guess(bench: Bench) -> None:
    ticket = registered("楼道灯不亮", at=bench.now())
    doc = TICKET.to_doc(ticket) | {"status": "closed", "mark": "closed"}
    assert await bench.store.insert_once("tickets", doc)

    await bench.forward(timedelta(minutes=1, seconds=1))
    await bench.survey.look_for_untaken("survey")

    assert await bench.docs() == []
