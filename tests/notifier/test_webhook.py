"""Webhooks on a real HTTP server: what its answer, its silence and its hanging up mean."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from pydantic import ValidationError

from services.notifier.messages import Handover
from services.notifier.senders import Letter, WebhookSender
from services.notifier.senders.addresses import Addresses
from services.notifier.senders.http import Http
from services.notifier.settings import NotifierSettings
from shared.contracts import Lane
from shared.policy.duty import Person
from tests.notifier import samples
from tests.notifier.bench import Bench
from tests.notifier.receiver import Receiver, Temper, running_receiver
from tests.support.bench import until

SHORT = timedelta(seconds=0.3)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with running_receiver() as running:
        yield running


@asynccontextmanager
async def sender(plain_hosts: Sequence[str] = ("127.0.0.1",)) -> AsyncIterator[WebhookSender]:
    made = WebhookSender(Http(
        {"routine": timedelta(seconds=5), "urgent": SHORT}, {"routine": 4, "urgent": 4},
        Addresses(plain_hosts, ()),
    ))  # fmt: skip
    try:
        yield made
    finally:
        await made.aclose()


def letter(address: str, lane: Lane = "routine", **more: str) -> Letter:
    facts = {"id": "abc", "cause": "ticket/26-1/round/1", "subject": "【派单】26-1",
             "body": "您有新的工单"}  # fmt: skip
    return Letter(lane=lane, purpose="assignment", address=address, **facts | more)


async def test_one_small_document_arrives_under_the_messages_id(receiver: Receiver) -> None:
    async with sender() as webhook:
        answer = await webhook.send(letter(receiver.address))

    assert (answer.outcome, answer.code) == (Handover.ACCEPTED, "204")
    assert receiver.documents == [{
        "id": "abc", "cause": "ticket/26-1/round/1", "purpose": "assignment", "lane": "routine",
        "subject": "【派单】26-1", "text": "您有新的工单",
    }]  # fmt: skip
    (head,) = receiver.heads
    assert head[""] == "POST /hook/secret-path?key=secret-key HTTP/1.1"
    assert (head["idempotency-key"], head["content-type"]) == ("abc", "application/json")


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Handover.ACCEPTED),
        (202, Handover.ACCEPTED),
        (301, Handover.REFUSED),
        (307, Handover.REFUSED),
        (400, Handover.REFUSED),
        (401, Handover.REFUSED),
        (404, Handover.REFUSED),
        (408, Handover.LATER),
        (410, Handover.REFUSED),
        (425, Handover.LATER),
        (429, Handover.LATER),
        (500, Handover.LATER),
        (502, Handover.UNCLEAR),
        (503, Handover.LATER),
        (504, Handover.UNCLEAR),
        (507, Handover.LATER),
    ],
)
async def test_what_the_receiver_says_decides(
    receiver: Receiver, status: int, outcome: Handover
) -> None:
    receiver.status, receiver.headers = status, (f"Location: {receiver.address}",)

    async with sender() as webhook:
        answer = await webhook.send(letter(receiver.address))

    assert (answer.outcome, answer.code) == (outcome, str(status))
    assert len(receiver.documents) == 1


@pytest.mark.parametrize("temper", ["hangs up", "says nothing"])
async def test_a_receiver_that_has_the_letter_and_does_not_say_leaves_it_unclear(
    receiver: Receiver, temper: Temper
) -> None:
    receiver.temper = temper

    async with sender() as webhook:
        answer = await webhook.send(letter(receiver.address, "urgent"))

    assert answer.outcome is Handover.UNCLEAR
    assert len(receiver.documents) == 1


async def test_nobody_there_means_later(unused_tcp_port: int) -> None:
    async with sender() as webhook:
        answer = await webhook.send(letter(f"http://127.0.0.1:{unused_tcp_port}/"))

    assert (answer.outcome, answer.code) == (Handover.LATER, "ConnectError")


async def test_whoever_takes_the_connection_and_hangs_before_the_letter_means_later() -> None:
    """TLS is never agreed on, so the letter has not begun to go out."""
    release = asyncio.Event()

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await release.wait()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    address = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with sender() as webhook:
        answer = await webhook.send(letter(address, "urgent"))
    release.set()
    server.close()
    await server.wait_closed()

    assert (answer.outcome, answer.code) == (Handover.LATER, "ConnectTimeout")


@pytest.mark.parametrize("address", ["http://im.example/hook", "ftp://im.example/", "x", ""])
async def test_what_may_not_be_reached_is_refused_without_a_try(address: str) -> None:
    async with sender() as webhook:
        answer = await webhook.send(letter(address))

    assert (answer.outcome, answer.code) == (Handover.REFUSED, "address")


async def test_each_letter_has_a_connection_of_its_own(receiver: Receiver) -> None:
    """One that was kept would do for every name at the same address, whatever its certificate."""
    async with sender() as webhook:
        for _ in range(5):
            assert (await webhook.send(letter(receiver.address))).outcome is Handover.ACCEPTED

    assert (len(receiver.documents), receiver.connections) == (5, 5)


async def test_no_more_connections_at_once_than_workers(receiver: Receiver) -> None:
    async with sender() as webhook:
        sent = [webhook.send(letter(receiver.address, id=f"m{n}")) for n in range(40)]
        answers = await asyncio.gather(*sent)

    assert {answer.outcome for answer in answers} == {Handover.ACCEPTED}
    assert receiver.most_at_once <= 4
    assert len({head["idempotency-key"] for head in receiver.heads}) == 40


async def test_an_endless_answer_is_not_read_to_its_end(receiver: Receiver) -> None:
    receiver.status, receiver.body = 200, b"x" * 20_000_000

    async with sender() as webhook:
        answer = await webhook.send(letter(receiver.address))
        await until(lambda: receiver.hung_up == 1)

    assert (answer.outcome, answer.code) == (Handover.ACCEPTED, "200")


async def test_an_answer_whose_body_never_comes_still_counts(receiver: Receiver) -> None:
    receiver.status, receiver.says_length = 200, 10

    async with sender() as webhook:
        answer = await webhook.send(letter(receiver.address, "urgent"))

    assert (answer.outcome, answer.code) == (Handover.ACCEPTED, "200")


async def test_no_proxy_of_the_environment_sees_a_message(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{unused_tcp_port}")

    async with sender() as webhook:
        answer = await webhook.send(letter(receiver.address))

    assert answer.outcome is Handover.ACCEPTED


SENDS_WITH_ALL_LOGS = """
import asyncio, sys
from shared.telemetry import configure_logs, logger
from tests.notifier.test_webhook import letter, sender

