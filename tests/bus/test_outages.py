"""Broker or store away: nothing is lost, nothing is blamed, and emergencies go on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from shared.bus import BrokerDown, Consumers, Delivery, Publisher, event_queue
from shared.bus.consumers import Lanes
from shared.contracts import Lane
from shared.contracts.intake import TicketUrged
from tests.bus.bench import ROUTINE, URGENT, Bench, Wire, open_bench, until
from tests.support.servers import Corner, Servers

pytestmark = pytest.mark.whole

NUMBERS = [f"T{n}" for n in range(5)]


@pytest.fixture
async def wire_to_store(corner: Corner, servers: Servers) -> AsyncIterator[tuple[Bench, Wire]]:
    """A bench that reaches the store by a wire."""
    async with _wire(servers.mongo.port) as wire:
        url = servers.mongo.url_at(f"127.0.0.1:{wire.port}", "directConnection=true")
        async with open_bench(corner, servers, mongo_url=url) as bench:
            yield bench, wire
            await wire.cut()


@pytest.fixture
async def wire_to_broker(corner: Corner, servers: Servers) -> AsyncIterator[tuple[Bench, Wire]]:
    """A bench that reaches the broker by a wire."""
    async with _wire(servers.rabbit.ports.amqp) as wire:
        url = corner.amqp_url.replace(f":{servers.rabbit.ports.amqp}/", f":{wire.port}/")
        async with open_bench(corner, servers, url=url) as bench:
            yield bench, wire


@asynccontextmanager
async def _wire(port: int) -> AsyncIterator[Wire]:
    wire = Wire(port)
    await wire.mend()
    try:
        yield wire
    finally:
        await wire.cut()


async def test_while_the_store_is_away_messages_wait_in_the_broker_unblamed(
    wire_to_store: tuple[Bench, Wire], bench: Bench
) -> None:
    """`bench` stands outside: it publishes while the other has lost its store."""
    cut_off, wire = wire_to_store

    @cut_off.consumers.on_event(ROUTINE)
    async def write(delivery: Delivery) -> None:
        assert isinstance(delivery.event, TicketUrged)
        if await cut_off.store.insert_once("notes", {"_id": delivery.id}):
            cut_off.handled.append(delivery.event.number)

    await cut_off.start()
    await wire.cut()
    for number in NUMBERS:
        await bench.publish(bench.envelope(number))

    await until(lambda: cut_off.consumers.missing() == [ROUTINE.name])
    await until(lambda: cut_off.consumers.paused_since)
    assert cut_off.handled == []
    await until(lambda: _waiting(bench, len(NUMBERS)))
    await wire.mend()

    await until(lambda: sorted(cut_off.handled) == NUMBERS)
    await until(lambda: not cut_off.consumers.missing())
    assert cut_off.consumers.paused_since is None
    assert await bench.entries() == []


async def _waiting(bench: Bench, count: int) -> bool:
    return await bench.taken(ROUTINE.name) == count


async def test_a_message_that_cannot_be_parked_now_is_not_acknowledged(bench: Bench) -> None:
    tried: list[str] = []
    away = True

    async def park(_message: object, _error: object, **_facts: object) -> None:
        if away:
            raise AutoReconnect("gone")
        bench.handled.append("parked")

    bench.consumers._parking.park = park  # type: ignore[method-assign, assignment]  # the fault

    @bench.consumers.on_event(ROUTINE)
    async def fail(delivery: Delivery) -> None:
        tried.append(delivery.id)
        raise ZeroDivisionError

    await bench.start()
    await bench.publish(bench.envelope())
    await until(bench.consumers.missing)
    assert bench.handled == []
    away = False

    await until(lambda: bench.handled == ["parked"])
    assert len(tried) >= 2


async def test_consumers_come_back_after_the_broker_cut_them_off(bench: Bench) -> None:
    bench.subscribe(URGENT, ROUTINE)
    await bench.start()

    await bench.cut_connections(at_least=2)
    for number in NUMBERS:  # over a connection that was not there to be cut
        await bench.publish(bench.envelope(number))
        await bench.publish(bench.envelope(number, lane="urgent"))

    await until(lambda: not bench.consumers.missing())
    await until(lambda: len(bench.handled) >= 2 * len(NUMBERS))
    assert set(bench.handled) == set(NUMBERS)


async def test_consumers_come_back_after_the_broker_was_unreachable_for_a_while(
    wire_to_broker: tuple[Bench, Wire], bench: Bench
) -> None:
    cut_off, wire = wire_to_broker
    cut_off.subscribe(URGENT, ROUTINE)
    await cut_off.start()
    await wire.cut()
    await until(lambda: set(cut_off.consumers.missing()) == {URGENT.name, ROUTINE.name})
    for number in NUMBERS:
        await bench.publish(bench.envelope(number))

    await wire.mend()

    await until(lambda: set(cut_off.handled) == set(NUMBERS))
    await until(lambda: not cut_off.consumers.missing())


async def test_a_service_that_starts_without_a_broker_consumes_once_there_is_one(
    wire_to_broker: tuple[Bench, Wire], bench: Bench
) -> None:
    cut_off, wire = wire_to_broker
    cut_off.subscribe(ROUTINE)
    await wire.cut()
    _consuming = cut_off.run(cut_off.consumers.run())
    await until(lambda: cut_off.consumers.paused_since)
    assert cut_off.consumers.missing() == [ROUTINE.name]
    await bench.publish(bench.envelope("T1"))

    await wire.mend()

    await until(lambda: cut_off.handled == ["T1"])


async def test_without_a_broker_a_write_still_wins_and_its_urgent_event_is_swept(
    wire_to_broker: tuple[Bench, Wire],
) -> None:
    """Promise 7: through the same handler, once, without clearing."""
    bench, wire = wire_to_broker
    bench.subscribe(URGENT, ROUTINE)
    await bench.start()
    await wire.cut()
    bench.store.outbox = bench.outbox
    id = await bench.urge("U1", lane="urgent")
    sweep = bench.sweep()

    await bench.forward(seconds=2)
    await sweep.sweep()
    await sweep.sweep()

    assert bench.handled == ["U1"]
    assert await bench.waiting("U1") == [id]

    await wire.mend()
    await until(lambda: not bench.consumers.missing())
    await until(lambda: _relayed(bench))
    await until(lambda: bench.handled == ["U1", "U1"])  # the handler knows a repeat by its id


async def _relayed(bench: Bench) -> bool:
    await bench.outbox.relay()
    await bench.outbox.clear()
    return not await bench.waiting("U1")


@pytest.mark.parametrize(("away", "left"), [(True, ["U1"]), (False, [])])
async def test_whoever_knows_that_the_broker_is_away_does_not_wait_a_second(
    wire_to_broker: tuple[Bench, Wire],
    away: bool,  # noqa: FBT001 - a case
    left: list[str],
) -> None:
    bench, wire = wire_to_broker
    bench.subscribe(URGENT)
    await bench.start()
    if away:
        await wire.cut()
        await until(bench.consumers.missing)
    await bench.urge("U1", lane="urgent")  # nobody publishes it
    await bench.forward(seconds=0.5)

    await bench.sweep().sweep()

    assert bench.handled == left


async def test_a_sweep_gives_handlers_only_what_the_broker_would_have_given_them(
    bench: Bench,
) -> None:
    other = event_queue("router", "other", "urgent")
    bench.subscribe(URGENT, ROUTINE, other)
    await bench.urge("U1", lane="urgent")
    await bench.urge("R1", lane="routine")
    await bench.forward(minutes=5)

    await bench.sweep().sweep()

    assert bench.handled == ["U1"]


async def test_an_urgent_event_whose_handler_fails_keeps_no_other_waiting(bench: Bench) -> None:
    """Nor is it forgotten: the next sweep tries it again."""
    fails = {"U1"}

    @bench.consumers.on_event(URGENT)
    async def handle(delivery: Delivery) -> None:
        assert isinstance(delivery.event, TicketUrged)
        if delivery.event.number in fails:
            raise ZeroDivisionError
        bench.handled.append(delivery.event.number)

    for number in ("U1", "U2", "U3"):
        await bench.urge(number, lane="urgent")
    await bench.forward(seconds=2)
    sweep = bench.sweep()

    await sweep.sweep()
    assert sorted(bench.handled) == ["U2", "U3"]

    fails.clear()
    await sweep.sweep()
    assert sorted(bench.handled) == ["U1", "U2", "U3"]


async def test_an_urgent_event_that_takes_long_keeps_no_other_waiting(bench: Bench) -> None:
    other_is_handled = asyncio.Event()

    @bench.consumers.on_event(URGENT)
    async def handle(delivery: Delivery) -> None:
        assert isinstance(delivery.event, TicketUrged)
        if delivery.event.number == "U1":
            await other_is_handled.wait()
        else:
            other_is_handled.set()

    for number in ("U1", "U2"):
        await bench.urge(number, lane="urgent")
    await bench.forward(seconds=2)

    async with asyncio.timeout(20):
        assert await bench.sweep().sweep() == 2


async def test_a_sweep_that_takes_long_keeps_none_waiting_that_come_later(bench: Bench) -> None:
    """Nor does a later one begin again what an earlier one has in hand."""
    begun: list[str] = []
    later_is_handled = asyncio.Event()

    @bench.consumers.on_event(URGENT)
    async def handle(delivery: Delivery) -> None:
        assert isinstance(delivery.event, TicketUrged)
        begun.append(delivery.event.number)
        if delivery.event.number == "U1":
            await later_is_handled.wait()
        else:
            later_is_handled.set()
        bench.handled.append(delivery.event.number)

    sweep = bench.sweep(turn_seconds=0.01)
    for number in ("U1", "U2"):
        await bench.urge(number, lane="urgent")
        await bench.forward(seconds=2)
        await sweep.sweep()

    await until(lambda: bench.handled == ["U2", "U1"])
    assert begun == ["U1", "U2"]


async def test_an_urgent_event_of_an_unknown_version_keeps_no_other_waiting(bench: Bench) -> None:
    bench.subscribe(URGENT)
    for number in ("U1", "U2"):
        await bench.urge(number, lane="urgent")
    doc = await bench.store.get("tickets", "U1")
    assert doc is not None
    body = doc["outbox"][0]["body"].replace("ticket.urged.v1", "ticket.urged.v9")
    await bench.store.documents("tickets").update_one(
        {"_id": "U1"}, {"$set": {"outbox.0.body": body}}
    )
    await bench.forward(seconds=2)

    await bench.sweep().sweep()

    assert bench.handled == ["U2"]


async def test_an_outage_of_the_store_spends_no_more_than_one_delivery(bench: Bench) -> None:
    """A message may be given back twenty times before the broker sets it aside."""
    seen: list[int] = []

    @bench.consumers.on_event(ROUTINE)
    async def handle(delivery: Delivery) -> None:
        seen.append(len(seen))
        if len(seen) == 1:
            raise AutoReconnect("gone")
        assert await bench.store.insert_once("notes", {"_id": delivery.id})

    await bench.start()
    await bench.publish(bench.envelope())
    await until(lambda: len(seen) == 2)
    await bench.stop()

    assert await bench.taken(ROUTINE.name) == 0
    assert await bench.taken("hotline.dead") == 0


async def test_a_broker_that_hangs_up_while_greeting_ends_neither_consumer_nor_publisher(
    bench: Bench, corner: Corner, servers: Servers
) -> None:
    """A load balancer before a dead broker takes every connection and closes it at once."""
    greeted = 0

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal greeted
        greeted += 1
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    url = corner.amqp_url.replace(f":{servers.rabbit.ports.amqp}/", f":{port}/")
    consumers = Consumers(url, bench.store, bench.parked)
    consuming = bench.run(consumers.run())
    publisher = Publisher(url, "test")

    with pytest.raises(BrokerDown):
        await publisher.publish("", ROUTINE.name, b"{}", tries=2, seconds=1)
    await publisher.connect()
    await until(lambda: greeted >= 4)

    assert not consuming.done()
    await publisher.aclose()
    server.close()


def _subscribers(bench: Bench, lane: Lane) -> list[Any]:
    return list(bench.consumers._brokers[lane].subscribers)


async def test_a_stop_that_fails_ends_no_service_and_leaves_no_connection(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FastStream gathers what its subscribers raise, and then closes nothing."""
    bench.subscribe(URGENT, ROUTINE)
    await bench.start()
    [subscriber] = _subscribers(bench, "routine")
    stop, left = subscriber.stop, [ConnectionError("reset")]

    async def fail_once() -> None:
        if left:
            raise left.pop()
        await stop()

    monkeypatch.setattr(subscriber, "stop", fail_once)
    before = bench.consumers._brokers["routine"]._connection

    bench.consumers.store_failed(AutoReconnect("gone"))
    await until(lambda: bench.consumers.missing() and not left)
    await until(lambda: not bench.consumers.missing())

    assert before is not None
    assert before.is_closed
    await bench.publish(bench.envelope("T1"))
    await until(lambda: bench.handled == ["T1"])


