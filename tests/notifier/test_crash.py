"""Killed between the provider's acceptance and the record: the process is a real one."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from aio_pika.exceptions import ChannelClosed
from pymongo.errors import AutoReconnect

from services.notifier.messages import Message, Status
from services.notifier.storage import MESSAGES
from shared.contracts import Event, Lane, Step
from shared.contracts.notifier import MessageReceived, MessageUnknown
from shared.store import Collection
from tests.notifier import samples
from tests.notifier.bench import QUEUES, Bench
from tests.support.bench import until

pytestmark = pytest.mark.whole

LONG_ENOUGH = timedelta(seconds=31)


@asynccontextmanager
async def running_process(bench: Bench, **more: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A notifier in a process of its own, with more variables set."""
    environment = {
        "HOTLINE_AMQP_URL": bench.corner.amqp_url,
        "HOTLINE_MONGO_URL": bench.corner.mongo_url,
        "HOTLINE_DATABASE": bench.corner.database,
        "HOTLINE_KEYS": str(bench.key_file),
        "HOTLINE_NOTIFIER_PORT": "0",
        "HOTLINE_NOTIFIER_SMTP_HOST": "127.0.0.1",
        "HOTLINE_NOTIFIER_SMTP_PORT": str(bench.postbox.port),
        **more,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.notifier", env=os.environ | environment,
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def crash_while_sending(bench: Bench, event: Event, lane: Lane) -> None:
    """Give a process the event, and kill it the moment the mail server has the mail."""
    async with running_process(bench) as process:
        bench.postbox.on_taken = lambda: process.send_signal(signal.SIGKILL)
        bench.postbox.data_says = None
        await until(lambda: consumes(bench))
        await bench.publish(event, id="t/1/1/0", lane=lane)
        assert await process.wait() == -signal.SIGKILL
    bench.postbox.on_taken = lambda: None
    bench.postbox.data_says = "250 taken"


async def consumes(bench: Bench) -> bool:
    """The process takes its messages, so that nothing published is lost."""
    probe = await bench.connection.channel()
    try:
        queues = [await probe.get_queue(name) for name in QUEUES]
    except ChannelClosed:
        return False
    await probe.close()
    return all(queue.declaration_result.consumer_count for queue in queues)


async def test_a_routine_message_is_then_unknown_and_never_sent_again(empty_bench: Bench) -> None:
    bench = empty_bench
    await crash_while_sending(bench, samples.dispatched(), "routine")
    (doc,) = await bench.docs()
    assert doc["status"] == "sending"

    await bench.add_replica()
    await bench.forward(LONG_ENOUGH)

    await bench.ended()
    (doc,) = await bench.docs(purpose="assignment")
    assert (doc["status"], doc["attempts"][0]["outcome"]) == ("unknown", "lost")
    (unknown,) = await bench.said(MessageUnknown)
    assert unknown.message == doc["_id"]
    await bench.handle(samples.dispatched(), id="t/1/1/0")
    # One more, to the lead: nobody knows whether the engineer has it.
    told = [mail for mail in bench.postbox.mails if mail["To"] == bench.postbox.mails[0]["To"]]
    assert len(told) == 1


async def test_an_urgent_message_is_sent_again_under_the_same_id(empty_bench: Bench) -> None:
    bench = empty_bench
    alert = samples.alerted(recipients=("chain-1",))
    await crash_while_sending(bench, alert, "urgent")

    await bench.add_replica()
    await bench.forward(LONG_ENOUGH)

    (doc,) = await bench.ended()
    assert [attempt["outcome"] for attempt in doc["attempts"]] == ["lost", "accepted"]
    assert len(await bench.said(MessageReceived)) == 1
    assert len(bench.postbox.mails) == 2
    assert len({str(mail["Message-ID"]) for mail in bench.postbox.mails}) == 1


@pytest.mark.parametrize("comes", ["at once", "after a look", "never"])
@pytest.mark.parametrize("lane", ["routine", "urgent"])
async def test_a_claim_that_was_cut_off_is_taken_back_and_the_message_sent_once(
    empty_bench: Bench, monkeypatch: pytest.MonkeyPatch, lane: Lane, comes: str
) -> None:
    """Whoever asked for it was never told whether the store has it, or it has it and does not show
    it yet, as while it elects a primary.
    """
    bench = empty_bench
    write, get = Collection.write_over, Collection.get
    cut: list[str] = []
    on_its_way: list[tuple[Message, Step[Message]]] = []

    async def cut_off_once(self: Any, seen: Any, step: Step[Any]) -> Any:
        if self.spec is not MESSAGES or step.value.status is not Status.SENDING or cut:
            return await write(self, seen, step)
        cut.append(step.value.id)
        if comes == "at once":
            await write(self, seen, step)
        elif comes == "after a look":
            on_its_way.append((seen, step))
        raise AutoReconnect

    async def look(self: Any, id: str) -> Any:
        found = await get(self, id)
        while self.spec is MESSAGES and on_its_way:
            assert await write(self, *on_its_way.pop()) is not None
        return found

    monkeypatch.setattr(Collection, "write_over", cut_off_once)
    monkeypatch.setattr(Collection, "get", look)
    await bench.add_replica()
    event = samples.alerted(recipients=("chain-1",)) if lane == "urgent" else samples.dispatched()

    await bench.publish(event, id="t/1/1/0", lane=lane)

    (doc,) = await bench.ended()
    assert cut == [doc["_id"]]
    assert (doc["status"], len(doc["attempts"])) == ("received", 1)
    assert len(bench.postbox.mails) == 1


async def test_a_young_attempt_of_another_replica_is_left_alone(empty_bench: Bench) -> None:
    bench = empty_bench
    await bench.add_replica()
    bench.postbox.data_says = None
    await bench.publish(samples.dispatched(), id="t/1/1/0")
    await until(lambda: len(bench.postbox.mails) == 1)

    second = await bench.add_replica()
    await second.platform.consumers.deliver_urgent(
        bench.seal(samples.alerted(recipients=("chain-1",)), id="a", lane="urgent")
    )

    await until(lambda: len(bench.postbox.mails) == 2)
    (doc,) = await bench.docs(purpose="assignment")
    assert doc["status"] == "sending"


@pytest.mark.parametrize("lane", ["routine", "urgent"])
async def test_a_stop_lets_attempts_under_way_end(empty_bench: Bench, lane: Lane) -> None:
    bench = empty_bench
    event = samples.alerted(recipients=("chain-1",)) if lane == "urgent" else samples.dispatched()
    async with running_process(bench) as process:
        await until(lambda: consumes(bench))
        bench.postbox.on_taken = process.terminate
        await bench.publish(event, id="t/1/1/0", lane=lane)
        assert await process.wait() in {0, -signal.SIGTERM}

    (doc,) = await bench.docs()
    assert doc["status"] == "received"
