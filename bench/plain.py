"""The plain loop: the hotline's work as anybody would write it first, to compare with.

Three processes, one a stage. Each takes one message, does its database operations, publishes,
acknowledges. Nothing but aio-pika, Motor and json: no validation, no sealing, no rules, nothing
gathered. It does what the hotline does for a routine request, operation by operation:

    intake    sorts a report into its second queue; asks what else the caller reported, reserves a
              number, writes the ticket and its event, publishes, clears the event; hears what was
              received
    router    reads the ticket, writes the work order and its event, publishes, clears the event
    notifier  for the owner and again for the department: reads the ticket, writes the message,
              marks it as being sent, (reads the owner's address,) records the outcome and its
              event, publishes, clears the event

`--at-once 1` is the loop in its strictest sense; with 50 a stage works on so many messages side by
side, still each for itself. On standard input, every line is answered with what was counted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

import aio_pika
import uvloop
from aio_pika.abc import AbstractChannel, AbstractExchange, AbstractIncomingMessage
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase
from pymongo import monitoring
from typing_extensions import override

Doc = dict[str, Any]
Handler = Callable[[Doc], Awaitable[None]]

BINDINGS: Final = {
    "intake": {"triage": "report", "reports": "sorted", "feedback": "message.received"},
    "router": {"tickets": "ticket.registered"},
    "notifier": {"owner": "ticket.registered", "department": "work_order.dispatched"},
}
"""By stage: its queues, and the key each is bound to."""
NOISE: Final = "".join(random.Random(1).choices("0123456789abcdef", k=200_000))
"""Fills documents up to the size of real ones; compresses as badly as what is sealed."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes of real documents and events of the hotline."""

    ticket: int
    order: int
    message: int
    event: int


class Counting(monitoring.CommandListener):
    """Counts operations: every statement of a command is one."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    @override
    def started(self, event: monitoring.CommandStartedEvent) -> None:
        statements = {"insert": "documents", "update": "updates"}.get(event.command_name)
        self.counts[event.command_name] += len(event.command[statements]) if statements else 1

    @override
    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Counted when it was asked."""

    @override
    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Counted when it was asked."""


class Stage:
    """What the three stages share: documents of the right size, events, publishing, clearing."""

    def __init__(
        self, database: AsyncIOMotorDatabase[Doc], exchange: AbstractExchange, sizes: Sizes
    ) -> None:
        self.db = database
        self.exchange = exchange
        self.sizes = sizes
        self.published = 0
        self.handled = 0

    async def start(self) -> None:
        """Make ready what the stage's questions need."""

    async def publish(self, key: str, event: Doc) -> None:
        """Publish one event, confirmed."""
        body = json.dumps(event).encode()
        message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await self.exchange.publish(message, key)
        self.published += 1

    async def publish_and_clear(self, collection: str, event: Doc) -> None:
        """Publish what a document says, and then take it out of the document."""
        await self.publish(event["key"], event)
        await self.db[collection].update_one({"_id": event["about"]}, {"$set": {"outbox": []}})

    def event(self, key: str, about: str, number: str) -> Doc:
        """An event of the usual size."""
        id = uuid.uuid4().hex
        return {"id": id, "key": key, "about": about, "number": number,
                "facts": noise(self.sizes.event - 150)}  # fmt: skip


class Intake(Stage):
    """Reports become tickets."""

    @override
    async def start(self) -> None:
        """Have an index for what is asked."""
        await self.db["tickets"].create_index("phone")

    async def on_triage(self, report: Doc) -> None:
        """Pass a report on."""
        await self.publish("sorted", report)

    async def on_reports(self, report: Doc) -> None:
        """Register it."""
        number, phone = uuid.uuid4().hex[:16], report["caller"]["phone"]
        await self.db["tickets"].find({"phone": phone}, {"estate": 1}).limit(21).to_list(21)
        registered = self.event("ticket.registered", number, number)
        await self.db["reservations"].insert_one({"_id": uuid.uuid4().hex, "number": number})
        await self.db["tickets"].insert_one(
            {"_id": number, "status": "registered", "estate": report["estate"], "phone": phone,
             "outbox": [registered], "papers": noise(self.sizes.ticket - 120)}
        )  # fmt: skip
        await self.publish_and_clear("tickets", registered)

    async def on_feedback(self, _event: Doc) -> None:
        """Nothing is to be done about a receipt."""


