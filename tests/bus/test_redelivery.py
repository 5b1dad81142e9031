"""What comes again is handled alone; what stops its reader again and again is found and set aside,
and nothing else is.
"""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from pymongo.errors import ServerSelectionTimeoutError

from shared.bus import (
    DEFAULT,
    EVENTS,
    INBOUND,
    Delivery,
    QueueSpec,
    Reject,
    RetryLater,
    event_queue,
)
from shared.bus.redelivery import PATIENCE_SECONDS, Redelivery, Turns
from shared.contracts import Envelope, Lane
from shared.contracts.intake import TicketUrged
from shared.contracts.parked import ParkedUrgent
from shared.store.suspects import Suspects
from tests.bus.bench import ROUTINE, URGENT, Bench
from tests.support.bench import until as until_within

STARTS = 8
until = partial(until_within, seconds=100)
"""A reader that is started anew loads all it needs anew, on a machine that others use too."""
pytestmark = [pytest.mark.timeout(300), pytest.mark.whole]
ALERTING = replace(URGENT, alerts=True)
TOLD = event_queue("notifier", "messages", "urgent", ParkedUrgent, alerts=True)
GOOD = [f"good {n}" for n in range(30)]
Start = Callable[[], Awaitable[Process]]


@pytest.fixture
async def start(bench: Bench) -> AsyncIterator[Start]:
    """Starts a reader of its own process; what still runs at the end is ended."""
    begun: list[Process] = []

    async def start() -> Process:
        facts = (bench.corner.amqp_url, bench.corner.mongo_url, bench.corner.database)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bus.deadly_reader", *facts
        )
        begun.append(process)
        return process

    yield start
    for process in begun:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def report(bench: Bench, words: str) -> None:
    await bench.publish(words.encode(), "ticket.report", exchange=INBOUND)


async def notes(bench: Bench) -> list[str]:
    return [doc["_id"] for doc in await bench.store.find("notes", {}, limit=999)]


async def all_good_are_done(bench: Bench) -> bool:
    return set(await notes(bench)) >= set(GOOD)


async def ended_or_done(process: Process, bench: Bench) -> bool:
    """Whether the reader has died, or has come through all there was."""
    if process.returncode is not None:
        return True
    return await all_good_are_done(bench) and await bench.depth("intake.reports") == 0


async def test_a_message_that_kills_its_reader_is_parked_and_its_neighbours_are_not(
    bench: Bench, start: Start
) -> None:
    for n, words in enumerate(GOOD):
        await report(bench, words)
        if n == len(GOOD) // 2:
            await report(bench, "poison")

    deaths = 0
    for _ in range(STARTS):
        reader = await start()
        await until(lambda reader=reader: ended_or_done(reader, bench))  # type: ignore[misc]
        if reader.returncode is None:
            break
        deaths += 1

    assert deaths == 3
    assert sorted(await notes(bench)) == sorted(GOOD)
    [entry] = await bench.entries()
    assert entry["reason"] == "stopped_its_reader"
    assert (await bench.parked.get(entry["_id"]) or {})["body"] == b"poison"


async def test_a_reader_that_is_killed_from_outside_parks_nothing(
    bench: Bench, start: Start
) -> None:
    """Once with its neighbours, once while it is alone in hand: neither was the message's fault."""
    await report(bench, "slow")
    for kill in (1, 2):
        reader = await start()
        await until(lambda kill=kill: begun_times(bench, kill))  # type: ignore[misc]
        reader.kill()
        await reader.wait()
    await bench.store.insert_once("go", {"_id": "now"})

    await start()

    await until(lambda: noted(bench, "slow"))
    assert await bench.entries() == []
    await until(lambda: nothing_marked(bench))


async def begun_times(bench: Bench, times: int) -> bool:
    return len(await bench.store.find("begun", {}, limit=9)) >= times


async def noted(bench: Bench, words: str) -> bool:
    return words in await notes(bench)


async def nothing_marked(bench: Bench) -> bool:
    return await bench.store.find("suspects", {}, limit=9) == []


