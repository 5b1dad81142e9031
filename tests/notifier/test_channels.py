"""A rung of the ladder that is told by several channels: one message, by each of them once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime

import pytest

from hotline.promises import kinds
from hotline.promises.facts import Attempt, Message
from hotline.promises.judging import judge_delivery
from services.notifier.app import mail_sender
from services.notifier.channels import Channels
from services.notifier.domain import channels_of, recipients
from services.notifier.messages import Handover
from services.notifier.senders import DingtalkApp, Sandbox, WecomApp
from services.notifier.senders.addresses import Addresses
from services.notifier.senders.dingtalk import DingtalkAccount
from services.notifier.senders.http import Http
from services.notifier.senders.wecom import WecomAccount
from shared.contracts.notifier import MessageReceived
from shared.policy.duty import Person
from shared.policy.ladder import Channel
from tests.notifier import samples
from tests.notifier.bench import Bench
from tests.notifier.receiver import Receiver, running_receiver
from tests.notifier.test_webhook import give_webhook, letter, sender
from tests.support.bench import until

LADDER = {"escalation": [
    {"after": "PT2H", "to": "estate"},
    {"after": "PT24H", "to": "company", "channels": ["webhook", "mail"]},
]}  # fmt: skip
BOTH: tuple[Channel, ...] = ("webhook", "mail")
PERSON = Person(id="p", name="彭刚", mail="p@duty.example", webhook="https://im.example/hook")
HIGH = samples.breached(level=3, recipients=(samples.ASSIGNEE, "jy-engineering-3"))


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with running_receiver() as running:
        yield running


@pytest.fixture
async def bench(empty_bench: Bench, receiver: Receiver) -> Bench:
    """One notifier; the assignee has a webhook, and level 3 is told by both channels."""
    await give_webhook(empty_bench, receiver.address)
    await empty_bench.add_replica()
    await empty_bench.let_places_differ(jinyuan={"rules": LADDER})
    return empty_bench


async def test_a_rung_names_the_channels_of_its_level(bench: Bench) -> None:
    policy = bench.platform.policy

    found = [channels_of(recipients(samples.breached(level=n))[0], policy) for n in range(1, 5)]

    assert found == [(), (), BOTH, ()]
    assert channels_of(recipients(samples.warned())[0], policy) == ()
    assert channels_of(recipients(samples.breached(level=2, estate="cuihu"))[0], policy) == ()


async def test_who_has_one_channel_of_those_wanted_is_told_as_always(bench: Bench) -> None:
    by_chat = PERSON.model_copy(update={"mail": ""})
    by_mail = PERSON.model_copy(update={"webhook": None})
    async with sender() as webhook:
        sandbox = Sandbox(lambda: True)
        there = Channels(sandbox, mail_sender(bench.settings()), webhook)
        trial = Channels(sandbox, None, webhook)

        assert there.reaching(PERSON, BOTH) == ("webhook", "mail")
        assert there.reaching(PERSON, ("mail", "webhook")) == ("mail", "webhook")
        assert trial.reaching(PERSON, BOTH) == ("webhook", "sandbox")
        assert there.reaching(PERSON, ("mail",)) == ()
        assert there.reaching(by_chat, BOTH) == there.reaching(by_mail, BOTH) == ()
        assert there.reaching(None, BOTH) == ()


async def test_a_channel_that_is_set_no_more_leads_nowhere_and_holds_up_none() -> None:
    async with sender() as webhook:
        channels = Channels(Sandbox(lambda: True), None, webhook)
        gone = channels.of("wecom")

        assert gone.channel == "wecom"
        assert (await gone.send(letter("x"))).outcome is Handover.NO_CHANNEL
        assert channels.of("webhook") is webhook


async def test_staff_are_told_by_the_first_they_have_that_is_set() -> None:
    everything = PERSON.model_copy(update={"wecom": "PengGang", "dingtalk": "peng"})
    async with sender() as webhook:
        http = Http({}, {}, Addresses((), ()))
        wecom = WecomApp(WecomAccount(url="", corp_id="", agent_id=1, secret=""), http)
        dingtalk = DingtalkApp(DingtalkAccount(url="", app_key="", agent_id=1, secret=""), http)
        text = Sandbox(lambda: True)
        all_set = Channels(text, None, webhook, wecom, dingtalk)
        no_wecom = Channels(text, None, webhook, None, dingtalk)

        def chosen(channels: Channels, **without: None) -> str:
            person = everything.model_copy(update=without)
            return channels.choose("p", person).channel

        assert chosen(all_set) == "webhook"
        assert chosen(all_set, webhook=None) == "wecom"
        assert chosen(all_set, webhook=None, wecom=None) == "dingtalk"
        assert chosen(no_wecom, webhook=None) == "dingtalk"
        assert chosen(no_wecom, webhook=None, dingtalk=None) == "sandbox"
        assert chosen(Channels(text, None, webhook), webhook=None) == "sandbox"
        wanted: tuple[Channel, ...] = ("wecom", "dingtalk", "robot", "mail")
        assert all_set.reaching(everything, wanted) == ("wecom", "dingtalk", "sandbox")
        assert all_set.to_staff == ("webhook", "wecom", "dingtalk", "sandbox")


async def test_it_goes_by_each_channel_that_somebody_has_and_is_one_message(
    bench: Bench, receiver: Receiver
) -> None:
    for n in range(3):
        await bench.publish(HIGH, id=str(n))

    docs = await bench.ended(2)
    mine, lead = sorted(docs, key=lambda doc: str(doc["recipient"]))
    assert (mine["status"], mine["channels"]) == ("received", ["webhook", "mail"])
    assert [a["channel"] for a in mine["attempts"]] == ["webhook", "mail"]
    assert ("channels" in lead, [a["channel"] for a in lead["attempts"]]) == (False, ["mail"])
    assert len(receiver.documents) == 1
    mailed = [str(m["Message-ID"]).strip("<>").partition("@")[0] for m in bench.postbox.mails]
    assert sorted(mailed) == sorted((mine["_id"], lead["_id"]))
    assert len(await bench.said(MessageReceived)) == 2


async def test_a_channel_that_fails_leaves_it_to_the_other(
    bench: Bench, receiver: Receiver
) -> None:
    receiver.status = 404

    await bench.handle(HIGH)

    docs = await bench.ended(2)
    (mine,) = [doc for doc in docs if doc["recipient"] == samples.ASSIGNEE]
    assert mine["status"] == "received"
    assert [a["outcome"] for a in mine["attempts"]] == ["refused", "accepted"]


async def test_a_lower_level_goes_by_one_channel(bench: Bench, receiver: Receiver) -> None:
    await bench.handle(samples.breached(level=2, recipients=(samples.ASSIGNEE,)))

    (doc,) = await bench.ended()
    await until(lambda: len(receiver.documents) == 1)
    assert [a["channel"] for a in doc["attempts"]] == ["webhook"]
    assert bench.postbox.mails == []


def kept(*channels: str, lane: str = "routine") -> Message:
    """A message that goes by two channels, as the auditor reads it, accepted by these."""
    at: datetime = samples.DUE
    return Message(
        id="m", number="26-1", purpose="breach", recipient="p", occurrence="clock/x", round=1,
        lane=lane, status="received", at=at, next_at=None, ended_at=at, reason=None,
        attempts=tuple(Attempt(channel, at, "accepted") for channel in channels),
        channels=("webhook", "mail"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("message", "received", "doubled"),
    [
        (kept("webhook", "mail"), None, False),
        (kept("webhook", "mail"), 2, False),
        (kept("webhook", "webhook"), None, True),
        (kept("webhook", "mail", "mail"), None, True),
        (kept("webhook", "mail"), 3, True),
    ],
)
def test_the_auditor_counts_once_for_each_channel(
    message: Message, received: int | None, *, doubled: bool
) -> None:
    found = [finding.kind for finding in judge_delivery(message, received)]

    assert found == ([kinds.TOLD_TWICE] if doubled else [])


@pytest.mark.parametrize(
    ("taken_by", "awaited", "received", "doubled"),
    [
        (("webhook", "mail"), {"webhook"}, 2, False),
        (("webhook", "mail"), {"webhook"}, 3, True),
        (("webhook", "mail"), {"mail"}, None, True),
        (("webhook", "mail"), set(), None, True),
        (("webhook", "wecom", "mail"), {"webhook"}, None, True),
        (("webhook", "wecom", "mail"), {"webhook", "wecom"}, None, False),
        (("webhook", "webhook"), {"webhook"}, None, True),
    ],
)
def test_a_message_may_go_on_by_another_channel_only_where_a_receipt_was_waited_for(
    taken_by: tuple[str, ...], awaited: set[str], received: int | None, *, doubled: bool
) -> None:
    message = replace(kept(*taken_by), channels=())

    found = [finding.kind for finding in judge_delivery(message, received, awaited)]

    assert found == ([kinds.TOLD_TWICE] if doubled else [])