async def test_a_stop_that_hangs_is_given_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a link of which only one half is open: nobody says that the consumer is cancelled."""
    bench.subscribe(URGENT, ROUTINE)
    await bench.start()
    [subscriber] = _subscribers(bench, "routine")
    monkeypatch.setattr("shared.bus.consumers.STOP_SECONDS", 0.2)

    async def hang(_queue: object, _tag: str) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(type(subscriber._queue_obj), "cancel", hang)
    bench.consumers.store_failed(AutoReconnect("gone"))
    await until(bench.consumers.missing)

    await until(lambda: not bench.consumers.missing())
    for lane in Lanes:
        await bench.publish(bench.envelope(f"T-{lane}", lane=lane))
    await until(lambda: sorted(bench.handled) == ["T-routine", "T-urgent"])


async def test_what_has_not_begun_when_the_store_fails_keeps_no_lane_waiting(bench: Bench) -> None:
    """Routine messages wait in single file for their turn; a pause is not as long as they are."""
    begun = asyncio.Event()

    @bench.consumers.on_event(ROUTINE)
    async def remember(delivery: Delivery) -> None:
        bench.handled.append(delivery.id)
        begun.set()

    bench.subscribe(URGENT)
    await bench.start()
    bench.store.precedence._in_hand = 1  # something urgent: one routine message each 0.1 s
    for n in range(60):
        await bench.publish(bench.envelope(f"T{n}"))
    await begun.wait()

    bench.consumers.store_failed(AutoReconnect("gone"))
    loop = asyncio.get_running_loop()
    began = loop.time()
    await until(bench.consumers.missing)
    await until(lambda: not bench.consumers.missing())

    assert loop.time() - began < 4
    bench.store.precedence._in_hand = 0
    await until(lambda: len(set(bench.handled)) == 60)
