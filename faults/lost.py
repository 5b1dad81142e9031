"""Queues that are not there yet, or not any more: whatever is sent meanwhile is taken up.

python -m faults.lost [--pairs N] [--queues N] [--seed N]

First the services are started two by two, in every order, on a broker on which nobody has made
anything; then, under load, every queue is deleted once. No request is left without somebody who has
it, and whoever is called to an emergency is alerted within three seconds after its handler is
there.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any, Final

import aio_pika
import httpx
import orjson
from rich.console import Console
from typing_extensions import override

from bench.hotline import Hotline, bench_servers, running_hotline
from hotline import topology
from hotline.service import CONSUMERS_PATHS, SERVICES
from shared.bus import INBOUND
from tests.support.servers import Servers

HANDLERS: Final = ("intake", "router", "notifier")
"""On the way of an emergency."""
ALERTED_WITHIN: Final = timedelta(seconds=3)
TAKEN_UP_SECONDS: Final = 90.0
"""A request within a minute; and the services have to start."""
BETWEEN_SECONDS: Final = 2.0
GAP_SECONDS: Final = 0.25
POLL_SECONDS: Final = 0.1
LAMP: Final = {"estate": "jinyuan", "text": "楼道灯不亮了，请来修"}
LIFT: Final = {"estate": "jinyuan", "text": "电梯里困了两个人，快来"}


@dataclass
class Watch:
    """Since when each service on an emergency's way consumes without a break."""

    since: dict[str, datetime] = field(default_factory=dict)
    spans: list[tuple[datetime, datetime]] = field(default_factory=list)
    """When one of them did not."""

    async def run(self, hotline: Hotline) -> None:
        """Look until cancelled."""
        began: datetime | None = None
        async with httpx.AsyncClient(timeout=2) as http:
            while True:
                asked = datetime.now(UTC)
                well = all([await _consumes(http, hotline, name) for name in HANDLERS])
                if well and began is not None:
                    self.spans.append((began, datetime.now(UTC)))
                    began = None
                elif not well and began is None:
                    began = asked
                await asyncio.sleep(POLL_SECONDS)

    def there_from(self, registered: datetime) -> datetime:
        """From when on all handlers were there for what was registered then."""
        # What is seen of a break is late by a look, and a queue may be gone before anybody sees it.
        near = (end for begin, end in self.spans if begin - timedelta(seconds=3) <= registered)
        return max([registered, *near])


async def _consumes(http: httpx.AsyncClient, hotline: Hotline, name: str) -> bool:
    try:
        answers = [await http.get(hotline.endpoints.services[name] + p) for p in CONSUMERS_PATHS]
    except httpx.HTTPError:
        return False
    return all(answer.is_success for answer in answers)


@dataclass(frozen=True, slots=True)
class Found:
    """What was left after one part."""

    sent: int
    unregistered: int
    undispatched: tuple[str, ...]
    unalerted: tuple[str, ...]
    late: tuple[float, ...]
    """Seconds from when the handlers were there to the first alert, of each emergency."""

    @property
    def is_kept(self) -> bool:
        """Whether nothing was lost and nobody was late."""
        limit = ALERTED_WITHIN.total_seconds()
        lost = self.unregistered or self.undispatched or self.unalerted
        return not lost and all(late <= limit for late in self.late)

    @override
    def __str__(self) -> str:
        slowest = max(self.late, default=0.0)
        return (
            f"{self.sent} sent, {self.unregistered} not registered, {len(self.undispatched)} "
            f"undispatched, {len(self.unalerted)} emergencies unalerted, the slowest of "
            f"{len(self.late)} {slowest:.1f} s after its handler was there"
        )


