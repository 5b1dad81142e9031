"""Outside a trial the sandbox reaches nobody, and what stays there says so."""

from __future__ import annotations

import pytest

from shared.contracts.notifier import CALLER, MessageFailed, MessageReceived
from shared.telemetry import metrics
from tests.notifier import samples
from tests.notifier.bench import Bench
from tests.notifier.receiver import running_receiver
from tests.notifier.test_channels import HIGH, LADDER
from tests.notifier.test_webhook import give_webhook


@pytest.fixture
async def real(empty_bench: Bench) -> Bench:
    """A notifier on real data, without a mail server."""
    await empty_bench.leave_the_trial()
    await empty_bench.add_replica(smtp_host=None)
    return empty_bench


async def test_what_no_channel_takes_to_a_caller_has_failed_and_says_why(real: Bench) -> None:
    counted = metrics.MESSAGES.labels("sandbox", "failed")
    before = counted._value.get()
    await real.add_ticket()

    await real.handle(samples.resolved())

    (doc,) = await real.ended()
    assert (doc["status"], doc["reason"]) == ("failed", "no_channel")
    assert [attempt["outcome"] for attempt in doc["attempts"]] == ["no_channel"]
    (failed,) = await real.said(MessageFailed)
    assert (failed.reason, failed.recipient, failed.purpose) == ("no_channel", CALLER, "feedback")
    assert await real.said(MessageReceived, times=0) == []
    assert counted._value.get() == before + 1


async def test_who_left_no_number_has_no_address_whatever_the_channels_are(real: Bench) -> None:
    await real.add_ticket(caller={"name": "王桂兰"})

    await real.handle(samples.resolved())

    (doc,) = await real.ended()
    assert (doc["status"], doc["reason"]) == ("failed", "no_address")


async def test_an_alert_that_stays_in_the_sandbox_is_not_called_delivered(real: Bench) -> None:
    await real.handle(samples.alerted(), lane="urgent")

    docs = await real.ended(3)
    assert {(doc["status"], doc["reason"]) for doc in docs} == {("failed", "no_channel")}
    assert len(await real.said(MessageFailed, 3, purpose="alert")) == 3


async def test_staff_hear_why_a_message_went_nowhere(real: Bench) -> None:
    await real.add_ticket()
    await real.handle(samples.dispatched())
    await real.ended()

    answer = await real.http.get("/v1/messages?status=failed", headers=real.token())

    (shown,) = answer.json()["items"]
    assert (shown["recipient"], shown["reason"]) == (samples.ASSIGNEE, "no_channel")


async def test_who_is_to_hear_by_several_hears_by_the_one_that_there_is(
    empty_bench: Bench,
) -> None:
    async with running_receiver() as receiver:
        await empty_bench.leave_the_trial()
        await give_webhook(empty_bench, receiver.address)
        await empty_bench.add_replica(smtp_host=None)
        await empty_bench.let_places_differ(jinyuan={"rules": LADDER})

        await empty_bench.handle(HIGH)

        docs = {doc["recipient"]: doc for doc in await empty_bench.ended(2)}
        mine = docs.pop(samples.ASSIGNEE)
        outcomes = [(a["channel"], a["outcome"]) for a in mine["attempts"]]
        assert (mine["status"], outcomes) == (
            "received",
            [("webhook", "accepted"), ("sandbox", "no_channel")],
        )
        (told,) = await empty_bench.said(MessageReceived)
        assert told.channel == "webhook"
        assert {doc["reason"] for doc in docs.values()} == {"no_channel"}


async def test_the_notifier_tells_which_channels_there_are(real: Bench) -> None:
    outside = await real.http.get("/healthz/channels")

    assert outside.status_code == 200
    assert outside.json() == {
        "trial": False,
        "callers": [],
        "staff": ["webhook"],
        "group_chats": [],
        "faults": {},
    }


async def test_in_a_trial_the_sandbox_is_named_as_the_channel(bench: Bench) -> None:
    answer = await bench.http.get("/healthz/channels")

    shown = answer.json()
    assert (shown["trial"], shown["callers"], shown["staff"]) == (
        True, ["sandbox"], ["webhook", "mail"]
    )  # fmt: skip
