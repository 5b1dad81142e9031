"""Whatever a person says is read, judged and kept, whichever way it comes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any, Final

import pytest

from hotline.demo.clients import Json, until
from shared.contracts import MalformedMessage
from shared.contracts.report import read_leniently, read_strictly
from shared.privacy import scrub
from shared.triage.classify import classify
from shared.triage.lexicon import load_sample_lexicon
from shared.triage.taxonomy import load_sample_taxonomy
from tests.support.floor import Floor, caller
from tests.support.tickets import policy

TAP: Final = "厨房水龙头一直滴水，麻烦来个师傅看一下"
FIRE: Final = "现在冒烟着火了，快来人"
MARKS: Final = "\u0301" * 10_000 + "\u0323" * 10_000
_numbers = count(1)


async def registered(floor: Floor, text: str = TAP, **more: Any) -> str:
    report = {"estate": "jinyuan", "text": text, "caller": caller(room="1-1-101"), **more}
    made = await floor.clients.post_ticket(report)
    return str(made["number"])


async def act(floor: Floor, number: str, action: str, **body: Any) -> tuple[int, Json]:
    answer = await floor.clients.call(
        "POST", "intake", f"/v1/tickets/{number}/{action}", json=body, role="supervisor"
    )
    return answer.status_code, answer.json()


async def answered(floor: Floor) -> str:
    number = await registered(floor, "物业费怎么交，可以微信吗", type="inquiry")
    status, _ = await act(floor, number, "answer", answer="可以在公众号里缴费")
    assert status == 200
    return number


async def is_alerted(floor: Floor, number: str, kind: str = "fire") -> Json:
    """The ticket, when it is an emergency of that kind and somebody was alerted."""

    async def look() -> Json | None:
        ticket = await floor.clients.ticket(number)
        return ticket if ticket["emergency_kind"] == kind else None

    await until(look, f"{number} is an emergency")
    await floor.clients.until_message(number, "alert")
    return await floor.clients.ticket(number)


def notes(ticket: Json) -> list[str]:
    return [entry["note"] for entry in ticket["timeline"] if entry.get("note")]


@pytest.mark.parametrize("way", ["urge", "supplement", "cancel", "tell"])
async def test_b3_words_that_tell_of_a_fire_alarm_whatever_they_came_with(
    floor: Floor, way: str
) -> None:
    number = await registered(floor)

    status, answer = await act(floor, number, way, note=FIRE)

    assert (status, answer["emergency"]) == (200, True)
    ticket = await is_alerted(floor, number)
    assert FIRE in notes(ticket)
    assert ticket["status"] != "cancelled"


@pytest.mark.parametrize("way", ["reopen", "supplement", "urge"])
async def test_b3_a_fire_told_of_a_ticket_that_is_over_opens_it_again(
    floor: Floor, way: str
) -> None:
    number = await answered(floor)

    status, _ = await act(floor, number, way, note=FIRE)

    assert status == 200
    ticket = await is_alerted(floor, number)
    assert (ticket["round"], FIRE in notes(ticket)) == (2, True)


async def test_b3_a_fire_told_while_a_task_of_the_desk_is_done_alarms(floor: Floor) -> None:
    number = await registered(floor)
    at = (await floor.now() + timedelta(hours=1)).isoformat()
    task = {"number": number, "at": at, "reason": "call_back"}
    made = await floor.clients.call("POST", "router", "/v1/follow-ups", json=task)

    path = f"/v1/follow-ups/{made.json()['id']}/done"
    body = {"outcome": "told_owner", "note": FIRE}
    done = await floor.clients.call("POST", "router", path, json=body)

    assert done.is_success, done.text
    await is_alerted(floor, number)


async def test_b3_half_a_sign_in_the_words_loses_no_cry_for_help(floor: Floor) -> None:
    number = await registered(floor)
    body = json.dumps({"note": f"{FIRE}\ud83c"}).encode()

    answer = await floor.clients.call("POST", "intake", f"/v1/tickets/{number}/urge", content=body)

    assert answer.status_code == 200, answer.text
    await is_alerted(floor, number)


async def test_b3_a_fire_in_the_comment_of_a_survey_alarms_though_the_score_is_good(
    floor: Floor,
) -> None:
    number = await answered(floor)
    await floor.clients.until_message(number, "survey")

    assert await floor.clients.answer_survey(number, 1, 5, comment=FIRE) == 200

    assert (await is_alerted(floor, number))["round"] == 2


async def test_b3_what_is_said_with_a_second_urge_is_kept(floor: Floor) -> None:
    number = await registered(floor)

    for words in ("快点来", "家里有老人，麻烦早点", "家里有老人，麻烦早点"):
        assert (await act(floor, number, "urge", note=words))[0] == 200

    assert notes(await floor.clients.ticket(number)) == ["快点来", "家里有老人，麻烦早点"]


@pytest.mark.parametrize("word", ["note", "text"])
@pytest.mark.parametrize("key", ["supplement", "urge", "cancel", "reopen"])
async def test_b3_b23_what_a_system_says_with_a_command_is_kept(
    floor: Floor, key: str, word: str
) -> None:
    name = f"words-{next(_numbers)}"
    made = await floor.clients.report({"estate": "jinyuan", "text": TAP, "external_id": name})
    number = str(made["number"])
    if key == "reopen":
        assert (await act(floor, number, "answer", answer="说明书第三页"))[0] == 200

    done = await floor.clients.publish(
        json.dumps({"external_id": name, word: "是主卧的卫生间"}).encode(), key=f"ticket.{key}"
    )

    assert done is not None
    assert done["number"] == number
    assert "是主卧的卫生间" in notes(await floor.clients.ticket(number))


@pytest.mark.parametrize("named", ["cancelled", "wrong", "unknown"])
async def test_b3_a_danger_in_a_command_that_cannot_be_done_is_alerted_to(
    floor: Floor, named: str
) -> None:
    body: Json = {"external_id": f"never-{next(_numbers)}"}
    if named == "wrong":
        body = {"number": "23456789"}
    if named == "cancelled":
        body = {"external_id": f"words-{next(_numbers)}"}
        made = await floor.clients.report({"estate": "jinyuan", "text": TAP, **body})
        status, _ = await act(floor, made["number"], "cancel")
        assert status == 200

    answer = await floor.clients.publish(
        json.dumps({**body, "text": FIRE}).encode(), key="ticket.supplement"
    )

    assert answer is not None
    assert (answer["emergency_kind"], answer["alerting"]) == ("fire", "started")
    await is_alerted(floor, answer["number"])


async def test_b23_a_supplement_that_adds_nothing_is_refused_by_name_and_is_no_contact(
    floor: Floor,
) -> None:
    number = await registered(floor)

    for body in ({}, {"note": ""}, {"note": " \u200b\n"}):
        status, problem = await act(floor, number, "supplement", **body)
        assert (status, problem["faults"][0]["field"]) == (422, "note")
    queued = await floor.clients.report({"estate": "jinyuan", "text": TAP, "external_id": "bare"})
    refused = await floor.clients.publish(
        json.dumps({"number": queued["number"]}).encode(), key="ticket.supplement"
    )

    assert refused is not None
    assert (refused["status"], refused["faults"][0]["field"]) == (422, "note")
    for each in (number, queued["number"]):
        ticket = await floor.clients.ticket(each)
        assert "supplement" not in [entry["transition"] for entry in ticket["timeline"]]


async def test_b23_a_field_that_a_command_does_not_know_is_refused_by_name(floor: Floor) -> None:
    made = await floor.clients.report({"estate": "jinyuan", "text": TAP, "external_id": "odd"})
    body = {"number": made["number"], "comment": "是主卧的卫生间"}

    refused = await floor.clients.publish(json.dumps(body).encode(), key="ticket.urge")

    assert refused is not None
    assert (refused["status"], refused["faults"][0]["field"]) == (422, "command.comment")


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("電梯困人了，快來人", "elevator_entrapment"),
        ("煤氣洩漏，味道很大", "gas_leak"),
        ("有人觸電了", "electric_shock"),
        ("冒煙著火了", "fire"),
        ("着 火 了 ， 快 来 人", "fire"),
        ("着\u200b火\u200b了，快来人", "fire"),
        ("着\u0336火\u0336了\u0336，快来人", "fire"),
    ],
)
def test_b6_an_emergency_is_heard_in_whatever_signs_it_is_written(words: str, kind: str) -> None:
    heard = classify(words, load_sample_taxonomy(), load_sample_lexicon())

    assert heard.emergency_kind == kind


async def test_b6_a_report_in_traditional_characters_is_an_emergency_and_shown_as_it_was_said(
    floor: Floor,
) -> None:
    made = await floor.clients.post_ticket(
        {"address": "錦園小區", "text": "三號樓電梯困人了，快來人"}
    )

    assert made["emergency_kind"] == "elevator_entrapment"
    ticket = await floor.clients.ticket(made["number"])
    assert (ticket["scrubbed"], ticket["building"]) == ("三號樓電梯困人了，快來人", "3")
    assert ticket["estate"] == "jinyuan"


async def test_b6_a_danger_that_only_the_subject_tells_of_is_heard(floor: Floor) -> None:
    made = await floor.clients.post_ticket(
        {"estate": "jinyuan", "subject": "三号楼着火了", "text": "请尽快处理，谢谢"}
    )

    assert made["emergency_kind"] == "fire"


@pytest.mark.parametrize("words", ["电话13812345678", "电话138 12345 678", "物业费12345元"])
def test_b7_the_hotline_of_the_authorities_is_no_part_of_another_number(words: str) -> None:
    assert not policy().rules.tells_of_risk(words)
    assert policy().rules.tells_of_risk(f"{words}，再不来我打12345")


@pytest.mark.parametrize(
    ("words", "clean"),
    [
        ("我电话139–7890–1234", "我电话〔号码〕"),
        ("我电话139：7890：1234", "我电话〔号码〕"),
        ("我电话139…7890…1234", "我电话〔号码〕"),
        ("我电话1\u200b3978\u200b901234", "我电话〔号码〕"),
        ("我电话一三九七八九零一二三四", "我电话〔号码〕"),
        ("隔壁二栋一单元九百零三漏水", "隔壁〔房号〕漏水"),
        ("隔壁12-1907漏水", "隔壁〔房号〕漏水"),
        ("姓名：钱七七", "姓名：〔某人〕"),
        ("京A7777挂挡路", "〔车牌〕挡路"),
    ],
)
def test_a19_a_person_is_found_in_odd_forms(words: str, clean: str) -> None:
    assert scrub(words, [{"name": "钱七七", "phone": "13978901234"}]) == clean


def classified(text: str) -> None:
    classify(text, load_sample_taxonomy(), load_sample_lexicon())


def refused(text: str) -> None:
    with pytest.raises(MalformedMessage):
        read_strictly({"text": text})


@pytest.mark.parametrize(
    "reads", [classified, refused, scrub, lambda text: read_leniently({"text": f"字{text}"})]
)
def test_a3_twenty_thousand_marks_hold_nobody_up(reads: Callable[[str], object]) -> None:
    reads("字")  # what is learned once is not counted
    assert min(_seconds(reads) for _ in range(3)) < 0.05


def _seconds(reads: Callable[[str], object]) -> float:
    started = time.thread_time()
    reads(MARKS)
    return time.thread_time() - started


def test_a3_of_a_run_of_marks_a_few_are_kept() -> None:
    report, _ = read_leniently({"text": f"字{MARKS}", "estate": "jinyuan"})

    assert len(report.text) <= 5