class Router(Stage):
    """Tickets become work."""

    async def on_tickets(self, event: Doc) -> None:
        """Give it to a department."""
        number = event["number"]
        ticket = await self.db["tickets"].find_one({"_id": number})
        assert ticket is not None, "it was written before it was published"
        dispatched = self.event("work_order.dispatched", number, number)
        order = {"department": "engineering", "clocks": noise(self.sizes.order - 80)}
        await self.db["tickets"].update_one(
            {"_id": number},
            {"$set": {"status": "dispatched"}, "$push": {"orders": order, "outbox": dispatched}},
        )
        await self.publish_and_clear("tickets", dispatched)


class Notifier(Stage):
    """Tickets and work become messages."""

    async def on_owner(self, event: Doc) -> None:
        """The receipt."""
        await self.tell(event["number"], "owner")

    async def on_department(self, event: Doc) -> None:
        """The assignment."""
        await self.tell(event["number"], "department")

    async def tell(self, number: str, recipient: str) -> None:
        """Write a message down, hand it over, and record what came of it."""
        ticket = await self.db["tickets"].find_one({"_id": number}, {"estate": 1})
        assert ticket is not None, "it was written before it was published"
        id = uuid.uuid4().hex
        await self.db["messages"].insert_one(
            {"_id": id, "number": number, "recipient": recipient, "status": "pending",
             "outbox": [], "facts": noise(self.sizes.message - 150)}
        )  # fmt: skip
        await self.db["messages"].update_one({"_id": id}, {"$set": {"status": "sending"}})
        if recipient == "owner":
            await self.db["tickets"].find_one({"_id": number}, {"papers": 1})
        received = self.event("message.received", id, number)
        await self.db["messages"].update_one(
            {"_id": id}, {"$set": {"status": "received"}, "$push": {"outbox": received}}
        )
        await self.publish_and_clear("messages", received)


STAGES: Final[dict[str, type[Stage]]] = {"intake": Intake, "router": Router, "notifier": Notifier}


def noise(size: int) -> str:
    """So many characters, hardly ever the same."""
    start = random.randrange(100_000)
    return NOISE[start : start + max(size, 0)]


async def consume(
    stage: Stage, name: str, exchange: AbstractExchange, channel: AbstractChannel, at_once: int
) -> None:
    """Take messages from the stage's queues: `at_once` from each, or strictly one by one."""
    turn = asyncio.Semaphore(1)
    await channel.set_qos(prefetch_count=at_once)

    def taking(handle: Handler) -> Callable[[AbstractIncomingMessage], Awaitable[None]]:
        async def take(message: AbstractIncomingMessage) -> None:
            await handle(json.loads(message.body))
            await message.ack()
            stage.handled += 1

        async def take_in_turn(message: AbstractIncomingMessage) -> None:
            async with turn:
                await take(message)

        return take_in_turn if at_once == 1 else take

    for queue_name, key in BINDINGS[name].items():
        queue = await channel.declare_queue(
            f"{exchange.name}.{name}.{queue_name}",
            durable=True,
            arguments={"x-queue-type": "quorum", "x-delivery-limit": 20},
        )
        await queue.bind(exchange, key)
        await queue.consume(taking(getattr(stage, f"on_{queue_name}")))


async def run(name: str, amqp: str, mongo: str, loop_name: str, at_once: int, sizes: Sizes) -> None:
    """Run one stage until standard input ends."""
    counting = Counting()
    client: AsyncIOMotorClient[Doc] = AsyncIOMotorClient(
        mongo, w="majority", journal=True, readConcernLevel="majority", event_listeners=[counting]
    )
    connection = await aio_pika.connect(amqp)
    publishing = await connection.channel(publisher_confirms=True)
    exchange = await publishing.declare_exchange(loop_name, "topic", durable=True)
    stage = STAGES[name](client[loop_name.replace(".", "_")], exchange, sizes)
    await stage.start()
    consuming = await (await aio_pika.connect(amqp)).channel()
    await consume(stage, name, exchange, consuming, at_once)
    while await asyncio.to_thread(sys.stdin.readline):
        counts = {**counting.counts, "publish": stage.published, "handled": stage.handled}
        sys.stdout.write(json.dumps(counts) + "\n")
        sys.stdout.flush()


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stage", choices=STAGES)
    for option in ("amqp", "mongo", "loop-name"):
        parser.add_argument(f"--{option}", required=True)
    parser.add_argument("--at-once", type=int, required=True)
    for size in asdict(Sizes(0, 0, 0, 0)):
        parser.add_argument(f"--{size}", type=int, required=True)
    given = parser.parse_args()
    sizes = Sizes(given.ticket, given.order, given.message, given.event)
    # On the same event loop as ours: what that gives is nobody's merit.
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(given.stage, given.amqp, given.mongo, given.loop_name, given.at_once, sizes))


if __name__ == "__main__":
    main()