def main() -> int:
    """Run; 0 when nothing was lost."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--pairs", type=int, help="so many of the orders instead of all")
    parser.add_argument("--queues", type=int, help="so many of the queues instead of all")
    parser.add_argument("--seed", type=int, default=19)
    asked = parser.parse_args()
    console = Console(width=120 if not sys.stdout.isatty() else None)
    kept = asyncio.run(_run(asked, random.Random(asked.seed), console))
    return 0 if kept else 1


async def _run(asked: argparse.Namespace, chance: random.Random, console: Console) -> bool:
    orders = list(permutations(SERVICES, 2))
    queues = [spec.name for spec in topology.queues()]
    chance.shuffle(orders)
    chance.shuffle(queues)
    kept = True
    with bench_servers() as servers:
        for n, order in enumerate(orders[: asked.pairs]):
            found = await start_in_order(servers, f"order{n}", order)
            console.print(f"{order[0]} first, then {order[1]}: {found}", highlight=False)
            kept = found.is_kept and kept
        found = await delete_queues(servers, queues[: asked.queues])
        console.print(f"queues deleted under load: {found}", highlight=False)
    return found.is_kept and kept


async def start_in_order(servers: Servers, name: str, order: Sequence[str]) -> Found:
    """Two services one after the other, the others at last, and requests all the while."""
    async with running_hotline(servers, name=name, services=(), prepared=False) as hotline:
        watch, sender = Watch(), _Sender(hotline)
        async with _beside(watch.run(hotline), sender.run()):
            for service in order:
                await hotline.start(service)
                await asyncio.sleep(BETWEEN_SECONDS)
            await hotline.start(*(s for s in SERVICES if s not in order))
            await asyncio.sleep(BETWEEN_SECONDS)
        return await _judged(hotline, watch, sender.sent)


async def delete_queues(servers: Servers, queues: Sequence[str]) -> Found:
    """Each of these once, of a whole hotline at work."""
    async with running_hotline(servers, name="queues") as hotline:
        watch, sender = Watch(), _Sender(hotline)
        async with (
            _beside(watch.run(hotline), sender.run()),
            await aio_pika.connect(hotline.endpoints.amqp_operator) as connection,
        ):
            channel = await connection.channel()
            for queue in queues:
                await channel.queue_delete(queue)
                await asyncio.sleep(BETWEEN_SECONDS)
            await asyncio.sleep(BETWEEN_SECONDS)
        return await _judged(hotline, watch, sender.sent)


class _Sender:
    """A system that sends a request every quarter of a second, every fourth an emergency.

    What comes before anybody has made the exchange, or while the queue is gone that it would come
    to, is refused or handed back, and sent again: as by a publisher that asks for confirms.
    """

    def __init__(self, hotline: Hotline) -> None:
        self._hotline = hotline
        self.sent: list[str] = []

    async def run(self) -> None:
        """Send until cancelled."""
        n, task = 0, asyncio.current_task()
        async with await aio_pika.connect(self._hotline.endpoints.amqp) as connection:
            # A channel that is cancelled while it opens closes itself with an error of the broker's
            # kind: the cancellation does not come out of it.
            while task is None or not task.cancelling():
                is_emergency = n % 4 == 0
                body = (LIFT if is_emergency else LAMP) | {"external_id": f"lost-{n}"}
                key = "ticket.report.urgent" if is_emergency else "ticket.report"
                if await _publish(connection, key, body):
                    self.sent.append(f"lost-{n}")
                    n += 1
                await asyncio.sleep(GAP_SECONDS)


async def _publish(connection: Any, key: str, body: dict[str, str]) -> bool:
    message = aio_pika.Message(
        orjson.dumps(body), message_id=body["external_id"], content_type="application/json"
    )
    try:
        async with connection.channel(publisher_confirms=True, on_return_raises=True) as channel:
            exchange = await channel.get_exchange(INBOUND, ensure=False)
            await exchange.publish(message, key, mandatory=True, timeout=5)
    except (aio_pika.exceptions.AMQPError, TimeoutError):
        return False
    return True


@asynccontextmanager
async def _beside(*running: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run these while the block lasts."""
    tasks = [asyncio.create_task(each) for each in running]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome


async def _judged(hotline: Hotline, watch: Watch, sent: Sequence[str]) -> Found:
    """What is left of it when there was time to take it up."""
    until = asyncio.get_running_loop().time() + TAKEN_UP_SECONDS
    while True:
        found = await _look(hotline, watch, sent)
        lost = found.unregistered or found.undispatched or found.unalerted
        if not lost or asyncio.get_running_loop().time() > until:
            return found
        await asyncio.sleep(1)


async def _look(hotline: Hotline, watch: Watch, sent: Sequence[str]) -> Found:
    database = hotline.database
    tickets = await database["tickets"].find({}).to_list(None)
    alerts = await database["messages"].find({"purpose": "alert"}).to_list(None)
    first: dict[str, datetime] = {}
    for alert in alerts:
        number, at = alert["number"], alert["at"]
        first[number] = min(first.get(number, at), at)
    emergencies = {t["_id"]: t["registered_at"] for t in tickets if t["emergency_kind"]}
    late = [
        (first[number] - watch.there_from(registered)).total_seconds()
        for number, registered in emergencies.items()
        if number in first
    ]
    return Found(
        sent=len(sent),
        unregistered=max(0, len(sent) - len(tickets)),
        undispatched=tuple(t["_id"] for t in tickets if not t["work_orders"]),
        unalerted=tuple(number for number in emergencies if number not in first),
        late=tuple(late),
    )


if __name__ == "__main__":
    sys.exit(main())
