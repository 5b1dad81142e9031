"""What an answer leaves behind: one record, its events, and nothing that names anybody."""

from __future__ import annotations

import asyncio

import bson

from shared.contracts.survey import SurveyAnswered, SurveyDangerTold, SurveyDissatisfied
from shared.privacy.open import Opener
from tests.survey.bench import Bench, closed

COMMENT = "我叫赵铁柱，电话13800138000，住3-1-502，师傅来了两次才修好"


async def test_a_good_answer_is_told(bench: Bench) -> None:
    address = await bench.ask("JY0001")

    await bench.http.post(address, data={"score": "5", "attitude": "4", "skill": ""})

    answer = (await bench.doc("JY0001-1"))["answer"]
    assert (answer["score"], answer["dimensions"]) == (5, {"attitude": 4})
    assert (answer["recorded_by"], answer["dissatisfied"]) == (None, False)
    facts = {"survey": "JY0001-1", "number": "JY0001", "round": 1}
    assert await bench.said(SurveyAnswered) == [SurveyAnswered(**facts, score=5)]
    assert await bench.said(SurveyDissatisfied, times=0) == []


async def test_a_bad_answer_asks_for_reopening_in_the_same_write(bench: Bench) -> None:
    address = await bench.ask("JY0002", round=1)

    await bench.http.post(address, data={"score": "2"})

    assert await bench.said(SurveyDissatisfied) == [
        SurveyDissatisfied(survey="JY0002-1", number="JY0002", round=1, score=2)
    ]
    assert {e.id for e in bench.heard} == {f"survey/JY0002-1/{n}" for n in ("1/0", "2/0", "2/1")}


async def test_who_is_dissatisfied_is_for_the_estate_to_say(bench: Bench) -> None:
    await bench.let_places_differ(cuihu={"rules": {"dissatisfied_up_to": 3}})
    addresses = [await bench.ask(f"JY001{n}", estate=e) for n, e in enumerate(("cuihu", "jinyuan"))]

    for address in addresses:
        await bench.http.post(address, data={"score": "3"})

    [said] = await bench.said(SurveyDissatisfied)
    assert said == SurveyDissatisfied(survey="JY0010-1", number="JY0010", round=1, score=3)


async def test_a_danger_in_the_comment_is_told_at_once_whatever_the_score(bench: Bench) -> None:
    await bench.put_answered("JY0005")
    address = await bench.ask("JY0005")

    page = await bench.http.post(
        address, data={"score": "5", "comment": "現在又冒煙著火了，快來人"}
    )

    assert "重新" in page.text
    told = SurveyDangerTold(survey="JY0005-1", number="JY0005", round=1, emergency_kind="fire")
    assert await bench.said(SurveyDangerTold) == [told]
    assert bench.heard[-1].lane == "urgent"
    doc = await bench.doc("JY0005-1")
    assert (doc["danger"], doc["answer"]["comment"]) == ("fire", "現在又冒煙著火了，快來人")
    assert await bench.said(SurveyDissatisfied, times=0) == []


async def test_a_comment_without_a_danger_is_kept_and_no_more(bench: Bench) -> None:
    address = await bench.ask("JY0006")

    await bench.http.post(address, data={"score": "5", "comment": "上次着火你们来得很快，谢谢"})

    await bench.said(SurveyAnswered)
    assert await bench.said(SurveyDangerTold, times=0) == []
    assert "danger" not in await bench.doc("JY0006-1")


async def test_an_emergencys_answer_keeps_its_lane(bench: Bench) -> None:
    await bench.handle(closed("JY0003", urgency="emergency"), lane="urgent")

    await bench.http.post(bench.link("JY0003-1"), data={"score": "1"})

    await bench.said(SurveyDissatisfied)
    assert {e.lane for e in bench.heard} == {"urgent"}


async def test_of_many_answers_at_once_one_counts(bench: Bench) -> None:
    other = await bench.add_replica()
    address = await bench.ask("JY0004")
    forms = [{"score": str(n % 5 + 1), "comment": f"第{n}份"} for n in range(20)]

    answers = await asyncio.gather(
        *(
            (bench.http if n % 2 else other.http).post(address, data=form)
            for n, form in enumerate(forms)
        )
    )

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200, *[409] * 19]
    kept = (await bench.doc("JY0004-1"))["answer"]
    won = next(n for n, answer in enumerate(answers) if answer.status_code == 200)
    assert (str(kept["score"]), kept["comment"]) == (forms[won]["score"], forms[won]["comment"])
    assert len(await bench.said(SurveyAnswered)) == 1


async def test_the_same_form_sent_twice_at_once_is_thanked_twice(bench: Bench) -> None:
    address = await bench.ask("JY0005")

    answers = await asyncio.gather(
        *(bench.http.post(address, data={"score": "1", "comment": "没修好"}) for _ in range(8))
    )

    assert {answer.status_code for answer in answers} == {200}
    assert len(await bench.said(SurveyDissatisfied)) == 1


async def test_nothing_personal_is_kept_in_the_clear(bench: Bench) -> None:
    address = await bench.ask("JY0006")

    await bench.http.post(address, data={"score": "3", "comment": COMMENT})

    await bench.said(SurveyAnswered)
    doc = await bench.doc("JY0006-1")
    raw = bson.encode(doc)
    for planted in ("赵铁柱", "13800138000", "3-1-502", address.removeprefix("/s/")):
        assert planted.encode() not in raw
        assert all(planted.encode() not in e.to_body() for e in bench.heard)
    assert "师傅来了两次才修好" in doc["answer"]["comment"]


async def test_the_callers_own_words_can_be_opened_by_who_may(bench: Bench) -> None:
    address = await bench.ask("JY0007")

    await bench.http.post(address, data={"score": "3", "comment": COMMENT})

    sealed = (await bench.doc("JY0007-1"))["answer"]["sealed"]
    opened = await Opener(bench.survey.platform.vault).open_person(sealed)
    assert opened == {"comment": COMMENT}


async def test_nothing_is_sealed_where_nothing_was_written(bench: Bench) -> None:
    address = await bench.ask("JY0008")

    await bench.http.post(address, data={"score": "3", "comment": " \r\n "})

    answer = (await bench.doc("JY0008-1"))["answer"]
    assert (answer["comment"], answer["sealed"]) == ("", None)


async def test_the_policy_in_force_draws_the_line(bench: Bench) -> None:
    assert bench.survey.platform.policy.rules.dissatisfied_up_to == 2
    address = await bench.ask("JY0009")

    await bench.http.post(address, data={"score": "3"})

    await bench.said(SurveyAnswered)
    assert (await bench.doc("JY0009-1"))["answer"]["dissatisfied"] is False