async def test_an_outage_of_the_store_is_no_fault_of_whoever_comes_again(bench: Bench) -> None:
    tried: list[str] = []

    @bench.consumers.on_event(ROUTINE)
    async def handle(delivery: Delivery) -> None:
        tried.append(delivery.id)
        if len(tried) < 5:
            raise ServerSelectionTimeoutError("the store is away")

    await bench.start()
    await bench.publish(bench.envelope())

    await until(lambda: len(tried) == 5)
    await until(lambda: nothing_marked(bench))
    assert await bench.entries() == []


async def test_what_comes_again_is_in_hand_alone(bench: Bench) -> None:
    """Fifteen come at once, are cut off together, and come again beside fifteen new ones."""
    in_hand: set[str] = set()
    seen: list[tuple[str, int]] = []
    gate = asyncio.Event()

    @bench.consumers.on_event(ROUTINE)
    async def handle(delivery: Delivery) -> None:
        assert isinstance(delivery.event, TicketUrged)
        number = delivery.event.number
        if not gate.is_set():
            in_hand.add(number)
            await gate.wait()
            raise ServerSelectionTimeoutError("cut off")
        in_hand.add(number)
        for _ in range(5):  # time for others to come in, if they may
            await bench.store.find("notes", {}, limit=1)
        seen.append((number, len(in_hand)))
        in_hand.discard(number)

    await bench.start()
    old = [f"old{n}" for n in range(15)]
    for number in old:
        await bench.publish(bench.envelope(number))
    await until(lambda: len(in_hand) == len(old))
    in_hand.clear()
    gate.set()
    for n in range(15):
        await bench.publish(bench.envelope(f"new{n}"))

    await until(lambda: len({number for number, _ in seen}) == 30)

    assert [beside for number, beside in seen if number in old] == [1] * len(old)


async def test_a_stranger_cannot_say_that_a_message_came_before(bench: Bench) -> None:
    marked: list[Any] = []

    @bench.consumers.on_event(ROUTINE)
    async def handle(_delivery: Delivery) -> None:
        marked.extend(await bench.store.find("suspects", {}, limit=9))

    await bench.start()
    await bench.publish(bench.envelope(), headers={"x-delivery-count": 7})

    await until(lambda: is_done(bench))
    assert marked == []


async def is_done(bench: Bench) -> bool:
    return await bench.taken(ROUTINE.name) == 0 and await bench.depth(ROUTINE.name) == 0


@pytest.mark.parametrize(
    ("queue", "error", "told"),
    [
        (ALERTING, ZeroDivisionError("a bug"), ["parked.urgent.urgent"]),
        (ALERTING, Reject("stopped_its_reader", "…"), ["parked.urgent.urgent"]),
        (ALERTING, RetryLater("soon"), []),
        (URGENT, ZeroDivisionError("a bug"), []),
        (ROUTINE, ZeroDivisionError("a bug"), []),
    ],
    ids=["a bug", "set aside", "tried again", "alerts nobody", "routine"],
)
async def test_what_waits_for_a_person_though_it_may_be_an_alert_is_told(
    bench: Bench, queue: QueueSpec, error: Exception, told: list[str]
) -> None:
    @bench.consumers.on_event(queue)
    async def handle(_delivery: Delivery) -> None:
        raise error

    await bench.start()
    await bench.publish(bench.envelope(lane=queue.lane))
    entry = await bench.entry()

    assert [event["key"] for event in entry.get("outbox", ())] == told
    assert [json.loads(event["body"])["data"]["number"] for event in entry.get("outbox", ())] == [
        "T1" for _ in told
    ]


