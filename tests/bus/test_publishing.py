"""An event leaves after its write, is cleared after its confirm, and outlives a crash between."""

import asyncio
from contextlib import suppress

import aio_pika
import pytest
from aio_pika.abc import AbstractIncomingMessage

from shared.bus import DEFAULT, BrokerDown, Publisher, QueueSpec, Unroutable
from shared.bus.topology import DEAD, DEAD_QUEUE, EVENTS, INBOUND, OUTBOUND, declare
from shared.contracts import CLOUDEVENTS_JSON, read_envelope
from tests.bus.bench import REPORTS, ROUTINE, URGENT, Bench, let_go, until


async def take(bench: Bench, queue: str) -> AbstractIncomingMessage:
    """The next message of a queue."""
    async with await aio_pika.connect(bench.corner.amqp_url) as connection:
        channel = await connection.channel()
        found = await channel.get_queue(queue, ensure=False)
        message = None
        async with asyncio.timeout(20):
            while message is None:
                message = await found.get(no_ack=True, fail=False)
        return message


@pytest.mark.parametrize("spec", [URGENT, ROUTINE, REPORTS], ids=lambda spec: spec.name)
async def test_a_queue_keeps_its_messages_on_disk_and_sets_killers_aside(
    bench: Bench, spec: QueueSpec
) -> None:
    facts = await bench.management("GET", f"queues/{bench.corner.vhost}/{spec.name}")

    assert facts["type"] == "quorum"
    assert facts["durable"]
    arguments = facts["arguments"]
    assert arguments["x-delivery-limit"] == 20
    assert arguments["x-dead-letter-exchange"] == DEAD
    assert arguments["x-dead-letter-routing-key"] == spec.name
    bounded = arguments.get("x-overflow") == "reject-publish"
    assert bounded == (spec is REPORTS)


async def test_the_exchanges_are_durable_topics_and_declaring_again_changes_nothing(
    bench: Bench,
) -> None:
    async with await aio_pika.connect(bench.corner.amqp_url) as connection:
        await declare(await connection.channel(), [URGENT, ROUTINE, REPORTS, DEAD_QUEUE])

    found = await bench.management("GET", f"exchanges/{bench.corner.vhost}")
    kinds = {facts["name"]: (facts["type"], facts["durable"]) for facts in found}
    assert {kinds[name] for name in (INBOUND, EVENTS, OUTBOUND, DEAD)} == {("topic", True)}


async def test_a_message_that_its_consumer_rejects_ends_in_the_dead_queue(bench: Bench) -> None:
    await bench.publish(bench.envelope())
    async with await aio_pika.connect(bench.corner.amqp_url) as connection:
        channel = await connection.channel()
        queue = await channel.get_queue(ROUTINE.name, ensure=False)
        message = await queue.get(timeout=10)
        assert message is not None
        await message.reject(requeue=False)

        dead = await take(bench, DEAD_QUEUE.name)

    assert (dead.message_id, dead.routing_key) == ("ticket/T1/1/0", ROUTINE.name)


@pytest.mark.parametrize("lane", ["urgent", "routine"])
async def test_an_event_is_published_after_its_write_and_cleared_after_its_confirm(
    bench: Bench, lane: str
) -> None:
    bench.store.outbox = bench.outbox
    _publishing = bench.run(bench.outbox.run())

    id = await bench.urge(lane="urgent" if lane == "urgent" else "routine")

    message = await take(bench, URGENT.name if lane == "urgent" else ROUTINE.name)
    assert (message.message_id, message.content_type) == (id, CLOUDEVENTS_JSON)
    assert message.delivery_mode is aio_pika.DeliveryMode.PERSISTENT
    assert read_envelope(message.body).id == id
    await until(lambda: _is_empty(bench))
    doc = await bench.store.get("tickets", "T1")
    assert doc is not None
    assert doc["version"] == 1


async def _is_empty(bench: Bench) -> bool:
    return not await bench.waiting()


async def test_what_a_crash_left_behind_is_published_later_under_the_same_id(
    bench: Bench,
) -> None:
    """The process died after the write: nobody was handed anything."""
    id = await bench.urge()
    assert await bench.outbox.relay() == 0

    await bench.forward(seconds=31)
    assert await bench.outbox.relay() == 1
    await bench.outbox.clear()

    assert (await take(bench, ROUTINE.name)).message_id == id
    assert await bench.waiting() == []
    assert await bench.outbox.relay() == 0


async def test_urgent_events_are_relayed_after_a_second(bench: Bench) -> None:
    id = await bench.urge(lane="urgent")
    await bench.forward(seconds=1.5)

    assert await bench.outbox.relay() == 1

    assert (await take(bench, URGENT.name)).message_id == id


async def test_a_crash_before_the_clearing_repeats_the_event_under_the_same_id(
    bench: Bench,
) -> None:
    id = await bench.urge()
    await bench.forward(seconds=31)
    await bench.outbox.relay()
    await bench.outbox.relay()

    ids = [(await take(bench, ROUTINE.name)).message_id for _ in range(2)]

    assert ids == [id, id]


async def test_an_event_that_a_queue_refuses_waits_for_the_relay_and_stops_nothing(
    bench: Bench,
) -> None:
    """A full queue, or one without a leader: the broker answers with a nack."""
    async with await aio_pika.connect(bench.corner.amqp_url) as connection:
        channel = await connection.channel()
        full = await channel.declare_queue(
            "full", durable=True, arguments={"x-max-length": 0, "x-overflow": "reject-publish"}
        )
        await full.bind(EVENTS, "ticket.urged.#")
        bench.store.outbox = bench.outbox
        running = bench.run(bench.outbox.run())

        await bench.urge("T1", lane="urgent")
        await bench.urge("T2")
        await until(lambda: _has(bench, ROUTINE.name))
        await full.unbind(EVENTS, "ticket.urged.#")

    assert await bench.waiting("T1") == ["ticket/T1/1/0"]
    assert await bench.waiting("T2") == ["ticket/T2/1/0"]
    assert not running.done()
    await bench.forward(seconds=31)

    async def all_left() -> bool:
        """Its own loop may have one of them in hand just now."""
        await bench.outbox.relay()
        await bench.outbox.clear()
        return not await bench.waiting("T1") and not await bench.waiting("T2")

    await until(all_left)


async def _has(bench: Bench, queue: str) -> bool:
    return await bench.taken(queue) > 0


async def test_a_publisher_says_when_no_queue_wants_a_message(bench: Bench) -> None:
    with pytest.raises(Unroutable):
        await bench.publish(b"{}", "no.such.queue", exchange=DEFAULT, must_route=True)

    await bench.publish(b"{}", "nobody.listens")


async def test_a_publisher_gives_up_in_time_when_there_is_no_broker() -> None:
    nobody = Publisher("amqp://127.0.0.1:1/", "test")

    async with asyncio.timeout(10):
        with pytest.raises(BrokerDown):
            await nobody.publish(EVENTS, "k", b"{}", tries=2, seconds=0.3)

    assert not nobody.is_up
    await nobody.aclose()
    await let_go()


async def test_a_publisher_comes_back_after_its_connection_was_cut(bench: Bench) -> None:
    await bench.publish(bench.envelope("T1"))
    await bench.cut_connections(at_least=1)

    async def published() -> bool:
        with suppress(BrokerDown):
            await bench.publish(bench.envelope("T2"))
        return bench.publishers["routine"].is_up

    await until(published)

    assert [(await take(bench, ROUTINE.name)).message_id for _ in range(2)] == [
        "ticket/T1/1/0", "ticket/T2/1/0",
    ]  # fmt: skip
