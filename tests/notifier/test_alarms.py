"""An alarm goes to each person by every alarm channel at once, and is one alarm all the same."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
from pydantic import ValidationError

from services.notifier.alarms import (
    first_of_alarm,
    has_missed,
    ids_beside,
    messages_beside,
    say_unreached,
)
from services.notifier.channels import Channels
from services.notifier.domain import recipients
from services.notifier.messages import (
    ABOUT_THEM,
    Attempt,
    Handover,
    Message,
    Status,
    begin,
    conclude,
    new_message,
    receive,
)
from services.notifier.senders import Sandbox, WecomApp
from services.notifier.senders.addresses import Addresses
from services.notifier.senders.http import Http
from services.notifier.senders.wecom import WecomAccount
from shared.contracts.notifier import MessageFailed, MessageReceived, MessageUnreached
from shared.policy.policy import build_policy, sample_documents
from shared.readers.messages import missed_by_their_last
from tests.notifier import samples
from tests.notifier.bench import Bench
from tests.notifier.receiver import Receiver, running_receiver
from tests.notifier.test_channels import PERSON
from tests.notifier.test_webhook import sender
from tests.support import chat_tools
from tests.support.bench import until
from tests.support.chat_tools import ChatTools, running_chat_tools

NOW: Final = samples.DUE
THREE: Final = ("webhook", "wecom", "mail")
ALERT: Final = samples.alerted(recipients=(samples.ASSIGNEE,))
WITHIN: Final = 1.0
"""Seconds in which an alert has left by every channel."""


def alarm(*channels: str) -> tuple[Message, ...]:
    """The messages of an alarm that has just been made."""
    (notice,) = recipients(ALERT)
    message = new_message(notice, lane="urgent", language="zh", now=NOW)
    first = first_of_alarm(message, channels)
    return (first, *messages_beside(first, NOW))


def tried(message: Message, *answers: Handover, code: str | None = None) -> Message:
    """The same after attempts that were answered so."""
    for answer in answers:
        begun = begin(message, channel=message.channels[0], policy="v", claim="c", now=NOW,
                      limit=timedelta(seconds=8))  # fmt: skip
        message = conclude(begun, answer, code, NOW).value
    return message


def test_an_alarm_is_a_message_for_each_channel_and_the_first_has_the_plain_id() -> None:
    (notice,) = recipients(ALERT)
    first, *beside = alarm(*THREE)

    assert first.id == notice.id
    assert [each.channels for each in (first, *beside)] == [(name,) for name in THREE]
    assert tuple(each.id for each in beside) == ids_beside(first)
    assert len({first.id, *ids_beside(first)}) == 3
    assert {each.first for each in beside} == {first.id}
    again = tried(first, Handover.REFUSED)
    assert messages_beside(again, NOW) == tuple(beside), "however far the first has come"


def test_that_nobody_is_reached_is_said_of_all_channels_and_once() -> None:
    first, second, third = (tried(each, Handover.REFUSED) for each in alarm(*THREE))
    pending = alarm(*THREE)[2]

    assert say_unreached(first, (second, pending), NOW) is None
    assert say_unreached(first, (second,), NOW) is None, "one is still to be inserted"
    assert say_unreached(first, (second, received(third)), NOW) is None
    said = say_unreached(first, (second, third), NOW)

    assert said is not None
    (event,) = said.events
    assert isinstance(event, MessageUnreached)
    assert (event.recipient, event.reason) == (samples.ASSIGNEE, "refused")
    assert say_unreached(said.value, (second, third), NOW) is None


def received(message: Message) -> Message:
    step = receive(message, NOW)
    assert step is not None
    return step.value


def test_one_message_of_an_alarm_that_fails_says_nothing_of_its_reader() -> None:
    begun = begin(alarm("webhook", "mail")[0], channel="webhook", policy="v", claim="c", now=NOW,
                  limit=timedelta(seconds=8))  # fmt: skip
    step = conclude(begun, Handover.REFUSED, "404", NOW)

    assert [type(event) for event in step.events] == [MessageFailed]
    assert step.value.next_at == NOW, "somebody looks at the others"
    alone = conclude(replace(begun, beside=()), Handover.REFUSED, "404", NOW)
    assert [type(event) for event in alone.events] == [MessageFailed, MessageUnreached]


def test_a_webhook_that_does_not_answer_counts_as_missed_while_it_is_tried_on() -> None:
    hook, mail = alarm("webhook", "mail")
    twice, thrice = tried(hook, *[Handover.LATER] * 2), tried(hook, *[Handover.LATER] * 3)

    assert (has_missed(twice), has_missed(thrice)) == (False, True)
    assert not has_missed(tried(mail, *[Handover.LATER] * 5)), "the mail server is everybody's"
    said = say_unreached(thrice, (tried(mail, Handover.REFUSED),), NOW)
    assert said is not None
    assert [getattr(event, "reason", None) for event in said.events] == ["no_answer"]
    assert thrice.status is Status.PENDING


def test_what_was_kept_from_whom_it_is_about_is_told_to_nobody() -> None:
    first, second = (tried(m, Handover.REFUSED, code=ABOUT_THEM) for m in alarm("webhook", "mail"))

    said = say_unreached(first, (second,), NOW)

    assert said is not None
    assert said.events == ()


async def test_an_alarm_goes_by_what_the_policy_names_and_the_person_has() -> None:
    documents = sample_documents()

    def rules(**more: Any) -> Any:
        changed = documents | {"rules": {**documents["rules"], **more}}
        return build_policy("v", changed).rules.is_alarm_channel

    person = PERSON.model_copy(update={"wecom": "PengGang"})
    async with sender() as webhook:
        wecom = WecomApp(
            WecomAccount(url="", corp_id="", agent_id=1, secret=""), Http({}, {}, Addresses((), ()))
        )
        trial = Channels(Sandbox(lambda: True), None, webhook, wecom)
        real = Channels(Sandbox(lambda: False), None, webhook, wecom)

        assert trial.of_alarm(person, rules()) == ("webhook", "wecom", "sandbox")
        assert trial.of_alarm(person, rules(alarm_channels=["mail", "wecom"])) == (
            "wecom", "sandbox",
        )  # fmt: skip
        assert real.of_alarm(person, rules()) == ("webhook", "wecom"), "mail leads nowhere"
        assert real.of_alarm(person, rules(alarm_channels=["wecom"])) == ("wecom",)
        assert real.of_alarm(person, rules(alarm_channels=["webhook"])) == ()
        assert real.of_alarm(person, rules(alarm_channels=["dingtalk"])) == ()
        assert real.of_alarm(None, rules()) == ()


def test_an_alarm_calls_people_and_no_group_chat() -> None:
    documents = sample_documents()
    rules = {**documents["rules"], "alarm_channels": ["mail", "robot"]}

    with pytest.raises(ValidationError, match="robot leads to nobody"):
        build_policy("v", documents | {"rules": rules})


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with running_receiver() as running:
        yield running


@pytest.fixture
async def tools() -> AsyncIterator[ChatTools]:
    async with running_chat_tools() as running:
        yield running


async def give(bench: Bench, **addresses: str) -> None:
    """Put addresses of the first engineer on the duty list, as whoever keeps it would."""
    changed = {f"people.0.{name}": value for name, value in addresses.items()}
    rosters = bench.store.documents("rosters")
    await rosters.update_one({"_id": "jinyuan/engineering"}, {"$set": changed})
    await rosters.update_one({"_id": "head"}, {"$inc": {"revision": 1}})


@pytest.fixture
async def bench(empty_bench: Bench, receiver: Receiver, tools: ChatTools) -> Bench:
    """A notifier with an application in WeCom; the first engineer has a webhook, an id there and a
    mail address, everybody else a mail address.
    """
    await give(empty_bench, webhook=receiver.address, wecom="ZhangSan")
    await empty_bench.add_replica(
        wecom_url=tools.url, wecom_corp_id=chat_tools.CORP, wecom_agent_id=chat_tools.AGENT,
        wecom_secret=chat_tools.SECRET,
    )  # fmt: skip
    await empty_bench.add_ticket()
    return empty_bench


async def test_an_alert_has_left_by_every_channel_within_a_second(
    bench: Bench, receiver: Receiver, tools: ChatTools
) -> None:
    began = time.monotonic()
    await bench.publish(ALERT, id="t/1", lane="urgent")

    def everywhere() -> bool:
        return bool(receiver.documents and tools.to("ZhangSan") and bench.postbox.mails)

    await until(everywhere)

    took = time.monotonic() - began
    docs = await bench.ended(3)
    assert took < WITHIN, f"{took:.2f} s"
    assert sorted(doc["attempts"][0]["channel"] for doc in docs) == sorted(THREE)
    assert all(len(doc["attempts"]) == 1 for doc in docs), "nobody has one channel's text twice"
    assert (len(receiver.documents), len(tools.to("ZhangSan")), len(bench.postbox.mails)) == (
        1, 1, 1,
    )  # fmt: skip
    assert len(await bench.said(MessageReceived, 3)) == 3


async def test_a_repeat_adds_nothing_also_when_the_duty_list_has_changed_meanwhile(
    bench: Bench, receiver: Receiver, tools: ChatTools
) -> None:
    await give(bench, wecom="nobody-of-ours")
    await bench.platform.refresh()
    await bench.handle(ALERT, id="1", lane="urgent")
    await bench.ended(3)

    await bench.store.documents("rosters").update_one(
        {"_id": "jinyuan/engineering"}, {"$unset": {"people.0.webhook": ""}}
    )
    await give(bench, wecom="ZhangSan", dingtalk="lisi")
    await bench.platform.refresh()
    await bench.handle(ALERT, id="2", lane="urgent")
    await bench.handle(ALERT, id="3", lane="urgent")

    assert len(await bench.docs(purpose="alert")) == 3
    assert (len(receiver.documents), len(bench.postbox.mails), tools.to("ZhangSan")) == (1, 1, [])


async def test_an_alert_of_before_that_comes_again_stays_one(bench: Bench) -> None:
    (notice,) = recipients(ALERT)
    await bench.handle(ALERT, id="1", lane="urgent")
    await bench.ended(3)
    messages = bench.store.documents("messages")
    await messages.delete_many({"_id": {"$ne": notice.id}})
    await messages.update_one({"_id": notice.id}, {"$unset": {"beside": "", "channels": ""}})

    await bench.handle(ALERT, id="2", lane="urgent")

    assert [doc["_id"] for doc in await bench.docs()] == [notice.id]


async def test_while_one_channel_reaches_somebody_nobody_else_hears(
    bench: Bench, receiver: Receiver, tools: ChatTools
) -> None:
    receiver.status = 404
    tools.members = ()

    await bench.handle(ALERT, lane="urgent")

    docs = await bench.ended(3)
    assert sorted(doc["status"] for doc in docs) == ["failed", "failed", "received"]
    assert len(await bench.said(MessageFailed, 2)) == 2
    assert await bench.said(MessageUnreached, 0) == []
    await until(lambda: bench.docs(status="failed", next_at=None))
    since = bench.now() - timedelta(days=1)
    assert await missed_by_their_last(bench.store, [samples.ASSIGNEE], since) == {}


async def none_takes_it(bench: Bench, receiver: Receiver, tools: ChatTools) -> None:
    receiver.status = 404
    tools.members = ()
    bench.postbox.refuse(samples.ASSIGNEES_MAIL)
    await bench.handle(ALERT, lane="urgent")


async def test_when_none_reaches_somebody_the_lead_hears_once(
    bench: Bench, receiver: Receiver, tools: ChatTools
) -> None:
    await none_takes_it(bench, receiver, tools)

    heard = await bench.said(MessageUnreached)
    assert [event.recipient for event in heard] == [samples.ASSIGNEE]
    await until(lambda: bench.docs(purpose="unreached", status="received"))
    (told,) = await bench.docs(purpose="unreached")
    assert told["recipient"] == "jy-engineering-3"
    assert not await bench.docs(purpose="alert", next_at={"$ne": None})
    since = bench.now() - timedelta(days=1)
    assert await missed_by_their_last(bench.store, [samples.ASSIGNEE], since) == {
        samples.ASSIGNEE: "refused"
    }


async def test_what_a_crash_left_unsaid_of_an_alarm_is_said_at_the_next_look(
    bench: Bench, receiver: Receiver, tools: ChatTools
) -> None:
    await none_takes_it(bench, receiver, tools)
    await bench.said(MessageUnreached)
    (notice,) = recipients(ALERT)
    messages = bench.store.documents("messages")
    last = [doc for doc in await bench.docs(purpose="alert") if doc["_id"] != notice.id][-1]

    # As if whoever wrote down the last failure had died right after it.
    await messages.update_one({"_id": notice.id}, {"$unset": {"unreached_at": ""}})
    await messages.update_one({"_id": last["_id"]}, {"$set": {"next_at": bench.now()}})

    assert len(await bench.said(MessageUnreached, 2)) == 2


async def test_what_a_crash_left_out_beside_the_first_is_taken_up(
    bench: Bench, receiver: Receiver
) -> None:
    at = bench.now()
    emergency = {"_id": "26-1", "kind": "elevator_entrapment", "estate": "jinyuan",
                 "alerts": [{"at": at, "step": 0, "recipients": [samples.ASSIGNEE]}],
                 "started_at": at, "acknowledged_at": None, "ended_at": None}  # fmt: skip
    assert await bench.store.insert_once("emergencies", emergency)
    await bench.handle(samples.alerted(recipients=(samples.ASSIGNEE,), step=0), lane="urgent")
    await bench.ended(3)
    (notice,) = recipients(ALERT)
    await bench.store.documents("messages").delete_many({"_id": {"$ne": notice.id}})

    await bench.forward(timedelta(seconds=2))
    assert await bench.replicas[0].look_for_untaken("alert") == 1

    assert len(await bench.ended(3)) == 3
    assert len(receiver.documents) == 1, "what was there is not sent again"
    await bench.replicas[0].look_for_untaken("alert")
    assert len(await bench.docs()) == 3


async def test_each_message_of_an_alarm_waits_for_its_own_receipt_and_falls_to_no_other_channel(
    bench: Bench, receiver: Receiver
) -> None:
    await bench.let_places_differ(jinyuan={"rules": {"taken_is_enough": ["mail", "wecom"]}})

    await bench.handle(ALERT, lane="urgent")
    await until(lambda: bench.docs(status="accepted"))
    await bench.forward(timedelta(minutes=10, seconds=1))

    await until(lambda: bench.docs(status="unconfirmed"))
    docs = await bench.docs(purpose="alert")
    assert sorted(doc["status"] for doc in docs) == ["received", "received", "unconfirmed"]
    assert all(len(doc["attempts"]) == 1 for doc in docs)
    assert "receipt" in receiver.documents[0]
    assert await bench.said(MessageUnreached, 0) == []


async def test_a_superior_hears_by_every_channel_that_nobody_answers(
    bench: Bench, receiver: Receiver
) -> None:
    await bench.handle(samples.slowed(recipients=(samples.ASSIGNEE,)), lane="urgent")

    docs = await bench.ended(3)
    assert {doc["purpose"] for doc in docs} == {"slowed"}
    (document,) = receiver.documents
    assert "无人接警" in document["subject"]
    assert "/w/" in document["text"], "the link on which it can be taken"


def test_attempts_of_an_alarm_are_by_its_own_channel_whatever_became_of_it() -> None:
    (hook, _) = alarm("webhook", "mail")
    unsure = replace(hook, attempts=(Attempt("webhook", NOW, "v", outcome="refused"),))

    assert (hook.next_channel, unsure.next_channel) == ("webhook", "webhook")
