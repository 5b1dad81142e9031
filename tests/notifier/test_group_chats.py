"""Group chats: who of them hears of what, in which words, and what people get beside."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
from pydantic import ValidationError

from services.notifier.domain import Notice, recipients
from services.notifier.group_chats import (
    is_group_chat,
    members_of,
    stamp_of,
    to_group_chats,
)
from services.notifier.messages import Handover, begin, conclude, new_message, not_before
from services.notifier.rendering import render
from services.notifier.settings import NotifierSettings, Robot
from shared.contracts import Event
from shared.contracts.notifier import MessageUnreached
from shared.policy.duty import Duty, Person, sample_duty
from shared.policy.policy import build_policy, sample_documents
from tests.notifier import samples
from tests.notifier.bench import NAME, PHONE, ROOM, Bench
from tests.support import chat_tools
from tests.support.chat_tools import ChatTools, running_chat_tools

POLICY: Final = build_policy("sample", sample_documents())
DUTY: Final = Duty.model_validate(sample_duty())
CHATS: Final = ("jinyuan", "jinyuan/engineering", "binjiang", "*/emergency_chain")
LADDER: Final = {"escalation": [
    {"after": "PT2H", "to": "estate"},
    {"after": "PT24H", "to": "company", "channels": ["wecom", "mail", "robot"]},
]}  # fmt: skip


def told(event: Event, *chats: str) -> list[str]:
    found = to_group_chats(recipients(event), chats or CHATS, DUTY, POLICY)
    assert all(notice.cause == recipients(event)[0].cause for notice in found)
    return [notice.recipient for notice in found]


def words(event: Event, **facts: Any) -> tuple[str, str]:
    (notice, *_) = to_group_chats(recipients(event), CHATS, DUTY, POLICY)
    placed = Notice(notice.cause, notice.purpose, notice.recipient, estate=notice.estate,
                    facts={**notice.facts, **facts})  # fmt: skip
    message = new_message(placed, lane="urgent", language="zh", now=samples.DUE)
    return render(
        message,
        POLICY,
        name=NAME,
        link="https://work.example/w/x",
        quoted={"progress": "水漏", "words": "水漏"},
    )


def test_an_alert_is_told_to_the_chats_of_those_alerted_and_of_their_estate() -> None:
    assert told(samples.alerted()) == [
        "chat:jinyuan/engineering", "chat:jinyuan", "chat:*/emergency_chain"
    ]  # fmt: skip
    assert told(samples.alerted(recipients=("bj-engineering-1",))) == ["chat:jinyuan"]
    assert told(samples.alerted(estate=None)) == ["chat:*/emergency_chain"]
    assert told(samples.alerted(), "binjiang") == []


def test_routine_work_is_told_to_no_chat() -> None:
    for event in (samples.registered(), samples.dispatched(), samples.warned(), samples.breached(),
                  samples.breached(level=3), samples.parked(), samples.unreached()):  # fmt: skip
        assert told(event) == []


def test_an_emergency_whose_caller_no_machine_writes_to_is_told_to_no_chat() -> None:
    (kind, *_) = (kind.id for kind in POLICY.taxonomy.emergency_kinds if kind.told_by_person)

    assert told(samples.alerted(kind=kind)) == []


def test_a_chat_hears_number_kind_estate_and_building_and_nothing_else() -> None:
    subject, body = words(samples.alerted(), building="3")

    assert subject == "紧急事件 26-1"
    assert body.splitlines() == [
        "电梯困人 锦园 3号楼",
        "详情见发给您本人的消息。",
        "Emergency 26-1",
        "Lift entrapment Jinyuan Gardens building 3",
        "See your own message for more.",
    ]


def test_a_drill_is_called_one_in_both_languages() -> None:
    subject, body = words(samples.alerted(test=True))

    assert subject.startswith("【演练】")
    assert "[Drill] Emergency" in body


def test_a_stamp_is_the_same_at_each_attempt_and_nobody_elses() -> None:
    one, other = (
        new_message(notice, lane="urgent", language="zh", now=samples.DUE)
        for notice in recipients(samples.alerted())[:2]
    )

    assert stamp_of(one, POLICY) == f"26-1 · 2026-11-23 16:30:00 · {one.id[:6]}"
    assert stamp_of(one, POLICY) != stamp_of(other, POLICY)


def test_the_members_of_a_chat_are_those_of_its_lists() -> None:
    assert members_of("jinyuan/finance", DUTY) == {"jy-finance-1", "jy-finance-2"}
    assert {"jy-finance-1", "jy-security-3"} < members_of("jinyuan", DUTY)
    assert members_of("nowhere/finance", DUTY) == frozenset()


def test_no_person_can_be_taken_for_a_chat() -> None:
    assert is_group_chat("chat:jinyuan")
    assert not any(is_group_chat(person.id) for person in DUTY.everybody)


@pytest.mark.parametrize("id", ["@all", "a|b", "a,b", "", "张三", "a b", "x" * 65, "<a>"])
@pytest.mark.parametrize("tool", ["wecom", "dingtalk"])
def test_an_id_of_a_chat_tool_is_one_persons(tool: str, id: str) -> None:
    facts: dict[str, Any] = {"id": "p", "name": "彭刚", "mail": "p@duty.example", tool: id}
    with pytest.raises(ValidationError, match="one person's id in the chat tool"):
        Person(**facts)


@pytest.mark.parametrize(
    "robot",
    [{}, {"wecom": "key-value", "dingtalk": "token-value"}, {"wecom": "key-value", "secret": "x"},
     {"wecom": ""}, {"feishu": "key-value"}],
)  # fmt: skip
def test_a_robot_is_of_one_tool_and_no_error_repeats_its_key(robot: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as refused:
        Robot(**robot)

    assert "-value" not in str(refused.value)


def test_an_application_is_set_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_AMQP_URL", "amqp://x/")
    monkeypatch.setenv("HOTLINE_MONGO_URL", "mongodb://x/")
    monkeypatch.setenv("HOTLINE_NOTIFIER_ROBOTS", "{key-value")
    with pytest.raises(ValidationError, match="must be JSON") as refused:
        NotifierSettings()
    assert "key-value" not in str(refused.value.errors(include_input=False))

    monkeypatch.setenv("HOTLINE_NOTIFIER_ROBOTS", '{"jinyuan": {"wecom": "k"}}')
    monkeypatch.setenv("HOTLINE_NOTIFIER_WECOM_CORP_ID", "ww-sample")
    with pytest.raises(ValidationError, match="HOTLINE_NOTIFIER_WECOM_CORP_ID, _AGENT_ID and"):
        NotifierSettings()

    monkeypatch.setenv("HOTLINE_NOTIFIER_WECOM_AGENT_ID", "7")
    monkeypatch.setenv("HOTLINE_NOTIFIER_WECOM_SECRET", "s")
    settings = NotifierSettings()
    assert settings.wecom is not None
    assert (settings.wecom.agent_id, settings.dingtalk) == (7, None)
    assert settings.robots["jinyuan"].wecom is not None


def test_what_a_provider_takes_later_waits_for_that_time_unless_another_channel_goes_on() -> None:
    now, wait = samples.DUE, samples.DUE + timedelta(minutes=10)
    (notice, *_) = recipients(samples.alerted())
    message = new_message(notice, lane="urgent", language="zh", now=now)

    def after(channels: tuple[str, ...], answer: Handover) -> Any:
        begun = begin(message, channel="wecom", policy="v", claim="c", now=now,
                      limit=timedelta(seconds=8))  # fmt: skip
        step = conclude(replace(begun, channels=channels), answer, None, now)
        return not_before(step, wait).value.next_at

    assert after((), Handover.LATER) == wait
    assert after(("wecom", "mail"), Handover.LATER) == now
    assert after((), Handover.ACCEPTED) is None


@pytest.fixture
async def tools() -> AsyncIterator[ChatTools]:
    async with running_chat_tools() as running:
        yield running


@pytest.fixture
async def bench(empty_bench: Bench, tools: ChatTools) -> Bench:
    """A notifier with both applications, and a robot for two chats; the first engineer has an id in
    WeCom, the second in DingTalk.
    """
    await give(empty_bench, wecom="ZhangSan")
    await give(empty_bench, 1, dingtalk="lisi")
    await empty_bench.add_replica(
        wecom_url=tools.url, wecom_corp_id=chat_tools.CORP, wecom_agent_id=chat_tools.AGENT,
        wecom_secret=chat_tools.SECRET,
        dingtalk_url=tools.url, dingtalk_app_key=chat_tools.APP_KEY,
        dingtalk_agent_id=chat_tools.AGENT, dingtalk_app_secret=chat_tools.APP_SECRET,
        robots={"jinyuan/engineering": {"wecom": chat_tools.ROBOT_KEY},
                "jinyuan/security": {"dingtalk": chat_tools.ROBOT_TOKEN, "keyword": "物业"}},
    )  # fmt: skip
    return empty_bench


async def give(bench: Bench, turn: int = 0, **addresses: str) -> None:
    """Put ids on the duty list, as whoever keeps it would."""
    changed = {f"people.{turn}.{name}": value for name, value in addresses.items()}
    rosters = bench.store.documents("rosters")
    await rosters.update_one({"_id": "jinyuan/engineering"}, {"$set": changed})
    await rosters.update_one({"_id": "head"}, {"$inc": {"revision": 1}})


async def test_an_alert_reaches_people_by_their_tool_and_the_chats_hear_that_there_is_one(
    bench: Bench, tools: ChatTools
) -> None:
    await bench.add_ticket()
    people = (samples.ASSIGNEE, "jy-engineering-2", "jy-security-1")

    await bench.handle(samples.alerted(recipients=people), lane="urgent")

    docs = await bench.ended(7)
    assert {doc["status"] for doc in docs} == {"received"}
    by = {(doc["recipient"], doc["attempts"][0]["channel"]): doc for doc in docs}
    assert by.keys() == {
        (samples.ASSIGNEE, "wecom"),
        (samples.ASSIGNEE, "mail"),
        ("jy-engineering-2", "dingtalk"),
        ("jy-engineering-2", "mail"),
        ("jy-security-1", "mail"),
        ("chat:jinyuan/engineering", "robot"),
        ("chat:jinyuan/security", "robot"),
    }
    (mine,) = tools.to("ZhangSan")
    assert "电梯困人" in mine
    assert mine.endswith(by[samples.ASSIGNEE, "wecom"]["_id"][:6])
    assert len(tools.to("lisi")) == 1
    in_chats = "\n".join(tools.to("*"))
    assert in_chats.count("紧急事件 26-1") == in_chats.count("3号楼") == 2
    assert not any(word in in_chats for word in (NAME, PHONE, ROOM, "http"))


async def test_a_repeated_alert_is_told_to_a_chat_once(bench: Bench, tools: ChatTools) -> None:
    await bench.add_ticket()
    for n in range(3):
        await bench.publish(
            samples.alerted(recipients=(samples.ASSIGNEE,)), id=str(n), lane="urgent"
        )

    await bench.ended(3)

    assert (len(tools.to("*")), len(tools.to("ZhangSan"))) == (1, 1)


async def test_a_chat_in_which_somebody_is_whom_it_is_about_hears_nothing(
    bench: Bench, tools: ChatTools
) -> None:
    await bench.add_ticket(about={"people": ["jy-engineering-3"], "departments": []})
    people = (samples.ASSIGNEE, "jy-security-1")

    await bench.handle(samples.alerted(recipients=people), lane="urgent")

    docs = await bench.ended(3)
    assert {doc["recipient"] for doc in docs} == {*people, "chat:jinyuan/security"}


async def test_a_rung_that_names_the_robot_tells_the_chat_of_whoever_hears(
    bench: Bench, tools: ChatTools
) -> None:
    await bench.let_places_differ(jinyuan={"rules": LADDER})
    await bench.add_ticket()

    await bench.handle(samples.breached(level=3, recipients=(samples.ASSIGNEE,)))

    docs = {doc["recipient"]: doc for doc in await bench.ended(2)}
    channels = [attempt["channel"] for attempt in docs[samples.ASSIGNEE]["attempts"]]
    assert channels == ["wecom", "mail"]
    (said,) = tools.to("*")
    assert said.startswith("已超时 26-1")


async def test_when_the_robot_is_no_more_the_desk_hears_of_it(
    bench: Bench, tools: ChatTools
) -> None:
    await bench.add_ticket()
    tools.code = 93000
    bench.postbox.refuse(samples.ASSIGNEES_MAIL)

    await bench.handle(samples.alerted(recipients=(samples.ASSIGNEE,)), lane="urgent")

    heard = await bench.said(MessageUnreached, 2)  # nothing is taken for the person either
    shown = (await bench.http.get("/healthz/channels")).json()
    assert {said.recipient for said in heard} == {samples.ASSIGNEE, "chat:jinyuan/engineering"}
    assert shown["faults"]["robot jinyuan/engineering"] == "93000"


async def test_a_chat_whose_robot_was_too_fast_is_told_when_its_time_is_over(
    bench: Bench, tools: ChatTools
) -> None:
    await bench.add_ticket()
    tools.by_robot = chat_tools.A_MINUTE

    await bench.handle(samples.alerted(recipients=(samples.ASSIGNEE,)), lane="urgent")
    await bench.retried(1)

    (chat,) = await bench.docs(recipient="chat:jinyuan/engineering")
    (attempt,) = chat["attempts"]
    assert attempt["code"] == "45009"
    assert chat["next_at"] - attempt["ended_at"] == timedelta(minutes=1)


async def test_of_whom_the_tool_does_not_know_the_lead_hears(
    bench: Bench, tools: ChatTools
) -> None:
    tools.members = ()
    await bench.add_ticket()

    await bench.handle(samples.dispatched())

    docs = {doc["purpose"]: doc for doc in await bench.ended(2)}
    failed, told = docs["assignment"], docs["unreached"]
    assert (failed["status"], failed["attempts"][0]["code"]) == ("failed", "invaliduser")
    assert told["recipient"] == "jy-engineering-3"


async def test_staff_see_that_a_chat_was_told_and_of_a_person_a_mask(
    bench: Bench, tools: ChatTools
) -> None:
    await bench.add_ticket()
    await bench.handle(samples.alerted(recipients=(samples.ASSIGNEE,)), lane="urgent")

    shown = {
        doc["recipient"]: (
            await bench.http.get(f"/v1/messages/{doc['_id']}", headers=bench.token())
        ).json()
        for doc in await bench.ended(3)
        if doc["attempts"][0]["channel"] != "mail"
    }

    assert shown["chat:jinyuan/engineering"]["to"]["address"] == "chat:jinyuan/engineering"
    assert shown["chat:jinyuan/engineering"]["subject"] == "紧急事件 26-1"
    assert shown[samples.ASSIGNEE]["to"]["address"] == "Z***"


async def test_channels_are_told_to_doctor_without_a_secret(bench: Bench) -> None:
    answer = await bench.http.get("/healthz/channels")

    assert answer.json() == {
        "trial": True,
        "callers": ["sandbox"],
        "staff": ["webhook", "wecom", "dingtalk", "mail"],
        "group_chats": ["jinyuan/engineering", "jinyuan/security"],
        "faults": {},
    }