async def main():
    async with sender() as webhook:
        for _ in range(2):
            logger.info("sent", outcome=(await webhook.send(letter(sys.argv[1]))).outcome)

configure_logs("notifier", "DEBUG")
asyncio.run(main())
"""


async def test_the_address_is_never_logged(receiver: Receiver) -> None:
    receiver.status = 404

    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SENDS_WITH_ALL_LOGS, receiver.address,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()

    assert said.count(b'"outcome": "refused"') == 2
    assert b"secret" not in said


@pytest.mark.parametrize(
    "address",
    ["ftp://im.example/", "https://", "im.example/hook", "https://me:secret@im.example/",
     "https://im.example/a b", "https://im.example/钩子", "https://im.example/\r\nX: y"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused_without_being_repeated(address: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Person(id="p", name="彭刚", mail="p@duty.example", webhook=address)

    assert "input_value" not in str(refused.value)
    assert "secret" not in str(refused.value)


def test_which_hosts_may_be_reached_by_http_is_the_operators(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOTLINE_NOTIFIER_WEBHOOK_PLAIN_HOSTS", "im.internal, 10.0.0.7")
    monkeypatch.setenv("HOTLINE_AMQP_URL", "amqp://x/")
    monkeypatch.setenv("HOTLINE_MONGO_URL", "mongodb://x/")

    assert NotifierSettings().webhook_plain_hosts == {"im.internal", "10.0.0.7"}


async def give_webhook(bench: Bench, address: str) -> None:
    """Put an address on the duty list, as whoever keeps it would."""
    rosters = bench.store.documents("rosters")
    changed = {"$set": {"people.0.webhook": address}}
    await rosters.update_one({"_id": "jinyuan/engineering"}, changed)
    await rosters.update_one({"_id": "head"}, {"$inc": {"revision": 1}})


async def test_whoever_has_a_webhook_gets_it_there_and_not_by_mail(
    empty_bench: Bench, receiver: Receiver
) -> None:
    bench = empty_bench
    await give_webhook(bench, receiver.address)
    await bench.add_replica()
    await bench.add_ticket()

    await bench.handle(samples.breached())

    docs = await bench.ended(2)
    assert {(doc["recipient"], doc["attempts"][0]["channel"]) for doc in docs} == {
        (samples.ASSIGNEE, "webhook"), ("jy-engineering-3", "mail")
    }  # fmt: skip
    (got,) = receiver.documents
    (mine,) = (doc for doc in docs if doc["recipient"] == samples.ASSIGNEE)
    assert (got["id"], got["purpose"], mine["status"]) == (mine["_id"], "breach", "received")
    assert "26-1" in got["subject"] + got["text"]
    shown = await bench.http.get(f"/v1/messages/{mine['_id']}", headers=bench.token())
    assert shown.json()["to"]["address"] == "http://127.0.0.1/***"


async def test_a_webhook_that_hangs_up_leaves_a_routine_message_unknown_and_repeats_an_alert(
    empty_bench: Bench, receiver: Receiver
) -> None:
    bench = empty_bench
    await give_webhook(bench, receiver.address)
    await bench.add_replica()
    receiver.temper = "hangs up"

    await bench.handle(samples.dispatched())
    await bench.ended()
    (doc,) = await bench.docs(purpose="assignment")
    await bench.handle(samples.alerted(recipients=(samples.ASSIGNEE,)), lane="urgent", id="a")
    await until(lambda: len(receiver.documents) == 2)
    receiver.temper = "answers"
    await until(lambda: bench.docs(channels="webhook", status="received"))

    (alert,) = await bench.docs(channels="webhook")
    assert (doc["status"], doc["attempts"][0]["outcome"]) == ("unknown", "unclear")
    assert [attempt["outcome"] for attempt in alert["attempts"]] == ["unclear", "accepted"]
    assert len({d["id"] for d in receiver.documents if d["purpose"] == "alert"}) == 1
