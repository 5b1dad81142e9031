"""That a provider took it tells a caller nothing: it has arrived when a receipt says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

import httpx
import pytest

from services.notifier.messages import (
    Handover,
    Message,
    Status,
    begin,
    conclude,
    lack_receipt,
    lose_sight,
    receive,
    stop_waiting,
)
from services.notifier.senders import Letter, ProviderReply
from shared.contracts.notifier import (
    CALLER,
    MessageAccepted,
    MessageFailed,
    MessageReceived,
    MessageUnconfirmed,
    MessageUnreached,
)
from shared.identity import sign_link
from tests.notifier import samples
from tests.notifier.bench import Bench
from tests.notifier.receiver import Receiver, running_receiver
from tests.notifier.test_messages import LIMIT, NOW, pending, sending, written
from tests.notifier.test_webhook import give_webhook
from tests.support.bench import until

WAIT: Final = timedelta(minutes=10)


def taken(*, of_caller: bool = True) -> Message:
    """A message that its provider took, and whose receipt is waited for."""
    message = replace(sending(), recipient=CALLER) if of_caller else sending()
    return conclude(message, Handover.ACCEPTED, "250", NOW, receipt_within=WAIT).value


def test_what_a_provider_took_waits_for_its_receipt() -> None:
    step = conclude(sending(), Handover.ACCEPTED, "250", NOW, receipt_within=WAIT)

    assert (step.value.status, step.value.next_at) == (Status.ACCEPTED, NOW + WAIT)
    assert step.value.ended_at is None
    assert [type(event) for event in step.events] == [MessageAccepted]


def test_a_provider_may_say_both_at_once() -> None:
    step = conclude(sending(), Handover.RECEIVED, "0", NOW, receipt_within=WAIT)

    assert step.value.status is Status.RECEIVED
    assert [type(event) for event in step.events] == [MessageReceived]


@pytest.mark.parametrize(
    "found",
    [
        sending(),  # the receipt was faster than the provider's answer
        taken(),
        lack_receipt(taken(), NOW, others=False).value,  # type: ignore[union-attr]
        lack_receipt(taken(), NOW, others=True).value,  # type: ignore[union-attr]
        lose_sight(sending(), NOW).value,
        conclude(sending(), Handover.LATER, "busy", NOW).value,
    ],
    ids=["sending", "accepted", "unconfirmed", "next channel", "unknown", "again"],
)
def test_a_receipt_says_that_it_has_arrived_whenever_it_comes(found: Message) -> None:
    step = receive(found, NOW)

    assert step is not None
    assert (step.value.status, step.value.next_at) == (Status.RECEIVED, None)
    assert [type(event) for event in step.events] == [MessageReceived]
    assert receive(written(step.value), NOW) is None


def test_of_what_was_never_sent_there_is_no_receipt() -> None:
    assert receive(pending(), NOW) is None


def test_without_a_receipt_it_goes_by_another_channel_or_stays_unconfirmed() -> None:
    again = lack_receipt(taken(), NOW + WAIT, others=True)
    alone = lack_receipt(taken(), NOW + WAIT, others=False)

    assert again is not None
    assert (again.value.status, again.value.next_at) == (Status.PENDING, NOW + WAIT)
    assert again.events == ()
    assert alone is not None
    assert (alone.value.status, alone.value.ended_at) == (Status.UNCONFIRMED, NOW + WAIT)
    assert [type(event) for event in alone.events] == [MessageUnconfirmed]
    assert lack_receipt(alone.value, NOW, others=False) is None


def test_others_act_for_one_of_the_staff_who_confirms_nothing() -> None:
    step = lack_receipt(taken(of_caller=False), NOW, others=False)

    assert step is not None
    unreached = [event for event in step.events if isinstance(event, MessageUnreached)]
    assert [event.reason for event in unreached] == ["unconfirmed"]


def test_a_provider_that_cannot_bring_it_is_not_waited_for() -> None:
    step = stop_waiting(taken(), NOW)

    assert step is not None
    assert (step.value.status, step.value.next_at) == (Status.ACCEPTED, NOW)
    assert stop_waiting(pending(), NOW) is None
    second = begin(step.value, channel="x", policy="v", claim="c", now=NOW, limit=LIMIT)
    assert second.status is Status.SENDING


def test_that_it_cannot_be_brought_is_kept_also_before_the_answer() -> None:
    step = stop_waiting(sending(), NOW)
    assert step is not None
    assert (step.value.status, step.value.next_at) == (Status.SENDING, sending().next_at)
    assert stop_waiting(step.value, NOW) is None

    answered = conclude(step.value, Handover.ACCEPTED, "250", NOW, receipt_within=WAIT)
    assert (answered.value.status, answered.value.next_at) == (Status.ACCEPTED, NOW)


@dataclass
class Provider:
    """A text provider that only says that it took a message."""

    channel: str = "text"
    is_open: bool = True
    letters: list[Letter] = field(default_factory=list)
    answers: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.answers.set()

    async def send(self, letter: Letter) -> ProviderReply:
        self.letters.append(letter)
        await self.answers.wait()
        return ProviderReply(Handover.ACCEPTED)

    async def aclose(self) -> None:
        """Nothing is open."""


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with running_receiver() as running:
        yield running


@pytest.fixture
async def provider() -> Provider:
    return Provider()


@pytest.fixture
async def texted(empty_bench: Bench, provider: Provider) -> Bench:
    """A notifier whose texts go to a provider."""
    empty_bench.tray = provider  # type: ignore[assignment]
    await empty_bench.add_replica()
    return empty_bench


async def tell(bench: Bench, provider: Provider) -> Letter:
    await bench.add_ticket()
    await bench.handle(samples.resolved())
    await until(lambda: bool(provider.letters))
    return provider.letters[0]


async def confirm(bench: Bench, address: str | None, *, arrived: object = True) -> int:
    """Say it at the address that came with the message."""
    assert address is not None
    path = httpx.URL(address).path
    answer = await bench.replicas[0].http.post(path, json={"arrived": arrived})
    return answer.status_code


async def stands(bench: Bench, status: str) -> None:
    async def so() -> bool:
        return bool(await bench.docs(status=status))

    await until(so)


async def test_a_result_is_received_when_the_receipt_comes_and_not_before(
    texted: Bench, provider: Provider
) -> None:
    letter = await tell(texted, provider)
    await stands(texted, "accepted")
    (accepted,) = await texted.said(MessageAccepted)
    assert await texted.said(MessageReceived, times=0) == []

    assert await confirm(texted, letter.receipt) == 204
    assert await confirm(texted, letter.receipt) == 204

    (received,) = await texted.said(MessageReceived)
    assert (received.message, received.purpose) == (accepted.message, "feedback")
    (doc,) = await texted.docs()
    assert (doc["status"], len(doc["attempts"])) == ("received", 1)
    await texted.forward(timedelta(days=1))
    assert len(provider.letters) == 1


async def test_without_a_receipt_in_time_it_is_unconfirmed_and_a_late_one_counts(
    texted: Bench, provider: Provider
) -> None:
    letter = await tell(texted, provider)
    await stands(texted, "accepted")

    await texted.forward(WAIT + timedelta(seconds=1))

    (unconfirmed,) = await texted.said(MessageUnconfirmed)
    assert (unconfirmed.recipient, unconfirmed.purpose) == (CALLER, "feedback")
    assert len(provider.letters) == 1
    assert await confirm(texted, letter.receipt) == 204
    await stands(texted, "received")
    assert len(await texted.said(MessageReceived)) == 1


async def test_a_receipt_may_be_faster_than_the_answer(texted: Bench, provider: Provider) -> None:
    provider.answers.clear()
    letter = await tell(texted, provider)

    assert await confirm(texted, letter.receipt) == 204
    provider.answers.set()

    await stands(texted, "received")
    await asyncio.sleep(0.5)
    (doc,) = await texted.docs()
    assert (doc["status"], len(doc["attempts"])) == ("received", 1)
    assert len(await texted.said(MessageReceived)) == 1
    assert await texted.said(MessageAccepted, times=0) == []


async def test_that_it_cannot_be_brought_may_be_faster_than_the_answer(
    texted: Bench, provider: Provider
) -> None:
    provider.answers.clear()
    letter = await tell(texted, provider)

    assert await confirm(texted, letter.receipt, arrived=False) == 204
    provider.answers.set()

    assert len(await texted.said(MessageUnconfirmed)) == 1
    (doc,) = await texted.docs()
    assert (doc["status"], len(doc["attempts"])) == ("unconfirmed", 1)
    assert doc["attempts"][0]["outcome"] == "accepted"


async def test_a_provider_that_gives_up_is_not_waited_for(
    texted: Bench, provider: Provider
) -> None:
    letter = await tell(texted, provider)
    await stands(texted, "accepted")

    assert await confirm(texted, letter.receipt, arrived=False) == 204

    assert len(await texted.said(MessageUnconfirmed)) == 1
    assert await texted.said(MessageFailed, times=0) == []


async def test_forged_and_unknown_receipts_look_alike_and_change_nothing(
    texted: Bench, provider: Provider
) -> None:
    letter = await tell(texted, provider)
    await stands(texted, "accepted")
    assert letter.receipt is not None
    good = letter.receipt.rpartition("/")[2]
    keys = texted.platform.keys
    others = (
        good[:-2] + ("AA" if good[-2:] != "AA" else "BB"),
        sign_link("receipt", "no-such-message", keys.link),
        sign_link("survey", letter.id, keys.link),
        "x",
    )

    for token in others:
        assert await confirm(texted, f"http://h/v1/receipts/{token}") == 404
    assert await confirm(texted, letter.receipt, arrived="perhaps") == 422

    (doc,) = await texted.docs()
    assert doc["status"] == "accepted"


async def test_what_the_staffs_channels_took_is_enough_unless_the_policy_wants_a_receipt(
    empty_bench: Bench, receiver: Receiver
) -> None:
    bench = empty_bench
    await give_webhook(bench, receiver.address)
    await bench.add_replica()
    await bench.handle(samples.dispatched())
    await stands(bench, "received")
    assert "receipt" not in receiver.documents[0]

    await bench.let_places_differ(jinyuan={"rules": {"taken_is_enough": ["mail"]}})
    await bench.handle(samples.dispatched(work_order="26-1-2"), id="t/1/2/0")

    await stands(bench, "accepted")
    address = receiver.documents[1]["receipt"]
    await bench.forward(WAIT + timedelta(seconds=1))
    # The webhook confirmed nothing: it goes by mail, whose taking is enough.
    await until(lambda: len(bench.postbox.mails) == 1)
    (doc,) = [d for d in await bench.docs() if len(d["attempts"]) == 2]
    assert [a["channel"] for a in doc["attempts"]] == ["webhook", "mail"]
    assert await confirm(bench, address) == 204