@pytest.mark.parametrize("key", ["parked.urgent.urgent", TOLD.name])
async def test_that_somebody_could_not_be_told_is_not_told_again_without_end(
    bench: Bench, key: str
) -> None:
    """Neither at first nor when it comes again by the name of its queue."""

    @bench.consumers.on_event(TOLD)
    async def handle(_delivery: Delivery) -> None:
        raise ZeroDivisionError

    await bench.start()
    event = ParkedUrgent(parked="e", service="intake", queue="intake.x.urgent", reason="failed")
    envelope = Envelope.seal(
        event, id="parked/e/1/0", source="/hotline/intake", subject="e", lane="urgent",
        time=bench.store.clock.now(),
    )  # fmt: skip
    await bench.say(envelope)
    exchange = EVENTS if key != TOLD.name else DEFAULT
    await bench.publish(envelope.to_body(), key, exchange=exchange, message_id=envelope.id)

    entry = await bench.entry()
    assert (entry["reason"], "outbox" in entry) == ("failed", False)


class Watch:
    """A process in small: what has come is in hand until it is let go, in the order it began."""

    def __init__(self) -> None:
        self.turns = Turns(is_ending=lambda: False)
        self.begun: list[str] = []
        self.alone: set[str] = set()
        self._going: dict[str, asyncio.Event] = {}
        self.tasks: list[asyncio.Task[None]] = []

    async def comes(self, name: str, lane: Lane, *, again: bool = False) -> None:
        self._going[name] = asyncio.Event()
        self.tasks.append(asyncio.create_task(self._handle(name, lane, again=again)))
        await self.settle()

    async def _handle(self, name: str, lane: Lane, *, again: bool) -> None:
        async with self.turns.taken(lane, comes_again=again) as alone:
            self.begun.append(name)
            if alone:
                self.alone.add(name)
            await self._going[name].wait()

    async def aclose(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def goes(self, name: str) -> None:
        self._going[name].set()
        await self.settle()

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)


@pytest.fixture
async def watch() -> AsyncIterator[Watch]:
    made = Watch()
    yield made
    await made.aclose()


async def test_a_new_emergency_waits_for_nothing_that_has_come_again(watch: Watch) -> None:
    for n in range(30):
        await watch.comes(f"again{n}", "routine", again=True)

    await watch.comes("emergency", "urgent")

    assert watch.begun == ["again0", "emergency"]
    for name in ("again0", "emergency"):
        await watch.goes(name)
    assert watch.begun[2:] == ["again1"]


async def test_an_emergency_that_comes_again_goes_before_all_that_is_routine(
    watch: Watch,
) -> None:
    await watch.comes("new", "routine")
    await watch.comes("again", "routine", again=True)
    await watch.comes("later", "routine")
    await watch.comes("emergency", "urgent", again=True)

    for name in ("new", "emergency", "again", "later"):
        await watch.goes(name)

    assert watch.begun == ["new", "emergency", "again", "later"]
    assert watch.alone == {"emergency", "again"}


async def test_an_emergency_waits_a_second_at_most_and_is_then_not_alone(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert PATIENCE_SECONDS["urgent"] <= 1
    monkeypatch.setitem(PATIENCE_SECONDS, "urgent", 0.05)
    await watch.comes("hangs", "routine")

    await watch.comes("emergency", "urgent", again=True)

    await until(lambda: watch.begun == ["hangs", "emergency"])
    assert watch.alone == set()


async def test_a_mark_goes_when_its_message_is_in_hand_alone_no_more(bench: Bench) -> None:
    redelivery = Redelivery(Suspects(bench.store))

    async with redelivery.watched("m", "q"):
        await until(lambda: bench.store.find("suspects", {}, limit=9))
        await redelivery.forgive()
        await until(lambda: nothing_marked(bench))


async def test_a_message_is_set_aside_when_its_mark_is_found_for_the_second_time(
    bench: Bench,
) -> None:
    for _ in range(2):  # two readers end with it alone in hand
        with suppress(asyncio.CancelledError):
            async with Redelivery(Suspects(bench.store)).watched("m", "q"):
                raise asyncio.CancelledError

    with pytest.raises(Reject, match="2 readers"):
        async with Redelivery(Suspects(bench.store)).watched("m", "q"):
            raise AssertionError("it was handled again")

    await until(lambda: nothing_marked(bench))
